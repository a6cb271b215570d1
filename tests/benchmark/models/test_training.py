"""Training: the pictures that a model is fitted and calibrated on, and the domains that are refused before."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from bandbench.benchmark.contracts import LABEL_NAMES
from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.domains.guard import guarded
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.models.attribution import classes_of
from bandbench.benchmark.models.recipe import ATTRIBUTION, DETECTION, Recipe
from bandbench.benchmark.models.trained_model import TrainedModel
from bandbench.benchmark.models.training import require_listed, train_model
from bandbench.benchmark.pictures.crops import CropSpec
from bandbench.benchmark.registry import DetectorSpec
from conftest import Here, SilentReporter

Maker = Callable[..., Path]
SIZES = {"procedural": {"n_train": 12, "n_val": 10, "n_test": 5, "side": 64}}


def recipe(train: tuple[str, ...] = ("mine",), task: str = DETECTION, detector: str = "spectral_logreg") -> Recipe:
    return Recipe(DetectorSpec.parse(detector), task, classes_of(task, train), Band(), CropSpec(48), train, 0)


def trained(made_of: Recipe, catalogue: Catalogue, drop: bool = False) -> tuple[TrainedModel, tuple]:
    return train_model(made_of, catalogue, Here(1), SilentReporter(), drop)


def test_a_model_is_fitted_on_training_and_calibrated_on_validation_pictures(picture_folder: Maker) -> None:
    root = picture_folder(n=20)
    catalogue = Catalogue({"mine": str(root)})
    model, problems = trained(recipe(), catalogue)
    assert problems == ()
    domain = catalogue.domain("mine", 0)
    assert model.validation["n_train"] == len(domain.split("train"))
    assert model.validation["n_validation"] == len(domain.split("val"))
    for split, seen in (("train", True), ("val", True), ("test", False)):
        contents = [sha256((root / item.id).read_bytes()).hexdigest() for item in domain.split(split)]
        assert {model.has_seen(content) for content in contents} == {seen}
    assert model.validation["auc"] > 0.9
    assert model.check is None  # of four validation pictures


def test_pictures_that_cannot_be_used_are_told(picture_folder: Maker) -> None:
    root = picture_folder(n=20)
    catalogue = Catalogue({"mine": str(root)})
    domain = catalogue.domain("mine", 0)
    torn = [domain.split(split)[0].id for split in ("train", "val")]
    for name in torn:
        (root / name).write_bytes(b"no picture")
    model, problems = trained(recipe(), catalogue)
    assert [problem[:3] for problem in problems] == [("mine", name, "error") for name in torn]
    assert model.validation["n_train"] == len(domain.split("train")) - 1


def test_attribution_has_a_class_per_generator() -> None:
    domains = ("procedural/nearest", "procedural/planted")
    model, _ = trained(recipe(domains, ATTRIBUTION), Catalogue({}, SIZES))
    assert model.recipe.classes == ("real", "nearest", "planted")
    assert {"balanced_accuracy", "macro_auc"} <= model.validation.keys()
    assert model.check is not None
    assert len(model.check.reference.mean) == 3
    assert 0 <= model.validation["unsure"] <= 1
    assert len(model.classifier.members) == model.classifier.n_members(model.recipe.detector.plugin, 3)


@pytest.mark.parametrize(
    ("split", "label", "message"),
    [
        ("train", "fake", "mine: no fake training picture. Give it such pictures"),
        ("val", "real", "mine: no real validation picture; a model that is kept is calibrated on validation pictures"),
    ],
)
def test_a_class_that_no_domain_lists_is_refused(picture_folder: Maker, split: str, label: str, message: str) -> None:
    domain = Catalogue({"mine": str(picture_folder())}).domain("mine", 0)
    lacking = [item for item in domain.items if (item.split, LABEL_NAMES[item.label]) == (split, label)]
    require_listed(recipe(), [domain])
    with pytest.raises(DataError, match=message):
        require_listed(recipe(), [guarded(domain, lacking)])


def test_each_generator_needs_pictures_of_its_own() -> None:
    catalogue = Catalogue({}, SIZES)
    names = ("procedural/nearest", "procedural/planted")
    nearest, planted = (catalogue.domain(name, 0) for name in names)
    require_listed(recipe(names, ATTRIBUTION), [nearest, planted])
    with pytest.raises(DataError, match="no planted training picture"):
        require_listed(recipe(names, ATTRIBUTION), [nearest, guarded(planted, [item for item in planted.items if item.label])])
