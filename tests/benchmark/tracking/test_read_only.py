"""A store that this user cannot write is read by way of a copy; its artifacts are read in place."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bandbench.benchmark.tracking import read_only
from bandbench.benchmark.tracking.addresses import sqlite_path
from bandbench.benchmark.tracking.read_only import is_read_only, readable_store
from bandbench.benchmark.tracking.store import client_for

NOBODY = 65534


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    shutil.copy(empty_store, folder / "mlflow.db")
    client = client_for(f"sqlite:///{folder}/mlflow.db")
    client.create_experiment("seen", artifact_location=(folder / "artifacts" / "seen").as_uri())
    (folder / "artifacts").mkdir()
    return folder / "mlflow.db"


@pytest.fixture
def protected(store: Path) -> Iterator[Path]:
    """The store without rights to write it, seen by a user who has to keep to the rights."""
    for place in (store.parent, *store.parent.iterdir()):
        place.chmod(0o555 if place.is_dir() else 0o444)
    for place in store.parents[1:-1]:
        place.chmod(place.stat().st_mode | 0o055)
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(NOBODY)
    try:
        yield store
    finally:
        if was_root:
            os.seteuid(0)
        store.parent.chmod(0o755)


def test_a_store_that_can_be_written_is_itself(store: Path) -> None:
    uri = f"sqlite:///{store}"
    assert not is_read_only(uri)
    with readable_store(uri) as address:
        assert address == uri


def test_other_stores_are_themselves() -> None:
    with readable_store("http://127.0.0.1:9") as address:
        assert address == "http://127.0.0.1:9"


def test_a_copy_is_read_and_its_artifacts_stay_where_they_are(protected: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/tmp")
    monkeypatch.setattr("tempfile.tempdir", None)
    uri = f"sqlite:///{protected}"
    assert is_read_only(uri)
    with readable_store(uri) as address:
        copy = sqlite_path(address)
        assert copy is not None and copy.is_file() and copy != protected
        experiment = client_for(address).get_experiment_by_name("seen")
        assert experiment is not None
        assert experiment.artifact_location == (protected.parent / "artifacts" / "seen").as_uri()
    assert not copy.parent.exists()
    assert sorted(path.name for path in protected.parent.iterdir() if path.suffix != ".lock") == ["artifacts", "mlflow.db"]


def test_what_lies_elsewhere_now_is_found_there(store: Path, tmp_path: Path, made_read_only: Callable[[Path], None]) -> None:
    shutil.move(store.parent, tmp_path / "moved")
    made_read_only(tmp_path / "moved")
    with readable_store(f"sqlite:///{tmp_path}/moved/mlflow.db") as address:
        experiment = client_for(address).get_experiment_by_name("seen")
        assert experiment is not None
        assert experiment.artifact_location == (tmp_path / "moved" / "artifacts" / "seen").as_uri()


@pytest.fixture
def made_read_only(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Make a folder count as one that cannot be written."""

    def protect(folder: Path) -> None:
        monkeypatch.setattr(read_only, "can_write", lambda path: not path.is_relative_to(folder))

    return protect
