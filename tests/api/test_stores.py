"""Models come from a folder or from MLflow; documents that cannot be sent do not fail a command."""

from pathlib import Path

import pytest

from bandbench.api import stores
from bandbench.api.stores import model_folder, send
from bandbench.benchmark.errors import TrackingError


def test_a_path_and_a_file_address_are_folders() -> None:
    assert model_folder(Path("models/svm")) == Path("models/svm")
    assert model_folder(Path("file:///data/model")) == Path("/data/model")


@pytest.mark.parametrize("address", ["models:/m-1", "runs:/abc/model"])
def test_an_address_of_mlflow_is_downloaded(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "download_model", lambda text, uri: Path(f"/cache/{text}@{uri}"))
    assert model_folder(Path(address), "http://127.0.0.1:1") == Path(f"/cache/{address}@http://127.0.0.1:1")


def test_a_store_that_does_not_answer_is_a_reason_and_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(documents: object, uri: str) -> None:
        raise TrackingError(f"{uri} does not answer.")

    monkeypatch.setattr(stores, "send_now", refuse)
    assert send([], "http://127.0.0.1:1") == "http://127.0.0.1:1 does not answer."
    monkeypatch.setattr(stores, "send_now", lambda documents, uri: None)
    assert send([], "http://127.0.0.1:1") == ""
