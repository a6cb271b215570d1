"""
Folders of unfinished work: each belongs to a process, and who comes later removes those of the dead.

The owner holds a lock in its folder, which the kernel releases however the owner ends.
"""

import contextlib
import fcntl
import glob
import itertools
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OWNER = "owner.lock"  # in a scratch folder
UNFINISHED = ".unfinished-"  # begins the name of a process's folder below the results or the cache
NEW = ".new-"  # begins the name of a scratch folder until it has its lock
FOREIGN = 86400.0  # seconds; from then on a folder of another machine, whose locks may not be seen here, counts as left
_numbers = itertools.count()


@dataclass(frozen=True)
class _Owned:
    """A scratch folder with the open file that holds its lock."""

    folder: Path
    lock: int

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.close(self.lock)


@contextlib.contextmanager
def scratch_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """
    Make a scratch folder for a block, and remove those of dead processes.

    Parameters
    ----------
    parent : Path
        An existing folder.
    prefix : str
        Of the folder's name; only folders with it are removed.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    remove_abandoned(parent, prefix)
    owned = _own(parent, prefix)
    try:
        yield owned.folder
    finally:
        owned.remove()


def _own(parent: Path, prefix: str) -> _Owned:
    name = f"{_machine()}-{secrets.token_hex(6)}"
    new, folder = parent / f"{NEW}{name}", parent / f"{prefix}{name}"
    new.mkdir()  # not by `tempfile`, whose folders nobody else may read
    lock = os.open(new / OWNER, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    with contextlib.suppress(OSError):  # a disk without locks: the folder then stays until it is deleted by hand
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    new.rename(folder)  # now that it is locked: before, others would take it for a folder of the dead
    return _Owned(folder, lock)


def _machine() -> str:
    return re.sub(r"\W", "_", os.uname().nodename)


def remove_abandoned(parent: Path, prefix: str = UNFINISHED) -> int:
    """
    Remove the scratch folders of processes that have died.

    Parameters
    ----------
    parent, prefix
        As for `scratch_folder`.

    Returns
    -------
    int
        Removed folders.
    """
    n_removed = 0
    for folder in [*parent.glob(f"{glob.escape(prefix)}*"), *parent.glob(f"{NEW}*")]:
        if is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)
            n_removed += 1
    return n_removed


def is_abandoned(folder: Path) -> bool:
    """Return True for a scratch folder whose owner has died; False for any other folder."""
    try:
        is_old = time.time() - folder.stat().st_mtime > FOREIGN
        if folder.name.startswith(NEW):
            return is_old
        lock = os.open(folder / OWNER, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(lock)
    return is_old or f"{_machine()}-" in folder.name


_of_process: dict[tuple[int, Path], _Owned] = {}


def unfinished_file(root: Path) -> Path:
    """
    Return a new path for a file that this process writes and then moves to its place below `root`.

    The first call removes what dead processes have left there.

    Parameters
    ----------
    root : Path
        Of the results or of the cache; the folder of this process is made there when it is needed.

    Raises
    ------
    OSError
        If the folder cannot be made.
    """
    from multiprocessing.util import Finalize

    key = os.getpid(), root
    owned = _of_process.get(key)
    if owned is None or not owned.folder.is_dir():
        root.mkdir(parents=True, exist_ok=True)
        remove_abandoned(root)
        owned = _of_process[key] = _own(root, UNFINISHED)
        Finalize(None, owned.remove, exitpriority=0)  # at the end of this process, of a worker, too
    return owned.folder / f"{next(_numbers)}.tmp"
