"""Finished cells of a server: indexed, and asked for when something has come or gone."""

import shutil
from pathlib import Path

import pytest
from mlflow import MlflowClient

from bandbench.benchmark.store.files import read_json
from bandbench.benchmark.tracking import server_cells as module
from bandbench.benchmark.tracking.documents import RunDocument
from bandbench.benchmark.tracking.sender import Sender
from bandbench.benchmark.tracking.server_cells import CellIndex, server_cells
from bandbench.benchmark.tracking.store import client_for


@pytest.fixture
def uri(tmp_path: Path, empty_store: Path) -> str:
    return f"sqlite:///{shutil.copy(empty_store, tmp_path / 'mlflow.db')}"


@pytest.fixture
def client(uri: str) -> MlflowClient:
    """A client of a database, which stands for that of a server."""
    return client_for(uri)


def send(uri: str, key: str, end: float) -> None:
    metrics = {"in_domain_auc": 0.75, "cross_domain_auc": float("nan"), "gain": 0.1}
    Sender(client_for(uri), uri).send(RunDocument(key, "cell", key, "small", "s", start=1.0, end=end, metrics=metrics))


def ids(client: MlflowClient, tmp_path: Path) -> list[str]:
    cells = server_cells(client, tmp_path / "runs.json")
    return [cell.run_id for cell in sorted(cells, key=lambda cell: cell.finished)]


def test_a_server_is_not_asked_for_what_is_known(
    uri: str, client: MlflowClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(uri, "one", 20.0)
    known = ids(client, tmp_path)
    assert len(known) == 1
    client.delete_tag(known[0], "bandbench.sent")  # a question for what has arrived since does not give it
    assert ids(client, tmp_path) == known
    assert len(read_json(tmp_path / "runs.json")["cells"]) == 1
    monkeypatch.setattr(module, "FULL_READ_AFTER", 0.0)
    assert ids(client, tmp_path) == known


def test_a_cell_that_was_purged_unseen_is_noticed_by_a_full_reading(
    uri: str, client: MlflowClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(uri, "one", 20.0)
    (one,) = ids(client, tmp_path)
    client.set_tag(one, "bandbench.kind", "something else")
    assert ids(client, tmp_path) == [one]
    monkeypatch.setattr(module, "FULL_READ_AFTER", 0.0)
    assert ids(client, tmp_path) == []


def test_an_index_comes_back_with_undefined_metrics(uri: str, client: MlflowClient, tmp_path: Path) -> None:
    send(uri, "one", 20.0)
    cells = {cell.run_id: cell for cell in server_cells(client, tmp_path / "runs.json")}
    assert repr(CellIndex.load(tmp_path / "runs.json").cells) == repr(cells)


@pytest.mark.parametrize("text", ["", '{"format": 2, "cells": [1]}', '{"format": '])
def test_a_damaged_or_older_index_is_begun_again(tmp_path: Path, text: str) -> None:
    (tmp_path / "runs.json").write_text(text)
    assert CellIndex.load(tmp_path / "runs.json") == CellIndex()
