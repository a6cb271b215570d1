"""Models come from a folder or from MLflow; documents that cannot be sent do not fail a command."""

import shutil
from pathlib import Path

import pytest

from bandbench.api import stores
from bandbench.api.stores import model_folder, send
from bandbench.benchmark.tracking.outbox import Outbox
from bandbench.benchmark.tracking.sender import Sender
from bandbench.benchmark.tracking.store import client_for
from conftest import free_port
from made_runs import all_runs, by_kind, document


def test_a_path_and_a_file_address_are_folders() -> None:
    assert model_folder(Path("models/svm")) == Path("models/svm")
    assert model_folder(Path("file:///data/model")) == Path("/data/model")


@pytest.mark.parametrize("address", ["models:/m-1", "runs:/abc/model"])
def test_an_address_of_mlflow_is_downloaded(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "download_model", lambda text, uri: Path(f"/cache/{text}@{uri}"))
    assert model_folder(Path(address), "http://127.0.0.1:1") == Path(f"/cache/{address}@http://127.0.0.1:1")


def test_documents_wait_with_their_files_for_a_store_that_does_not_answer(tmp_path: Path, empty_store: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "notes.txt").write_text("kept")
    away = f"http://127.0.0.1:{free_port()}"
    reason = send([document("one", artifacts=str(folder))], away)
    assert reason.startswith(f"the tracking store {away} does not answer")
    assert reason.endswith("`bench sync` sends it once the store takes it.")
    shutil.rmtree(folder)
    outbox = Outbox(away)
    (waiting,) = outbox.pending()
    there = f"sqlite:///{shutil.copy(empty_store, tmp_path / 'mlflow.db')}"
    assert outbox.deliver(Sender(client_for(there), there), waiting) == []
    (run,) = by_kind(all_runs(there))["cell"]
    assert [entry.path for entry in client_for(there).list_artifacts(run.info.run_id)] == ["notes.txt"]
    assert not list(outbox.folder.glob("*.files"))


def test_a_store_that_answers_has_the_documents_at_once(tmp_path: Path, empty_store: Path) -> None:
    uri = f"sqlite:///{shutil.copy(empty_store, tmp_path / 'mlflow.db')}"
    assert send([document("one"), document("two")], uri) == ""
    assert len(by_kind(all_runs(uri))["cell"]) == 2
    assert Outbox(uri).pending() == []
