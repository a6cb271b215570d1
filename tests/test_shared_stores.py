"""Results folders that share one PostgreSQL database and one MLflow server, all real: nothing is lost, doubled or mixed."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from bandbench.benchmark.models.trained_model import add_mlflow_model
from bandbench.benchmark.search.optuna_history import open_storage
from bandbench.benchmark.tracking.addresses import folder_path
from bandbench.benchmark.tracking.databases import with_driver
from bandbench.benchmark.tracking.documents import RunDocument
from bandbench.benchmark.tracking.exporter import Exporter
from bandbench.benchmark.tracking.outbox import Outbox
from bandbench.benchmark.tracking.sender import Sender
from bandbench.benchmark.tracking.store import client_for, default_tracking_uri
from bandbench.leaderboard.rows import load_board
from conftest import mlflow_server, run, score_files, small_study
from made_runs import all_runs
from made_servers import faltering
from made_writers import write_at_once

Maker = Callable[..., Path]


@pytest.fixture(scope="module")
def server(_postgres_server: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real MLflow server on an empty PostgreSQL database, which takes the artifacts."""
    with mlflow_server(tmp_path_factory.mktemp("server"), with_driver(_postgres_server("runs"))) as address:
        yield address


def runs_of(server: str, *studies: str) -> list[Run]:
    client = MlflowClient(server)
    experiments = [e.experiment_id for e in client.search_experiments() if e.name in studies]
    return list(client.search_runs(experiments, max_results=5000))


def assert_whole(runs: list[Run], studies: int) -> None:
    """Each key once, each run finished and below a run that is there."""
    keys = Counter(run.data.tags["bandbench.key"] for run in runs)
    assert {key: n for key, n in keys.items() if n > 1} == {}
    assert [run for run in runs if run.info.status != "FINISHED"] == []
    ids = {run.info.run_id for run in runs}
    assert {run.data.tags["mlflow.parentRunId"] for run in runs if "mlflow.parentRunId" in run.data.tags} <= ids
    kinds = Counter(run.data.tags["bandbench.kind"] for run in runs)
    assert kinds["study"] == kinds["cell"] == studies


def documents(study: str, n: int) -> list[RunDocument]:
    """Trials of a cell of a study, the cell and the study, in the order in which they are sent."""
    top = RunDocument(study, "study", "a study", study, study, start=1.0, end=9.0)
    cell = RunDocument(f"{study} cell", "cell", "a cell", study, study, parent=top, start=1.0, end=8.0, params={"a": "1"})
    trials = [replace(cell, key=f"{study} {i}", kind="trial", parent=cell, metrics={"auc": i / n}) for i in range(n)]
    return [*trials, cell, top]


def test_eight_runs_at_once_on_one_database_and_one_server(
    server: str, _postgres_server: Callable[[str], str], picture_folder: Maker, tmp_path: Path
) -> None:
    """Four of one study, of which one runs, and four of others; then the four again, which go on where the first was."""
    storage, pictures = _postgres_server("searches"), picture_folder(n=8)
    studies = ["same", "same", "same", "same", "a", "b", "c", "d"]
    written = write_at_once(studies, pictures, tmp_path, server, storage)
    refused = [one.error for one in written if one.error]
    assert len(refused) == 3
    assert all(
        "another `bench run` is working on the study 'same', coin_flip on mine, in postgresql://…@/searches" in error
        for error in refused
    )
    assert all("pid " in error and "since 2" in error for error in refused)
    finished = [one for one in written if not one.error]
    assert [(one.unsent, one.notes) for one in finished] == [(0, ())] * 5
    before = runs_of(server, *studies)
    assert_whole(before, 5)

    # One of those who were refused repeats the command: the search is the first one's, and no trial is added.
    (again,) = write_at_once(["same"], pictures, tmp_path / "again", server, storage)
    assert (again.error, again.unsent) == ("", 0)
    assert again.aucs == next(one.aucs for one in finished if one.study == "same")
    after = runs_of(server, *studies)
    assert_whole(after, 5)
    assert len(after) == len(before)
    searches = optuna.get_all_study_summaries(open_storage(storage, tmp_path / "unused"))
    assert sorted(search.n_trials for search in searches) == [6] * 5
    (first,) = [n for n, one in enumerate(written) if one.study == "same" and not one.error]
    files = score_files(tmp_path / f"home{first}")
    assert len(files) > 6
    assert score_files(tmp_path / "again" / "home0") == files


def test_four_runs_of_one_study_that_share_the_server_alone_make_each_run_once(
    server: str, picture_folder: Maker, tmp_path: Path
) -> None:
    """Their searches are in journals of their own, so they all compute and send the same, at the same time."""
    written = write_at_once(["alike"] * 4, picture_folder(n=8), tmp_path, server, None)
    assert [(one.error, one.unsent, one.notes) for one in written] == [("", 0, ())] * 4
    runs = runs_of(server, "alike")
    assert_whole(runs, 1)
    (cell,) = [run for run in runs if run.data.tags["bandbench.kind"] == "cell"]
    assert cell.info.artifact_uri.startswith("mlflow-artifacts:/")
    assert {"cell.json", "scores"} <= {entry.path for entry in MlflowClient(server).list_artifacts(cell.info.run_id)}


def test_a_server_that_answers_500_now_and_then_gets_each_run_once(server: str, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "notes.txt").write_text("kept")
    with faltering(server, every=5) as address:
        outbox = Outbox(address)
        *trials, cell, study = documents("faltering", 6)
        for trial in trials:
            outbox.put([replace(trial, artifacts=str(files))])
        outbox.put([cell, study])
        exporter = Exporter(outbox, address, add_mlflow_model)
        exporter.start()
        assert (exporter.close(), exporter.problem) == (0, "")
    runs = runs_of(server, "faltering")
    assert_whole(runs, 1)
    assert len(runs) == 8


def test_senders_that_make_the_same_runs_at_once_leave_one_of_each(server: str) -> None:
    """The four begin each run together, which processes do only now and then."""
    together = threading.Barrier(4)

    def send() -> None:
        sender = Sender(client_for(server), server)
        for document in documents("rivals", 5):
            together.wait(60)
            sender.send(document)

    with ThreadPoolExecutor(4) as threads:
        for future in [threads.submit(send) for _ in range(4)]:
            future.result()
    runs = runs_of(server, "rivals")
    assert_whole(runs, 1)
    assert len(runs) == 7
    parents = {run.data.tags["mlflow.parentRunId"] for run in runs if run.data.tags["bandbench.kind"] == "trial"}
    assert parents == {run.info.run_id for run in runs if run.data.tags["bandbench.kind"] == "cell"}


def test_a_cell_that_an_earlier_version_recorded_twice_is_one_row(picture_folder: Maker) -> None:
    run(small_study(detectors=["coin_flip"], sweep=None, keep_models=False), {"mine": picture_folder(n=8)})
    uri = default_tracking_uri()
    client = client_for(uri)
    (cell,) = [one for one in all_runs(uri) if one.data.tags["bandbench.kind"] == "cell"]
    twin = client.create_run(cell.info.experiment_id, start_time=cell.info.start_time, tags=cell.data.tags)
    for name, value in cell.data.metrics.items():
        client.log_metric(twin.info.run_id, name, value)
    folder = folder_path(cell.info.artifact_uri)
    client.log_artifacts(twin.info.run_id, str(folder))
    client.set_terminated(twin.info.run_id, end_time=cell.info.end_time)
    board = load_board(uri, "small")
    assert {row.run_id for row in board.rows} < {cell.info.run_id, twin.info.run_id}
    assert len({(row.detector, row.role) for row in board.rows}) == len(board.rows)
