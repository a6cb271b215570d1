"""Scratch folders go with their block, and those of processes that were killed go when somebody comes after them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bandbench.benchmark.store.scratch import OWNER, SETTLED, remove_abandoned, scratch_folder, unfinished_file

OWNER_OF_TWO = """\
import sys, time
from pathlib import Path
from bandbench.benchmark.store.scratch import scratch_folder, unfinished_file

root = Path(sys.argv[1])
with scratch_folder(root, "scratch-") as folder:
    (folder / "half").write_text("half")
    unfinished_file(root).write_text("half")
    print("made", flush=True)
    time.sleep(3600)
"""


def started(root: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen([sys.executable, "-c", OWNER_OF_TWO, str(root)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "made\n"
    return process


def test_a_scratch_folder_goes_with_its_block(tmp_path: Path) -> None:
    with scratch_folder(tmp_path, "scratch-") as folder:
        (folder / "file").touch()
        assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    assert list(tmp_path.iterdir()) == []


def test_the_folders_of_the_living_stay_and_those_of_the_dead_go(tmp_path: Path) -> None:
    with started(tmp_path) as process:
        with scratch_folder(tmp_path, "scratch-"):
            assert len(list(tmp_path.glob("scratch-*"))) == 2
        assert remove_abandoned(tmp_path) == 0
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert len(list(tmp_path.iterdir())) == 2
        with scratch_folder(tmp_path, "scratch-"):
            assert len(list(tmp_path.glob("scratch-*"))) == 1
        left = set(tmp_path.iterdir())
        assert len(left) == 1
        new = unfinished_file(tmp_path).parent
    assert not left & set(tmp_path.iterdir()) and new.is_dir()


def test_a_process_takes_its_folder_along(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from bandbench.benchmark.store import scratch; scratch.unfinished_file(pathlib.Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    assert list(tmp_path.iterdir()) == []


def test_unfinished_files_have_names_of_their_own(tmp_path: Path) -> None:
    first, second = unfinished_file(tmp_path / "new"), unfinished_file(tmp_path / "new")
    assert first != second and first.parent == second.parent


def test_a_folder_that_was_deleted_is_made_again(tmp_path: Path) -> None:
    first = unfinished_file(tmp_path)
    (first.parent / OWNER).unlink()
    first.parent.rmdir()
    unfinished_file(tmp_path).write_text("works")


@pytest.mark.parametrize(("age", "n_removed"), [(0.0, 0), (2 * SETTLED, 1)])
def test_a_folder_without_an_owner_is_removed_when_it_is_old(tmp_path: Path, age: float, n_removed: int) -> None:
    folder = tmp_path / "scratch-x"
    folder.mkdir()
    made = folder.stat().st_mtime - age
    os.utime(folder, (made, made))
    assert remove_abandoned(tmp_path, "scratch-") == n_removed
