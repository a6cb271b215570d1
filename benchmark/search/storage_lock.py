"""The locks of searches in the database that several results folders share."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from ..errors import BenchError
from ..store.locks import LockHeldError, claiming
from ..tracking.addresses import sqlite_path, without_password
from ..tracking.database_lock import DatabaseLock, has_locks
from .optuna_history import check_storage, storage_problem


@contextlib.contextmanager
def storage_lock(study: str, storage: str | None, searches: Sequence[str]) -> Iterator[Callable[[], None]]:
    """
    Hold searches in their database: two processes that run one search would mix their trials.

    In a PostgreSQL database each search has an advisory lock, which ends with its session, however that ends; other cells of
    the study may be searched elsewhere at the same time. Beside a SQLite file, a lock file stands for the whole study.
    Journals lie in a results folder, which has a lock of its own.

    Parameters
    ----------
    study : str
    storage : str or None
        Address of the database; None for a journal.
    searches : sequence of str
        Labels of the cells that are searched.

    Yields
    ------
    callable
        Makes sure that the searches are still held. It is called before a trial is added, and raises BenchError if another
        process has taken one of them.

    Raises
    ------
    BenchError
        If another process holds one of them, which the message names, or the database cannot be reached.
    """
    if storage is None:
        yield _always
        return
    check_storage(storage)
    with contextlib.ExitStack() as stack:
        still_held: Callable[[], None] = _always
        if has_locks(storage):
            lock = DatabaseLock(storage, *(f"{study}: {search}" for search in searches))
            _in_database(partial(lock.acquire, patience=0), study, storage)
            stack.callback(lock.release)
            still_held = partial(_in_database, lock.renew, study, storage)
        elif (path := sqlite_path(storage)) is not None:
            with _named(study, str(path)):
                stack.enter_context(claiming(path.with_name(f".{path.name}.{study}.lock")))
        yield still_held


def _always() -> None:
    """Do nothing: a lock file is held until it is released."""


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
        cell = f", {error.name.removeprefix(f'{study}: ')}," if error.name else ""
        raise BenchError(
            f"another `bench run` is working on the study '{study}'{cell} in {place}{who}. Wait for it to end, then repeat "
            f"this command: it goes on from there. To run beside it, give this run a name of its own with --name."
        ) from error
