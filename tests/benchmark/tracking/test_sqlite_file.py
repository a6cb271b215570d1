"""The SQLite file of a store is made whole or not at all, mended where it is broken, and moves with its folder."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow import MlflowClient

from bandbench.benchmark.errors import BenchWarning, TrackingError
from bandbench.benchmark.tracking import sqlite_file
from bandbench.benchmark.tracking.addresses import folder_path, sqlite_address
from bandbench.benchmark.tracking.documents import RunDocument
from bandbench.benchmark.tracking.sender import Sender
from bandbench.benchmark.tracking.sqlite_file import make_ready
from bandbench.benchmark.tracking.store import client_for, default_tracking_uri


def change(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> Path:
    (tmp_path / "home").mkdir()
    return Path(shutil.copy(empty_store, tmp_path / "home" / "mlflow.db"))


def ready(path: Path) -> None:
    make_ready(path, sqlite_address(path))


MAKE = """
import os, sys
from pathlib import Path
from bandbench.benchmark.tracking import sqlite_file
from bandbench.benchmark.tracking.store import client_for, default_tracking_uri
if len(sys.argv) > 1:
    copy = getattr(sqlite_file, sys.argv[1])
    setattr(sqlite_file, sys.argv[1], lambda *a: (copy(*a), os._exit(9)))  # killed here
print(len(client_for(default_tracking_uri()).search_experiments()))
"""


def test_many_make_one_store_whoever_of_them_is_killed(tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    for step in ("_open_with_mlflow", "_copy", "_finish"):
        assert subprocess.run([sys.executable, "-c", MAKE, step], env=environment, check=False).returncode == 9
        assert not (tmp_path / "home" / "mlflow.db").exists()
    command = [sys.executable, "-W", "error::bandbench.benchmark.errors.BenchWarning", "-c", MAKE]
    makers = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [maker.communicate()[0] for maker in makers] == ["0\n"] * 3  # the empty default experiment is hidden
    assert sorted(path.name for path in (tmp_path / "home").iterdir() if path.is_file()) == [".mlflow.db.lock", "mlflow.db"]


@pytest.mark.parametrize(
    "damage",
    [
        ["DROP TABLE alembic_version"],
        ["DROP TABLE scorers", "UPDATE alembic_version SET version_num = '0584bdc529eb'"],
        ["DROP TABLE runs", "DELETE FROM alembic_version"],
    ],
)
def test_a_half_made_store_is_set_aside_and_made_again(store: Path, damage: list[str]) -> None:
    change(store, *damage, "PRAGMA user_version = 0")
    with pytest.warns(BenchWarning, match="was damaged .* it is kept as mlflow.db.damaged-.* sent again"):
        ready(store)
    assert MlflowClient(sqlite_address(store)).search_experiments() == []
    assert len(list(store.parent.glob("mlflow.db.damaged-*"))) == 1


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100])
def test_a_file_without_content_or_sense(store: Path, content: bytes) -> None:
    store.write_bytes(content)
    with contextlib.ExitStack() as told:
        if content:
            told.enter_context(pytest.warns(BenchWarning, match="file is not a database"))
        ready(store)
    assert MlflowClient(sqlite_address(store)).search_experiments() == []


def test_what_is_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "pictures.db"
    other.write_bytes(b"no database at all" * 100)
    with pytest.raises(TrackingError, match="is no store of MLflow"):
        client_for(sqlite_address(other))
    assert other.read_bytes() == b"no database at all" * 100


def test_a_store_of_a_newer_mlflow_is_not_taken_for_damaged(store: Path) -> None:
    change(store, "UPDATE alembic_version SET version_num = 'newer'", "PRAGMA user_version = 0")
    with pytest.raises(TrackingError, match="newer"):
        client_for(sqlite_address(store))
    assert not list(store.parent.glob("mlflow.db.damaged-*"))


def test_a_store_that_mlflow_made_alone_is_taken_as_it_is(store: Path) -> None:
    change(store, "PRAGMA user_version = 0")
    inode = store.stat().st_ino
    ready(store)
    assert store.stat().st_ino == inode
    assert sqlite_file._is_marked(store)


@pytest.mark.parametrize("name", ["feature%2Fbands", "what?now", "a b#ü"])
def test_nothing_is_left_beside_a_folder_with_an_odd_name(tmp_path: Path, store: Path, name: str) -> None:
    (tmp_path / "home").rename(tmp_path / name)
    client_for(sqlite_address(tmp_path / name / "mlflow.db"))
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [name]


def send(uri: str, folder: Path, key: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "a.txt").write_text(key)
    document = RunDocument(key, "cell", key, "small", "s", start=1.0, end=2.0, artifacts=str(folder))
    Sender(client_for(uri), uri).send(document)


@pytest.mark.parametrize("copied", [False, True])
def test_artifacts_are_found_where_the_folder_is_now(
    tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch, copied: bool
) -> None:
    send(default_tracking_uri(), tmp_path / "files", "one")
    new = tmp_path / "laptop" / "what?now"
    (shutil.copytree if copied else shutil.move)(store.parent, new)
    monkeypatch.setenv("BANDBENCH_HOME", str(new))
    uri = default_tracking_uri()
    send(uri, tmp_path / "files", "two")
    client = client_for(uri)
    runs = client.search_runs([client.get_experiment_by_name("small").experiment_id])
    places = [folder_path(run.info.artifact_uri) for run in runs]
    assert sorted((place / "a.txt").read_text() for place in places) == ["one", "two"]
    assert all(place.is_relative_to(new) for place in places)
    assert len(list((tmp_path / "home").glob("artifacts/*/*"))) == (1 if copied else 0)  # nothing new in the old place


def test_artifacts_stay_where_they_are_if_they_were_not_moved(tmp_path: Path, store: Path) -> None:
    send(default_tracking_uri(), tmp_path / "files", "one")
    (tmp_path / "alone").mkdir()
    with (
        contextlib.closing(sqlite3.connect(store)) as old,
        contextlib.closing(sqlite3.connect(tmp_path / "alone" / "x.db")) as new,
    ):
        old.backup(new)
    client = client_for(sqlite_address(tmp_path / "alone" / "x.db"))
    experiment = client.get_experiment_by_name("small")
    (run,) = client.search_runs([experiment.experiment_id])
    assert (folder_path(run.info.artifact_uri) / "a.txt").read_text() == "one"
    assert folder_path(experiment.artifact_location) == tmp_path / "alone" / "artifacts" / "small"  # for new runs
