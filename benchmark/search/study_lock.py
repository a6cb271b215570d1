"""The lock of a study: one process at a time runs it in a results folder, and in a database that several folders share."""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial

from ..errors import BenchError
from ..store.folders import results_root
from ..store.locks import LockHeldError, claiming
from ..tracking.addresses import sqlite_path, without_password
from ..tracking.database_lock import DatabaseLock, has_locks
from .optuna_history import storage_problem

OTHER_NAME = "give this run a name of its own with --name"
Renewal = Callable[[], None]


@contextlib.contextmanager
def only_run(name: str, storage: str | None, part: str = "") -> Iterator[Renewal]:
    """
    Hold a study: two processes that run one search would do everything twice, or mix their trials.

    The lock is where the state is: in the results folder, and in the database of the searches, if there is one. For a
    PostgreSQL server it is an advisory lock, which ends with its session; for a SQLite file, a lock file beside it.

    Parameters
    ----------
    name : str
        Of the study.
    storage : str or None
        Address of the database of the searches; None for the journal in the results folder.
    part : str
        Of the study, if several processes run different parts of it side by side; empty for the whole.

    Yields
    ------
    callable
        Makes sure that the study is still held. It is called before trials are added to a search, and raises BenchError if
        another process has taken the study.

    Raises
    ------
    BenchError
        If another process has it, which the message names, or the database cannot be reached.
    """
    label = f"{name}.{part}" if part else name
    with contextlib.ExitStack() as stack:
        with _named(name, str(results_root()), "set BANDBENCH_HOME to another folder"):
            stack.enter_context(claiming(results_root() / "locks" / f"{label}.lock"))
        locks: list[DatabaseLock] = []
        if storage is not None and has_locks(storage):
            locks.append(DatabaseLock(storage, f"study {name}", shared=bool(part)))
            if part:
                locks.append(DatabaseLock(storage, f"study {name}, part {part}"))
        elif storage is not None and (path := sqlite_path(storage)) is not None:
            with _named(name, str(path), OTHER_NAME):
                stack.enter_context(claiming(path.with_name(f".{path.name}.{label}.lock")))
        for lock in locks:
            _in_database(partial(lock.acquire, patience=0), name, storage or "")
            stack.callback(lock.release)

        def renew() -> None:
            for lock in locks:
                _in_database(lock.renew, name, storage or "")

        yield renew


def _in_database(step: Callable[[], None], name: str, storage: str) -> None:
    """Take or renew a lock of the database of the searches."""
    try:
        with _named(name, without_password(storage), OTHER_NAME):
            step()
    except BenchError:
        raise
    except Exception as error:  # whatever the database driver raises
        raise BenchError(storage_problem(storage, error)) from error


@contextlib.contextmanager
def _named(name: str, place: str, other_way: str) -> Iterator[None]:
    """Turn a lock that is held into a message on who holds the study."""
    try:
        yield
    except LockHeldError as error:
        who = f" ({error.holder})" if error.holder else ""
        raise BenchError(
            f"another `bench run` is working on the study '{name}' in {place}{who}. Wait for it to end, then repeat this "
            f"command, which goes on from there; or {other_way}."
        ) from error
