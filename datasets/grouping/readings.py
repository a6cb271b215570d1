"""Readings of the names of a listing, each with its groups, and the choice between two of them."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from ...benchmark.domains.splits import N_FOLDS
from .name_columns import Column

MATCHED = 0.95  # share of the names that a reading fits, over all and in each class
REPEATED = 0.5  # share of the pictures that are not alone of their class in a group
CLEAR, UNCLEAR = 0.95, 0.8  # shares of a reading that is borne out, and of one that is contradicted
ENOUGH = 2 * N_FOLDS  # groups, from which on the coarser of two nested readings is taken


@dataclass(frozen=True)
class Reading:
    """
    One reading of the names of a listing.

    Attributes
    ----------
    name : str
        Words for the part of the name that makes a group.
    labels : tuple of int
        Of the pictures, in the order of the listing.
    keys : tuple of str
        Group of each picture; empty where the reading does not fit its name.
    numbers : tuple of int
        Running number of each picture within its group; -1 where there is none.
    pattern : str
        Regular expression that finds the group in the path of a picture, to be typed.
    """

    name: str
    labels: tuple[int, ...]
    keys: tuple[str, ...]
    numbers: tuple[int, ...]
    pattern: str = ""

    @cached_property
    def groups(self) -> dict[str, list[int]]:
        """Positions of the pictures of each group."""
        groups: dict[str, list[int]] = defaultdict(list)
        for i, key in enumerate(self.keys):
            if key:
                groups[key].append(i)
        return dict(groups)

    @property
    def fits(self) -> bool:
        """True if it fits nearly all names of each class, and tells more than the class does."""
        total, matched = Counter(self.labels), Counter(label for label, key in zip(self.labels, self.keys, strict=True) if key)
        if any(matched[label] < MATCHED * n for label, n in total.items()):
            return False
        of_class = {label: {key for k, key in zip(self.labels, self.keys, strict=True) if k == label} for label in total}
        sizes = Counter(zip(self.labels, self.keys, strict=True))
        repeated = sum(n for n in sizes.values() if n > 1)
        return any(len(keys - {""}) > 1 for keys in of_class.values()) and repeated >= REPEATED * len(self.keys)

    @property
    def purity(self) -> float:
        """Share of the grouped pictures whose group has one class alone."""
        pure = [len(some) for some in self.groups.values() if len({self.labels[i] for i in some}) == 1]
        return sum(pure) / max(1, sum(map(len, self.groups.values())))

    @property
    def regularity(self) -> float:
        """Share of the groups of one class whose numbers run in equal steps, of those with three pictures or more."""
        sides: dict[tuple[int, str], list[int]] = defaultdict(list)
        for label, key, number in zip(self.labels, self.keys, self.numbers, strict=True):
            if key:
                sides[label, key].append(number)
        runs = [sorted(numbers) for numbers in sides.values() if len(numbers) > 2]
        regular = [len({b - a for a, b in pairwise(run)}) == 1 for run in runs]
        return sum(regular) / max(1, len(regular))

    @property
    def has_numbers(self) -> bool:
        """True if it takes a part of the names as running number."""
        return any(number >= 0 for number in self.numbers)

    @property
    def ends_vary(self) -> bool:
        """True if the numbers of nearly all groups run in equal steps from one number on, and end at different ones."""
        runs = [[self.numbers[i] for i in some] for some in self.groups.values()]
        (_, n_begin), (_, n_end) = (Counter(map(side, runs)).most_common(1)[0] for side in (min, max))
        return self.regularity >= CLEAR and n_begin >= CLEAR * len(runs) and n_end <= UNCLEAR * len(runs)

    def within(self, other: "Reading") -> bool:
        """Return True if each group lies in one group of another reading."""
        return all(len({other.keys[i] for i in some}) == 1 for some in self.groups.values())

    def finer_than(self, other: "Reading") -> bool:
        """Return True if its groups lie in those of another reading and are more."""
        return self.within(other) and not other.within(self)

    def of_rows(self, rows: Sequence[int]) -> "Reading":
        """Return the reading of some rows of the listing."""
        labels, keys, numbers = (tuple(some[i] for i in rows) for some in (self.labels, self.keys, self.numbers))
        return replace(self, labels=labels, keys=keys, numbers=numbers)

    def spread(self, rows: Sequence[int], labels: Sequence[int]) -> "Reading":
        """Return the reading of some rows of a listing as one of the whole listing."""
        keys, numbers = [""] * len(labels), [-1] * len(labels)
        for row, key, number in zip(rows, self.keys, self.numbers, strict=True):
            keys[row], numbers[row] = key, number
        return replace(self, labels=tuple(labels), keys=tuple(keys), numbers=tuple(numbers))

    def describe(self) -> str:
        """Describe the reading in a few words: ``60 groups by `idNN_```."""
        return f"{len(self.groups)} groups by {self.name}"


class AmbiguousNamesError(Exception):
    """Two readings of the names fit about equally well and disagree."""

    def __init__(self, one: Reading, other: Reading) -> None:
        super().__init__(f"{one.describe()} or {other.describe()}")
        self.readings = one, other


def decided(last: Reading, first: Reading) -> Reading:
    """Take the one of two readings that classes or running numbers bear out where they contradict the other."""
    for one, other in ((last, first), (first, last)):
        if one.within(other) and other.within(one):
            return one
        if one.purity >= CLEAR and other.purity <= UNCLEAR:
            return one
    for one, other in ((last, first), (first, last)):
        if one.has_numbers and other.has_numbers and one.regularity >= CLEAR and other.regularity <= UNCLEAR:
            return one
    for one, other in ((last, first), (first, last)):
        if one.ends_vary and not other.ends_vary:  # as the frames of clips of different lengths
            return one
    raise AmbiguousNamesError(last, first)


def coarser(readings: Sequence[Reading]) -> Reading | None:
    """Return the coarsest of readings that lie in each other, if it has enough groups; refuse two that do not."""
    ordered = sorted(readings, key=lambda reading: len(reading.groups))
    for one, finer in pairwise(ordered):
        if not finer.within(one):
            raise AmbiguousNamesError(one, finer)
    many = [reading for reading in ordered if len(reading.groups) >= ENOUGH]
    return next(iter(many), next(reversed(ordered), None))


def column_reading(keys: Sequence[Column], number: Column | None, labels: Sequence[int]) -> Reading:
    """Return the reading that groups by some columns and takes another one as the running number."""
    values = tuple("_".join(some) if all(some) else "" for some in zip(*(key.values for key in keys), strict=True))
    shown = shape_of(values, values) or f"a part such as {next(filter(None, values))!r}"
    return Reading(shown, tuple(labels), values, number.numbers if number else (-1,) * len(values))


def shape_of(stems: Sequence[str], keys: Sequence[str]) -> str:
    """Describe the groups by the shape of nearly all of them: ```idNN_```, ```_idNN```; empty if they have no shape."""
    shapes: dict[str, Counter[str]] = defaultdict(Counter)
    for key, stem in {key: stem for stem, key in zip(stems, keys, strict=True) if key}.items():
        before, found, after = stem.partition(key)
        sign = after[:1] if found and re.match(r"[\W_]", after) else ""
        start = before[-1:] if found and not after else ""
        text = f"{start}{key}{sign}"
        shapes[re.sub(r"\d+", "N", text)][re.sub(r"\d", "N", text)] += 1
    shape, widths = max(shapes.items(), key=lambda item: item[1].total(), default=("", Counter()))
    if "N" not in shape or widths.total() < UNCLEAR * sum(count.total() for count in shapes.values()):
        return ""
    return f"`{next(iter(widths)) if len(widths) == 1 else shape}`"
