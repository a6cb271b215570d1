"""Units of pictures that look alike: the distance at which they are linked depends on their number."""

import numpy as np
import pytest

from bandbench.benchmark.contracts import Item
from bandbench.benchmark.domains import lookalike_units as module
from bandbench.benchmark.domains.lookalike_units import LINKS, lookalike_units

FAR = np.random.default_rng(0).integers(0, 2**63, 40).astype(np.uint64)
ITEMS = [Item(f"{i:02d}", 0, "train") for i in range(40)]
IDS = [item.id for item in ITEMS]


def test_pictures_that_look_alike_are_called_by_the_first() -> None:
    looks = FAR.copy()
    looks[[5, 9]] = looks[2] ^ np.uint64(1), looks[2] ^ np.uint64(7)
    assert lookalike_units(ITEMS, IDS, looks) == dict.fromkeys(("02", "05", "09"), "02")


def test_items_of_unknown_looks_are_linked_by_their_groups() -> None:
    items = [*ITEMS, Item("x", 0, "test", video="v"), Item("y", 1, "test", video="v")]
    assert set(lookalike_units(items, IDS, FAR)) == {"x", "y"}


@pytest.mark.parametrize(("most", "linked"), [(40, True), (39, False)])
def test_in_large_sets_the_widest_distance_is_left_out(monkeypatch: pytest.MonkeyPatch, most: int, linked: bool) -> None:
    monkeypatch.setattr(module, "MOST_AT_FIRST", most)
    looks = FAR.copy()
    looks[1] = looks[0] ^ np.uint64(2 ** LINKS[0] - 1)
    assert bool(lookalike_units(ITEMS, IDS, looks)) == linked
