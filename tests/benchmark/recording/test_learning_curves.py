"""Numbers of every epoch: from a detector to its record, its model and a real MLflow store."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.cli import main
from bandbench.benchmark.contracts import Detector
from bandbench.benchmark.recording.learning_curves import epochs_of, keep_curves, series_of
from bandbench.benchmark.tracking import RunDocument, client_for, default_tracking_uri, send_now
from conftest import run, small_study

Maker = Callable[..., Path]
LEARNER = """
from bandbench.benchmark.contracts import ViewSpec
from bandbench.detectors.spectral_logreg import SpectralLogReg

class Learner(SpectralLogReg):
    name = "learner"
    stochastic = True
    def __init__(self, C: float = 1.0, seed: int = 0) -> None:
        super().__init__(C=C)
        self.seed = seed
    def fit(self, view, labels):
        self.history_ = [{"epoch": e, "train_loss": 1 / e + self.seed, "val_loss": 2 / e, "kind": "x"} for e in (1, 2, 3)]
        return super().fit(view, labels)
"""


@pytest.fixture
def learner(tmp_path: Path) -> str:
    (tmp_path / "learner.py").write_text(LEARNER)
    return f"{tmp_path}/learner.py:Learner"


def kept_steps(experiment: str, kind: str, name: str) -> dict[int, float]:
    client = client_for(default_tracking_uri())
    found = client.get_experiment_by_name(experiment)
    assert found is not None
    (one,) = client.search_runs([found.experiment_id], f"tags.`bandbench.kind` = '{kind}'")
    entries = client.get_metric_history(one.info.run_id, name)
    assert len({entry.step for entry in entries}) == len(entries)
    return {entry.step: entry.value for entry in entries}


def test_a_study_keeps_the_epochs_of_every_draw(learner: str, picture_folder: Maker, tmp_path: Path) -> None:
    plan = {"detectors": [learner], "seeds": 2, "sweep": None, "search": {"trials": 0}}
    folder = {"mine": picture_folder()}
    assert not run(small_study(**plan), folder).failures
    assert kept_steps("small", "cell", "draw-1/train_loss") == {1: 2.0, 2: 1.5, 3: pytest.approx(1 + 1 / 3)}
    assert kept_steps("small", "cell", "draw-0/val_loss") == {1: 2.0, 2: 1.0, 3: pytest.approx(2 / 3)}
    (cell,) = (tmp_path / "home" / "cells").glob("*/cell.json")
    (chosen,) = [entry for entry in json.loads(cell.read_text())["tested"] if entry["role"] == "chosen"]
    assert [[e["epoch"] for e in epochs] for epochs in chosen["epochs"]] == [[1, 2, 3], [1, 2, 3]]
    run(small_study(**plan), folder)
    assert len(kept_steps("small", "cell", "draw-0/val_loss")) == 3


def test_a_trained_model_has_curves(
    learner: str, picture_folder: Maker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, model = picture_folder(), tmp_path / "model"
    arguments = ["train", learner, "--train", "mine", "--data", f"mine={data}", "--crop", "64", "--out", str(model)]
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0, capsys.readouterr().err
    assert kept_steps("models", "model", "train_loss") == {1: 1.0, 2: 0.5, 3: pytest.approx(1 / 3)}
    with Image.open(model / "training.png") as picture:
        assert picture.format == "PNG" and len(np.unique(np.asarray(picture.convert("L")))) > 20


def test_undefined_values_and_long_trainings_arrive(empty_store: Path) -> None:
    values = [(step, math.nan if step == 3 else step / 7) for step in range(1, 2402)]
    document = RunDocument("k", "cell", "n", "long", "s", start=1.0, end=2.0, series={"loss": [*values, (2402, math.inf)]})
    told = json.loads(json.dumps({**vars(document), "series": {"loss": [[s, None if v != v else v] for s, v in values]}}))
    assert RunDocument.from_json(told).series["loss"][3:] == values[3:]
    assert math.isnan(RunDocument.from_json(told).series["loss"][2][1])
    assert RunDocument.from_json({k: v for k, v in told.items() if k != "series"}).series == {}
    send_now([document], default_tracking_uri())
    client = client_for(default_tracking_uri())
    experiment = client.get_experiment_by_name("long")
    assert experiment is not None
    (one,) = client.search_runs([experiment.experiment_id])
    arrived = {m.step: m.value for m in client.get_metric_history(one.info.run_id, "loss")}
    assert len(arrived) == 2401 and math.isnan(arrived[3]) and arrived[2401] == pytest.approx(343)


@pytest.mark.parametrize("told", [None, "x", [], [1, 2], [{"loss": 1.0}]])
def test_the_name_is_anybodys(told: object, tmp_path: Path) -> None:
    class Other(Detector):
        name = "other"

    detector = Other()
    if told is not None:
        detector.history_ = told  # type: ignore[attr-defined]
    assert epochs_of(detector) == []
    keep_curves([detector], tmp_path / "training.png", "other")
    assert not list(tmp_path.iterdir())


def test_one_fit_has_plain_names_and_several_are_numbered() -> None:
    epochs = [{"epoch": 1, "val_loss": 0.5}, {"epoch": 2, "val_loss": None}]
    assert series_of([epochs[:1]], "class") == {"val_loss": [(1, 0.5)]}
    several = series_of([epochs[:1], epochs], "class")
    assert list(several) == ["class-0/val_loss", "class-1/val_loss"]
    assert math.isnan(several["class-1/val_loss"][1][1])
    assert series_of([], "draw") == series_of([[]], "draw") == {}
