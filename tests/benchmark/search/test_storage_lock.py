"""A study is held where its searches are, for all results folders, and a holder that dies holds nothing."""

import signal
import subprocess
import sys
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
with storage_lock("faces", sys.argv[1]):
    print("held", flush=True)
    input()
"""


def take(storage: str, study: str = "faces", part: str = "") -> None:
    with storage_lock(study, storage, part):
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
            take(storage)
        take(storage, "other faces")
        holder.send_signal(signal.SIGKILL)
    place = storage.replace("//bench@", "//…@") if kind == "postgresql" else f"{tmp_path}/searches.db"
    assert str(refused.value).startswith(f"another `bench run` is working on the study 'faces' in {place} (host ")
    assert f", pid {holder.pid}, since 2" in str(refused.value)
    assert "Wait for it to end, then repeat this command" in str(refused.value)
    take(storage)
    take(storage)  # and again


def test_a_journal_has_no_lock_here() -> None:
    with storage_lock("faces", None) as still_held, storage_lock("faces", None):
        still_held()


def test_parts_of_a_study_run_side_by_side_and_the_whole_alone(postgres: str) -> None:
    with storage_lock("faces", postgres, "0-of-2"), storage_lock("faces", postgres, "1-of-2"):
        for part in ("", "0-of-2"):
            with pytest.raises(BenchError, match="another `bench run` is working on the study 'faces'"):
                take(postgres, part=part)
    with storage_lock("faces", postgres), pytest.raises(BenchError, match="another `bench run`"):
        take(postgres, part="0-of-2")


def test_a_session_that_the_server_has_ended_is_replaced_unless_another_took_the_study(postgres: str) -> None:
    with storage_lock("faces", postgres) as still_held:
        still_held()
        end_sessions(postgres)
        still_held()
        with pytest.raises(BenchError, match="another `bench run`"):
            take(postgres)
        end_sessions(postgres)
        other = DatabaseLock(postgres, "study faces")
        other.acquire(0)
        with pytest.raises(BenchError, match="another `bench run` is working on the study 'faces'"):
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
