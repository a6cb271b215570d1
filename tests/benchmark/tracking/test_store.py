"""Addresses of tracking stores are chosen, checked and opened."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bandbench.benchmark.errors import TrackingError
from bandbench.benchmark.store.folders import results_root
from bandbench.benchmark.tracking.store import (
    check_tracking_store,
    client_for,
    default_tracking_uri,
    import_client,
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


IMPORTED = """
import sys
from bandbench.benchmark.tracking.store import import_client
import_client(sys.argv[1])
print(*(name in sys.modules for name in ("mlflow", "mlflow.store.tracking.sqlalchemy_store")))
"""


@pytest.mark.parametrize(("address", "modules"), [("sqlite:///{}/new.db", "True True"), ("http://127.0.0.1:9", "True False")])
def test_an_import_ahead_makes_no_store(address: str, modules: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", IMPORTED, address.format(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert (done.stdout.strip(), list(tmp_path.iterdir())) == (modules, [])


def test_an_import_ahead_that_fails_is_told_by_whoever_opens_the_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    import_client(f"sqlite:///{tmp_path}/new.db")
    with pytest.raises(TrackingError, match="mlflow, is not installed"):
        client_for(f"sqlite:///{tmp_path}/new.db")
