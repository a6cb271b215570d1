"""A disk that fails is one sentence: which file, why, the room that is left, and the way out."""

import errno
import os
import pickle
import sqlite3
import tempfile
from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.errors import BenchError, DiskError
from bandbench.benchmark.store.disk import REASONS, disk_error, disk_failure, writing
from bandbench.benchmark.store.folders import cache_root, results_root


def os_error(number: int, path: Path | None = None) -> OSError:
    return OSError(number, os.strerror(number), *([str(path)] if path else []))


@pytest.mark.parametrize("number", sorted(REASONS))
def test_every_failure_is_told_with_place_reason_room_and_way_out(number: int) -> None:
    place = results_root() / "records" / "a.json"
    with pytest.raises(DiskError) as raised, writing(place):
        raise os_error(number)
    text = str(raised.value)
    assert text.startswith(f"cannot write {place}: {REASONS[number]}")
    assert "BANDBENCH_HOME" in text
    assert ("MB are free" in text) is (number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
    assert text.endswith("Then repeat the command." if number == errno.EROFS else "the same command continues.")


def test_the_room_that_is_needed_is_told_where_it_is_known() -> None:
    with pytest.raises(DiskError, match=r"MB are free; 1,234\.5 MB are needed\)"), writing(results_root() / "a", 1_234_500_000):
        raise os_error(errno.ENOSPC)
    with pytest.raises(DiskError) as raised, writing(results_root() / "a", 1_234_500_000):
        raise os_error(errno.EROFS)
    assert " MB " not in str(raised.value)


def test_the_variable_is_that_of_the_folder() -> None:
    with pytest.raises(DiskError, match=r"bench cache prune.*set BANDBENCH_CACHE"), writing(cache_root() / "chunks" / "x"):
        raise os_error(errno.ENOSPC)
    with pytest.raises(DiskError, match="or name another place"), writing(Path("/elsewhere/page.html")):
        raise os_error(errno.ENOSPC)


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a second disk")
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_pruning_the_cache_is_advised_where_it_lies_on_the_full_disk(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    place = results_root() / "records" / "a.json"
    assert "bench cache prune" in str(disk_error(place, os_error(number)))
    with tempfile.TemporaryDirectory(dir="/dev/shm") as other:
        monkeypatch.setenv("BANDBENCH_CACHE", f"{other}/not/made/yet")
        assert "cache prune" not in str(disk_error(place, os_error(number)))
        assert "cache prune" in str(disk_error(Path(other, "page.html"), os_error(number)))


def test_a_disk_error_has_exit_code_1_and_can_be_sent_by_a_worker() -> None:
    assert DiskError.exit_code == 1 and BenchError.exit_code == 2
    assert str(pickle.loads(pickle.dumps(DiskError("full")))) == "full"


def test_missing_rights_count_for_the_written_place_alone(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match="Permission denied"), writing(tmp_path / "out.csv"):
        raise os_error(errno.EACCES, tmp_path / ".out.csv.1.tmp")
    with pytest.raises(PermissionError), writing(tmp_path / "out.csv"):
        raise os_error(errno.EACCES, Path("/etc/shadow"))


def test_other_errors_pass() -> None:
    with pytest.raises(FileNotFoundError), writing(Path("/tmp/x")):
        raise os_error(errno.ENOENT, Path("/data/picture.png"))
    assert disk_failure(ValueError("x")) is None
    assert disk_failure(os_error(errno.ENOENT, Path("/data/picture.png"))) is None


def test_a_short_write_of_numpy_is_a_full_disk(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match="the disk is full"), writing(tmp_path / "x.npy"), Path("/dev/full").open("wb") as full:
        np.zeros(10**6).tofile(full)


def test_a_full_database_is_a_full_disk(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "small.db")
    connection.execute("PRAGMA max_page_count = 2")
    try:
        connection.execute("CREATE TABLE t (x BLOB)")
        connection.execute("INSERT INTO t VALUES (zeroblob(100000))")
    except sqlite3.OperationalError as error:
        wrapped = RuntimeError("of an ORM")
        wrapped.__cause__ = error
        assert "the disk is full" in str(disk_failure(wrapped))
    else:
        pytest.fail("the database took more than two pages")
    finally:
        connection.close()


def test_what_was_deleted_while_in_use_is_told() -> None:
    gone = os_error(errno.ENOENT, cache_root() / "chunks" / "ab" / "crops.npy")
    assert "is gone: somebody has deleted it while it was in use" in str(disk_failure(gone))
    later = KeyError("a bug")
    later.__context__ = gone  # handled, and then something else went wrong
    assert disk_failure(later) is None
