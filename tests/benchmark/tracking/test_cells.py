"""Finished cells of a database, by a few columns of its tables or by MLflow's own search."""

import math
import shutil
from pathlib import Path

import pytest

from bandbench.benchmark.tracking.cells import FoundCell, database_cells
from bandbench.benchmark.tracking.documents import RunDocument
from bandbench.benchmark.tracking.sender import Sender
from bandbench.benchmark.tracking.store import client_for

METRICS = {"in_domain_auc": 0.75, "cross_domain_auc": math.nan, "gain": 0.1, "test/a/auc": 0.5, "test/a/eer": 0.2}


@pytest.fixture
def uri(tmp_path: Path, empty_store: Path) -> str:
    """A store with two finished cells, an open one and a trial."""
    uri = f"sqlite:///{shutil.copy(empty_store, tmp_path / 'mlflow.db')}"
    sender = Sender(client_for(uri), uri)
    for key, kind, end, used in (("one", "cell", 20.0, 30.0), ("two", "cell", 10.0, 0.0), ("open", "cell", 0.0, 0.0)):
        sender.send(RunDocument(key, kind, key, "small", "s", start=1.0, end=end, metrics=METRICS, used=used))
    sender.send(RunDocument("trial", "trial", "trial", "small", "s", start=1.0, end=40.0))
    return uri


def cells_of(uri: str) -> list[FoundCell]:
    client = client_for(uri)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    return sorted(database_cells(client, uri, experiments), key=lambda cell: cell.finished)


def test_only_finished_cells_are_found_with_the_metrics_that_are_checked(uri: str) -> None:
    two, one = cells_of(uri)
    assert (two.finished, two.used) == (10.0, 10.0)
    assert (one.finished, one.used) == (20.0, 30.0)
    assert set(one.metrics) == {"in_domain_auc", "cross_domain_auc", "test/a/auc"}
    assert math.isnan(one.metrics["cross_domain_auc"])
    assert one.location.endswith(f"/artifacts/small/{one.run_id}/artifacts")


def test_another_version_of_the_tables_is_searched_the_slow_way(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = cells_of(uri)
    monkeypatch.delattr("mlflow.store.tracking.dbmodels.models.SqlLatestMetric")
    slow = cells_of(uri)
    assert len(slow) == 2
    assert repr(slow) == repr(quick)  # NaN equals nothing
