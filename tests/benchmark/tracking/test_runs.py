"""Runs by a tag, and a run compared with its document."""

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from mlflow.entities import LoggedModelStatus

from bandbench.benchmark.store.files import contents_digest
from bandbench.benchmark.tracking import runs
from bandbench.benchmark.tracking.documents import RunDocument
from bandbench.benchmark.tracking.names import KEY, ROW_FILES, STUDY_KEY
from bandbench.benchmark.tracking.runs import (
    MODEL_READY,
    KnownRun,
    is_there,
    is_whole,
    known_runs,
    last_use,
    runs_in_database,
)
from bandbench.benchmark.tracking.sender import Sender
from bandbench.benchmark.tracking.store import client_for

STUDY = RunDocument("s", "study", "all", "small", "s", start=1.0)
CELL = RunDocument("c", "cell", "a cell", "small", "s", STUDY, start=2.0, end=3.0)
KNOWN = {"s": KnownRun("run of s"), "c": KnownRun("run of c", state="1", parent="run of s")}


def other_tables(table: str) -> Any:
    """Columns as in a version of MLflow that has other tables."""
    return sa.table(f"new_{table}", *map(sa.column, runs.TABLES[table])).c


@pytest.fixture
def uri(tmp_path: Path, empty_store: Path) -> str:
    return f"sqlite:///{shutil.copy(empty_store, tmp_path / 'mlflow.db')}"


@pytest.mark.parametrize("tables", [True, False])
def test_runs_are_found_by_a_tag(uri: str, monkeypatch: pytest.MonkeyPatch, tables: bool) -> None:
    client = client_for(uri)
    assert known_runs(client, uri, "small", STUDY_KEY, "s") == {}
    Sender(client, uri).send(CELL)
    Sender(client, uri).send(replace(CELL, key="open", end=0.0))
    if not tables:
        monkeypatch.setattr(runs, "_columns", other_tables)
    known = known_runs(client, uri, "small", STUDY_KEY, "s")
    assert {key: run.state for key, run in known.items()} == {"s": "", "c": "1", "open": ""}
    assert known["c"].parent == known["s"].run_id
    assert known["c"].has_model is (False if tables else None)
    assert list(known_runs(client, uri, "small", KEY, "c")) == ["c"]


@pytest.mark.parametrize("tables", [True, False])
def test_the_digest_of_the_files_is_known_as_they_were_sent(
    uri: str, files: RunDocument, monkeypatch: pytest.MonkeyPatch, tables: bool
) -> None:
    client = client_for(uri)
    Sender(client, uri).send(replace(files, model=""))
    if not tables:
        monkeypatch.setattr(runs, "_columns", other_tables)
    known = known_runs(client, uri, "small", STUDY_KEY, "s")
    digest = contents_digest(Path(files.artifacts), ROW_FILES)
    assert {key: run.contents for key, run in known.items()} == {"s": "", "c": digest}


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/none.db"
    assert runs_in_database(uri, "small", STUDY_KEY, "s") == {}
    assert last_use(uri, "small") == 0
    assert not list(tmp_path.iterdir())


def test_the_codes_of_mlflow_are_those_of_its_version() -> None:
    assert LoggedModelStatus.READY.to_int() == MODEL_READY


def test_the_last_use_is_that_of_the_whole_experiment(uri: str) -> None:
    sender = Sender(client_for(uri), uri)
    assert last_use(uri, "small") == 0
    sender.send(replace(CELL, used=5.0))
    sender.send(replace(CELL, key="other", study_key="t", parent=replace(STUDY, key="t", study_key="t"), used=7.0))
    assert last_use(uri, "small") == 7.0
    assert known_runs(sender._client, uri, "small", KEY, "c")["c"].used == 5.0
    assert last_use(uri, "another") == 0


@pytest.mark.parametrize("tables", [True, False])
def test_of_several_runs_with_one_key_the_best_is_known(uri: str, monkeypatch: pytest.MonkeyPatch, tables: bool) -> None:
    client = client_for(uri)
    Sender(client, uri).send(CELL)
    experiment = client.get_experiment_by_name("small").experiment_id
    whole = known_runs(client, uri, "small", KEY, "c")["c"]
    unfinished = client.create_run(experiment, start_time=1, tags={KEY: "c", STUDY_KEY: "s"}).info.run_id
    if not tables:
        monkeypatch.setattr(runs, "_columns", other_tables)
    assert known_runs(client, uri, "small", KEY, "c")["c"].run_id == whole.run_id
    client.delete_run(whole.run_id)
    assert known_runs(client, uri, "small", KEY, "c")["c"].run_id == unfinished
    client.delete_run(unfinished)
    assert not known_runs(client, uri, "small", KEY, "c")["c"].active


@pytest.mark.parametrize(
    ("changes", "whole"),
    [
        ({}, True),
        ({"active": False}, False),
        ({"state": "2"}, False),
        ({"state": ""}, False),
        ({"parent": "another run"}, False),
    ],
)
def test_a_run_is_whole_below_its_parent(changes: dict[str, Any], whole: bool) -> None:
    assert is_whole(replace(KNOWN["c"], **changes), CELL, KNOWN) is whole


@pytest.mark.parametrize(("has_model", "whole"), [(True, True), (None, True), (False, False)])
def test_a_lost_model_makes_a_run_incomplete(has_model: bool | None, whole: bool) -> None:
    assert is_whole(replace(KNOWN["c"], has_model=has_model), replace(CELL, model="/a/model"), KNOWN) is whole
    assert is_whole(replace(KNOWN["c"], has_model=has_model), CELL, KNOWN)


@pytest.fixture
def files(tmp_path: Path) -> RunDocument:
    """A cell with a file, a folder and a model."""
    for name in ("cell.json", "scores/a", "model/weights"):
        (tmp_path / "cell" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "cell" / name).write_text("content")
    return replace(CELL, artifacts=str(tmp_path / "cell"), model=str(tmp_path / "cell" / "model"))


def test_every_file_of_a_run_is_looked_for_but_the_model(files: RunDocument, tmp_path: Path) -> None:
    sent = tmp_path / "sent"
    run = replace(KNOWN["c"], location=sent.as_uri())
    assert not is_whole(run, files, KNOWN)
    shutil.copytree(files.artifacts, sent)
    shutil.rmtree(sent / "model")
    assert is_whole(run, files, KNOWN)
    (sent / "scores" / "a").write_text("half")
    assert not is_whole(run, files, KNOWN)
    (sent / "scores" / "a").write_text("CONTENT")  # of the same size
    assert not is_whole(run, files, KNOWN)
    (sent / "scores" / "a").write_text("content")
    assert is_whole(run, files, KNOWN)


def test_a_server_is_asked_for_the_names_at_the_top(files: RunDocument) -> None:
    run = replace(KNOWN["c"], location="mlflow-artifacts:/1")
    assert is_whole(run, files, KNOWN)

    def server(*names: str) -> Any:
        return SimpleNamespace(list_artifacts=lambda run_id, path: [SimpleNamespace(path=name) for name in names])

    assert is_whole(run, files, KNOWN, server("cell.json", "scores", "more"))
    assert not is_whole(run, files, KNOWN, server("cell.json"))


def test_a_place_elsewhere_is_taken_to_be_there(tmp_path: Path) -> None:
    assert is_there(tmp_path.as_uri())
    assert not is_there((tmp_path / "no").as_uri())
    assert is_there("mlflow-artifacts:/1")
    assert is_there("")
