"""Addresses of tracking stores are chosen, checked and opened."""

import shutil
from pathlib import Path

import pytest

from bandbench.benchmark.errors import TrackingError
from bandbench.benchmark.store.folders import results_root
from bandbench.benchmark.tracking.store import (
    check_tracking_store,
    client_for,
    default_tracking_uri,
    resolve_tracking_uri,
)
from bandbench.benchmark.tracking.trouble import reported


def test_relative_sqlite_addresses_do_not_follow_the_working_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert resolve_tracking_uri("sqlite:///my.db") == f"sqlite:///{tmp_path}/my.db"


def test_the_option_goes_before_the_environment_before_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve_tracking_uri(None) == default_tracking_uri() == f"sqlite:///{results_root()}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://elsewhere")
    assert resolve_tracking_uri(None) == "http://elsewhere"
    assert resolve_tracking_uri("postgresql+psycopg://runs") == "postgresql+psycopg://runs"


@pytest.mark.parametrize("address", ["nowhere", "runs.db", "ftp://runs"])
def test_an_address_that_mlflow_does_not_know_is_refused(address: str) -> None:
    with pytest.raises(TrackingError, match="the tracking address is a URI such as sqlite:///runs.db"):
        resolve_tracking_uri(address)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "sqlite:////no/such/folder/runs.db"])
def test_a_store_that_does_not_answer_is_named(address: str) -> None:
    with pytest.raises(TrackingError, match=f"the tracking store {address} does not answer"):
        check_tracking_store(address)


def test_a_check_makes_nothing(tmp_path: Path) -> None:
    check_tracking_store(default_tracking_uri())
    check_tracking_store(f"sqlite:///{tmp_path}/new.db")
    assert list(tmp_path.iterdir()) == []


def test_a_reason_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match=r"refuses what it was sent: one line\.$"), reported("http://a"):
        raise ValueError("\none line\nand more")
    with pytest.raises(TrackingError, match=r"^no such study$"), reported("http://a"):
        raise TrackingError("no such study")


def test_an_opened_store_is_the_file_that_is_there_now(tmp_path: Path, empty_store: Path) -> None:
    path = tmp_path / "mlflow.db"
    for name in ("mlflow.db", "new.db"):
        shutil.copy(empty_store, tmp_path / name)
    client_for(f"sqlite:///{tmp_path}/new.db").create_experiment("of the new file")
    client = client_for(f"sqlite:///{path}")
    assert client.search_experiments() == []
    shutil.copy(tmp_path / "new.db", tmp_path / "other.db")
    (tmp_path / "other.db").replace(path)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    assert [experiment.name for experiment in client.search_experiments()] == ["of the new file"]
