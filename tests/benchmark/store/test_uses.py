"""An entry that somebody uses cannot be claimed by who deletes; the kernel releases what a killed process held."""

import signal
import subprocess
import sys
from pathlib import Path

from bandbench.benchmark.store.uses import LOCK, deleting_entries, hold_entry, using_entries

HOLDER = """\
import sys, time
from pathlib import Path
from bandbench.benchmark.store.uses import hold_entry

hold_entry(Path(sys.argv[1]), Path(sys.argv[1], "chunks", "ab"))
print("held", flush=True)
time.sleep(3600)
"""


def free(root: Path, name: str) -> bool:
    with deleting_entries(root) as claims:
        return claims.claim(root / "chunks" / name)


def test_an_entry_is_held_until_the_outermost_block_ends(tmp_path: Path) -> None:
    with using_entries(tmp_path):
        with using_entries(tmp_path):
            hold_entry(tmp_path, tmp_path / "chunks" / "ab")
        assert not free(tmp_path, "ab")
        assert free(tmp_path, "cd")
    assert free(tmp_path, "ab")


def test_several_hold_one_entry(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        with using_entries(tmp_path):
            hold_entry(tmp_path, tmp_path / "chunks" / "ab")
        assert not free(tmp_path, "ab"), "the other process holds it still"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert free(tmp_path, "ab")


def test_whoever_deletes_keeps_others_from_beginning_to_use(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with deleting_entries(tmp_path) as claims:
        assert claims.claim(tmp_path / "chunks" / "ab")
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            waits = True
        else:
            waits = False
    assert waits
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    process.kill()
    process.communicate()


def test_without_a_lock_file_nothing_is_known_to_be_in_use(tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    with using_entries(absent):
        hold_entry(absent, absent / "chunks" / "ab")
        assert free(absent, "ab")
    assert not absent.exists()
    with using_entries(tmp_path):
        assert (tmp_path / LOCK).exists()
