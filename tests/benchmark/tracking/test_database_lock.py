"""Locks of a PostgreSQL server."""

import threading

import pytest

from bandbench.benchmark.store.locks import LockHeldError
from bandbench.benchmark.tracking.database_lock import DatabaseLock, database_lock, has_locks, lock_number


def test_one_at_a_time_and_others_wait_for_as_long_as_they_want(postgres: str) -> None:
    with database_lock(postgres, "a"), database_lock(postgres, "b"):
        for patience in (0, 0.1):
            with pytest.raises(LockHeldError) as held, database_lock(postgres, "a", patience):
                pass
            assert held.value.holder is not None
    with database_lock(postgres, "a"):
        done = []
        thread = threading.Thread(target=lambda: done.append(database_lock(postgres, "a").__enter__()))
        thread.start()
        thread.join(0.3)
        assert done == []
    thread.join()
    (lock,) = done
    lock.release()


def test_every_address_of_a_database_leads_to_the_same_lock(postgres: str) -> None:
    with database_lock(postgres, "a"), pytest.raises(LockHeldError):
        DatabaseLock(postgres.replace("postgresql://", "postgresql+psycopg://"), "a").acquire(0)


def test_several_locks_are_taken_together_or_not_at_all(postgres: str) -> None:
    with database_lock(postgres, "b"), pytest.raises(LockHeldError) as held:
        DatabaseLock(postgres, "a", "b", "c").acquire(0)
    assert held.value.name == "b"
    several = DatabaseLock(postgres, "a", "b", "c")
    several.acquire(0)
    for name in ("a", "b", "c"):
        with pytest.raises(LockHeldError):
            DatabaseLock(postgres, name).acquire(0)
    several.release()


def test_databases_with_such_locks_and_their_numbers() -> None:
    assert [has_locks(url) for url in ("postgresql://a/b", "postgres://a/b", "postgresql+psycopg://a/b")] == [True] * 3
    assert [has_locks(url) for url in ("sqlite:///a", "mysql://a/b", "http://a")] == [False] * 3
    assert lock_number("a") != lock_number("b")
    assert all(-(2**63) <= lock_number(str(n)) < 2**63 for n in range(100))
