"""Cells are found the same way in a database and on a server, whatever came, went or came back in between."""

import shutil
from pathlib import Path

import pytest
from mlflow import MlflowClient

from bandbench.benchmark import mlflow_reading
from bandbench.benchmark.mlflow_reading import FoundCell, find_cells
from bandbench.benchmark.tracking import RunDocument, Sender, client_for

SERVER = "http://a.server"  # an address that is no database; the client behind it is one all the same


@pytest.fixture
def uri(tmp_path: Path, empty_store: Path) -> str:
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path}/mlflow.db"


def send(uri: str, key: str, end: float, kind: str = "cell") -> None:
    metrics = {"in_domain_auc": 0.75, "cross_domain_auc": float("nan"), "gain": 0.1, "test/a/auc": 0.5, "test/a/eer": 0.2}
    document = RunDocument(key, kind, key, "small", "s", start=1.0, end=end, metrics=metrics, params={"detector": key})
    Sender(client_for(uri), uri).send(document)


def found(client: MlflowClient, uri: str) -> list[FoundCell]:
    return find_cells(client, uri, {e.experiment_id: e.name for e in client.search_experiments()})


def ids(cells: list[FoundCell]) -> list[str]:
    return [cell.run_id for cell in cells]


def test_a_database_and_a_server_give_the_same_cells(uri: str) -> None:
    client = client_for(uri)
    for key, end in (("one", 20.0), ("two", 10.0), ("open", 0.0)):
        send(uri, key, end)
    send(uri, "a trial", 30.0, kind="trial")
    in_database, on_server = found(client, uri), found(client, SERVER)
    assert repr(in_database) == repr(on_server)  # NaN equals nothing
    assert [cell.finished for cell in in_database] == [10.0, 20.0]
    assert set(in_database[0].metrics) == {"in_domain_auc", "cross_domain_auc", "test/a/auc"}
    assert repr(found(client, SERVER)) == repr(in_database)  # from what is remembered
    assert find_cells(client, uri, {}) == []


@pytest.mark.parametrize("where", ["database", "server"])
def test_what_comes_and_goes_is_noticed(uri: str, where: str) -> None:
    client = client_for(uri)
    address = uri if where == "database" else SERVER
    send(uri, "one", 2_000_000_000.0)
    (one,) = ids(found(client, address))
    send(uri, "late", 10.0)  # computed long ago, arrived now
    late, _ = ids(found(client, address))
    client.delete_run(one)
    assert ids(found(client, address)) == [late]
    client.restore_run(one)
    assert ids(found(client, address)) == [late, one]
    client.delete_experiment(client.get_experiment_by_name("small").experiment_id)
    assert found(client, address) == []


def test_a_server_is_not_asked_for_what_is_known(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_for(uri)
    send(uri, "one", 20.0)
    known = found(client, SERVER)
    client.delete_tag(known[0].run_id, "bandbench.sent")  # a question for what has arrived since does not give it
    assert ids(found(client, SERVER)) == ids(known)
    monkeypatch.setattr(mlflow_reading, "FULL_READ_AFTER", 0.0)
    assert ids(found(client, SERVER)) == ids(known)


def test_another_version_of_the_tables_is_searched_the_slow_way(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, end in (("one", 20.0), ("two", 10.0)):
        send(uri, key, end)
    quick = found(client_for(uri), uri)
    monkeypatch.delattr("mlflow.store.tracking.dbmodels.models.SqlLatestMetric")
    slow = found(client_for(uri), uri)
    assert len(slow) == 2
    assert repr(slow) == repr(quick)
