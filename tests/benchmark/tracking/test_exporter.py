"""The exporter sends in the background, reports a store that does not answer, and leaves nothing behind."""

import json
import shutil
import threading
import time
from pathlib import Path

import pytest
from mlflow import MlflowClient

from bandbench.benchmark.tracking import exporter as exporter_module
from bandbench.benchmark.tracking.documents import RunDocument
from bandbench.benchmark.tracking.exporter import Exporter
from bandbench.benchmark.tracking.lock import store_lock
from bandbench.benchmark.tracking.outbox import Outbox
from bandbench.benchmark.tracking.sender import Sender
from bandbench.benchmark.tracking.store import client_for
from bandbench.benchmark.tracking.trouble import StoreError, Trouble
from made_runs import all_runs, document

CELL = RunDocument("c", "cell", "a cell", "small", "s", start=2.0, end=3.0)


@pytest.fixture
def path(tmp_path: Path, empty_store: Path) -> Path:
    return Path(shutil.copy(empty_store, tmp_path / "mlflow.db"))


def no_model(folder: Path) -> None:
    raise AssertionError(folder)


def test_everything_is_sent_before_it_is_closed(path: Path) -> None:
    uri = f"sqlite:///{path}"
    outbox = Outbox(uri)
    exporter = Exporter(outbox, uri, no_model)
    exporter.start()
    outbox.put([CELL])
    assert (exporter.close(), exporter.problem, outbox.pending()) == (0, "", [])
    client = client_for(uri)
    assert len(client.search_runs([client.get_experiment_by_name("small").experiment_id])) == 1


@pytest.mark.parametrize("ahead", [True, False])
def test_mlflow_is_imported_ahead_where_that_is_wanted(ahead: bool, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no store is opened before there is something to send: the study may end before it has anything."""
    uri, imported = f"sqlite:///{path}", []
    monkeypatch.setattr(exporter_module, "import_client", imported.append)
    monkeypatch.setattr(Outbox, "client", lambda *_: imported.append("opened"))
    exporter = Exporter(Outbox(uri), uri, no_model, ahead=ahead)
    exporter.start()
    assert exporter.close() == 0
    exporter.join(10)
    assert imported == [uri] * ahead


def test_an_end_with_nothing_to_send_does_not_wait_for_an_import(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri, held = f"sqlite:///{path}", threading.Event()
    monkeypatch.setattr(exporter_module, "import_client", lambda _: held.wait(20))
    exporter = Exporter(Outbox(uri), uri, no_model, ahead=True)
    exporter.start()
    assert (exporter.close(), exporter.is_alive()) == (0, True)
    held.set()
    exporter.join(10)


def test_a_model_without_a_description_gets_one(path: Path, tmp_path: Path) -> None:
    uri, described = f"sqlite:///{path}", []

    def describe(folder: Path) -> None:
        (folder / "MLmodel").write_text("flavors: {}\nmodel_uuid: a\n")
        described.append(folder)

    (tmp_path / "model").mkdir()
    outbox = Outbox(uri)
    outbox.put([RunDocument("m", "cell", "a cell", "small", "s", start=2.0, end=3.0, model=str(tmp_path / "model"))])
    exporter = Exporter(outbox, uri, describe)
    exporter.start()
    assert (exporter.close(), exporter.problem) == (0, "")
    assert described == [tmp_path / "model"]


def test_a_store_that_does_not_answer_is_reported_and_the_documents_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    uri, problems = "http://127.0.0.1:9", []
    outbox = Outbox(uri)
    outbox.put([CELL])
    exporter = Exporter(outbox, uri, no_model, problems.append)
    exporter.start()
    while not problems:
        time.sleep(0.01)
    assert exporter.close() == 1
    assert exporter.problem.startswith("the tracking store http://127.0.0.1:9 does not answer")
    assert problems == [f"{exporter.problem} The study goes on; its results wait here."]


def test_patience_ends_while_another_process_sends(path: Path) -> None:
    uri = f"sqlite:///{path}"
    outbox = Outbox(uri)
    outbox.put([CELL])
    exporter = Exporter(outbox, uri, no_model)
    with store_lock(path, uri):
        exporter.start()
        assert exporter.close(patience=0.0) == 1
    assert (exporter.problem, exporter.is_alive()) == ("", False)


def test_an_interrupted_run_does_not_wait_for_what_is_under_way(path: Path) -> None:
    uri = f"sqlite:///{path}"
    outbox = Outbox(uri)
    with store_lock(path, uri):  # nothing can be delivered
        exporter = Exporter(outbox, uri, no_model)
        exporter.start()
        outbox.put([CELL])
        exporter.abandon()
        assert len(outbox.pending()) == 1
    exporter.join(60)
    assert not exporter.is_alive()


def test_a_run_that_the_store_refuses_does_not_hold_up_the_others(path: Path) -> None:
    uri, problems = f"sqlite:///{path}", []
    outbox = Outbox(uri)
    outbox.put([document("bad", params={"no@name": "1"}), document("good")])
    outbox.put([document("later")])
    exporter = Exporter(outbox, uri, no_model, problems.append)
    exporter.start()
    while not problems:
        time.sleep(0.01)
    assert exporter.close() == 1
    assert exporter.problem.startswith(f"the tracking store {uri} refuses what it was sent: ")
    assert "no@name" in exporter.problem
    assert len(problems) == 1
    (waiting,) = outbox.pending()
    assert [entry["key"] for entry in json.loads(waiting.read_text())] == ["bad"]
    complete = {run.data.tags["bandbench.key"] for run in all_runs(uri) if "bandbench.complete" in run.data.tags}
    assert complete == {"good", "later"}


def test_a_store_that_comes_back_while_the_study_goes_on_gets_everything(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporter_module, "FIRST_PAUSE", 0.01)
    uri, problems = f"sqlite:///{path}", []
    outbox = Outbox(uri)
    client, tries = outbox.client, []

    def away_twice(again: bool = False) -> MlflowClient:
        tries.append(again)
        if len(tries) < 3:
            raise StoreError(uri, Trouble.NO_CONNECTION)
        return client(again)

    monkeypatch.setattr(outbox, "client", away_twice)
    exporter = Exporter(outbox, uri, no_model, problems.append)
    exporter.start()
    outbox.put([document("one")])
    while outbox.pending():
        time.sleep(0.01)
    assert (exporter.close(), exporter.problem) == (0, "")
    assert len(problems) == 1  # and no further ones for the same outage
    assert True in tries


def test_the_end_of_a_study_does_not_wait_for_a_store_that_takes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporter_module, "STALL", 0.3)
    ended = threading.Event()
    monkeypatch.setattr(Sender, "try_to_send", lambda sender, document: ended.wait() and None)
    uri = f"sqlite:///{path}"
    outbox = Outbox(uri)
    outbox.put([document("one")])
    exporter = Exporter(outbox, uri, no_model)
    exporter.start()
    assert exporter.close() == 1
    assert exporter.problem == f"the tracking store {uri} has taken no run for 0 s. Look into its load and its log."
    ended.set()
    exporter.join()
