"""Models come from a folder or from MLflow; documents that cannot be sent do not fail a command."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from bandbench.benchmark.cli import tracking_store
from bandbench.benchmark.cli.tracking_store import model_folder, sent
from bandbench.benchmark.errors import TrackingError


def test_a_path_and_a_file_address_are_folders() -> None:
    assert model_folder(Path("models/svm")) == Path("models/svm")
    assert model_folder(Path("file:///data/model")) == Path("/data/model")


@pytest.mark.parametrize("address", ["models:/m-1", "runs:/abc/model"])
def test_an_address_of_mlflow_is_downloaded(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking_store, "download_model", lambda text, uri: Path(f"/cache/{text}@{uri}"))
    assert model_folder(Path(address), "http://127.0.0.1:1") == Path(f"/cache/{address}@http://127.0.0.1:1")


def test_a_store_that_does_not_answer_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(documents: object, uri: str) -> None:
        raise TrackingError(f"{uri} does not answer.")

    stream = io.StringIO()
    monkeypatch.setattr(tracking_store, "send_now", refuse)
    assert not sent([], "http://127.0.0.1:1", Console(file=stream, width=200))
    assert stream.getvalue() == "not recorded: http://127.0.0.1:1 does not answer.\n"
    monkeypatch.setattr(tracking_store, "send_now", lambda documents, uri: None)
    assert sent([], "http://127.0.0.1:1", Console(file=stream))
