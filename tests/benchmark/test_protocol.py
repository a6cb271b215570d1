"""The leak guard, on items made by hand."""

import pytest

from bandbench.benchmark.contracts import Item
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.protocol import check_no_leak, draw_splits


def test_disjoint_sides_pass() -> None:
    check_no_leak("sides", [Item("a", 0, "train", target="x")], [Item("b", 1, "test", target="y", donor="z")])


@pytest.mark.parametrize(
    ("fitted", "held_out", "message"),
    [
        (Item("a", 0, "train"), Item("a", 0, "test"), "share item 'a'"),
        (Item("a", 0, "train", video="v"), Item("b", 0, "test", video="v"), "share video 'v'"),
        (Item("a", 0, "train", target="x"), Item("b", 1, "test", target="y", donor="x"), "share identity 'x'"),
        (Item("a", 1, "train", target="y", donor="x"), Item("b", 0, "test", target="x"), "share identity 'x'"),
        (Item("a", 1, "train", donor="x"), Item("b", 1, "test", donor="x"), "share identity 'x'"),
    ],
)
def test_every_kind_of_leak_is_refused_by_name(fitted: Item, held_out: Item, message: str) -> None:
    with pytest.raises(DataError, match=message):
        check_no_leak("sides", [fitted], [held_out])


def test_order_of_items_does_not_matter() -> None:
    items = [Item(f"{label}{i}", label, "train", video=f"v{i // 2}") for label in (0, 1) for i in range(40)]
    assert draw_splits(items, 0, 0) == draw_splits(items[::-1], 0, 0)
