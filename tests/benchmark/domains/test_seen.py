"""Digests of the training and validation pictures of a model: equal for equal contents and names, and unreadable."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bandbench.benchmark.contracts import Item
from bandbench.benchmark.domains.catalogue import DatasetSpec, OpenDomain
from bandbench.benchmark.domains.seen import (
    DIGITS,
    Learned,
    content_name,
    fitted_names,
    hashed_name,
    hashed_names,
    name_space,
    read_learned,
    write_learned,
)

ITEMS = [
    Item("a", 0, "train", target="x"),
    Item("b", 1, "val", target="x", donor="y", video="v"),
    Item("c", 1, "test", target="z"),
]


def domain(reference: str = "procedural", root: str | None = None, items: Any = (), **options: Any) -> OpenDomain:
    """A domain whose items are given."""
    listed = SimpleNamespace(items=lambda variant: list(items))
    return OpenDomain(reference, DatasetSpec(reference, root, options), 0, 0, None, listed)  # type: ignore[arg-type]


def test_equal_contents_have_equal_names_and_no_content_has_none() -> None:
    assert len({content_name(content) for content in ("pixels", "other pixels", "pixels")}) == 2
    assert len(content_name("pixels")) == DIGITS
    assert content_name("") == ""
    assert content_name("undecodable \udcff") != content_name("undecodable \udcfe")


def test_a_name_is_told_apart_by_its_kind_and_its_space() -> None:
    names = {hashed_name(space, kind, value) for space in ("a", "b") for kind in ("item", "video") for value in ("1", "2")}
    assert len(names) == 8
    assert hashed_name("a", "b", "c") != hashed_name("ab", "", "c")
    assert all(name != "1" and len(name) == DIGITS for name in names)


def test_all_names_of_an_item_are_hashed_with_the_name_they_stand_for() -> None:
    names = hashed_names(domain(), ITEMS[1])
    assert sorted(names.values()) == [("identity", "x"), ("identity", "y"), ("item", "b"), ("video", "v")]
    assert names[hashed_name("procedural", "identity", "y")] == ("identity", "y")


def test_names_of_a_published_data_set_mean_the_same_in_every_folder() -> None:
    assert name_space(domain("ffpp", "/one"), "identity") == name_space(domain("ffpp", "/two"), "identity") == "ffpp"


def test_names_of_a_folder_of_ones_own_mean_nothing_in_another() -> None:
    assert name_space(domain("folder", "/one"), "identity") == "folder:/one"
    assert name_space(domain("folder", "/two"), "identity") == "folder:/two"


@pytest.mark.parametrize(("kind", "space"), [("item", "real_faces:/fakes"), ("identity", "real_faces")])
def test_items_of_fakes_that_were_added_belong_to_their_folder(kind: str, space: str) -> None:
    assert name_space(domain("real_faces", "/reals", fakes="/fakes"), kind) == space


def test_test_items_are_not_among_the_fitted_names() -> None:
    names = fitted_names([domain(items=ITEMS)])
    assert hashed_name("procedural", "item", "a") in names
    assert hashed_name("procedural", "video", "v") in names
    assert hashed_name("procedural", "item", "c") not in names
    assert names == frozenset(hashed_names(domain(), ITEMS[0])) | frozenset(hashed_names(domain(), ITEMS[1]))


def test_what_is_kept_beside_item_tables_is_read_together(tmp_path: Path) -> None:
    first, second = tmp_path / "train.parquet", tmp_path / "val.parquet"
    write_learned(first, domain(), ITEMS[:1], ["one", "two"], [7, 2**63])
    write_learned(second, domain(), ITEMS[1:2], ["two", ""], [7])
    learned = read_learned([first, second])
    assert learned.seen == {content_name("one"), content_name("two"), ""}
    assert learned.looks == {7, 2**63}
    assert learned.names == frozenset(hashed_names(domain(), ITEMS[0])) | frozenset(hashed_names(domain(), ITEMS[1]))


def test_nothing_is_known_if_one_table_has_nothing_beside_it(tmp_path: Path) -> None:
    write_learned(tmp_path / "train.parquet", domain(), ITEMS[:1], ["one"], [7])
    assert read_learned([tmp_path / "train.parquet", tmp_path / "val.parquet"]) == Learned()
    assert Learned().names is None
