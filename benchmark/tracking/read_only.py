"""Stores that can be read and not written: of a colleague, on a read-only disk, in an archive."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..errors import TrackingError
from ..store.folders import can_write
from .addresses import sqlite_address, sqlite_path
from .sqlite_file import artifacts_folder, settle_artifacts


def is_read_only(uri: str) -> bool:
    """Return True for a SQLite file that this user cannot write, or in whose folder SQLite cannot make its own files."""
    path = sqlite_path(uri)
    return path is not None and path.exists() and not (can_write(path) and can_write(path.parent))


@contextlib.contextmanager
def readable_store(uri: str) -> Iterator[str]:
    """
    Yield an address under which a store can be read.

    SQLite needs files of its own beside a database with a write-ahead log, even for reading. Where it cannot make them, the
    database and its log are copied into a temporary folder; the artifacts stay where they are.

    Parameters
    ----------
    uri : str

    Yields
    ------
    str
        `uri` itself, or the address of a copy that lives as long as the block.

    Raises
    ------
    TrackingError
        If the file cannot be read either.
    """
    path = sqlite_path(uri)
    if path is None or not is_read_only(uri):
        yield uri
        return
    with tempfile.TemporaryDirectory(prefix="bandbench-store-") as folder:
        copy = Path(folder, path.name)
        try:
            for suffix in ("", "-wal"):
                with contextlib.suppress(FileNotFoundError):
                    shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
        except OSError as error:
            raise TrackingError(f"the tracking store {path} cannot be read ({error.strerror}).") from error
        # Addresses are compared with the artifacts beside the store, which are found beside the copy, too.
        artifacts_folder(copy).symlink_to(artifacts_folder(path))
        settle_artifacts(copy, sqlite_address(copy), artifacts_folder(path))
        yield sqlite_address(copy)
