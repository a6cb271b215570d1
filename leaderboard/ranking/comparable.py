"""Sets of rows that may be ranked against each other, as their means are over the same test pictures."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...benchmark.results.rows import Row, TestResult
from ...benchmark.store.files import digest

SHORT = 8  # hex digits of a digest that people compare by eye


@dataclass(frozen=True)
class ComparableSet:
    """
    Test pictures that the headline of some rows is taken over.

    Attributes
    ----------
    name : str
        A, B, C …: those of most domains first, then those of most rows.
    domains : tuple of str
        Ascending.
    digest : str
        Short; of the split lists and the pictures of these domains.
    abroad : bool
        True if they are other domains than the training domain.
    """

    name: str
    domains: tuple[str, ...]
    digest: str
    abroad: bool


def headline_tests(row: Row) -> tuple[list[TestResult], bool]:
    """
    Return the test results that the headline of a row is the mean of, and True if they are cross-domain.

    Perturbed domains have no part in it, as in `results.cell_rows`; without other domains the in-domain result is the headline.
    """
    home, abroad = row.home_and_abroad()
    return (abroad, True) if abroad else (home, False)


def comparable_sets(rows: Sequence[Row]) -> tuple[list[ComparableSet], list[int]]:
    """
    Group rows by the test pictures that their headline is the mean over.

    Parameters
    ----------
    rows : sequence of Row
        In the order of the board.

    Returns
    -------
    sets : list of ComparableSet
    index : list of int
        Of each row's set.
    """
    keys = [_key(row) for row in rows]
    size = Counter(keys)
    # Counters keep the order in which keys came, and sorting keeps it among equals.
    ordered = sorted(size, key=lambda key: (not key[0], -len(key), -size[key]))
    sets = [
        ComparableSet(_letters(i), tuple(test[0] for test in key[1:]), digest(list(map(list, key[1:])))[:SHORT], key[0])
        for i, key in enumerate(ordered)
    ]
    places = {key: i for i, key in enumerate(ordered)}
    return sets, [places[key] for key in keys]


def _key(row: Row) -> tuple[Any, ...]:
    """Return True if the headline is cross-domain, then its domains with the digests of their split lists and pictures."""
    tests, abroad = headline_tests(row)
    return abroad, *sorted((test.domain, test.split_list, test.pictures) for test in tests)


def _letters(number: int) -> str:
    """Return A to Z, then AA, AB and so on."""
    text = ""
    while number >= 0:
        text = chr(ord("A") + number % 26) + text
        number = number // 26 - 1
    return text
