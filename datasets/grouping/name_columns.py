"""
Columns of file names: the parts that all names of a listing have in the same place.

A column whose values repeat may be the clip or the frame; one that differs from picture to picture, such as a hash or the
corner of a face, is neither.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

COARSE = re.compile(r"[^\W_]+")  # what stands between separators: c07
FINE = re.compile(r"[^\W\d_]+|\d+")  # runs of letters and of digits: c, 07
COUNTING = r"0*\d{1,5}"  # a running number; larger ones are dates, times and numbers of works
NUMBER = re.compile(rf"(\D*)({COUNTING})(\D*)")
LETTERS = re.compile(r"[^\W\d_]")
DIGITS = re.compile(r"\d+")
HEXADECIMAL = re.compile(r"[0-9a-f]{2,}", re.IGNORECASE)
LETTER = re.compile(r"[a-zA-Z]")  # without regard to case, the dotted capital I of Turkish would be one, too
CHANCE = 0.02  # pairs of equal values that a hash may have by chance, times two
LEAST_SIZE = 3  # pictures per value of a column of letters and digits: four digits of a hash repeat, too


class Kind(Enum):
    """Kind of a column."""

    NUMBER = "number"  # a running number, or a letter that counts
    WORD = "word"


@dataclass(frozen=True)
class Column:
    """
    One column.

    Attributes
    ----------
    kind : Kind
    values : tuple of str
        Part of each name; empty where the name has other parts than most.
    numbers : tuple of int
        Running number of each name; -1 where there is none.
    word : str
        Letters that stand before every number, or that all names have before it; lower case.
    is_first : bool
        True if all names agree in what stands before it.
    """

    kind: Kind
    values: tuple[str, ...]
    numbers: tuple[int, ...]
    word: str = ""
    is_first: bool = False

    @property
    def n_values(self) -> int:
        """Number of different values."""
        return len(set(self.values) - {""})


def name_columns(stems: Sequence[str], part: re.Pattern[str], most: float, repeated: float) -> list[Column]:
    """
    Return the columns of a listing that may name a clip or a frame, from left to right.

    Parameters
    ----------
    stems : sequence of str
        Names without suffix.
    part : Pattern
        `COARSE` or `FINE`.
    most : float
        Least share of the names that have equally many parts, or that have more and begin with as many of the same kinds.
    repeated : float
        Least share of the names whose value in a column is not alone.

    Returns
    -------
    list of Column
        Without those that are equal in all names. Empty where names have different numbers of parts.
    """
    parts = [part.findall(stem) for stem in stems]
    kinds = [tuple(map(str.isdigit, some)) for some in parts]
    length, _ = Counter(map(len, parts)).most_common(1)[0] if parts else (0, 0)
    (usual, _), *_ = Counter(kind for kind in kinds if len(kind) == length).most_common(1) or [((), 0)]
    if length == 1:
        fit = [len(some) == 1 for some in parts]
    else:  # a longer name has something behind it
        fit = [len(kind) == length or kind[:length] == usual for kind in kinds]
    if not parts or sum(fit) < most * len(stems):
        return []
    columns, word, is_first = [], "", True
    for place in range(length):
        values = [some[place] if fits else "" for some, fits in zip(parts, fit, strict=True)]
        different = set(values) - {""}
        if len(different) > 1:
            column = _column(values, word)
            if _repeats(column, repeated):
                columns.append(replace(column, is_first=is_first))
            is_first = False
        shared = "".join(different).lower() if len(different) == 1 else ""
        word = shared if LETTERS.search(shared) else ""
    return columns


def _column(values: Sequence[str], word: str) -> Column:
    """Return the column of some values; `word` is the part that stands before all of them."""
    given = [value for value in values if value]
    matches = [match for value in given if (match := NUMBER.fullmatch(value))]
    around = {(match[1].lower(), match[3].lower()) for match in matches}
    if len(around) == 1 and len(matches) == len(given):
        numbers = (int("".join(filter(str.isdecimal, value)) or -1) for value in values)
        return Column(Kind.NUMBER, tuple(values), tuple(numbers), next(iter(around))[0] or word)
    if all(LETTER.fullmatch(value) for value in given):
        return Column(Kind.NUMBER, tuple(values), tuple(ord(value.lower()) if value else -1 for value in values), word)
    return Column(Kind.WORD, tuple(values), (-1,) * len(values))


def _repeats(column: Column, least: float) -> bool:
    sizes = Counter(value for value in column.values if value)
    if column.kind is Kind.WORD and any(map(str.isdigit, "".join(sizes))):
        shapes = {DIGITS.sub("0", value) for value in sizes}
        is_hash = _may_be_chance(sizes) if all(map(HEXADECIMAL.fullmatch, sizes)) else sizes.total() < LEAST_SIZE * len(sizes)
        if is_hash or len(shapes) == 1:  # of one shape are parts of a time: 05T14
            return False
    return sum(n for n in sizes.values() if n > 1) >= least * len(column.values)


def _may_be_chance(sizes: Counter[str]) -> bool:
    """Return True if hexadecimal values repeat as those of a hash may, or have digits alone, as dates and numbers have."""
    total, shortest = sizes.total(), min(map(len, sizes))
    has_letters = sum(not value.isdigit() for value in sizes) > len(sizes) / 2
    return not has_letters or total**2 > CHANCE * 16**shortest


def share_crossed(one: Column, other: Column) -> float:
    """Return the share of all pairs of values of two columns that names have: near 1 for clips and their frames."""
    pairs = {pair for pair in zip(one.values, other.values, strict=True) if all(pair)}
    return len(pairs) / max(1, len(set(one.values) - {""}) * len(set(other.values) - {""}))
