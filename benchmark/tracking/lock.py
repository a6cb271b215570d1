"""The lock of a tracking store."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ..store.files import digest
from ..store.folders import results_root
from ..store.locks import FOR_EVER, LockHeldError, holding
from .database_lock import DatabaseLock, has_locks
from .trouble import store_error


@contextlib.contextmanager
def store_lock(path: Path | None, uri: str, patience: float = FOR_EVER) -> Iterator[None]:
    """
    Hold a tracking store: only one process makes, mends or writes it at a time.

    The lock is where the store is: beside a SQLite file, or in a PostgreSQL database, so that it holds for every results folder
    and machine. A server has none, and its lock is one of the results folder.

    Parameters
    ----------
    path : Path or None
        Of a SQLite file.
    uri : str
        Of the store.
    patience : float
        Seconds to wait at most.

    Raises
    ------
    LockHeldError
        If another process holds it for longer.
    StoreError
        If its database does not answer.
    """
    if has_locks(uri):
        lock = DatabaseLock(uri, "tracking store")
        try:
            lock.acquire(patience)
        except LockHeldError:
            raise
        except Exception as error:  # whatever the database driver raises
            raise store_error(uri, error) from error
        try:
            yield
        finally:
            lock.release()
        return
    place = (
        results_root() / "locks" / f"store-{digest(uri)[:16]}.lock" if path is None else path.with_name(f".{path.name}.lock")
    )
    with holding(place, patience):
        yield
