"""Size of the cache, and its pruning."""

import shutil
import time

from .folders import cache_root

SCRATCH = "scratch-"  # begins the name of the scratch folder of a run


def cache_usage() -> dict[str, tuple[int, int]]:
    """
    Count files and bytes in the cache, by folder.

    These are ``chunks`` of pictures, ``spectra`` of training reals, ``audits`` of files, and ``boards`` of tracking stores.
    """
    sizes: dict[str, list[int]] = {}
    for path in cache_root().rglob("*"):
        if path.is_file():
            sizes.setdefault(path.relative_to(cache_root()).parts[0], []).append(path.stat().st_size)
    return {name: (len(folder), sum(folder)) for name, folder in sorted(sizes.items())}


def prune_cache(days: float) -> tuple[int, int]:
    """
    Delete what was not used for `days`, of all folders of the cache, and scratch folders of killed runs.

    Returns
    -------
    files, bytes : int
        Deleted.
    """
    root, limit = cache_root(), time.time() - 86400 * days
    deleted = freed = 0
    patterns = ("chunks/*/*", "spectra/*/*", "audits/*", "boards/*", "scratch-*")
    for folder in [folder for pattern in patterns for folder in root.glob(pattern)]:
        files = [path for path in folder.rglob("*") if path.is_file()]
        if files and max(max(p.stat().st_atime, p.stat().st_mtime) for p in files) > limit:
            continue
        deleted += len(files)
        freed += sum(path.stat().st_size for path in files)
        shutil.rmtree(folder, ignore_errors=True)
    return deleted, freed
