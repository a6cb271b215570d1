"""Locks between processes; the kernel releases a lock when its owner dies, however that happens."""

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import BenchError
from .files import read_json, write_json

FOR_EVER = -1.0


@dataclass(frozen=True)
class Holder:
    """
    Process that holds a lock.

    Attributes
    ----------
    host : str
    pid : int
    since : float
        Seconds since the epoch.
    job : str
        Of SLURM; empty outside of one.
    """

    host: str
    pid: int
    since: float
    job: str = ""

    def __str__(self) -> str:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.since))
        return f"host {self.host}, pid {self.pid}{f', SLURM job {self.job}' if self.job else ''}, since {since}"

    @classmethod
    def here(cls) -> "Holder":
        """Return this process, as of now."""
        array, task = os.environ.get("SLURM_ARRAY_JOB_ID", ""), os.environ.get("SLURM_ARRAY_TASK_ID", "")
        job = f"{array}_{task}" if array and task else os.environ.get("SLURM_JOB_ID", "")
        return cls(socket.gethostname(), os.getpid(), time.time(), job)

    def leave_note(self, path: Path) -> None:
        """Name this holder to others, beside the lock file `path`."""
        write_json(owner_file(path), asdict(self), durable=False)

    @classmethod
    def read(cls, path: Path) -> "Holder | None":
        """Read the holder that a file names; None if there is no such file or it is damaged."""
        known = read_json(path)
        if not isinstance(known, dict):
            return None
        types = {"host": str, "pid": int, "since": float, "job": str}
        whole = {name: type(value) for name, value in {"job": "", **known}.items()} == types
        return cls(**{str(name): value for name, value in known.items()}) if whole else None


class LockHeldError(BenchError):
    """
    Another process holds a lock for longer than the caller waits.

    Attributes
    ----------
    holder : Holder or None
        None if it is not known.
    name : str
        Of the lock, if it is one of several.
    """

    def __init__(self, message: str, holder: Holder | None = None, name: str = "") -> None:
        super().__init__(message)
        self.holder, self.name = holder, name


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
        raise LockHeldError(
            f"another process works with {path.with_suffix('')}; wait for it to end.", Holder.read(owner_file(path))
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def claiming(path: Path) -> Iterator[None]:
    """
    Hold a lock for a block, if it is free, and leave a note beside it that names this process to others.

    Parameters
    ----------
    path : Path
        See `holding`.

    Raises
    ------
    LockHeldError
        See `holding`; with the process that holds it.
    OSError, NotImplementedError
        See `holding`.
    """
    with holding(path, patience=0):
        Holder.here().leave_note(path)
        yield


def owner_file(path: Path) -> Path:
    """Return the file that names the process that held a lock last: those who wait may open the lock file itself anew."""
    return path.with_suffix(".owner")
