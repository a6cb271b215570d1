"""The exporter sends in the background, reports a store that does not answer, and leaves nothing behind."""

import shutil
import time
from pathlib import Path

import pytest

from bandbench.benchmark.tracking.documents import RunDocument
from bandbench.benchmark.tracking.exporter import Exporter
from bandbench.benchmark.tracking.lock import store_lock
from bandbench.benchmark.tracking.outbox import Outbox
from bandbench.benchmark.tracking.store import client_for

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
