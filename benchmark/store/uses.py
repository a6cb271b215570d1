"""
Entries of the cache that are in use, so that nobody deletes them.

Each entry is one byte of a lock file: users hold a shared lock on it, and who deletes needs an exclusive one. The kernel keeps
the locks and releases those of a process that dies; one open file holds any number of them.
"""

import contextlib
import fcntl
import hashlib
import os
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

LOCK = ".in-use.lock"
_FLOCK = "hhqqi0q"  # struct flock of <fcntl.h>: type, whence, start, length, pid (0 for locks of an open file)


class _Users:
    """Open lock files of this process, by process and root, with the number of blocks that use them."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._open: dict[tuple[int, Path], tuple[int, int]] = {}

    def enter(self, root: Path) -> None:
        with self._guard:
            file, n_blocks = self._open.get((os.getpid(), root), (-1, 0))
            self._open[os.getpid(), root] = (file if n_blocks else _opened(root), n_blocks + 1)

    def leave(self, root: Path) -> None:
        with self._guard:
            file, n_blocks = self._open.pop((os.getpid(), root))
            if n_blocks > 1:
                self._open[os.getpid(), root] = (file, n_blocks - 1)
            elif file >= 0:
                os.close(file)

    def file(self, root: Path) -> int:
        """Lock file of this process; a worker, which has no block, opens one for its life."""
        with self._guard:
            file, n_blocks = self._open.get((os.getpid(), root), (-1, 0))
            if not n_blocks:
                file = _opened(root)
                self._open[os.getpid(), root] = file, 1
            return file


_users = _Users()


def _opened(root: Path) -> int:
    """Open the lock file; -1 where that is not possible, and entries cannot be held."""
    try:
        return os.open(root / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError:
        return -1


@contextlib.contextmanager
def using_entries(root: Path) -> Iterator[None]:
    """Release at the end of a block what `hold_entry` has held in it, in this process."""
    _users.enter(root)
    try:
        yield
    finally:
        _users.leave(root)


def hold_entry(root: Path, entry: Path) -> None:
    """
    Keep others from deleting an entry, whether it exists already or not.

    Parameters
    ----------
    root : Path
        Of the cache.
    entry : Path
        Below it.
    """
    if (file := _users.file(root)) >= 0:
        with contextlib.suppress(OSError):  # a disk without locks
            fcntl.fcntl(file, fcntl.F_OFD_SETLKW, _lock(fcntl.F_RDLCK, root, entry))


@contextlib.contextmanager
def deleting_entries(root: Path) -> "Iterator[_Claims]":
    """Yield an object whose `claim` tells for each entry if nobody uses it; what was claimed is released after the block."""
    file = _opened(root)
    try:
        yield _Claims(root, file)
    finally:
        if file >= 0:
            os.close(file)


class _Claims:
    def __init__(self, root: Path, file: int) -> None:
        self._root, self._file = root, file

    def claim(self, entry: Path) -> bool:
        """Return True if nobody uses an entry, and keep others from beginning to."""
        try:
            fcntl.fcntl(self._file, fcntl.F_OFD_SETLK, _lock(fcntl.F_WRLCK, self._root, entry))
        except BlockingIOError:
            return False
        except (OSError, ValueError):  # no lock file or no locks: nobody can say that it is in use
            return True
        return True


def _lock(kind: int, root: Path, entry: Path) -> bytes:
    """Lock of the one byte of an entry."""
    name = hashlib.sha256(os.fsencode(entry.relative_to(root))).digest()
    return struct.pack(_FLOCK, kind, os.SEEK_SET, int.from_bytes(name[:8], "big") >> 2, 1, 0)
