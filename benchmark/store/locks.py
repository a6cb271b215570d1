"""Locks between processes; the kernel releases a lock when its owner dies, however that happens."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import BenchError

FOR_EVER = -1.0


class LockHeldError(BenchError):
    """Another process holds a lock for longer than the caller waits."""


@contextlib.contextmanager
def holding(path: Path, patience: float = FOR_EVER) -> Iterator[None]:
    """
    Hold a lock for a block.

    Parameters
    ----------
    path : Path
        The lock file; it is left in place.
    patience : float
        Seconds to wait at most; 0 tries once, `FOR_EVER` waits until it is free.

    Raises
    ------
    LockHeldError
        If another process, or another thread of this one, still holds it.
    OSError, NotImplementedError
        If the disk has no locks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=patience)
    except Timeout as error:
        raise LockHeldError(f"another process works with {path.with_suffix('')}; wait for it to end.") from error
    try:
        yield
    finally:
        lock.release()
