"""Size of the cache, and its pruning."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from .disk import writing
from .folders import cache_root
from .scratch import OWNER, UNFINISHED, is_abandoned
from .uses import deleting_entries

SCRATCH = "scratch-"  # begins the name of the scratch folder of a run


def cache_usage() -> dict[str, tuple[int, int]]:
    """
    Count files and bytes in the cache, by folder.

    These are ``chunks`` of pictures, ``spectra`` of training reals, ``audits`` of files, and ``boards`` of tracking stores.
    """
    sizes: dict[str, list[int]] = {}
    for path in cache_root().rglob("*"):
        if path.is_file() and not path.relative_to(cache_root()).parts[0].startswith("."):
            sizes.setdefault(path.relative_to(cache_root()).parts[0], []).append(path.stat().st_size)
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
    """

    files: int
    bytes: int
    kept: int


def prune_cache(days: float) -> Pruned:
    """
    Delete what was not used for `days`, of all folders of the cache, and what killed processes left unfinished.

    What running commands use stays (`uses`).

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
            files = [path for path in folder.rglob("*") if path.is_file()]
            is_of_process = folder.parent == root
            is_left = is_of_process and is_abandoned(folder)
            if not is_left and files and max(map(_last_use, files)) > limit:
                continue
            if is_of_process and (folder / OWNER).exists() and not is_left:
                continue  # of a running command, which says by its other entries that it uses the cache
            if not claims.claim(folder):
                kept += 1
                continue
            deleted += len(files)
            freed += sum(path.stat().st_size for path in files)
            with writing(folder):
                shutil.rmtree(folder)
    return Pruned(deleted, freed, kept)


def _last_use(path: Path) -> float:
    times = path.stat()
    return max(times.st_atime, times.st_mtime)
