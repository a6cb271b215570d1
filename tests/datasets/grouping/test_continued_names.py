"""Copies and versions of a picture are called after it; names that begin alike by chance are not."""

import pytest

from bandbench.datasets.grouping.continued_names import continued_keys


@pytest.mark.parametrize(
    "ends", [(" (1)", " (2)"), (" copy", " copy 2"), (" - Copy", " - Copy (2)"), ("_flip",), ("_1", "_1_2"), ("-sd2",)]
)
def test_a_copy_belongs_to_the_first(ends: tuple[str, ...]) -> None:
    stems = [f"DSC{i:04d}{end}" for i in range(30) for end in ("", *ends)]
    assert continued_keys(stems, 10, 0.5) == tuple(f"DSC{i:04d}" for i in range(30) for _ in ("", *ends))


def test_a_short_name_is_not_the_first_of_all() -> None:
    stems = ["IMG", *(f"IMG_{i:04d}{end}" for i in range(30) for end in ("", "_swap"))]
    keys = continued_keys(stems, 10, 0.5)
    assert keys == ("IMG", *(f"IMG_{i:04d}" for i in range(30) for _ in range(2)))


@pytest.mark.parametrize(
    "stems",
    [
        [f"img_{i}" for i in range(100)],
        ["img", *(f"img_{i}" for i in range(100))],
        [f"{i:05d}" for i in range(50)] + [f"{i:05d}-{3141592653 + i}" for i in range(50)],  # seeds
        [f"{i:03d}" for i in range(200)] + [f"{i:03d}_a" for i in range(9)],  # few
        [f"{i}" for i in range(200)],
        [],
    ],
)
def test_other_names_do_not_go_on(stems: list[str]) -> None:
    assert continued_keys(stems, 10, 0.5) is None
