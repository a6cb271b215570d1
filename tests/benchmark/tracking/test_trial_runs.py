"""Runs of many trials that are made at once are those that MLflow's client makes, row for row."""

import math
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bandbench.benchmark.tracking import trial_runs
from bandbench.benchmark.tracking.databases import open_engine
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


class Stores:
    """Databases behind MLflow, each made when its name is used first."""

    def __init__(self, make: Callable[[str], str]) -> None:
        self._make, self._addresses = make, dict[str, str]()

    def address(self, name: str) -> str:
        if name not in self._addresses:
            self._addresses[name] = self._make(name)
        return self._addresses[name]

    def sender(self, name: str) -> Sender:
        return Sender(client_for(self.address(name)), self.address(name))

    def contents(self, name: str) -> dict[str, list[tuple[Any, ...]]]:
        """Rows of the tables of runs, with names in place of ids and without places."""
        with open_engine(self.address(name)).connect() as database:
            names = {run_id: title for run_id, title in database.execute(sa.text("select run_uuid, name from runs"))}
            tables: dict[str, list[tuple[Any, ...]]] = {}
            for table in sorted(trial_runs.COLUMNS):
                found = database.execute(sa.text(f"select * from {table}"))
                columns = list(found.keys())
                rows = [
                    tuple(
                        names.get(value, value) for column, value in zip(columns, row, strict=True) if column != "artifact_uri"
                    )
                    for row in found
                ]
                tables[table] = sorted(rows, key=repr)
            return tables


@pytest.fixture(params=["sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest, tmp_path: Path, empty_store: Path) -> Stores:
    """Stores in files, and in databases of a real PostgreSQL server."""
    if request.param == "sqlite":
        return Stores(lambda name: f"sqlite:///{shutil.copy(empty_store, tmp_path / f'{name}.db')}")
    make_database = request.getfixturevalue("_postgres_server")
    return Stores(make_database)


def sent(made: Sender, documents: Sequence[RunDocument], together: bool) -> None:
    if together:
        made.send_together(documents)
    for document in documents:
        made.send(document)


def test_runs_made_at_once_are_those_of_the_client(stores: Stores) -> None:
    """In their rows, and in where their artifacts are; so a new version of MLflow that writes other rows is noticed."""
    sent(stores.sender("one"), TRIALS, together=False)
    sent(stores.sender("all"), TRIALS, together=True)
    assert stores.contents("one") == stores.contents("all")
    client = client_for(stores.address("all"))
    experiment = client.get_experiment_by_name("trial_runs")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id], "params.stage = 'search'", order_by=["metrics.val_auc DESC"])
    assert [run.info.run_name for run in runs] == [document.name for document in reversed(TRIALS)]
    assert runs[0].info.artifact_uri == f"{experiment.artifact_location}/{runs[0].info.run_id}/artifacts"
    assert len(runs[0].info.run_id) == RUN_ID
    assert math.isnan(runs[0].data.metrics["val_auc_lo"])


def test_the_client_has_nothing_left_to_make(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    made = stores.sender("all")
    made.send_together(TRIALS)
    monkeypatch.setattr(made, "_create", None)
    monkeypatch.setattr(made, "_log", None)
    sent(made, TRIALS, together=True)


def test_runs_that_somebody_else_made_are_not_made_again(stores: Stores) -> None:
    first, second = stores.sender("all"), stores.sender("all")
    sent(second, [TRIALS[0]], together=False)  # and now knows the runs of the study
    sent(first, TRIALS, together=True)
    sent(second, TRIALS, together=True)
    assert len(stores.contents("all")["runs"]) == len(TRIALS) + 2  # study and cell


@pytest.mark.parametrize("reason", ["columns", "database"])
def test_where_rows_cannot_be_written_the_client_makes_the_runs(
    reason: str, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = stores.sender("all")
    if reason == "columns":
        monkeypatch.setitem(trial_runs.COLUMNS, "runs", {"another version"})
    else:
        monkeypatch.setattr(trial_runs, "RUN", {**trial_runs.RUN, "status": "NO SUCH STATUS"})  # which the table refuses
    monkeypatch.setattr(made, "_create", (create := Counted(made._create)))
    sent(made, TRIALS, together=True)
    assert create.calls == len(TRIALS) + 2
    assert {row[6] for row in stores.contents("all")["runs"]} >= {"FINISHED"}


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
