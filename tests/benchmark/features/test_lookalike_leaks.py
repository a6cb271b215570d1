"""Rules on look-alikes across a split: too many, the nearest of each, units that are split as one, perturbed domains."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from bandbench.benchmark.contracts import Item
from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.features.item_sets import ItemStatuses
from bandbench.benchmark.features.lookalike_leaks import Offenders, offenders, units_of, with_datasets, without_lookalikes
from bandbench.benchmark.pictures.lookalikes import MOST_LOOKALIKES
from bandbench.benchmark.results.scores import OK, Reason

SIDE = 32


def statuses(*items: Item, hashes: tuple[int, ...]) -> ItemStatuses:
    return ItemStatuses(items, tuple(item.id for item in items), hashes, (OK,) * len(items))


def test_more_than_a_hundredth_is_too_many() -> None:
    assert MOST_LOOKALIKES == 0.01
    assert not Offenders({"a": "b"}, 100).too_many
    assert Offenders({"a": "b"}, 99).too_many
    assert not Offenders({}, 0).too_many


def test_offenders_name_their_nearest() -> None:
    held_out = statuses(Item("a", 0, "test"), Item("b", 0, "test"), hashes=(0, 2**40 - 1))
    fitted = statuses(Item("c", 0, "train"), Item("d", 0, "train"), hashes=(7, 1))
    found = offenders(held_out, [fitted])
    assert (found.alike, found.n) == ({"a": "d"}, 2)
    refused = without_lookalikes(held_out, found.alike)
    assert [status.reason for status in refused.statuses] == [Reason.LOOKALIKE, None]
    assert refused.statuses[0].detail == "it looks like d."


def test_units_join_looks_and_groups() -> None:
    """Pictures a and b look alike, b and c are of one clip: one unit; the others are alone."""
    far = [int(value) for value in np.random.default_rng(0).integers(0, 2**63, 40)]
    others = [Item(f"z{i}", 0, "train") for i in range(38)]
    items = [Item("a", 0, "test"), Item("b", 1, "train", video="v"), Item("c", 0, "val", video="v"), *others]
    units = units_of([statuses(*items, hashes=(far[0], far[0] ^ 3, far[1], *far[2:]))])
    assert units == dict.fromkeys("abc", "a")


def test_a_chain_that_would_link_all_pictures_is_cut() -> None:
    """Neighbours in the chain are 10 bits apart, two pairs of them 8: these pairs are the units."""
    rng, hashes = np.random.default_rng(0), [0]
    for i in range(1, 40):
        bits = rng.choice(64, 8 if i in (4, 21) else 10, replace=False)
        hashes.append(hashes[-1] ^ sum(1 << int(bit) for bit in bits))
    items = [Item(f"{i:02d}", 0, "train") for i in range(40)]
    units = units_of([statuses(*items, hashes=tuple(hashes))])
    assert units == {"03": "03", "04": "03", "20": "20", "21": "20"}


def test_perturbed_domains_follow_the_plain_one(picture_folder: Callable[..., Path]) -> None:
    catalogue = Catalogue({"mine": str(picture_folder(side=SIDE))})
    plain = catalogue.domain("mine", 0)
    perturbed = catalogue.domain("mine+jpeg:quality=50", 0, plain=plain)
    assert plain.dataset is not None
    dataset = plain.dataset.with_units({item.id: item.id[-6:] for item in plain.items})
    assert dataset is not None
    anew = with_datasets({(perturbed.name, 0): perturbed, ("mine", 0): plain}, {"mine": dataset})
    assert anew[perturbed.name, 0].items is anew["mine", 0].items
    assert [replace(item, unit="", split="") for item in anew["mine", 0].items] == [
        replace(item, split="") for item in plain.items
    ]
