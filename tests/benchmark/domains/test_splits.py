"""Drawn splits: groups stay together, and every seed draws its own; split lists and what they lack."""

from dataclasses import replace

import pytest

from bandbench.benchmark.contracts import Item
from bandbench.benchmark.domains.splits import (
    SPLIT_COLUMNS,
    draw_splits,
    linked_groups,
    missing_classes,
    split_digest,
    split_entry,
)
from bandbench.benchmark.errors import DataError


def crowd(n: int = 60, frames: int = 3) -> list[Item]:
    """Frames of clips, every third clip a fake."""
    return [
        Item(f"{i // frames}/{i % frames}", int(i // frames % 3 == 0), "train", video=f"v{i // frames}")
        for i in range(n * frames)
    ]


def members(items: list[Item], split: str) -> set[str]:
    return {item.id for item in items if item.split == split}


def test_a_group_is_never_on_two_sides() -> None:
    sides: dict[str, set[str]] = {}
    for item in draw_splits(crowd(), 0, 0):
        sides.setdefault(item.video, set()).add(item.split)
    assert len(sides) == 60
    assert {len(found) for found in sides.values()} == {1}


def test_a_fifth_is_tested_a_fifth_validates_and_classes_are_balanced() -> None:
    drawn = draw_splits(crowd(), 0, 0)
    assert {split: len(members(drawn, split)) for split in ("train", "val", "test")} == {"train": 108, "val": 36, "test": 36}
    fakes = {split: sum(item.label for item in drawn if item.split == split) for split in ("train", "val", "test")}
    assert fakes == {"train": 36, "val": 12, "test": 12}


def test_the_seed_draws_the_test_split_and_the_replicate_the_rest() -> None:
    first, second, other = (draw_splits(crowd(), *draw) for draw in ((0, 0), (0, 1), (1, 0)))
    assert draw_splits(crowd(), 0, 0) == first
    assert members(first, "test") == members(second, "test") != members(other, "test")
    assert members(first, "val") != members(second, "val")


def test_a_given_test_split_is_left_to_its_data_set() -> None:
    drawn = draw_splits(crowd(), 0, 0, test=False)
    assert {split: len(members(drawn, split)) for split in ("train", "val", "test")} == {"train": 144, "val": 36, "test": 0}


def test_too_few_groups_are_refused_with_a_way_out() -> None:
    with pytest.raises(
        DataError, match=r"12 pictures in 4 groups cannot be split .*: .*test has no real.* Name the groups\. Else"
    ):
        draw_splits(crowd(4), 0, 0, way_out="Name the groups.")


def test_order_of_items_does_not_matter() -> None:
    items = [Item(f"{label}{i}", label, "train", video=f"v{i // 2}") for label in (0, 1) for i in range(40)]
    assert draw_splits(items, 0, 0) == draw_splits(items[::-1], 0, 0)


def test_classes_that_a_split_lacks_are_named() -> None:
    items = [Item("a", 0, "train"), Item("b", 1, "train"), Item("c", 1, "val")]
    assert missing_classes(items, ["train", "val"]) == "val has no real"
    assert missing_classes(items, ["val", "test"], [1]) == "test has no fake"
    assert missing_classes(items, ["train"]) == ""


def test_the_digest_of_a_split_list_is_of_who_is_where() -> None:
    items = [
        Item("a", 0, "train", target="x"),
        Item("b", 1, "train", target="x", donor="y"),
        Item("c", 0, "val", target="k", video="v"),
    ]
    assert split_digest(items) == split_digest(items[::-1])
    assert split_digest([replace(item, fingerprint="x", generator="g") for item in items]) == split_digest(items)
    for change in ({"split": "test"}, {"label": 1}, {"target": "z"}, {"donor": "z"}, {"video": "z"}, {"id": "z"}):
        assert split_digest([replace(items[0], **change), *items[1:]]) != split_digest(items)
    assert split_digest(items[1:]) != split_digest(items)


def test_a_line_of_a_split_list_has_the_values_of_its_columns() -> None:
    item = Item("a", 1, "val", target="x", donor="y", video="v", fingerprint="f", generator="g")
    assert split_entry(item) == ["a", 1, "val", item.group, "x", "y", "v"]
    assert [*SPLIT_COLUMNS[1:]] == ["label", "split", "group", "target", "donor", "video"]


@pytest.mark.parametrize("frames", [1, 3])
def test_an_added_picture_moves_at_most_a_group_or_two(frames: int) -> None:
    items = crowd(300, frames)
    before = members(draw_splits(items, 0, 0), "test")
    assert len(before) == 60 * frames
    for number in range(10):
        added = Item(f"added/{number}", number % 2, "train")
        after = members(draw_splits([*items, added], 0, 0), "test") - {added.id}
        assert len(before ^ after) <= 2 * frames


def test_identities_link_groups() -> None:
    """A fake of target a with the face of b keeps both persons on one side."""
    persons = [Item(f"real/{i}/{frame}", 0, "train", target=f"p{i}") for i in range(60) for frame in range(3)]
    fakes = [Item(f"fake/{i}", 1, "train", target=f"p{i}", donor=f"p{i ^ 1}") for i in range(60)]
    drawn = draw_splits([*persons, *fakes], 0, 0)
    sides: dict[str, set[str]] = {}
    for item in drawn:
        for person in filter(None, (item.target, item.donor)):
            sides.setdefault(person, set()).add(item.split)
    assert {len(found) for found in sides.values()} == {1}
    assert {item.split for item in drawn} == {"train", "val", "test"}


def test_a_declared_group_is_the_unit_and_links() -> None:
    a, b, c = Item("a", 0, "train", video="1", unit="u"), Item("b", 1, "train", video="1"), Item("c", 1, "train")
    assert linked_groups([a, b, c]) == {"a": "1", "b": "1", "c": "c"}
    assert a.group == "u"


def test_a_group_larger_than_two_fifths_is_no_test_split() -> None:
    items = [Item(f"{i}", 0, "train", video="large") for i in range(60)] + crowd(60, 1)
    for seed in range(5):
        assert members(draw_splits(items, seed, 0), "test").isdisjoint(map(str, range(60)))
