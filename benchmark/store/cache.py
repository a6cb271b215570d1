"""Size of the cache, and its pruning."""

import contextlib
import errno
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .disk import writing
from .folders import cache_root, results_root
from .scratch import OWNER, UNFINISHED, is_abandoned
from .uses import deleting_entries

TRIES = 5  # to delete a folder that changes meanwhile
SCRATCH = "scratch-"  # begins the name of the scratch folder of a run
# Score files of the records of earlier versions, which wrote two of them; nothing reads them any more.
EARLIER_SCORES = re.compile(r"[0-9a-f]{64}\.(val|test)\.parquet")


def cache_usage() -> dict[str, tuple[int, int]]:
    """
    Count files and bytes in the cache, by folder.

    These are ``chunks`` of pictures, ``spectra`` of training reals, ``audits`` of files, and ``boards`` of tracking stores.
    """
    sizes: dict[str, list[int]] = {}
    for folder in cache_root().glob("[!.]*"):
        if files := list(_files(folder)):
            sizes[folder.name] = [file.st_size for file in files]
    return {name: (len(folder), sum(folder)) for name, folder in sorted(sizes.items())}


@dataclass(frozen=True)
class Pruned:
    """
    Outcome of a pruning.

    Attributes
    ----------
    files, bytes : int
        Deleted.
    kept : int
        Entries that were old enough and that a running command uses.
    earlier : int
        Those of the deleted files that lay among the results: score files of earlier versions.
    """

    files: int
    bytes: int
    kept: int
    earlier: int = 0


def prune_cache(days: float) -> Pruned:
    """
    Delete what was not used for `days`, of all folders of the cache, and what killed processes left unfinished.

    Score files of earlier versions go, too, though they lie among the results. What running commands use stays (`uses`).

    Raises
    ------
    DiskError
        If the cache cannot be written.
    """
    root, limit = cache_root(), time.time() - 86400 * days
    deleted = freed = kept = 0
    patterns = ("chunks/*/*", "spectra/*/*", "audits/*", "boards/*", f"{SCRATCH}*", f"{UNFINISHED}*")
    with deleting_entries(root) as claims:
        for folder in [folder for pattern in patterns for folder in root.glob(pattern)]:
            files = list(_files(folder))
            is_of_process = folder.parent == root
            is_left = is_of_process and is_abandoned(folder)
            if not is_left and files and max(map(_last_use, files)) > limit:
                continue
            if is_of_process and (folder / OWNER).exists() and not is_left:
                continue  # of a running command, which says by its other entries that it uses the cache
            if not claims.claim(folder):
                kept += 1
                continue
            if not _delete(folder):
                kept += 1
                continue
            deleted += len(files)
            freed += sum(file.st_size for file in files)
    earlier = list(_delete_earlier_scores(limit))
    return Pruned(deleted + len(earlier), freed + sum(earlier), kept, len(earlier))


def _delete_earlier_scores(limit: float) -> Iterator[int]:
    """Delete the score files of records that nothing reads any more, and yield the size of each."""
    for path in results_root().glob("records/*/*.parquet"):
        if EARLIER_SCORES.fullmatch(path.name):
            with contextlib.suppress(OSError):  # results that cannot be written are no fault of the cache
                facts = path.lstat()
                if stat.S_ISREG(facts.st_mode) and _last_use(facts) <= limit:
                    path.unlink()
                    yield facts.st_size


def _files(folder: Path) -> Iterator[os.stat_result]:
    """Yield what is known of each file in a folder; a running command may delete some of its own meanwhile."""
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                file = Path(place, name).stat()
                if stat.S_ISREG(file.st_mode):
                    yield file


def _delete(folder: Path) -> bool:
    """Delete a folder, and return True; False if others go on writing into it, or hold a file of it open on a shared disk."""
    for _ in range(TRIES):
        try:
            with writing(folder):
                shutil.rmtree(folder)
        except OSError as error:
            # Others may delete it, too: its process has ended since it was looked at, say.
            if error.errno not in (errno.ENOENT, errno.ENOTEMPTY, errno.EBUSY):
                raise
        if not folder.exists():
            return True
    return False


def _last_use(file: os.stat_result) -> float:
    return max(file.st_atime, file.st_mtime)
