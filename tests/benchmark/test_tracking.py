"""What arrives in a real MLflow store and server: the tree, once, whatever was killed in between."""

import contextlib
import math
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mlflow.entities import Run
from PIL import Image

from bandbench.benchmark.addresses import folder_path, sqlite_path
from bandbench.benchmark.errors import BenchWarning, TrackingError
from bandbench.benchmark.results.cells import cell_rows
from bandbench.benchmark.tracking import (
    Outbox,
    RunDocument,
    Sender,
    cell_runs,
    client_for,
    default_tracking_uri,
    resolve_tracking_uri,
    waiting_stores,
)
from conftest import SilentReporter, free_port, noise_picture, run, small_study, trained_model, wait_for_server

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
    assert study.info.run_name == "small tested on mine"
    assert study.data.params["test"] == "mine"
    assert len(kinds["cell"]) == 2
    assert len(kinds["trial"]) >= 2 * 12
    assert all(one.info.status == "FINISHED" for one in (study, *kinds["cell"], *kinds["trial"]))

    cell = next(one for one in kinds["cell"] if one.data.params["detector"] == "spectral_svm")
    row = next(row for row in outcome.rows if row.detector == "spectral_svm" and row.role == "chosen")
    assert cell.info.run_name == "spectral_svm on mine"
    assert {"detector", "train", "band", "band.kind", "band.cutoff", "band.width", "band.order", "band.mode"} <= set(
        cell.data.params
    )
    assert cell.data.metrics["in_domain_auc"] == pytest.approx(row.in_domain_auc)
    assert math.isnan(cell.data.metrics["cross_domain_auc"])
    assert cell.data.metrics["test/mine/auc"] == pytest.approx(row.tests[0].auc)
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
    with pytest.warns(BenchWarning, match="were damaged; they are kept"):
        outbox.deliver(Sender(client_for(uri), uri), outbox.pending()[0])
    assert not outbox.pending()
    assert list(outbox.folder.glob("*.damaged"))


def delete_experiment(uri: str, runs: dict[str, list[Run]]) -> None:
    client_for(uri).delete_experiment(runs["study"][0].info.experiment_id)


def delete_runs(kind: str) -> Callable[[str, dict[str, list[Run]]], None]:
    return lambda uri, runs: client_for(uri).delete_run(runs[kind][0].info.run_id)


def purge(kind: str) -> Callable[[str, dict[str, list[Run]]], None]:
    """Delete for good, as `mlflow gc` does."""

    def purged(uri: str, runs: dict[str, list[Run]]) -> None:
        path = sqlite_path(uri)
        assert path is not None
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DELETE FROM logged_models WHERE source_run_id = ?", (runs[kind][0].info.run_id,))
            for table in ("tags", "params", "metrics", "latest_metrics", "runs"):
                connection.execute(f"DELETE FROM {table} WHERE run_uuid = ?", (runs[kind][0].info.run_id,))

    return purged


def delete_artifacts(uri: str, runs: dict[str, list[Run]]) -> None:
    place = folder_path(runs["cell"][0].info.artifact_uri)
    assert place is not None
    shutil.rmtree(place / "scores")


def delete_models(uri: str, runs: dict[str, list[Run]]) -> None:
    client = client_for(uri)
    for model in client.search_logged_models([runs["cell"][0].info.experiment_id]):
        client.delete_logged_model(model.model_id)


def replace_store(uri: str, runs: dict[str, list[Run]]) -> None:
    path = sqlite_path(uri)
    assert path is not None
    for file in path.parent.glob("mlflow.db*"):
        file.unlink()


LOSSES = {
    "the experiment": delete_experiment,
    "the study": delete_runs("study"),
    "a cell": delete_runs("cell"),
    "a trial": delete_runs("trial"),
    "the study for good": purge("study"),
    "a cell for good": purge("cell"),
    "a trial for good": purge("trial"),
    "score files": delete_artifacts,
    "the model": delete_models,
    "the store": replace_store,
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Path:
    """Results of a small study, made once."""
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "home").mkdir()
    shutil.copy(empty_store, folder / "home")
    for label in ("real", "fake"):
        (folder / "mine" / label).mkdir(parents=True)
        for i in range(8):
            picture = noise_picture(i + (1000 if label == "fake" else 0), 64, 1.6 if label == "fake" else 1.0)
            Image.fromarray(picture).save(folder / "mine" / label / f"{label}{i}.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANDBENCH_HOME", str(folder / "home"))
        patch.setenv("BANDBENCH_CACHE", str(folder / "cache"))
        run(TINY, {"mine": folder / "mine"})
    shutil.copytree(folder / "home", folder / "kept")
    return folder


TINY = small_study(detectors=["spectral_logreg"], sweep=None, search={"trials": 1}, bootstrap=100)


def described(runs: list[Run]) -> list[tuple[object, ...]]:
    """What is in a store, whatever the runs are called there."""
    keys = {one.info.run_id: one.data.tags["bandbench.key"] for one in runs}
    return sorted(
        (one.data.tags["bandbench.key"], keys.get(one.data.tags.get(PARENT, "")), one.info.status, sorted(one.data.metrics))
        for one in runs
    )


@pytest.mark.parametrize("loss", list(LOSSES))
def test_what_the_store_has_not_got_is_sent_again(recorded: Path, monkeypatch: pytest.MonkeyPatch, loss: str) -> None:
    shutil.rmtree(recorded / "home")
    shutil.copytree(recorded / "kept", recorded / "home")
    monkeypatch.setenv("BANDBENCH_HOME", str(recorded / "home"))
    monkeypatch.setenv("BANDBENCH_CACHE", str(recorded / "cache"))
    uri, folder = default_tracking_uri(), {"mine": recorded / "mine"}
    before = described(all_runs(uri, TINY.name))
    LOSSES[loss](uri, by_kind(all_runs(uri, TINY.name)))
    outcome = run(TINY, folder)
    assert (outcome.computed, outcome.unsent) == (0, 0)
    assert described(all_runs(uri, TINY.name)) == before
    client = client_for(uri)
    (model,) = client.search_logged_models([client.get_experiment_by_name(TINY.name).experiment_id])
    assert model.status == "READY"
    with cell_runs(uri, TINY.name) as cells:
        assert len(cell_rows(cells[0].folder)) == 1
    reporter = SilentReporter()
    run(TINY, folder, reporter=reporter)
    assert "searching bands" in reporter.stages
    assert not reporter.notes  # and now it has all of it


def test_two_senders_make_no_doubles(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    one, other = Sender(client_for(uri), uri), Sender(client_for(uri), uri)
    one.send(document("a"))
    other.send(document("b"))  # has asked before the first sends more
    for sender in (one, other):
        for key in ("a", "b", "c"):
            sender.send(document(key))
    assert sorted(run_.data.tags["bandbench.key"] for run_ in all_runs(uri)) == ["a", "b", "c", "p"]


def test_waiting_results_move_with_their_folder(tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    (home / "cells" / "k").mkdir(parents=True)
    (home / "cells" / "k" / "cell.json").write_text("{}")
    shutil.copy(empty_store, home)
    Outbox(default_tracking_uri()).put([document(artifacts=str(home / "cells" / "k"))])
    home.rename(tmp_path / "moved")
    monkeypatch.setenv("BANDBENCH_HOME", str(tmp_path / "moved"))
    uri = default_tracking_uri()
    assert waiting_stores() == [uri]
    outbox = Outbox(uri)
    outbox.deliver(Sender(client_for(uri), uri), outbox.pending()[0])
    (sent,) = by_kind(all_runs(uri))["cell"]
    assert [entry.path for entry in client_for(uri).list_artifacts(sent.info.run_id)] == ["cell.json"]
    assert not home.exists()


def test_undefined_metrics_are_none_of_a_model(tmp_path: Path) -> None:
    """MLflow keeps an undefined metric of a model as 0, and finds it as such."""
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    trained_model().save(tmp_path / "model")
    numbers = {"in_domain_auc": 0.7, "cross_domain_auc": math.nan, "worst_auc": math.nan}
    Sender(client_for(uri), uri).send(document(metrics=numbers, model=str(tmp_path / "model")))
    client = client_for(uri)
    places = [client.get_experiment_by_name("small").experiment_id]
    assert not client.search_logged_models(places, "metrics.cross_domain_auc < 0.1")
    (model,) = client.search_logged_models(places, "metrics.in_domain_auc > 0.6")
    assert {metric.key: metric.value for metric in model.metrics} == {"in_domain_auc": 0.7}
    (cell,) = by_kind(all_runs(uri))["cell"]
    assert math.isnan(cell.data.metrics["cross_domain_auc"])
    assert not client.search_runs(places, "metrics.cross_domain_auc < 0.1")


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
    from bandbench.leaderboard.page.details import load_details
    from bandbench.leaderboard.rows import load_board

    study = small_study(detectors=["coin_flip"], datasets={"mine": {"may_be_shown": True}})
    outcome = run(study, {"mine": picture_folder()}, tracking_uri=server)
    assert outcome.unsent == 0, outcome.tracking_problem
    board = load_board(server, "small")
    assert not board.refused
    assert [row.detector for row in board.rows] == [row.detector for row in outcome.rows]
    assert board.rows[0].in_domain_auc == pytest.approx(outcome.rows[0].in_domain_auc)
    # A page has the pictures, too, which rows do not need.
    details = load_details(server, "small", board.rows)
    run_id = board.rows[0].run_id
    assert details.spectra[run_id].startswith("data:image/webp")
    assert any(details.mistakes[run_id]["mine"].values())
