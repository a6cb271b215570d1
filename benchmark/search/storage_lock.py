"""The lock of a study in the database of its searches, which several results folders share."""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial

from ..errors import BenchError
from ..store.locks import LockHeldError, claiming
from ..tracking.addresses import sqlite_path, without_password
from ..tracking.database_lock import DatabaseLock, has_locks
from .optuna_history import check_storage, storage_problem


@contextlib.contextmanager
def storage_lock(study: str, storage: str | None, part: str = "") -> Iterator[Callable[[], None]]:
    """
    Hold a study in the database of its searches: two processes that run one search would mix their trials.

    In a PostgreSQL database this is an advisory lock, which ends with its session, however that ends. Beside a SQLite file it
    is a lock file. Journals lie in a results folder, which has a lock of its own.

    Parameters
    ----------
    study : str
    storage : str or None
        Address of the database; None for a journal.
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
        If another process holds the study, which the message names, or the database cannot be reached.
    """
    if storage is not None:
        check_storage(storage)
    locks: list[DatabaseLock] = []
    with contextlib.ExitStack() as stack:
        if storage is not None and has_locks(storage):
            # Parts exclude the whole study and themselves, and no other part.
            locks.append(DatabaseLock(storage, f"study {study}", shared=bool(part)))
            if part:
                locks.append(DatabaseLock(storage, f"study {study}, part {part}"))
        elif storage is not None and (path := sqlite_path(storage)) is not None:
            with _named(study, str(path)):
                label = f"{study}.{part}" if part else study
                stack.enter_context(claiming(path.with_name(f".{path.name}.{label}.lock")))
        for lock in locks:
            _in_database(partial(lock.acquire, patience=0), study, storage or "")
            stack.callback(lock.release)

        def renew() -> None:
            for lock in locks:
                _in_database(lock.renew, study, storage or "")

        yield renew


def _in_database(step: Callable[[], None], study: str, storage: str) -> None:
    """Take or renew a lock of a PostgreSQL database."""
    try:
        with _named(study, without_password(storage)):
            step()
    except BenchError:
        raise
    except Exception as error:  # whatever the database driver raises
        raise BenchError(storage_problem(storage, error)) from error


@contextlib.contextmanager
def _named(study: str, place: str) -> Iterator[None]:
    """Turn a lock that is held into a message on who holds the study."""
    try:
        yield
    except LockHeldError as error:
        who = f" ({error.holder})" if error.holder else ""
        raise BenchError(
            f"another `bench run` is working on the study '{study}' in {place}{who}. Wait for it to end, then repeat this "
            f"command: it goes on from there. To run beside it, give this run a name of its own with --name."
        ) from error
