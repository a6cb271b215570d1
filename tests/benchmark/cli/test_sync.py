"""``bench sync`` sends what waits, in a process of its own that has kept no model."""

import shutil
from pathlib import Path

import pytest

from bandbench.benchmark.cli import main
from bandbench.benchmark.store.folders import results_root
from bandbench.benchmark.tracking.addresses import folder_path
from bandbench.benchmark.tracking.documents import RunDocument
from bandbench.benchmark.tracking.outbox import Outbox
from bandbench.benchmark.tracking.store import client_for, default_tracking_uri
from conftest import trained_model


def sync(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["sync", *arguments])
    return int(ended.value.code or 0)


def put(uri: str, **changes: str) -> Outbox:
    outbox = Outbox(uri)
    outbox.put([RunDocument("c", "cell", "a cell", "small", "s", start=2.0, end=3.0, **changes)])
    return outbox


def test_a_model_that_a_worker_kept_is_described_and_sent(empty_store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results_root().mkdir()
    shutil.copy(empty_store, results_root())
    folder = results_root() / "cells" / "c"
    trained_model().save(folder / "model", describe=False)
    outbox = put(default_tracking_uri(), artifacts=str(folder), model=str(folder / "model"))
    assert sync() == 0
    assert capsys.readouterr().out == "1 batches sent, 0 left.\n"
    assert not outbox.pending()
    client = client_for(default_tracking_uri())
    (model,) = client.search_logged_models([client.get_experiment_by_name("small").experiment_id])
    place = folder_path(model.artifact_location)
    assert place is not None
    assert "loader_module: bandbench.benchmark.models.serving" in (place / "MLmodel").read_text()
    assert (place / "requirements.txt").read_text().startswith("bandbench==")
    assert sync() == 0
    assert capsys.readouterr().out == "Nothing was waiting.\n"


def test_a_store_that_is_gone_for_good_can_be_forgotten(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    outbox = put("http://127.0.0.1:9")
    assert sync() == 3
    output = capsys.readouterr()
    assert output.out == "0 batches sent, 1 left.\n"
    assert "If it is gone for good: bench sync --discard http://127.0.0.1:9" in output.err
    assert sync("--discard", "http://127.0.0.1:9") == 0
    assert outbox.pending() == []


def test_results_that_cannot_be_written_send_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put(default_tracking_uri())
    monkeypatch.setattr("bandbench.benchmark.cli.sync.can_write", lambda folder: False)
    assert sync() == 2
    assert capsys.readouterr().err.startswith(f"bench: results wait in {results_root()}, which cannot be written, and ")
    shutil.rmtree(results_root() / "outbox")
    assert sync() == 0
    assert capsys.readouterr().out == "Nothing was waiting.\n"
