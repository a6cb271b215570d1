"""A trained model on sources of reals: each is scored once, and pictures that it has learned from are not."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.domains.names import REALS
from bandbench.benchmark.domains.reals import open_source, source_name
from bandbench.benchmark.errors import BenchError, DataError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.metrics.roc import roc_auc
from bandbench.benchmark.models.attribution import classes_of
from bandbench.benchmark.models.evaluation import evaluate_model
from bandbench.benchmark.models.reals import ScoredReals, score_reals, with_reals
from bandbench.benchmark.models.recipe import ATTRIBUTION, DETECTION, Recipe
from bandbench.benchmark.models.trained_model import TrainedModel
from bandbench.benchmark.models.training import train_model
from bandbench.benchmark.pictures.crops import CropSpec
from bandbench.benchmark.registry import DetectorSpec
from conftest import Here, SilentReporter

Maker = Callable[..., Path]
SIZES = {"procedural": {"n_train": 8, "n_val": 6, "n_test": 4, "side": 64}}


def trained(catalogue: Catalogue, *train: str, task: str = DETECTION) -> TrainedModel:
    recipe = Recipe(DetectorSpec.parse("spectral_logreg"), task, classes_of(task, train), Band(), CropSpec(48), train, 0)
    return train_model(recipe, catalogue, Here(1), SilentReporter())[0]


def scored(model: TrainedModel, catalogue: Catalogue, *given: str, drop: bool = False) -> dict[str, ScoredReals]:
    sources = [open_source(source_name(name, catalogue), catalogue, 0) for name in given]
    return score_reals(model, sources, Here(1), SilentReporter(), drop)


def test_an_evaluation_has_its_fakes_against_every_source(picture_folder: Maker) -> None:
    catalogue = Catalogue({"mine": str(picture_folder())})
    other = picture_folder("other", first_seed=300)
    model = trained(catalogue, "mine")
    evaluations = evaluate_model(model, ["mine"], catalogue, Here(1), SilentReporter())
    reals = scored(model, catalogue, str(other / "real"))
    (found,) = with_reals(model, evaluations, reals)
    assert [result.source for result in found.by_reals] == ["mine", "other"]
    own, against_other = found.by_reals
    assert own.auc == found.numbers["auc"]
    rows = found.scores.to_pylist()
    pairs = [(row["label"], row["score"]) for row in rows if (row["split"], row["label"]) in (("test", 1), (REALS, 0))]
    assert against_other.auc == roc_auc(*zip(*pairs, strict=True))
    assert against_other.n_real == 20
    alarms = [row["score"] >= model.threshold for row in rows if row["split"] == REALS]
    assert against_other.false_alarms == sum(alarms) / 20
    assert with_reals(model, evaluations, {}) == evaluations


def test_the_files_of_fakes_and_of_the_reals_of_a_source_are_audited(picture_folder: Maker) -> None:
    root = picture_folder(n=100)
    for path in [*root.glob("*/*.png")]:  # by their names, pictures of one letter are of one group
        path.rename(path.with_name(f"{hashlib.sha256(path.name.encode()).hexdigest()[:12]}.png"))
    catalogue = Catalogue({"mine": str(root)})
    other = picture_folder("other", n=30, first_seed=300) / "real"
    for path in list(other.iterdir()):
        with Image.open(path) as picture:
            picture.save(path.with_suffix(".jpg"), quality=75)
        path.unlink()
    model = trained(catalogue, "mine")
    evaluations = evaluate_model(model, ["mine", "mine+blur:sigma=1"], catalogue, Here(1), SilentReporter())
    found, blurred = with_reals(model, evaluations, scored(model, catalogue, str(other), "mine+blur:sigma=1"))
    own, against_other, against_blurred = found.by_reals
    assert own.shortcut == found.shortcut
    assert found.shortcut is not None and not found.shortcut.is_unambiguous
    assert against_other.shortcut is not None and against_other.shortcut.is_unambiguous
    assert (against_other.shortcut.fact, against_other.shortcut.values) == ("format", ("JPEG 75", "PNG"))
    assert against_blurred.shortcut is None  # perturbed pictures come from no file
    assert [result.shortcut for result in blurred.by_reals] == [blurred.shortcut]


def test_a_copy_of_a_training_picture_is_no_real_of_a_source(picture_folder: Maker) -> None:
    home, other = picture_folder(), picture_folder("other", first_seed=300)
    catalogue = Catalogue({"mine": str(home)})
    shutil.copy(home / catalogue.domain("mine", 0).split("train")[0].id, other / "real" / "copy.png")
    found = scored(trained(catalogue, "mine"), catalogue, str(other))["other"]
    assert [problem[:2] for problem in found.problems] == [("other", "real/copy.png")]


def test_reals_that_share_a_clip_with_the_training_pictures_are_refused_or_left_out(picture_folder: Maker) -> None:
    root = picture_folder(n=30)
    catalogue = Catalogue({"mine": str(root)})
    model = trained(catalogue, "mine")
    unseen = {item.id for item in catalogue.domain("mine", 0).split("test")}
    drawn = (open_source("mine", catalogue, seed) for seed in range(1, 9))  # of other seeds: other test reals
    moved = next(source for source in drawn if 0 < len(unseen & {item.id for item in source.items}) < len(source.items))
    with pytest.raises(DataError, match="the training pictures of the model and the reals of mine share item"):
        score_reals(model, [moved], Here(1), SilentReporter())
    left = score_reals(model, [moved], Here(1), SilentReporter(), drop=True)["mine"]
    assert left.n_dropped == len({item.id for item in moved.items} - unseen)


def test_a_model_that_tells_generators_apart_takes_no_sources() -> None:
    catalogue = Catalogue(options=SIZES)
    model = trained(catalogue, "procedural/nearest", "procedural/planted", task=ATTRIBUTION)
    with pytest.raises(BenchError, match="--reals is for a model that detects fakes"):
        scored(model, catalogue, "procedural")
