"""The lock of a store lies beside its file, or among the results where it has none."""

from pathlib import Path

import pytest

from bandbench.benchmark.store.folders import results_root
from bandbench.benchmark.store.locks import LockHeldError
from bandbench.benchmark.tracking.lock import store_lock
from bandbench.benchmark.tracking.trouble import StoreError


def test_a_file_is_held_whatever_its_address_is_called(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    with store_lock(path, "sqlite:///a"):
        assert [file.name for file in tmp_path.iterdir()] == [".mlflow.db.lock"]
        with pytest.raises(LockHeldError), store_lock(path, "sqlite:///b", patience=0):
            pass


def test_servers_have_a_lock_each() -> None:
    with store_lock(None, "http://a"), store_lock(None, "http://b", patience=0):
        assert len(list((results_root() / "locks").glob("store-*.lock"))) == 2
        with pytest.raises(LockHeldError), store_lock(None, "http://a", patience=0):
            pass


def test_a_database_is_held_for_all_results_folders(postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with store_lock(None, postgres):
        monkeypatch.setenv("BANDBENCH_HOME", str(tmp_path / "another home"))
        with pytest.raises(LockHeldError), store_lock(None, postgres, patience=0):
            pass
    with store_lock(None, postgres, patience=0):
        pass
    with pytest.raises(StoreError, match="does not answer"), store_lock(None, "postgresql://me:secret@127.0.0.1:9/x"):
        pass
