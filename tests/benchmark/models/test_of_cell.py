"""The chosen detector of a cell is a logged model that scores pictures as the cell did."""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from bandbench.api.stores import model_folder
from bandbench.benchmark.errors import TrackingError
from bandbench.benchmark.models import of_cell as cell_models
from bandbench.benchmark.models.of_cell import LEFT_OUT, MODEL
from bandbench.benchmark.models.trained_model import TrainedModel
from bandbench.benchmark.tracking.reading import cell_runs
from bandbench.benchmark.tracking.store import client_for, default_tracking_uri
from conftest import run, small_study

Maker = Callable[..., Path]
UNSAFE = '''
"""A detector that learns something which cannot be kept without pickle."""
import numpy as np
from bandbench.benchmark.contracts import Detector, Features, ViewSpec

class Unsafe(Detector):
    """Scores by mean power."""
    name = "unsafe"
    version = 1
    source = "a test"

    def __init__(self, seed=0):
        self.seed = seed

    @property
    def view(self):
        return ViewSpec("profile")

    def fit(self, view, labels):
        self.learned_ = object()
        return self

    def score(self, view):
        return view.values.mean(axis=tuple(range(1, view.values.ndim))).astype(np.float64)
'''


def test_the_logged_model_scores_as_the_cell_did(picture_folder: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = picture_folder(n=30)
    outcome = run(small_study(), {"mine": pictures})
    uri = default_tracking_uri()
    with cell_runs(uri) as runs:
        table = pq.read_table(runs[0].folder / "scores" / "00-chosen-0.parquet").to_pandas()
        assert not (runs[0].folder / MODEL).exists()  # it is in a place of its own
    client = client_for(uri)
    (logged,) = client.search_logged_models([client.get_experiment_by_name("small").experiment_id])
    assert (logged.name, logged.status, logged.source_run_id) == ("spectral_svm on mine", "READY", runs[0].run_id)
    assert {metric.key for metric in logged.metrics} >= {"in_domain_auc", "test/mine/auc"}
    assert logged.params["detector"] == "spectral_svm"

    folder = Path(logged.artifact_location.removeprefix("file://"))
    assert not [path for path in folder.rglob("*") if path.suffix in (".pkl", ".pickle", ".joblib", ".pt")]
    model = TrainedModel.load(folder)
    files = [(pictures / item).read_bytes() for item in table["item"]]
    scores = np.concatenate([model.score_file(data) for data in files])
    np.testing.assert_allclose(scores, table["score"], rtol=1e-9)
    assert set(table["split"]) == {"val", "test"}
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert 0 < outcome.rows[0].model_bytes < size  # without what MLflow adds

    # It knows what it has learned from: validation pictures were seen, test pictures and their names were not.
    contents = [hashlib.sha256(data).hexdigest() for data in files]
    assert [model.has_seen(content) for content in contents] == list(table["split"] == "val")
    assert len(model.seen) == len(list(pictures.rglob("*.png"))) - (table["split"] == "test").sum()
    assert model.names
    assert model.check is not None
    assert 0 <= model.validation["unsure"] <= 1

    # Commands take it by its address, and by that of its artifacts.
    for address in (f"models:/{logged.model_id}", logged.artifact_location):
        assert TrainedModel.load(model_folder(Path(address))).recipe == model.recipe
    with pytest.raises(TrackingError, match="has no model models:/m-nothing"):
        model_folder(Path("models:/m-nothing"))
    assert model_folder(Path("here/model")) == Path("here/model")

    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    mlflow.set_tracking_uri(uri)
    answer = mlflow.pyfunc.load_model(f"models:/{logged.model_id}").predict(
        pd.DataFrame({"image": [base64.b64encode(data).decode() for data in files[:4]]})
    )
    assert answer["p_fake"].between(0, 1).all()
    assert list(answer["error"]) == [""] * 4


def test_the_model_of_a_pool_has_a_reference_of_each_member(tmp_path: Path) -> None:
    members = ["procedural/nearest", "procedural/planted"]
    sizes = {"n_train": 60, "n_val": 48, "n_test": 12, "side": 64}  # a pool has as many pictures as one member
    quick = {"sweep": None, "search": {"trials": 0}, "oracle": False}
    outcome = run(small_study(train=[members], test=members[:1], datasets={"procedural": sizes}, **quick))
    assert outcome.rows[0].model_bytes
    client = client_for(default_tracking_uri())
    (logged,) = client.search_logged_models([client.get_experiment_by_name("small").experiment_id])
    model = TrainedModel.load(Path(logged.artifact_location.removeprefix("file://")))
    assert model.check is not None
    assert len(model.check.reference.mean) > 2  # more than one per class
    assert set(model.data) == {"splits", "data", "dropped_leaks", "shortcut"}
    assert model.data["shortcut"] is not None


def test_a_model_that_cannot_be_kept_costs_a_note(picture_folder: Maker, tmp_path: Path) -> None:
    plugin = tmp_path / "unsafe.py"
    plugin.write_text(UNSAFE)
    outcome = run(small_study(detectors=[f"{plugin}:Unsafe"]), {"mine": picture_folder()})
    assert outcome.rows
    uri = default_tracking_uri()
    client = client_for(uri)
    experiment = client.get_experiment_by_name("small").experiment_id
    assert not client.search_logged_models([experiment])
    with cell_runs(uri) as runs:
        assert "can be kept without pickle" in (runs[0].folder / LEFT_OUT).read_text()
    assert "No model is kept" in client.get_run(runs[0].run_id).data.tags["mlflow.note.content"]


def test_a_large_model_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cell_models, "MOST_BYTES", 2**20)
    (tmp_path / "arrays").write_bytes(bytes(2**20))
    cell_models.require_small(tmp_path)
    (tmp_path / "one more").write_bytes(b"1")
    with pytest.raises(cell_models.PluginError, match=r"1 MiB, more than 1 MiB; `bench train` keeps it"):
        cell_models.require_small(tmp_path)
