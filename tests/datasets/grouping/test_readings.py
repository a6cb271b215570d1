"""Of two readings that disagree one is taken only where classes or running numbers contradict the other."""

import pytest

from bandbench.datasets.grouping.readings import AmbiguousNamesError, Reading, decided


def readings(names: list[tuple[int, int, int]]) -> tuple[Reading, Reading]:
    """The readings of names of two numbers by the first and by the last one; the third number is the label."""
    first, last, labels = zip(*names, strict=True)
    return tuple(Reading(f"the {name}", labels, tuple(map(str, keys)), numbers) for name, keys, numbers in (
        ("first", first, last), ("last", last, first)))  # fmt: skip


def test_classes_tell_the_clip() -> None:
    first, last = readings([(c, f, c % 2) for c in range(12) for f in range(12)])
    assert decided(first, last) is first
    assert decided(last, first) is first


def test_gaps_tell_the_frame() -> None:
    first, last = readings([(c, f, k) for c in range(12) for f in range(4 + c * 7 % 11) for k in (0, 1)])
    assert decided(first, last) is first


def test_lengths_tell_the_frame() -> None:
    """The frames of each clip run from 0 on, to different ends; the clips that have a late frame begin anywhere."""
    first, last = readings([(c, f, k) for c in range(30) for f in range(20 + c % 5) for k in (0, 1)])
    assert decided(first, last) is first
    assert (first.ends_vary, last.ends_vary) == (True, False)


def test_numbers_decide_nothing_where_one_reading_has_none() -> None:
    names = [(c, f, k) for c in range(12) for f in range(12) if (c * f) % 5 for k in (0, 1)]
    first, last = readings(names)
    without = Reading("the first", first.labels, first.keys, (-1,) * len(names))
    assert not without.has_numbers
    with pytest.raises(AmbiguousNamesError):
        decided(without, last)


def test_nothing_is_decided_where_all_pairs_are_there() -> None:
    with pytest.raises(AmbiguousNamesError, match="12 groups by the first or 10 groups by the last"):
        decided(*readings([(c, f, k) for c in range(12) for f in range(10) for k in (0, 1)]))
