"""Worker processes: started, ended, and what is said when they cannot be."""

import os
import platform
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures.process import BrokenProcessPool, _ExecutorManagerThread
from multiprocessing import forkserver
from pathlib import Path

import numpy as np
import psutil
import pytest

from bandbench.benchmark import workers
from bandbench.benchmark.frequency import published_rings, stacks
from bandbench.benchmark.store.folders import cache_root, results_root, study_lock_file, working_folder
from bandbench.benchmark.workers import WorkLostError, running_workers
from work_for_clusters import end_abruptly, end_beside, end_the_first_time, stay_the_first_time

UNGUARDED = """\
from bandbench.benchmark.workers import running_workers

print("working")
with running_workers(1, []) as workers:
    print(workers.submit(abs, -3).result())
"""
GUARDED = UNGUARDED.replace('print("working")', "def main():").replace("with", "    with").replace("    print", "        print")

# An array has pages of its own, which go back with it, although a larger one was deleted before: memory that the C library
# takes from the system for one array begins 16 bytes behind the beginning of a page.
ALLOCATING = """\
import mmap
import numpy as np
import pyarrow as pa
from bandbench.benchmark.workers import LARGE, running_workers

def allocators():
    largest = np.empty(30 * 2**20, np.uint8)  # the C library changes its ways up to 32 MiB
    del largest
    return np.empty(2 * LARGE, np.uint8).ctypes.data % mmap.PAGESIZE == 16, pa.default_memory_pool().backend_name

if __name__ == "__main__":
    with running_workers(1, []) as workers:
        print(*workers.submit(allocators).result())
"""


def run_script(tmp_path: Path, text: str) -> subprocess.CompletedProcess[str]:
    script = tmp_path / "script.py"
    script.write_text(text)
    return subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120)


def test_a_script_without_a_main_guard_is_told_so(tmp_path: Path) -> None:
    done = run_script(tmp_path, UNGUARDED)
    assert done.returncode == 1
    assert f"each of them imports {tmp_path / 'script.py'}" in done.stderr
    assert 'if __name__ == "__main__":' in done.stderr
    assert "memory" not in done.stderr
    assert done.stderr.count("Traceback") == 1  # that of the script, and none of its workers


def test_a_script_with_one_works(tmp_path: Path) -> None:
    done = run_script(tmp_path, f'{GUARDED}\nif __name__ == "__main__":\n    main()\n')
    assert (done.returncode, done.stdout) == (0, "3\n"), done.stderr


def test_a_study_that_has_begun_before_starts_its_workers_when_it_needs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    monkeypatch.setattr(workers, "warm_up", lambda: started.append("warm"))
    workers.warm_up_for("studies/mine.yaml")
    study_lock_file("mine").parent.mkdir(parents=True)
    study_lock_file("mine").touch()
    workers.warm_up_for("studies/mine.yaml")
    assert started == ["warm"]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc; nothing to install")
def test_workers_return_the_memory_of_large_arrays(tmp_path: Path) -> None:
    done = run_script(tmp_path, ALLOCATING)
    assert (done.returncode, done.stdout) == (0, "True system\n"), done.stderr


def test_workers_keep_the_memory_of_crops_that_are_measured_together() -> None:
    """Memory that goes back to the system and comes again for every few crops costs as much time as their transforms."""
    assert published_rings.AT_A_TIME * np.float64().itemsize < workers.LARGE
    assert stacks.IN_CACHE * np.float64().itemsize < workers.LARGE


def test_workers_answer() -> None:
    with running_workers(1, []) as workers:
        assert workers.submit(abs, -3).result() == 3


def test_a_relative_folder_is_the_same_one_in_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BANDBENCH_HOME", "home")
    monkeypatch.setenv("BANDBENCH_CACHE", "cache")
    with running_workers(1, []) as workers:
        assert workers.submit(results_root).result() == tmp_path / "home"
        assert workers.submit(cache_root).result() == tmp_path / "cache"


INTERRUPTED = """\
import time
from bandbench.benchmark.workers import running_workers

if __name__ == "__main__":
    try:
        with running_workers(1, []) as workers:
            work = workers.submit(time.sleep, 3600)
            while not work.running():
                time.sleep(0.05)
            print("at work", flush=True)
            while True:
                time.sleep(0.05)
    except KeyboardInterrupt:
        print("interrupted, done:", work.done() and work.exception() is None, flush=True)
"""


def interrupted(tmp_path: Path, number: int) -> tuple[str, str]:
    """Standard output and error of a script that is interrupted while its worker would sleep for an hour."""
    (tmp_path / "script.py").write_text(INTERRUPTED)
    script = subprocess.Popen(
        [sys.executable, str(tmp_path / "script.py")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert script.stdout is not None
    try:
        assert script.stdout.readline() == "at work\n"
        children = psutil.Process(script.pid).children(recursive=True)
        script.send_signal(number)
        answer = script.communicate(timeout=240)
    finally:
        script.kill()
    psutil.wait_procs(children, timeout=60)
    assert not [child for child in children if child.is_running()]
    return answer


def test_an_interrupt_ends_the_work_and_its_processes(tmp_path: Path) -> None:
    out, err = interrupted(tmp_path, signal.SIGINT)
    assert (out, err) == ("interrupted, done: False\n", "")


def test_workers_die_with_an_owner_that_is_killed(tmp_path: Path) -> None:
    assert interrupted(tmp_path, signal.SIGKILL)[0] == ""


def test_workers_end_at_once_when_the_block_fails() -> None:
    with pytest.raises(ValueError, match="in the owner"), running_workers(1, []) as workers:
        work = workers.submit(time.sleep, 3600)
        while not work.running():
            time.sleep(0.01)
        raise ValueError("in the owner")
    assert isinstance(work.exception(timeout=60), BrokenProcessPool)


@pytest.mark.parametrize(
    ("number", "how"),
    [
        (0, "it ended itself with exit code 7."),
        (signal.SIGSEGV, "it was killed (SIGSEGV)."),
        (signal.SIGKILL, "it was killed (SIGKILL, most likely for lack of memory)."),
    ],
)
def test_work_that_ends_its_process_is_lost_and_all_other_is_done(number: int, how: str) -> None:
    notes: list[str] = []
    with running_workers(2, [], notes.append) as workers:
        works = {name: workers.submit(end_abruptly, number, name, "ch") for name in "abcdefghij"}
        answers = {name: work.exception(timeout=60) or work.result() for name, work in works.items()}
        later = workers.submit(end_abruptly, number, "z", "").result(timeout=60)
    assert later == "z"
    lost = {name: answers.pop(name) for name in "ch"}
    assert answers == {name: name for name in "abdefgij"}
    for error in lost.values():
        assert isinstance(error, WorkLostError)
        assert str(error) == f"its worker process died twice, the second time with no other work beside it: {how}"
    assert set(notes) == {
        f"A worker process {how[3:-1]}. The work in progress is repeated piece by piece, to find what ends it."
    }


def test_the_exit_code_is_told_that_the_process_ended_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server of a process tells it once: here the thread of the pool always asks while another one is about to."""
    at_once = forkserver.read_signed

    def read_late(channel: int) -> int:
        if not isinstance(threading.current_thread(), _ExecutorManagerThread):
            time.sleep(0.5)
        return at_once(channel)

    monkeypatch.setattr(forkserver, "read_signed", read_late)
    with running_workers(2, []) as workers, pytest.raises(WorkLostError, match="ended itself with exit code 3"):
        workers.submit(os._exit, 3).result(timeout=60)


def test_a_worker_that_does_not_end_when_told_to_holds_nothing_up(tmp_path: Path) -> None:
    with running_workers(2, []) as workers:
        stubborn = workers.submit(stay_the_first_time, tmp_path / "mark")
        ending = workers.submit(end_beside, tmp_path / "mark")
        workers.submit(abs, -3)  # a pool notices the end of the process that it started last when it is given more to do
        with pytest.raises(WorkLostError, match="ended itself with exit code 3"):
            ending.result(timeout=60)
        assert stubborn.result(timeout=60) == "done"


def test_work_whose_process_died_once_is_done(tmp_path: Path) -> None:
    with running_workers(1, []) as workers:
        assert workers.submit(end_the_first_time, tmp_path / "mark").result(timeout=60) == "done"


def test_workers_that_die_without_work_are_replaced() -> None:
    with running_workers(1, []) as workers:
        idle = workers.submit(os.getpid).result(timeout=60)
        os.kill(idle, signal.SIGKILL)
        assert workers.submit(abs, -3).result(timeout=60) == 3


def test_work_that_waits_for_another_pool_can_be_cancelled() -> None:
    """And none that is in one, which would not survive it."""
    broken = threading.Event()
    with running_workers(1, [], lambda _: broken.set()) as workers:
        works = [workers.submit(os._exit, 1), *(workers.submit(abs, -n) for n in range(8))]
        assert not works[-1].cancel()
        assert broken.wait(60)
        assert works[-1].cancel()
        assert [work.result(timeout=60) for work in works[1:-1]] == list(range(7))
        assert (works[-1].cancelled(), works[-1].done()) == (True, True)


def test_workers_end_at_once_while_they_look_for_what_killed_one(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="in the owner"), running_workers(1, []) as workers:
        workers.submit(os._exit, 1)
        workers.submit(time.sleep, 3600)
        children = []
        while len(children) < 1:
            time.sleep(0.4)
            children = [child for child in psutil.Process().children(recursive=True) if child.is_running()]
        begun = time.monotonic()
        raise ValueError("in the owner")
    assert time.monotonic() - begun < 30


def test_relative_names_are_those_of_the_folder_that_a_worker_began_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code of a detector may change the folder of its process."""
    monkeypatch.chdir(tmp_path)
    with running_workers(1, []) as workers:
        workers.submit(os.chdir, "/").result(timeout=60)
        assert workers.submit(os.getcwd).result(timeout=60) == "/"
        assert workers.submit(working_folder).result(timeout=60) == tmp_path
    assert working_folder() == tmp_path
