"""A study is held where its searches are, for all results folders, and a holder that dies holds nothing."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from bandbench.benchmark.errors import BenchError
from bandbench.benchmark.search.storage_lock import storage_lock
from bandbench.benchmark.tracking.database_lock import DatabaseLock
from bandbench.benchmark.tracking.databases import open_engine

HOLD = """
import sys
from bandbench.benchmark.search.storage_lock import storage_lock
with storage_lock("faces", sys.argv[1], ["svm on mine", "svm on yours"]):
    print("held", flush=True)
    input()
"""


def take(storage: str, study: str = "faces", searches: Sequence[str] = ("svm on yours",)) -> None:
    with storage_lock(study, storage, searches):
        pass


@pytest.mark.parametrize("kind", ["postgresql", "sqlite"])
def test_the_holder_is_named_and_a_killed_one_holds_nothing(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = request.getfixturevalue("postgres") if kind == "postgresql" else f"sqlite:///{tmp_path}/searches.db"
    command = [sys.executable, "-c", HOLD, storage]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        monkeypatch.setenv("BANDBENCH_HOME", str(tmp_path / "another home"))
        with pytest.raises(BenchError) as refused:
            take(storage, searches=["ridge on mine", "svm on mine"])
        take(storage, "other faces")
        holder.send_signal(signal.SIGKILL)
    place = (
        f", svm on mine, in {storage.replace('//bench@', '//…@')}" if kind == "postgresql" else f" in {tmp_path}/searches.db"
    )
    assert str(refused.value).startswith(f"another `bench run` is working on the study 'faces'{place} (host ")
    assert f", pid {holder.pid}, since 2" in str(refused.value)
    assert "Wait for it to end, then repeat this command" in str(refused.value)
    take(storage)
    take(storage)  # and again


def test_a_journal_has_no_lock_here() -> None:
    with storage_lock("faces", None, ["svm on mine"]) as still_held, storage_lock("faces", None, ["svm on mine"]):
        still_held()


def test_other_cells_of_a_study_are_searched_side_by_side(postgres: str) -> None:
    with storage_lock("faces", postgres, ["svm on mine"]), storage_lock("faces", postgres, ["ridge on mine"]):
        with pytest.raises(BenchError, match="on the study 'faces', ridge on mine, in"):
            take(postgres, searches=["svm on yours", "ridge on mine"])
        take(postgres, searches=["svm on yours"])  # which the one that was refused has left
        take(postgres, "other faces", ["svm on mine"])


def test_a_session_that_the_server_has_ended_is_replaced_unless_another_took_the_study(postgres: str) -> None:
    with storage_lock("faces", postgres, ["svm on yours"]) as still_held:
        still_held()
        end_sessions(postgres)
        still_held()
        with pytest.raises(BenchError, match="another `bench run`"):
            take(postgres)
        end_sessions(postgres)
        other = DatabaseLock(postgres, "faces: svm on yours")
        other.acquire(0)
        with pytest.raises(BenchError, match="another `bench run` is working on the study 'faces', svm on yours,"):
            still_held()
        other.release()


def end_sessions(url: str) -> None:
    """End all sessions of a database, as a restart of the server does."""
    others = "pid != pg_backend_pid() AND datname = current_database()"
    with open_engine(url).connect() as session:
        session.execute(text(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {others}"))


@pytest.mark.parametrize("address", ["nonsense", "redis://127.0.0.1:1", "postgresql://me:secret@127.0.0.1:9/x"])
def test_an_address_that_cannot_be_used_is_refused_without_its_password(address: str) -> None:
    with pytest.raises(BenchError, match=r"^the storage .* cannot be opened") as refused:
        take(address)
    assert "secret" not in str(refused.value)
