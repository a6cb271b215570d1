"""Failures of the disk that results, cache and other outputs are written to, each as one sentence."""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import DiskError
from ..invocation import bench
from .folders import cache_root, results_root

# Failures that no code can avoid and that one who has rights to the disk can mend, each with the rest of a sentence.
REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota of the disk is used up",
    errno.EFBIG: "the file would be larger than the disk or the limit of the shell (ulimit -f) allows",
    errno.EIO: "the disk reports an error",
    errno.EROFS: "the disk can only be read",
    errno.ENODEV: "the disk is gone",
    errno.ESTALE: "the disk of the server is gone",
    errno.EISDIR: "a folder lies in its place",
}
OF_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # for which the room that is left counts
WAYS = {
    errno.ENOSPC: "Make room there",
    errno.EDQUOT: "Make room there",
    errno.EFBIG: "Allow larger files there",
    errno.EIO: "Repair it",
    errno.ENODEV: "Mount it again",
    errno.ESTALE: "Mount it again",
    errno.EISDIR: "Move the folder away",
}
RIGHTS = (errno.EACCES, errno.EPERM)
# Of https://www.sqlite.org/rescode.html; the module is not imported here, as most commands do without it.
SQLITE_REASONS = {8: errno.EROFS, 10: errno.EIO, 13: errno.ENOSPC}
SHORT_WRITE = "requested and"  # NumPy's message when a file takes less than it was given; it has no number of an error


@contextlib.contextmanager
def writing(place: Path, n_bytes: int = 0) -> Iterator[None]:
    """
    Report a disk that cannot be written during a block.

    Parameters
    ----------
    place : Path
        Written file or folder.
    n_bytes : int
        Bytes that are about to be written, for the message; 0 where they are not known.

    Raises
    ------
    DiskError
        With the reason, the room that is left and needed, and the way out.
    """
    try:
        yield
    except OSError as error:
        number = _number(error)
        if number in REASONS or (number in RIGHTS and _is_near(error, place)):
            raise disk_error(place, error, n_bytes) from error
        raise


def disk_error(place: Path, error: OSError, n_bytes: int = 0) -> DiskError:
    """Put a failed write into words: the reason, the room that is left and needed, and the way out; see `writing`."""
    return DiskError(_sentence(place, _number(error), error, n_bytes))


def disk_failure(error: BaseException, needed: Sequence[Path] = ()) -> DiskError | None:
    """
    Return the failure of a disk that an exception follows from.

    Parameters
    ----------
    error : BaseException
        Of any library; its causes are looked at, too.
    needed : sequence of Path
        Files without which the work could not have been done; libraries do not always tell which file they missed.

    Returns
    -------
    DiskError or None
        None for any other exception.
    """
    missing = [path for path in needed if not path.exists()]
    if isinstance(error, FileNotFoundError) and error.filename is not None:
        missing.append(_place(error))
    if gone := next((path for path in missing if _root_of(path)), None):
        return DiskError(
            f"{gone} is gone: somebody has deleted it while it was in use. What else was finished is kept; the same command "
            f"makes again what is missing in {_root_of(gone)}."
        )
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, DiskError):
            return cause
        if isinstance(cause, OSError) and (number := _number(cause)) in REASONS:
            return DiskError(_sentence(_place(cause), number, cause))
        if (code := getattr(cause, "sqlite_errorcode", 0) & 0xFF) in SQLITE_REASONS:
            return DiskError(_sentence(results_root(), SQLITE_REASONS[code], cause))
        cause = cause.__cause__ or cause.__context__
    return None


def _is_near(error: OSError, place: Path) -> bool:
    """Return True if an error is about a file beside `place` or below the same root, and not about one that is only read."""
    failed = _place(error)
    return any(failed.is_relative_to(folder) for folder in (place.parent, _root_of(place)) if folder is not None)


def _number(error: OSError) -> int | None:
    """Number of an error; that of a full disk for a short write."""
    if error.errno is None and type(error) is OSError and SHORT_WRITE in str(error):
        return errno.ENOSPC
    return error.errno


def _place(error: OSError) -> Path:
    name = error.filename2 or error.filename
    return Path(os.fsdecode(name)) if isinstance(name, str | bytes | os.PathLike) else results_root()


def _root_of(place: Path) -> Path | None:
    """Root that a path lies below: the cache or the results; None for any other path."""
    return next((root for root in (cache_root(), results_root()) if place.is_relative_to(root)), None)


def _sentence(place: Path, number: int | None, error: BaseException, n_bytes: int = 0) -> str:
    reason = REASONS.get(number or 0) or getattr(error, "strerror", None) or str(error)
    room = _room(place, n_bytes) if number in OF_ROOM else ""
    return f"cannot write {place}: {reason}{room}. {_way_out(place, number)}"


def _room(place: Path, n_bytes: int) -> str:
    """Free and total room of the disk of a path, and the room that is needed, in brackets."""
    try:
        usage = shutil.disk_usage(_existing(place))
    except OSError:
        return ""
    needed = f"; {n_bytes / 1e6:,.1f} MB are needed" if n_bytes else ""
    return f" ({usage.free / 1e6:,.1f} of {usage.total / 1e6:,.0f} MB are free{needed})"


def _existing(place: Path) -> Path:
    """Return a path, or the nearest of the folders above it that exists."""
    return next((path for path in (place, *place.parents) if path.exists()), Path("/"))


def _cache_shares_disk(place: Path) -> bool:
    """Return True if what the cache frees is free for a path: both lie on one disk."""
    try:
        return _existing(place).stat().st_dev == _existing(cache_root()).stat().st_dev
    except OSError:
        return False


def _way_out(place: Path, number: int | None) -> str:
    root = _root_of(place)
    variable = "BANDBENCH_CACHE" if root == cache_root() else "BANDBENCH_HOME" if root else ""
    helps = number in (errno.ENOSPC, errno.EDQUOT) and _cache_shares_disk(place)
    prune = f" (`{bench('cache prune')}` deletes what can be computed again)" if helps else ""
    mend = WAYS.get(number or 0, "Make it writable")
    # A disk that can only be read has often been so from the beginning, when nothing was finished yet.
    then = "What was finished is kept; the same command continues." if number in WAYS else "Then repeat the command."
    other = f", or set {variable} to another folder" if variable else ", or name another place"
    return f"{mend}{prune}{other}. {then}"
