"""Scratch folders go with their block, and those of processes that were killed go when somebody comes after them."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bandbench.benchmark.store.scratch import FOREIGN, OWNER, remove_abandoned, scratch_folder, unfinished_file

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


def aged(folder: Path, age: float) -> Path:
    made = folder.stat().st_mtime - age
    os.utime(folder, (made, made))
    return folder


@pytest.mark.parametrize(
    ("name", "locked_by", "age", "n_removed"),
    [
        ("scratch-{here}-1", OWNER, 0.0, 1),  # of a process that died
        ("scratch-another_machine-1", OWNER, 0.0, 0),  # its locks may not be seen here
        ("scratch-another_machine-1", OWNER, 2 * FOREIGN, 1),
        ("scratch-{here}-1", "", 2 * FOREIGN, 0),  # no folder of ours: those have a lock file before their name
        (".new-{here}-1", OWNER, 0.0, 0),  # its owner may be about to take the lock
        (".new-{here}-1", "", 2 * FOREIGN, 1),
    ],
)
def test_only_what_its_owner_cannot_need_is_removed(
    tmp_path: Path, name: str, locked_by: str, age: float, n_removed: int
) -> None:
    folder = tmp_path / name.format(here=re.sub(r"\W", "_", os.uname().nodename))
    folder.mkdir()
    if locked_by:
        (folder / locked_by).touch()
    aged(folder, age)
    assert remove_abandoned(tmp_path, "scratch-") == n_removed


def test_a_prefix_is_no_pattern(tmp_path: Path) -> None:
    with scratch_folder(tmp_path, ".model[1]-") as folder:
        assert folder.name.startswith(".model[1]-")
        assert remove_abandoned(tmp_path, ".model*") == 0
