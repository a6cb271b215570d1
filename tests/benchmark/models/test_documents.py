"""MLflow documents of trained models and evaluations: names, parameters, numbers and files."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from bandbench.benchmark.metrics.clips import ClipMetrics, ClipRule
from bandbench.benchmark.metrics.roc import Interval
from bandbench.benchmark.models.documents import MODELS, evaluation_document, model_document
from bandbench.benchmark.models.domain_check import DomainCheck
from bandbench.benchmark.models.evaluation import Evaluation
from bandbench.benchmark.models.spectrum_reference import Profiles, SpectrumReference, crop_profiles
from bandbench.benchmark.results.cell_document import SHORT
from bandbench.benchmark.store.files import digest
from conftest import noise_picture, trained_model

DATA = {
    "splits": {"mine": "abc"},
    "data": {"mine": {"frames": 32, "margin": 0.3}},
    "dropped_leaks": {"train": 2, "val": 0},
}
SCORES = pa.table({"item": ["a", "b"], "score": [0.1, 0.9]})


def test_a_model_has_its_recipe_its_pictures_and_its_validation_numbers(tmp_path: Path) -> None:
    model = replace(trained_model(), data=DATA, validation={"auc": 0.9, "n_train": 40})
    document = model_document(model, tmp_path, 1.0)
    assert document.params == {
        "detector": "spectral_logreg",
        "task": "detection",
        "train": "mine",
        "band": "low <0.400",
        "crop": "48",
        "seed": "0",
        "splits": digest(DATA["splits"])[:SHORT],
        "data.mine.frames": "32",
        "data.mine.margin": "0.3",
        "dropped_leaks.train": "2",
        "dropped_leaks.val": "0",
    }
    assert document.metrics == {"val_auc": 0.9, "val_n_train": 40.0}
    assert (document.kind, document.study, document.model) == ("model", MODELS, str(tmp_path))
    assert document.name == f"train {model.recipe.label}"
    assert document.end >= document.start == 1.0


def test_a_check_brings_its_re_encodings_and_shares(tmp_path: Path) -> None:
    crops = np.stack([noise_picture(i, 48) for i in range(20)])
    pictures = Profiles(crop_profiles(crops), np.arange(20) % 2, np.zeros(20, np.intp))
    reference = SpectrumReference.learn(48, pictures, pictures)
    assert reference is not None
    check = DomainCheck(reference, ("jpeg:quality=95", "noise:sd=1"))
    document = model_document(replace(trained_model(), check=check, validation={"unsure": 0.02}), tmp_path, 1.0)
    assert document.params["check"] == "jpeg:quality=95, noise:sd=1"
    assert document.metrics == {"val_unsure": 0.02}


def test_the_same_model_at_another_time_is_another_run(tmp_path: Path) -> None:
    model = trained_model()
    keys = {model_document(model, tmp_path, start).key for start in (1.0, 1.0, 2.0)}
    assert len(keys) == 2


def test_the_same_model_in_the_same_place_is_the_same_run(tmp_path: Path) -> None:
    """A training that is killed after it was recorded and before its folder appears is done, and recorded, again."""
    model = trained_model()
    for name in ("first", "again", "other"):
        model.save(tmp_path / name)
    (tmp_path / "other" / "model.json").write_text("{}")
    place = tmp_path / "kept"
    first, again, other = (
        model_document(model, tmp_path / name, i, place).key for i, name in enumerate(("first", "again", "other"))
    )
    assert first == again != other
    assert model_document(model, tmp_path / "first", 1.0, tmp_path / "elsewhere").key != first


def test_an_evaluation_has_its_numbers_and_its_score_file(tmp_path: Path) -> None:
    found = Evaluation("other", 3, 4, {"auc": 0.75}, None, SCORES, (), n_dropped=1, data=DATA)
    document = evaluation_document(trained_model(), found, 1.0, tmp_path)
    assert document.metrics == {"auc": 0.75, "coverage": 0.75}
    assert document.params["test"] == "other"
    assert {name: value for name, value in document.params.items() if name.startswith("dropped")} == {"dropped_leaks.test": "1"}
    assert "clips" not in document.params
    folder = Path(document.artifacts)
    assert folder == tmp_path / document.key
    assert [path.name for path in folder.iterdir()] == ["scores.parquet"]


def test_clips_bring_their_rule_and_their_numbers(tmp_path: Path) -> None:
    value = Interval(0.8, 0.7, 0.9, 0.05)
    clips = ClipMetrics(ClipRule.VOTE, 5, value, value, {"pd1": Interval(math.nan, math.nan, math.nan, math.nan)})
    found = Evaluation("other", 3, 3, {}, None, SCORES, (), clips=clips)
    document = evaluation_document(trained_model(), found, 1.0, tmp_path)
    assert document.params["clips"] == "vote"
    assert (document.metrics["n_clips"], document.metrics["clip_auc"], document.metrics["clip_auc_lo"]) == (5, 0.8, 0.7)


def test_attribution_brings_its_confusion_matrix(tmp_path: Path) -> None:
    model = trained_model()
    model = replace(model, recipe=replace(model.recipe, task="attribution", classes=("real", "a", "b")))
    found = Evaluation("x/a, x/b", 3, 3, {}, np.eye(3, dtype=np.int64), SCORES, ())
    document = evaluation_document(model, found, 1.0, tmp_path)
    assert sorted(path.name for path in Path(document.artifacts).iterdir()) == ["confusion.png", "scores.parquet"]


@pytest.mark.parametrize("data", [{}, {"splits": {}}])
def test_a_model_without_a_record_of_its_pictures_has_no_digest_of_them(tmp_path: Path, data: dict) -> None:
    assert model_document(replace(trained_model(), data=data), tmp_path, 1.0).params["splits"] == ""
