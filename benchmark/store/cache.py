"""Size of the cache, and its pruning."""

import shutil
import time

from .folders import cache_root


def cache_usage() -> dict[str, tuple[int, int]]:
    """Count files and bytes by folder of the cache: ``chunks`` of pictures, ``spectra`` of reals, ``boards`` of stores."""
    sizes: dict[str, list[int]] = {}
    for path in cache_root().rglob("*"):
        if path.is_file():
            sizes.setdefault(path.relative_to(cache_root()).parts[0], []).append(path.stat().st_size)
    return {name: (len(folder), sum(folder)) for name, folder in sorted(sizes.items())}


def prune_cache(days: float) -> tuple[int, int]:
    """
    Delete chunks, spectra and copies from tracking stores that were not used for `days`, and scratch folders of killed runs.

    Returns
    -------
    files, bytes : int
        Deleted.
    """
    root, limit = cache_root(), time.time() - 86400 * days
    deleted = freed = 0
    for folder in [*root.glob("chunks/*/*"), *root.glob("spectra/*/*"), *root.glob("boards/*"), *root.glob("scratch-*")]:
        files = [path for path in folder.rglob("*") if path.is_file()]
        if files and max(max(p.stat().st_atime, p.stat().st_mtime) for p in files) > limit:
            continue
        deleted += len(files)
        freed += sum(path.stat().st_size for path in files)
        shutil.rmtree(folder, ignore_errors=True)
    return deleted, freed
