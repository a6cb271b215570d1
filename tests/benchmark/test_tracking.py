"""What arrives in a real MLflow store and server: the tree, once, whatever was killed in between."""

import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mlflow.entities import Run

from bandbench.benchmark.errors import TrackingError
from bandbench.benchmark.tracking import (
    Outbox,
    RunDocument,
    Sender,
    cell_runs,
    client_for,
    default_tracking_uri,
    resolve_tracking_uri,
)
from conftest import free_port, run, small_study, wait_for_server

Maker = Callable[..., Path]
PARENT = "mlflow.parentRunId"


def all_runs(uri: str, study: str = "small") -> list[Run]:
    client = client_for(uri)
    experiment = client.get_experiment_by_name(study)
    return list(client.search_runs([experiment.experiment_id], max_results=1000)) if experiment else []


def by_kind(runs: list[Run]) -> dict[str, list[Run]]:
    found: dict[str, list[Run]] = {"study": [], "cell": [], "trial": []}
    for one in runs:
        found[one.data.tags["bandbench.kind"]].append(one)
    return found


def test_a_study_is_a_tree_with_readable_columns(picture_folder: Maker) -> None:
    outcome = run(small_study(detectors=["spectral_svm", "coin_flip"]), {"mine": picture_folder()})
    assert outcome.unsent == 0
    uri = default_tracking_uri()
    kinds = by_kind(all_runs(uri))
    (study,) = kinds["study"]
    assert {cell.data.tags[PARENT] for cell in kinds["cell"]} == {study.info.run_id}
    assert {trial.data.tags[PARENT] for trial in kinds["trial"]} == {cell.info.run_id for cell in kinds["cell"]}
    assert len(kinds["cell"]) == 2
    assert len(kinds["trial"]) >= 2 * 12
    assert all(one.info.status == "FINISHED" for one in (study, *kinds["cell"], *kinds["trial"]))

    cell = next(one for one in kinds["cell"] if one.data.params["detector"] == "spectral_svm")
    row = next(row for row in outcome.rows if row["detector"] == "spectral_svm" and row["role"] == "chosen")
    assert cell.info.run_name == "spectral_svm on mine"
    assert {"detector", "train", "band", "band.kind", "band.cutoff", "band.width", "band.order", "band.mode"} <= set(
        cell.data.params
    )
    assert cell.data.metrics["in_domain_auc"] == pytest.approx(row["in_domain_auc"])
    assert math.isnan(cell.data.metrics["cross_domain_auc"])
    assert cell.data.metrics["test/mine/auc"] == pytest.approx(row["tests"][0]["auc"])
    assert {entry.dataset.name for entry in cell.inputs.dataset_inputs} == {"mine"}
    assert all(len(entry.dataset.digest) <= 36 for entry in cell.inputs.dataset_inputs)
    assert {trial.data.params["stage"] for trial in kinds["trial"]} == {"allpass", "sweep", "search"}

    client = client_for(uri)
    names = {artifact.path for artifact in client.list_artifacts(cell.info.run_id)}
    assert {"cell.json", "scores", "spectrum.png", "sweep.png"} <= names
    assert "train_x_test.png" in {artifact.path for artifact in client.list_artifacts(study.info.run_id)}


def test_running_again_records_nothing_twice(picture_folder: Maker) -> None:
    folder = {"mine": picture_folder()}
    run(small_study(), folder)
    before = {one.info.run_id for one in all_runs(default_tracking_uri())}
    run(small_study(), folder)
    assert {one.info.run_id for one in all_runs(default_tracking_uri())} == before


def test_another_detector_joins_the_same_study(picture_folder: Maker) -> None:
    folder = {"mine": picture_folder()}
    run(small_study(), folder)
    run(small_study(detectors=["coin_flip"]), folder)
    kinds = by_kind(all_runs(default_tracking_uri()))
    assert (len(kinds["study"]), len(kinds["cell"])) == (1, 2)


def document(key: str = "k", **changes: object) -> RunDocument:
    parent = RunDocument("p", "study", "parent", "small", "p", start=1.0)
    defaults = {"parent": parent, "start": 2.0, "end": 3.0, "params": {"a": "1"}, "metrics": {"auc": 0.5, "gone": math.nan}}
    return RunDocument(key, "cell", "name", "small", "p", **(defaults | changes))


def test_a_killed_exporter_leaves_no_double(tmp_path: Path) -> None:
    """Sent, but killed before the waiting file was deleted: the next one finds the run and moves on."""
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    outbox = Outbox(uri)
    outbox.put([document("one"), document("two")])
    (waiting,) = outbox.pending()
    data = waiting.read_bytes()
    outbox.deliver(Sender(client_for(uri), uri), waiting)
    waiting.write_bytes(data)
    outbox.deliver(Sender(client_for(uri), uri), waiting)
    assert len(all_runs(uri)) == 3
    assert not outbox.pending()


def test_a_run_that_was_opened_and_not_finished_is_finished(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    Sender(client_for(uri), uri).send(document("child", parent=document("cell", end=0.0)))
    Sender(client_for(uri), uri).send(document("cell"))
    cell = next(one for one in all_runs(uri) if one.data.tags["bandbench.key"] == "cell")
    assert cell.info.status == "FINISHED"
    assert cell.info.end_time == 3000
    assert len(all_runs(uri)) == 3


def test_infinity_is_not_sent(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    Sender(client_for(uri), uri).send(document(metrics={"auc": math.inf, "eer": 0.1}))
    run_ = next(one for one in all_runs(uri) if one.data.tags["bandbench.key"] == "k")
    assert run_.data.metrics == {"eer": 0.1}


def test_a_damaged_waiting_file_is_set_aside(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    outbox = Outbox(uri)
    (outbox.folder / "00.runs.json").write_text('[{"key": ')
    outbox.deliver(Sender(client_for(uri), uri), outbox.pending()[0])
    assert not outbox.pending()
    assert list(outbox.folder.glob("*.damaged"))


def test_what_a_deleted_store_had_is_sent_again(picture_folder: Maker) -> None:
    folder, uri = {"mine": picture_folder()}, default_tracking_uri()
    run(small_study(), folder)
    first = len(all_runs(uri))
    for path in Path(uri.removeprefix("sqlite:///")).parent.glob("mlflow.db*"):
        path.unlink()
    assert run(small_study(), folder).computed == 0
    assert len(all_runs(uri)) == first


def test_relative_sqlite_addresses_do_not_follow_the_working_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert resolve_tracking_uri("sqlite:///my.db") == f"sqlite:///{tmp_path}/my.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://elsewhere")
    assert resolve_tracking_uri(None) == "http://elsewhere"


def test_reading_a_store_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="nothing is recorded"), cell_runs(f"sqlite:///{tmp_path}/no.db"):
        pass
    assert not (tmp_path / "no.db").exists()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A real MLflow server with a store of its own."""
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{tmp_path}/server.db"]
    command += ["--artifacts-destination", f"{tmp_path}/artifacts", "--workers", "1"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    environment = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with subprocess.Popen(
        command, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            wait_for_server(f"http://127.0.0.1:{port}/health")
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, 15)


def test_a_real_server(server: str, picture_folder: Maker) -> None:
    from bandbench.leaderboard.details import load_details
    from bandbench.leaderboard.rows import load_board

    study = small_study(detectors=["coin_flip"], datasets={"mine": {"may_be_shown": True}})
    outcome = run(study, {"mine": picture_folder()}, tracking_uri=server)
    assert outcome.unsent == 0, outcome.tracking_problem
    board = load_board(server, "small")
    assert not board.refused
    assert [row["detector"] for row in board.rows] == [row["detector"] for row in outcome.rows]
    assert board.rows[0]["in_domain_auc"] == pytest.approx(outcome.rows[0]["in_domain_auc"])
    # A page has the pictures, too, which rows do not need.
    details = load_details(server, "small", board.rows)
    run_id = board.rows[0]["run_id"]
    assert details.spectra[run_id].startswith("data:image/webp")
    assert any(details.mistakes[run_id]["mine"].values())
