"""Digests, and atomic writes of files."""

import contextlib
import hashlib
import json
import math
import os
import re
import shutil
import stat
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from ..errors import DataError

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


@contextlib.contextmanager
def atomic_path(path: Path, durable: bool = True) -> Iterator[Path]:
    """
    Yield a temporary name beside `path` that becomes `path` when the block ends well.

    `durable` waits for the disk, so that not even a power cut leaves an empty file; without it, a reader has to be able
    to tell.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # The machine, too: on a shared disk another one may have a process of this number.
    temporary = path.with_name(f".{path.name}.{os.uname().nodename}.{os.getpid()}.tmp")
    try:
        yield temporary
        if durable:
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, value: Any, durable: bool = True) -> None:
    """Write JSON atomically. NaN becomes null, the only *undefined* that JSON has."""
    with atomic_path(path, durable) as temporary:
        temporary.write_text(dump_json(value), encoding="utf-8")


def dump_json(value: Any) -> str:
    """JSON text with keys in the given order, NaN and infinity as null."""
    return json.dumps(_without_nan(value), indent=1, default=_jsonable) + "\n"


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_nan(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(v) for v in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value


def read_json(path: Path) -> Any | None:
    """Content of a JSON file, or None if there is none or it is damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
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
    """Move a finished folder into place; another process that was faster wins."""
    final.parent.mkdir(parents=True, exist_ok=True)
    try:
        temporary.rename(final)
    except OSError:
        if not final.is_dir():
            raise
        shutil.rmtree(temporary, ignore_errors=True)


# Bytes of a name that are no UTF-8, control characters, and what would be read as one of them; see `printable`.
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\udc80-\udcff]|\\(?=x(?:[01][0-9a-f]|5c|7f|[89a-f][0-9a-f]))")
ESCAPED = re.compile(r"\\x([01][0-9a-f]|5c|7f|[89a-f][0-9a-f])")
MAX_FILE = 2**30  # bytes; a file that is larger is no picture


def printable(name: str) -> str:
    r"""
    Write a path so that every terminal, database and table takes it; most stay as they are.

    A byte that is no UTF-8 and a control character become ``\xNN``, and `on_disk` leads back.

    >>> print(printable("caf\udce9.png"), printable("café.png"))
    caf\xe9.png café.png
    """
    if name.isprintable() and "\\" not in name:
        return name
    return UNPRINTABLE.sub(lambda match: f"\\x{ord(match[0]) & 0xFF:02x}", name)


def on_disk(path: str) -> str:
    """Path on the disk of one that `printable` wrote."""
    if "\\x" not in path:
        return path
    return ESCAPED.sub(lambda match: chr(code if (code := int(match[1], 16)) < 0x80 else 0xDC00 + code), path)


def read_file(path: Path, most_bytes: int = MAX_FILE, kind: str = "a picture") -> bytes:
    """
    Content of a file; nothing else is opened, because a pipe would wait for ever.

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
        If it is no file, or larger than `most_bytes`.
    """
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode) and not stat.S_ISDIR(facts.st_mode):
        raise DataError("neither a file nor a folder; it is not opened.")
    if facts.st_size > most_bytes:
        size = f"{facts.st_size / 2**30:.1f} GiB" if facts.st_size >= 2**30 else f"{facts.st_size / 2**20:.1f} MiB"
        raise DataError(f"{size} are more than {kind} has; it is not read.")
    return path.read_bytes()
