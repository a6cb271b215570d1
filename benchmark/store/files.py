"""Digests, and atomic writes of files."""

import contextlib
import errno
import glob
import hashlib
import io
import json
import math
import os
import re
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DataError
from .disk import writing
from .folders import cache_root, results_root
from .scratch import scratch_folder, unfinished_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

ASIDE = ".damaged-"  # before the time, in the name of a file that was set aside


def digest(value: Any) -> str:
    """SHA-256 (64 hex digits) of a JSON-like value; equal values give equal digests on every machine."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=_jsonable)
    return hashlib.sha256(text.encode()).hexdigest()


def _jsonable(value: Any) -> Any:
    if hasattr(value, "as_dict"):
        return value.as_dict()
    if hasattr(value, "item"):  # NumPy scalars
        return value.item()
    raise TypeError(f"{type(value).__name__} has no digest")


def contents_digest(folder: Path, names: Iterable[str]) -> str:
    """
    SHA-256 (64 hex digits) of the names and the contents of files.

    Parameters
    ----------
    folder : Path
    names : iterable of str
        Files below it, or folders, of which all files count. What is missing, or no regular file, does not count.
    """
    places = [folder / name for name in names]
    found = [file for place in places for file in (place.rglob("*") if place.is_dir() else (place,)) if file.is_file()]
    entries = sorted((file.relative_to(folder).as_posix(), file) for file in found)
    return digest([[name, file_digest(file)] for name, file in entries])


def file_digest(path: Path) -> str:
    """
    SHA-256 of a file (64 hex digits).

    Raises
    ------
    OSError
        If it cannot be read, or is no file; a pipe is not waited for.
    """
    try:
        return sha256_of(path)
    except DataError as error:
        raise OSError(str(error)) from error


def sha256_of(path: Path, most_bytes: int = sys.maxsize, kind: str = "a file") -> str:
    """SHA-256 of a file (64 hex digits), which is not held in memory; parameters and errors as in `read_file`."""
    with open_file(path, most_bytes, kind) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def atomic_path(path: Path, durable: bool = True) -> Iterator[Path]:
    """
    Yield a temporary name that becomes `path` when the block ends well.

    `durable` waits for the disk, so that not even a power cut leaves an empty file; without it, a reader has to be able
    to tell. Below the results or the cache the temporary file lies in the folder of this process, which others remove after
    its death (`scratch`); elsewhere it lies beside `path`.

    Raises
    ------
    DiskError
        If the disk cannot be written.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _temporary(path)
        try:
            yield temporary
            if durable:
                with temporary.open("rb") as file:
                    os.fsync(file.fileno())
            _move(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def _temporary(path: Path) -> Path:
    root = next((root for root in (results_root(), cache_root()) if path.is_relative_to(root)), None)
    if root is not None:
        return unfinished_file(root)
    # The machine, too: on a shared disk another one may have a process of this number.
    beginning = f".{path.name}.{os.uname().nodename}."
    for stale in path.parent.glob(f"{glob.escape(beginning)}*.tmp"):
        if _writer_is_dead(stale):
            stale.unlink(missing_ok=True)
    return path.with_name(f"{beginning}{secrets.token_hex(4)}.{os.getpid()}.tmp")


def _writer_is_dead(temporary: Path) -> bool:
    """Return True if no process of this machine has the number in a temporary name."""
    try:
        os.kill(int(temporary.name.split(".")[-2]), 0)
    except ProcessLookupError:
        return True
    except (ValueError, OSError):
        return False
    return False


def _move(temporary: Path, path: Path) -> None:
    try:
        temporary.replace(path)
    except FileNotFoundError:  # somebody has deleted the folder since it was made
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.replace(path)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")  # a part of the folder is on another disk
        try:
            shutil.copyfile(temporary, beside)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """
    Yield a new folder that becomes `folder` when the block ends well; those that killed processes left are removed.

    Parameters
    ----------
    folder : Path
        Must not exist, or be empty.

    Raises
    ------
    DiskError
        If the disk cannot be written.
    """
    with writing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder(folder.parent, unfinished_prefix(folder)) as scratch:
            temporary = scratch / "whole"
            temporary.mkdir()
            yield temporary
            temporary.rename(folder)


def unfinished_prefix(folder: Path) -> str:
    """Beginning of the names of the folders beside `folder` in which `atomic_folder` makes it."""
    return f".{folder.name}-unfinished-"


def write_json(path: Path, value: Any, durable: bool = True, indent: int | None = 1) -> None:
    """
    Write JSON atomically. NaN becomes null, the only *undefined* that JSON has.

    An `indent` of None, one line for all, takes a fraction of the time, for files that people do not read.
    """
    with atomic_path(path, durable) as temporary:
        temporary.write_text(dump_json(value, indent), encoding="utf-8")


def write_arrays(path: Path, arrays: "Mapping[str, NDArray]") -> None:
    """
    Write contiguous arrays by name as safetensors, with the rights of all files: its own function lets nobody else read them.

    Raises
    ------
    DiskError
        If the disk cannot be written.
    """
    from safetensors.numpy import save

    with writing(path, sum(array.nbytes for array in arrays.values())):
        path.write_bytes(save(dict(arrays)))


def dump_json(value: Any, indent: int | None = 1) -> str:
    """JSON text with keys in the given order, NaN and infinity as null."""
    return json.dumps(_without_nan(value), indent=indent, default=_jsonable) + "\n"


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_nan(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(v) for v in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value


def read_json(path: Path) -> Any | None:
    """Content of a JSON file, or None if there is none, or it is damaged or no file."""
    try:
        return json.loads(read_file(path, sys.maxsize))
    except (OSError, ValueError, RecursionError, DataError):
        return None


def nan_from_null(value: Any, keys: Collection[str] | None = None) -> Any:
    """
    Restore the undefined numbers of a JSON value that `write_json` wrote.

    Parameters
    ----------
    value : JSON value
    keys : collection of str, optional
        Only values below these keys of objects are numbers; without it, every null is one.
    """
    if isinstance(value, dict):
        return {k: math.nan if v is None and (keys is None or k in keys) else nan_from_null(v, keys) for k, v in value.items()}
    if isinstance(value, list):
        return [math.nan if v is None and keys is None else nan_from_null(v, keys) for v in value]
    return value


def name_aside(path: Path) -> Path:
    """Name under which a damaged file is set aside, beside where it was."""
    return path.with_name(f"{path.name}{ASIDE}{time.strftime('%Y%m%d-%H%M%S')}")


def publish_folder(temporary: Path, final: Path) -> None:
    """
    Move a finished folder into place; another process that was faster wins.

    Raises
    ------
    DiskError
        If the disk cannot be written.
    """
    with writing(final):
        final.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.rename(final)
        except OSError:
            if not final.is_dir():
                raise
            shutil.rmtree(temporary, ignore_errors=True)


# Bytes of a name that are no UTF-8, control characters, and what would be read as one of them; see `printable`.
UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\udc80-\udcff\u2028-\u202e\u2066-\u2069]|\\(?=x(?:[01][0-9a-f]|5c|7f|[89a-f][0-9a-f]))"
)
ESCAPED = re.compile(r"\\x([01][0-9a-f]|5c|7f|[89a-f][0-9a-f])")
MAX_FILE = 2**30  # bytes; a file that is larger is no picture
# A pipe or a device that takes the place of a file is neither waited for nor becomes the terminal of this process.
_AT_ONCE = os.O_NONBLOCK | os.O_NOCTTY


def printable(name: str) -> str:
    r"""
    Write a path so that every terminal, database and table takes it; most stay as they are.

    A byte that is no UTF-8 becomes ``\xNN``, and so do the bytes of a character that a terminal acts upon instead of showing
    it; `on_disk` leads back to the same file.

    >>> print(printable("caf\udce9.png"), printable("café.png"))
    caf\xe9.png café.png
    """
    if name.isprintable() and "\\" not in name:
        return name
    return UNPRINTABLE.sub(lambda match: "".join(f"\\x{byte:02x}" for byte in os.fsencode(match[0])), name)


def on_disk(path: str) -> str:
    """Path on the disk of one that `printable` wrote."""
    if "\\x" not in path:
        return path
    return ESCAPED.sub(lambda match: chr(code if (code := int(match[1], 16)) < 0x80 else 0xDC00 + code), path)


def read_file(path: Path, most_bytes: int = MAX_FILE, kind: str = "a picture") -> bytes:
    """
    Content of a file, which is opened once; nothing else is opened, because a pipe would wait for ever.

    Parameters
    ----------
    path : Path
    most_bytes : int
    kind : str
        Of file, for messages.

    Raises
    ------
    OSError
        If it cannot be read.
    DataError
        If it is no file, larger than `most_bytes`, or written to while it is read.
    """
    # Without a buffered file, which takes as long as the reading of a small picture.
    file, before = _opened(path, most_bytes, kind)
    try:
        data = os.read(file, before.st_size + 1)
        while 0 < len(data) < before.st_size and (more := os.read(file, before.st_size + 1 - len(data))):
            data += more
        after = os.fstat(file)
    finally:
        os.close(file)
    if len(data) != before.st_size or (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise DataError("changed while it was read; wait until it is written.")
    return data


def open_file(path: Path, most_bytes: int = MAX_FILE, kind: str = "a picture") -> io.BufferedReader:
    """
    Open a file for reading; parameters and errors as in `read_file`.

    A pipe or device that takes the place of the file between the look at it and the opening is neither waited for nor read.
    """
    file, _ = _opened(path, most_bytes, kind)
    return open(path, "rb", opener=lambda *_: file)


def require_file(path: Path) -> None:
    """Refuse, with the errors of `read_file`, what a library would wait for or read for ever when it opens it by its path."""
    _require_file(path.stat(), sys.maxsize, "a file")


def _opened(path: Path, most_bytes: int, kind: str) -> tuple[int, os.stat_result]:
    """Open a regular file, and return its descriptor and its facts."""
    name = os.fspath(path)
    _require_file(path.stat(), most_bytes, kind)
    file = os.open(name, os.O_RDONLY | _AT_ONCE)
    try:
        facts = os.fstat(file)
        _require_file(facts, most_bytes, kind)
        if stat.S_ISDIR(facts.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
    except BaseException:
        os.close(file)
        raise
    return file, facts


def _require_file(facts: os.stat_result, most_bytes: int, kind: str) -> None:
    if not stat.S_ISREG(facts.st_mode) and not stat.S_ISDIR(facts.st_mode):
        raise DataError("neither a file nor a folder; it is not opened.")
    if stat.S_ISREG(facts.st_mode) and facts.st_size > most_bytes:
        size = f"{facts.st_size / 2**30:.1f} GiB" if facts.st_size >= 2**30 else f"{facts.st_size / 2**20:.1f} MiB"
        raise DataError(f"{size} are more than {kind} has; it is not read.")
