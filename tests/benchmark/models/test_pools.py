"""Pools: pictures of several domains, each once, without those that a model must not be scored on."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.contracts import FAKE, REAL
from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.domains.seen import content_name
from bandbench.benchmark.features.prepare import scratch_places
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.models.pools import Pool, load_pools, splits_and_facts
from bandbench.benchmark.models.recipe import ATTRIBUTION, DETECTION, Recipe
from bandbench.benchmark.models.trained_model import TrainedModel
from bandbench.benchmark.pictures.crops import CropSpec
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.views import view_kernel
from conftest import Here, SilentReporter, trained_model

Maker = Callable[..., Path]
SIZES = {"procedural": {"n_train": 6, "n_val": 4, "n_test": 5, "side": 64}}
CROPS: dict[str, list] = {}
CLASSES = {DETECTION: ("real", "fake"), ATTRIBUTION: ("real", "nearest", "planted")}


def pools(
    catalogue: Catalogue,
    names: tuple[str, ...],
    splits: tuple[str, ...] = ("train", "val"),
    task: str = DETECTION,
    model: TrainedModel | None = None,
    shared: dict[str, set[str]] | None = None,
    crop: CropSpec | None = None,
    read: Sequence[str] = (),
) -> dict[str, Pool]:
    """Load pools; the crops of those in `read` go to `CROPS`, because they are gone when their folder is."""
    recipe = Recipe(DetectorSpec.parse("spectral_logreg"), task, CLASSES[task], Band(), crop or CropSpec(48), names, 0)
    domains = [catalogue.domain(name, 0) for name in names]
    with scratch_places() as places:
        found = load_pools(recipe, domains, splits, places, Here(1), SilentReporter(), model, shared)
        CROPS.update({split: list(found[split].iter_crops(colour=False)) for split in read})
        return found


def test_pictures_that_domains_share_are_in_a_pool_once() -> None:
    catalogue = Catalogue({}, SIZES)
    domains = ("procedural/nearest", "procedural/planted")
    pool = pools(catalogue, domains)["train"]
    reals = sum(item.label == REAL for item in catalogue.domain(domains[0], 0).split("train"))
    fakes = len(catalogue.domain(domains[0], 0).split("train")) - reals
    assert np.bincount(pool.labels).tolist() == [reals, 2 * fakes]
    assert len(set(pool.contents)) == len(pool.contents) == len(pool.table) == len(pool.labels)
    assert pool.table.column("domain").to_pylist().count(domains[1]) == fakes
    assert np.bincount(pool.rows).tolist() == [1] * len(pool.labels)


def test_crops_of_a_pool_are_those_of_its_features() -> None:
    pool = pools(Catalogue({}, SIZES), ("procedural/nearest", "procedural/planted"), read=["train"])["train"]
    crops, rows = (np.concatenate(parts) for parts in zip(*CROPS["train"], strict=True))
    order = np.argsort(rows)
    np.testing.assert_array_equal(rows[order], np.arange(len(pool.labels)))
    kernel = view_kernel(DetectorSpec.parse("spectral_logreg").build().view)
    np.testing.assert_allclose(kernel.from_crops(crops[order], Band()).values, pool.view.values, rtol=1e-6)
    assert pool.domains.tolist() == [name == "procedural/planted" for name in pool.table.column("domain").to_pylist()]


def test_labels_of_an_attribution_are_generators() -> None:
    pool = pools(Catalogue({}, SIZES), ("procedural/nearest", "procedural/planted"), task=ATTRIBUTION)["train"]
    by_domain = dict(zip(pool.table.column("domain").to_pylist(), pool.labels.tolist(), strict=True))
    assert by_domain == {"procedural/nearest": 1, "procedural/planted": 2}  # fakes come last in a domain
    assert sorted(set(pool.labels.tolist())) == [0, 1, 2]


def test_windows_of_a_picture_have_its_row(picture_folder: Maker) -> None:
    pool = pools(Catalogue({"mine": str(picture_folder())}), ("mine",), crop=CropSpec(32, "tiles", 4))["val"]
    assert np.bincount(pool.rows).tolist() == [4] * len(pool.labels)
    assert len(pool.view.values) == 4 * len(pool.labels)
    assert not pool.view.values.flags.writeable


def test_a_picture_of_an_earlier_split_is_refused_in_a_later_one(picture_folder: Maker) -> None:
    root = picture_folder()
    catalogue = Catalogue({"mine": str(root)})
    domain = catalogue.domain("mine", 0)
    copy = domain.split("val")[0]
    shutil.copy(root / domain.split("train")[0].id, root / copy.id)
    found = pools(catalogue, ("mine",))
    assert found["train"].problems == ()
    assert found["val"].problems == (("mine", copy.id, "error", "the same picture is among the train pictures."),)
    assert len(found["val"].labels) == len(domain.split("val")) - 1
    assert len(found["val"].table) == len(domain.split("val"))  # the table lists it with its status


def test_what_a_model_has_seen_is_a_problem_and_what_it_shares_is_dropped(picture_folder: Maker) -> None:
    catalogue = Catalogue({"mine": str(picture_folder())})
    whole = pools(catalogue, ("mine",), ("test",))["test"]
    ids = whole.table.column("item").to_pylist()
    model = replace(trained_model(), seen=frozenset({content_name(whole.contents[0])}))
    found = pools(catalogue, ("mine",), ("test",), model=model, shared={"mine": {ids[1], ids[2]}})["test"]
    assert found.contents == whole.contents[3:]
    assert found.problems == (("mine", ids[0], "error", "the same picture is among those that the model has learned from."),)
    assert found.n_dropped == 2
    np.testing.assert_array_equal(found.view.values, whole.view.values[3:])
    assert found.groups.tolist() == whole.groups.tolist()[3:]


def test_digests_and_facts_are_of_the_whole_domain(picture_folder: Maker) -> None:
    catalogue = Catalogue({"mine": str(picture_folder())}, SIZES)
    names = ["mine", "procedural/planted"]
    data = splits_and_facts([catalogue.domain(name, 0) for name in names])
    assert list(data["splits"]) == names
    assert data["splits"] == splits_and_facts([catalogue.domain(name, 0) for name in names])["splits"]
    other = Catalogue({}, {"procedural": SIZES["procedural"] | {"n_train": 7}}).domain("procedural/planted", 0)
    assert splits_and_facts([other])["splits"]["procedural/planted"] != data["splits"]["procedural/planted"]


def test_both_classes_are_in_a_pool(picture_folder: Maker) -> None:
    pool = pools(Catalogue({"mine": str(picture_folder())}), ("mine",), ("test",))["test"]
    assert set(pool.labels.tolist()) == {REAL, FAKE}
    with pytest.raises(ValueError, match="read-only"):
        pool.view.values[0] = 0
