"""Copies and versions of a picture are called after it; names that begin alike by chance are not."""

import pytest

from bandbench.datasets.grouping.continued_names import continued_keys, original_names


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


@pytest.mark.parametrize(
    "copy",
    [
        "{} (1)",
        "{}(2)",
        "{}~2",
        "{} copy",
        "{}_copy 2",
        "Copy of {}",
        "{} - Copy (2)",
        "{} - Kopie",
        "{} copy (1)",
        "{} (edited)",
    ],
)
@pytest.mark.parametrize("original", ["IMG_1234", "00012", "3fa9c27b", "2021-03-05"])
def test_a_single_copy_is_told_by_the_word_or_number_behind_it(copy: str, original: str) -> None:
    others = [f"IMG_{i}" for i in range(2000, 2100)]
    assert original_names([original, copy.format(original), *others]) == {copy.format(original): original}


def test_a_copy_without_its_original_needs_a_word_for_it() -> None:
    assert original_names(["anna copy", "anna copy 2"]) == {"anna copy": "anna", "anna copy 2": "anna"}
    assert original_names(["anna (1)", "anna (2)"]) == {}


def test_a_word_behind_words_is_a_version_where_several_have_it() -> None:
    words = ["anna", "bert", "cora", "dora", "emil"]
    assert original_names([f"{w}{end}" for w in words for end in ("", "_flip")]) == {f"{w}_flip": w for w in words}
    assert original_names([f"{w}{end}" for w in words[:4] for end in ("", "_flip")]) == {}


@pytest.mark.parametrize(
    "stems",
    [
        ["images", *(f"images ({i})" for i in range(1, 20))],  # downloads
        [f"photo ({i})" for i in range(1, 50)],
        ["M101", "M102", "M101_M102"],  # two persons
        [*(f"id{i}" for i in range(9)), *(f"id{i}_{'abcdef'[i] * 3}" for i in range(6))],
        ["033", "033_0001", "033-12"],
        ["xerocopy", "xero"],
    ],
)
def test_downloads_persons_and_numbers_are_no_copies(stems: list[str]) -> None:
    assert original_names(stems) == {}
