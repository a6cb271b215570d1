"""Where things lie on disk, how they are named by content, and how they are written so that a kill leaves no half file."""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import platformdirs

from .errors import BenchError

ASIDE = ".damaged-"  # before the time, in the name of a file that was set aside


def results_root() -> Path:
    """Folder of records, score files and the default tracking store; ``BANDBENCH_HOME`` overrides."""
    return Path(os.environ.get("BANDBENCH_HOME") or platformdirs.user_data_path("bandbench", False)).expanduser().absolute()


# Folders of which files elsewhere among the results note the whole path.
NOTED = ("cells", "studies", "records", "prepared", "submissions", "artifacts")


def relocated(path: Path) -> Path:
    """Where a file or folder among the results is now if it was noted when the results lay elsewhere; else the path itself."""
    root = results_root()
    if path.exists() or path.is_relative_to(root):
        return path
    starts = [i for i, part in enumerate(path.parts) if part in NOTED]
    found = (root.joinpath(*path.parts[i:]) for i in reversed(starts))
    return next((candidate for candidate in found if candidate.exists()), path)


def cache_root() -> Path:
    """Folder of what can be computed again; ``BANDBENCH_CACHE`` overrides."""
    return Path(os.environ.get("BANDBENCH_CACHE") or platformdirs.user_cache_path("bandbench", False)).expanduser().absolute()


def settle_folders() -> None:
    """Make the folders that the environment names whole paths: they stay where they are, whatever folder one goes to."""
    for name, root in (("BANDBENCH_HOME", results_root), ("BANDBENCH_CACHE", cache_root)):
        if os.environ.get(name):
            os.environ[name] = str(root())


def ensure_writable(folder: Path, variable: str) -> Path:
    """
    Make a folder and prove that a file can be written there.

    Raises
    ------
    BenchError
        Naming the environment variable that points elsewhere.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BenchError(
            f"cannot write to {folder} ({error.strerror}); make it writable or set {variable} to another folder."
        ) from error
    return folder


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
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        if durable:
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, value: Any, durable: bool = True) -> None:
    """Write JSON atomically. NaN becomes null: JSON has no other word for *undefined*."""
    with atomic_path(path, durable) as temporary:
        temporary.write_text(dump_json(value), encoding="utf-8")


def dump_json(value: Any) -> str:
    """JSON text with sorted keys in the given order, NaN and infinity as null."""
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


def cache_usage() -> dict[str, tuple[int, int]]:
    """Count files and bytes in the cache, by folder: ``chunks`` of pictures, ``boards`` read from tracking stores."""
    sizes: dict[str, list[int]] = {}
    for path in cache_root().rglob("*"):
        if path.is_file():
            sizes.setdefault(path.relative_to(cache_root()).parts[0], []).append(path.stat().st_size)
    return {name: (len(found), sum(found)) for name, found in sorted(sizes.items())}


def prune_cache(days: float) -> tuple[int, int]:
    """
    Delete chunks and what was read from tracking stores that were not used for `days`, and scratch folders of killed runs.

    Returns
    -------
    files, bytes : int
        What was deleted.
    """
    root, limit = cache_root(), time.time() - 86400 * days
    deleted = freed = 0
    for folder in [*root.glob("chunks/*/*"), *root.glob("boards/*"), *root.glob("scratch-*")]:
        files = [path for path in folder.rglob("*") if path.is_file()]
        if files and max(max(p.stat().st_atime, p.stat().st_mtime) for p in files) > limit:
            continue
        deleted += len(files)
        freed += sum(path.stat().st_size for path in files)
        shutil.rmtree(folder, ignore_errors=True)
    return deleted, freed
