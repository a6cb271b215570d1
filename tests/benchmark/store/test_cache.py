"""The cache is counted by folder, and pruned by the last use of whole chunks."""

import contextlib
import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from bandbench.benchmark.store.cache import Pruned, cache_usage, prune_cache
from bandbench.benchmark.store.folders import cache_root, results_root
from bandbench.benchmark.store.scratch import scratch_folder, unfinished_file
from bandbench.benchmark.store.uses import hold_entry, using_entries

DAY = 86400


def put(path: str, size: int, age_days: float) -> Path:
    file = cache_root() / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x" * size)
    used = time.time() - age_days * DAY
    os.utime(file, (used, used))
    os.utime(file.parent, (used, used))
    return file


def test_files_and_bytes_are_counted_by_folder() -> None:
    put("chunks/view/aa/one", 3, 0)
    put("chunks/view/bb/two", 4, 0)
    put("spectra/cc/three/sums.npz", 2, 0)
    put("boards/store/rows.sqlite", 5, 0)
    assert cache_usage() == {"boards": (1, 5), "chunks": (2, 7), "spectra": (1, 2)}


def test_a_chunk_is_kept_or_deleted_whole() -> None:
    old = put("chunks/view/old/a", 3, age_days=9)
    also_old = put("boards/store/runs.json", 2, age_days=9)
    of_reals = put("spectra/cc/old/sums.npz", 4, age_days=9)
    kept = put("chunks/view/used/a", 5, age_days=9)
    put("chunks/view/used/b", 5, age_days=1)
    of_a_killed_run = put("scratch-1/file", 7, age_days=9)
    elsewhere = put("encoders/weights", 11, age_days=9)
    assert prune_cache(days=7) == Pruned(files=4, bytes=16, kept=0)
    assert [path.exists() for path in (old, also_old, of_reals, of_a_killed_run)] == [False] * 4
    assert kept.exists()
    assert elsewhere.exists()


def test_score_files_of_earlier_versions_are_deleted_and_nothing_else_of_the_results() -> None:
    key, age = "0f" * 32, time.time() - 9 * DAY
    folder = results_root() / "records" / key[:2]
    folder.mkdir(parents=True)
    names = [f"{key}.val.parquet", f"{key}.test.parquet", f"{key}.parquet", f"{key}.json", "mine.val.parquet"]
    for name in names:
        (folder / name).write_bytes(b"12345")
        os.utime(folder / name, (age, age))
    (folder / f"{'a' * 64}.val.parquet").mkdir()
    assert prune_cache(days=30) == Pruned(0, 0, kept=0)
    assert prune_cache(days=7) == Pruned(files=2, bytes=10, kept=0, earlier=2)
    assert sorted(path.name for path in folder.iterdir()) == sorted([*names[2:], f"{'a' * 64}.val.parquet"])


def test_new_files_of_an_old_folder_are_kept() -> None:
    file = put("chunks/ab/one/a", 3, 0)
    before = time.time() - DAY
    os.utime(file.parent, (before, before))
    assert prune_cache(days=30) == Pruned(0, 0, kept=0)
    assert file.exists()


def test_what_is_in_use_is_kept_and_counted() -> None:
    used, other = put("chunks/ab/used/a", 3, 9), put("chunks/ab/other/a", 4, 9)
    with using_entries(cache_root()):
        hold_entry(cache_root(), used.parent)
        assert prune_cache(0) == Pruned(1, 4, kept=1)
    assert used.exists() and not other.exists()
    assert prune_cache(0) == Pruned(1, 3, kept=0)


@pytest.mark.parametrize("days", [0, 1])
def test_unfinished_work_of_the_living_is_kept(days: float) -> None:
    cache_root().mkdir(parents=True)
    with scratch_folder(cache_root(), "scratch-") as scratch:
        (scratch / "half").touch()
        unfinished = unfinished_file(cache_root())
        unfinished.touch()
        prune_cache(days)
        assert (scratch / "half").exists() and unfinished.exists()


def test_files_that_others_delete_meanwhile_are_no_error() -> None:
    stop = threading.Event()

    def come_and_go() -> None:
        while not stop.is_set():
            with contextlib.suppress(FileNotFoundError):
                put("chunks/view/new/a", 3, age_days=0)
            shutil.rmtree(cache_root() / "chunks" / "view" / "new", ignore_errors=True)

    other = threading.Thread(target=come_and_go)
    other.start()
    try:
        for _ in range(300):
            cache_usage()
            prune_cache(days=0)
    finally:
        stop.set()
        other.join()
