"""Our data sets pass every check, and every check fails for a data set that breaks its promise."""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.contracts import Dataset, Item
from bandbench.benchmark.domains.catalogue import DatasetSpec
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.registry import datasets
from bandbench.benchmark.testing import DATASET_CHECKS, check_dataset, run_dataset_check
from conftest import noise_picture


@pytest.mark.parametrize("check", DATASET_CHECKS)
def test_procedural(check: str) -> None:
    result = run_dataset_check(check, DatasetSpec("procedural", options={"n_train": 20, "n_val": 10, "n_test": 10}))
    assert result.ok, result.detail


@pytest.mark.parametrize("check", DATASET_CHECKS)
def test_folder(check: str, picture_folder: Callable[..., Path]) -> None:
    result = run_dataset_check(check, DatasetSpec("folder", str(picture_folder())))
    assert result.ok, result.detail


class Honest(Dataset):
    """A data set that keeps every promise; the broken ones below change one thing each."""

    name = "honest"
    needs_root = False

    def items(self, variant):
        return [
            Item(f"{split}-{label}-{i}", label, split, target=f"{split}{i}", fingerprint=f"{self.seed}-{split}-{label}-{i}")
            for split in ("train", "val", "test")
            for label in (0, 1)
            for i in range(4)
        ]

    def read(self, item):
        if item.id.count("-") != 2:
            raise DataError(f"no item '{item.id}'")
        out = io.BytesIO()
        Image.fromarray(noise_picture(len(item.id) + int(item.id[-1]))).save(out, "PNG")
        return out.getvalue()


class ForgetsItsSeed(Honest):
    def __init__(self, root=None, seed=0, replicate=0):
        super().__init__(root, 0, replicate)


class OddDate(Honest):
    dates: ClassVar = {"": "summer 2022"}


class NoVariant(Honest):
    def variants(self):
        return ()


class SameIdTwice(Honest):
    def items(self, variant):
        items = super().items(variant)
        return [*items, items[0]]


class ThirdLabel(Honest):
    def items(self, variant):
        return [replace(item, label=2 if item.id.endswith("3") else item.label) for item in super().items(variant)]


class NoFakeInTest(Honest):
    def items(self, variant):
        return [item for item in super().items(variant) if (item.split, item.label) != ("test", 1)]


class RealsOnly(Honest):
    classes = ("real",)

    def items(self, variant):
        return [item for item in super().items(variant) if item.label == 0]


class RealsWithSomeFakes(Honest):
    classes = ("real",)

    def items(self, variant):
        return [item for item in super().items(variant) if item.label == 0 or item.split == "train"]


class OddClasses(Honest):
    classes = ("fake",)


class NoValidation(Honest):
    def items(self, variant):
        return [item for item in super().items(variant) if item.split != "val"]


class Shuffled(Honest):
    def items(self, variant):
        items = super().items(variant)
        return [items[i] for i in np.random.default_rng().permutation(len(items))]


class Leaky(Honest):
    def items(self, variant):
        return [replace(item, target="everybody") for item in super().items(variant)]


class MovesItsTest(Honest):
    def items(self, variant):
        return [replace(i, fingerprint=f"{self.replicate}-{i.fingerprint}") for i in super().items(variant)]


class NoPicture(Honest):
    def read(self, item):
        return b"this is text"


class ReadsNothing(Honest):
    def read(self, item):
        raise DataError("no such item")


class Changing(Honest):
    def read(self, item):
        out = io.BytesIO()
        Image.fromarray(np.random.default_rng().integers(0, 255, (32, 32)).astype(np.uint8)).save(out, "PNG")
        return out.getvalue()


class OneFingerprint(Honest):
    def items(self, variant):
        return [replace(item, fingerprint="same") for item in super().items(variant)]


def spec_of(plugin: type[Dataset], monkeypatch: pytest.MonkeyPatch) -> DatasetSpec:
    monkeypatch.setattr(datasets, "get", lambda reference: plugin)
    return DatasetSpec("honest")


@pytest.mark.parametrize(
    ("check", "broken", "message"),
    [
        ("parameters_are_stored", ForgetsItsSeed, r"given as \(3, 2\) and are \(0, 2\)"),
        ("variants_are_named", NoVariant, "is empty"),
        ("dates_can_be_read", OddDate, "a date is written 2022, 2022-08 or 2022-08-22, got 'summer 2022'"),
        ("items_are_well_formed", SameIdTwice, "has the id 'train-0-0' more than once"),
        ("items_are_well_formed", ThirdLabel, "has the label 2"),
        ("splits_have_both_classes", NoFakeInTest, "test has no fake"),
        ("splits_have_both_classes", NoValidation, "val has no real"),
        ("splits_have_both_classes", RealsWithSomeFakes, "val has no fake, test has no fake"),
        ("splits_have_both_classes", OddClasses, r"classes is \('fake',\)"),
        ("listing_is_repeatable", Shuffled, "a second instance lists other items"),
        ("splits_share_no_identity", Leaky, "share identity 'everybody'"),
        ("held_out_items_stay", MovesItsTest, "replicate 1 has other test items"),
        ("pictures_can_be_read", NoPicture, "not a JPEG"),
        ("pictures_can_be_read", Changing, "returned other bytes the second time"),
        ("fingerprints_tell_pictures_apart", OneFingerprint, "two items share a fingerprint"),
        ("unknown_items_are_refused", Changing, "returned something"),
        ("unknown_items_are_refused", ReadsNothing, r"'train-0-0' is to be read, .* \(DataError: no such item\)"),
    ],
)
def test_a_broken_promise_is_found(check: str, broken: type[Dataset], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_dataset_check(check, spec_of(broken, monkeypatch))
    assert not result.ok
    assert re.search(message, result.detail), result.detail


@pytest.mark.parametrize("honest", [Honest, RealsOnly])
def test_the_honest_ones_pass(honest: type[Dataset], monkeypatch: pytest.MonkeyPatch) -> None:
    results = check_dataset(spec_of(honest, monkeypatch))
    assert all(result.ok for result in results), results
