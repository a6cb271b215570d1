"""Runs of many trials that are made at once are those that MLflow's client makes, row for row."""

import math
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bandbench.benchmark.tracking import trial_runs
from bandbench.benchmark.tracking.documents import RunDocument
from bandbench.benchmark.tracking.sender import Sender
from bandbench.benchmark.tracking.store import client_for
from bandbench.benchmark.tracking.trial_runs import fits_columns, is_plain

STUDY = RunDocument("study", "study", "the study", "trial_runs", "study", start=1.0)
CELL = RunDocument("cell", "cell", "the cell", "trial_runs", "study", parent=STUDY, start=2.0, tags={"detector": "svm"})
RUN_ID = 32  # digits


def trial(number: int, **changes: Any) -> RunDocument:
    metrics = {"val_auc": 0.5 + number / 100, "val_auc_lo": math.nan, "val_auc_hi": math.inf}
    params = {"band": f"low 0.{number}", "stage": "search"}
    document = RunDocument(
        f"trial {number}", "trial", f"low 0.{number}", "trial_runs", "study", CELL, 10.0 + number, 11.5 + number, params
    )
    return replace(document, tags={"detector": "svm"}, metrics=metrics, **changes)


TRIALS = [trial(number) for number in range(6)]


@pytest.fixture
def sender(tmp_path: Path, empty_store: Path) -> Callable[[str], Sender]:
    """Maker of a sender to a database of its own, by its name."""

    def make(name: str) -> Sender:
        path = tmp_path / f"{name}.db"
        uri = f"sqlite:///{path if path.exists() else shutil.copy(empty_store, path)}"
        return Sender(client_for(uri), uri)

    return make


def contents(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of the tables of runs, with names in place of ids and without places."""
    with closing(sqlite3.connect(path)) as database:
        names = dict(database.execute("select run_uuid, name from runs"))
        tables: dict[str, list[tuple[Any, ...]]] = {}
        for table in sorted(trial_runs.COLUMNS):
            cursor = database.execute(f"select * from {table}")
            columns = [column[0] for column in cursor.description]
            rows = [
                tuple(names.get(value, value) for column, value in zip(columns, row, strict=True) if column != "artifact_uri")
                for row in cursor
            ]
            tables[table] = sorted(rows, key=repr)
        return tables


def sent(made: Sender, documents: Sequence[RunDocument], together: bool) -> None:
    if together:
        made.send_together(documents)
    for document in documents:
        made.send(document)


def test_runs_made_at_once_are_those_of_the_client(sender: Callable[[str], Sender], tmp_path: Path) -> None:
    """In their rows, and in where their artifacts are; so a new version of MLflow that writes other rows is noticed."""
    sent(sender("one"), TRIALS, together=False)
    sent(sender("all"), TRIALS, together=True)
    assert contents(tmp_path / "one.db") == contents(tmp_path / "all.db")
    client = client_for(f"sqlite:///{tmp_path}/all.db")
    experiment = client.get_experiment_by_name("trial_runs")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id], "params.stage = 'search'", order_by=["metrics.val_auc DESC"])
    assert [run.info.run_name for run in runs] == [document.name for document in reversed(TRIALS)]
    assert runs[0].info.artifact_uri == f"{experiment.artifact_location}/{runs[0].info.run_id}/artifacts"
    assert len(runs[0].info.run_id) == RUN_ID
    assert math.isnan(runs[0].data.metrics["val_auc_lo"])


def test_the_client_has_nothing_left_to_make(sender: Callable[[str], Sender], monkeypatch: pytest.MonkeyPatch) -> None:
    made = sender("all")
    made.send_together(TRIALS)
    monkeypatch.setattr(made, "_create", None)
    monkeypatch.setattr(made, "_log", None)
    sent(made, TRIALS, together=True)


def test_runs_that_somebody_else_made_are_not_made_again(sender: Callable[[str], Sender], tmp_path: Path) -> None:
    first, second = sender("all"), sender("all")
    sent(second, [TRIALS[0]], together=False)  # and now knows the runs of the study
    sent(first, TRIALS, together=True)
    sent(second, TRIALS, together=True)
    assert len(contents(tmp_path / "all.db")["runs"]) == len(TRIALS) + 2  # study and cell


@pytest.mark.parametrize("reason", ["columns", "database"])
def test_where_rows_cannot_be_written_the_client_makes_the_runs(
    reason: str, sender: Callable[[str], Sender], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sender("all")
    if reason == "columns":
        monkeypatch.setitem(trial_runs.COLUMNS, "runs", {"another version"})
    else:
        monkeypatch.setattr(trial_runs, "RUN", {**trial_runs.RUN, "status": "NO SUCH STATUS"})  # which the table refuses
    monkeypatch.setattr(made, "_create", (create := Counted(made._create)))
    sent(made, TRIALS, together=True)
    assert create.calls == len(TRIALS) + 2
    assert {row[6] for row in contents(tmp_path / "all.db")["runs"]} >= {"FINISHED"}


class Counted:
    """A function that counts its calls."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.calls, self._function = 0, function

    def __call__(self, *args: Any) -> Any:
        self.calls += 1
        return self._function(*args)


def test_a_document_with_more_than_rows_is_left_to_the_client() -> None:
    assert is_plain(TRIALS[0])
    others = [{"note": "text"}, {"artifacts": "/folder"}, {"end": 0.0}, {"series": {"loss": [(1, 0.5)]}}, {"kind": "cell"}]
    assert not any(is_plain(replace(TRIALS[0], **change)) for change in others)


def test_texts_that_are_too_long_are_left_to_the_client() -> None:
    assert fits_columns(TRIALS[0], 6000)
    assert not fits_columns(replace(TRIALS[0], name="x" * 251), 6000)
    assert not fits_columns(replace(TRIALS[0], params={"p": "x" * 6001}), 6000)
