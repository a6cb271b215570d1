"""Evaluation: a model is scored on pictures that it has not seen, and missing classes are named."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.contracts import LABEL_NAMES, SPLITS
from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.metrics.roc import roc_auc
from bandbench.benchmark.models.attribution import classes_of
from bandbench.benchmark.models.evaluation import Evaluation, evaluate_model, shared_items
from bandbench.benchmark.models.recipe import ATTRIBUTION, DETECTION, Recipe
from bandbench.benchmark.models.trained_model import TrainedModel
from bandbench.benchmark.models.training import train_model
from bandbench.benchmark.pictures.crops import CropSpec
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.results.scores import ok_rows
from conftest import Here, SilentReporter

Maker = Callable[..., Path]
SIZES = {"procedural": {"n_train": 12, "n_val": 10, "n_test": 5, "side": 64}}


def trained(catalogue: Catalogue, *train: str, task: str = DETECTION) -> TrainedModel:
    detector = DetectorSpec.parse("spectral_logreg")
    recipe = Recipe(detector, task, classes_of(task, train), Band(), CropSpec(48), train, 0)
    return train_model(recipe, catalogue, Here(1), SilentReporter())[0]


def evaluated(model: TrainedModel, catalogue: Catalogue, *test: str, drop: bool = False) -> list[Evaluation]:
    return evaluate_model(model, test, catalogue, Here(1), SilentReporter(), drop)


def test_test_pictures_are_scored_at_the_threshold_of_the_model(picture_folder: Maker) -> None:
    catalogue = Catalogue({"mine": str(picture_folder())})
    model = trained(catalogue, "mine")
    (found,) = evaluated(model, catalogue, "mine")
    listed = catalogue.domain("mine", 0).split("test")
    assert (found.domain, found.n, found.n_items, found.missing) == ("mine", len(listed), len(listed), ())
    assert found.scores.column("item").to_pylist() == [item.id for item in listed]
    labels, scores = (found.scores.column(name).to_numpy() for name in ("label", "score"))
    assert found.numbers["auc"] == roc_auc(labels, scores)
    assert found.numbers["false_alarms"] == (scores[labels == 0] >= model.threshold).mean()
    assert found.numbers["detections"] == (scores[labels == 1] >= model.threshold).mean()
    assert (found.clips, found.clip_problem, found.confusion) == (None, "", None)


def test_a_copy_of_a_training_picture_is_not_scored(picture_folder: Maker) -> None:
    home, away = picture_folder("home_pictures"), picture_folder("away_pictures", first_seed=70)
    catalogue = Catalogue({"mine": str(home), "other": str(away)})
    copy = catalogue.domain("other", 0).split("test")[0]
    shutil.copy(home / catalogue.domain("mine", 0).split("train")[0].id, away / copy.id)
    (found,) = evaluated(trained(catalogue, "mine"), catalogue, "other")
    assert [problem[1] for problem in found.problems] == [copy.id]
    assert "that the model has learned from" in found.problems[0][3]
    assert (found.n, found.n_items) == (len(found.scores) - 1, len(found.scores))
    assert int(ok_rows(found.scores).sum()) == found.n


def test_a_folder_that_is_split_by_draw_says_how_many_of_its_pictures_are_scored(picture_folder: Maker) -> None:
    home, away = picture_folder("home_pictures"), picture_folder("away_pictures", first_seed=70)
    catalogue, reporter = Catalogue({"mine": str(home), "other": str(away)}), SilentReporter()
    model = trained(catalogue, "mine")
    evaluate_model(model, ["mine", "other"], catalogue, Here(1), reporter, allow_lookalikes=True)
    n_all = sum(len(catalogue.domain("other", 0).split(split)) for split in SPLITS)
    n_test = len(catalogue.domain("other", 0).split("test"))
    assert reporter.notes == [
        f"other is split by draw: {n_test} of its {n_all} pictures are test pictures; below test/ all are."
    ]


def test_a_class_without_a_scored_picture_is_named(picture_folder: Maker) -> None:
    catalogue = Catalogue({"mine": str(picture_folder()), "real_faces": str(picture_folder("other", first_seed=90) / "real")})
    (found,) = evaluated(trained(catalogue, "mine"), catalogue, "real_faces")
    assert found.missing == LABEL_NAMES[1:]
    assert np.isnan(found.numbers["auc"]) and np.isnan(found.numbers["detections"])
    assert 0 <= found.numbers["false_alarms"] <= 1


def test_attribution_is_one_evaluation_of_all_domains() -> None:
    catalogue = Catalogue({}, SIZES)
    names = "procedural/nearest", "procedural/planted"
    model = trained(catalogue, *names, task=ATTRIBUTION)
    (found,) = evaluated(model, catalogue, *names)
    assert found.domain == "procedural/nearest, procedural/planted"
    assert found.confusion is not None and found.confusion.sum() == found.n
    splits = [catalogue.domain(name, 0).split("test") for name in names]
    fakes = [sum(item.label for item in items) for items in splits]
    assert found.confusion.sum(axis=1).tolist() == [len(splits[0]) - fakes[0], *fakes]  # the reals are the same
    with pytest.raises(DataError, match="unknown class of the model for procedural/zeroinsert: 'zeroinsert'"):
        evaluated(model, catalogue, "procedural/zeroinsert")


def test_pictures_of_a_person_that_the_model_knows_are_refused_or_left_out(picture_folder: Maker) -> None:
    """The other folder is the same one: its test pictures of persons that the model was trained on are found by name."""
    root = picture_folder(n=30)
    catalogue = Catalogue({"mine": str(root)}, {"mine": {"groups": "none"}})
    model = trained(catalogue, "mine")
    domain = catalogue.domain("mine", 0)
    assert shared_items(model, domain) == {}
    names = model.names or frozenset()
    assert names
    other = Catalogue({"mine": str(root)}, {"mine": {"groups": "none"}}).domain("mine", 1)
    shared = shared_items(model, other)
    learned = {item.id for split in ("train", "val") for item in domain.split(split)}
    assert set(shared) == {item.id for item in other.split("test")} & learned


def test_several_domains_are_one_stage() -> None:
    catalogue = Catalogue({}, SIZES)
    model = trained(catalogue, "procedural/planted")
    together, alone = SilentReporter(), SilentReporter()
    found = evaluate_model(model, ["procedural/planted", "procedural/nearest"], catalogue, Here(1), together)
    evaluate_model(model, ["procedural/planted"], catalogue, Here(1), alone)
    assert together.stages == ["scoring test pictures"] and together.done == sum(one.n_items for one in found)
    assert alone.stages == ["preparing pictures"]
