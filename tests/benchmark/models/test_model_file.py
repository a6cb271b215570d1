"""The description of a model: every entry has its type and range."""

import json
from pathlib import Path
from typing import Any

import pytest

from bandbench.benchmark.contracts import Framing, Shown
from bandbench.benchmark.errors import StudyError
from bandbench.benchmark.models.model_file import ModelFile
from conftest import trained_model


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder: Path = tmp_path_factory.mktemp("kept") / "model"
    trained_model().save(folder, describe=False)
    return json.loads((folder / "model.json").read_text())


def test_what_a_model_writes_is_read(document: dict[str, Any]) -> None:
    model = ModelFile.parse(json.dumps(document | {"of_a_later_version": 1}))
    assert (model.classes, model.crop.side, model.band.kind) == (("real", "fake"), 48, "low")
    assert model.framing_of_pictures() == Framing()


def test_entries_of_later_versions_may_lack(document: dict[str, Any]) -> None:
    early = {k: v for k, v in document.items() if k not in ("framing", "data", "clip_thresholds", "check")}
    model = ModelFile.parse(json.dumps(early))
    assert (model.data, model.check, model.framing_of_pictures().shown) == ({}, None, Shown.UNKNOWN)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"classes": ["real"]}, "classes: "),
        ({"classes": ["real", "real"]}, "two classes have one name"),
        ({"classes": ["real", "a", "b"]}, "3 classes are not those of the task 'detection'"),
        ({"classes": "real"}, "classes: "),
        ({"task": "guess"}, "not those of the task 'guess'"),
        ({"seed": "0"}, "seed: "),
        ({"calibration": {"coef": [[1.0, 2.0]], "intercept": [0.0]}}, r"calibration.coef is not of shape \(1, 1\)"),
        ({"calibration": {"coef": [[1.0]], "intercept": []}}, "calibration.intercept"),
        ({"calibration": {"coef": [[None]], "intercept": [0.0]}}, "calibration.coef"),
        ({"unsure": [0.6, 0.4]}, "wrong order"),
        ({"unsure": [0.5, 2]}, "unsure"),
        ({"threshold": None}, "threshold is missing"),
        ({"validation": {"auc": []}}, "validation.auc"),
        ({"detector": 3}, "detector: "),
        ({"check": {"reencodings": ["x"] * 9}}, "check.reencodings"),
        ({"crop": {"side": "x"}}, "crop.side"),
    ],
)
def test_what_is_refused(document: dict[str, Any], changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        ModelFile.parse(json.dumps(document | changes))


@pytest.mark.parametrize(
    "changes", [{"check": {"reencodings": ["melt"]}}, {"crop": {"side": 10**9}}, {"band": {"kind": "low", "cutoff": 99.0}}]
)
def test_what_no_study_takes_is_refused(document: dict[str, Any], changes: dict[str, Any]) -> None:
    with pytest.raises(StudyError):
        ModelFile.parse(json.dumps(document | changes))
