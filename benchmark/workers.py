"""Worker processes: started once, one numeric thread each, ended with their owner."""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, TypeVar

from .errors import BenchError, show_sentences
from .store.folders import cache_root, results_root, study_lock_file
from .store.scratch import remove_abandoned

Result = TypeVar("Result")
PR_SET_PDEATHSIG = 1  # of <sys/prctl.h>
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of <malloc.h>
LARGE = 3 * 2**19  # bytes; arrays of crops that are measured together are smaller, columns of a large data set are larger
KEPT_FREE = 4 * LARGE
_LIBC = ctypes.CDLL(None)
SECONDS_TO_DIE = 1.0  # that killed processes are waited for
SIGNALS_APART = 0.3  # seconds between the signals that the processes of one group get
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_DIED = (
    "a worker process died, most likely for lack of memory. What was finished is kept: "
    "run the same command again, with --jobs 1 if it dies again."
)


# What nearly every worker needs. They are forked from a server that has imported it: once, not once per worker.
PRELOAD = [
    *("bandbench.benchmark.search.preload", "scipy.fft", "scipy.special", "sklearn.svm", "sklearn.linear_model"),
    *("matplotlib.figure", "matplotlib.backends.backend_agg"),
]


def warm_up_for(study: str) -> None:
    """Warm up for a study by its name or file, unless a run of it has begun before: there may be nothing left to compute."""
    if not study_lock_file(Path(study).stem).exists():
        warm_up()


def warm_up(preload: Sequence[str] = PRELOAD) -> None:
    """Start the server that workers are forked from, so that it imports while its owner does something else."""
    from multiprocessing import forkserver, resource_tracker

    end_if_imported_by_a_worker()

    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    multiprocessing.get_context("forkserver").set_forkserver_preload(list(preload))
    resource_tracker.ensure_running()  # it unblocks Ctrl-C when it starts
    with _blocking_interrupts():
        forkserver.ensure_running()


def end_if_imported_by_a_worker() -> None:
    """
    End a worker process that imports the caller's script again, before the script's work runs a second time.

    It ends without a word: its owner sees it and says why (`Workers.submit`).
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):  # how multiprocessing itself tells
        sys.exit(1)


def start_worker(environment: Mapping[str, str]) -> None:
    """
    Begin the life of a worker process: one numeric thread, Ctrl-C left to its owner, an end when the owner ends.

    Parameters
    ----------
    environment : mapping of str to str
        Variables to set; where the process was started they may have been others.
    """
    os.environ.update(dict.fromkeys(ONE_THREAD, "1") | dict(environment))  # for libraries that are loaded from now on
    show_sentences()
    steady_memory()
    # Ctrl-C reaches the whole process group; the owner decides what happens to its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    threading.Thread(target=_end_with_owner, daemon=True).start()
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)


def steady_memory() -> None:
    """
    Let this process keep the memory of small arrays for the next ones, and return that of large arrays when they are deleted.

    With its defaults the C library asks the system for the small ones again and again, which takes a tenth of the time of a
    pass over pictures, and keeps what large ones leave behind, as Arrow's allocator does: of a study of 100,000 pictures a
    fifth of the memory. Without effect on the first of these outside of Linux with glibc.
    """
    with contextlib.suppress(AttributeError):
        _LIBC.mallopt(M_MMAP_THRESHOLD, LARGE)
        _LIBC.mallopt(M_TRIM_THRESHOLD, KEPT_FREE)
    import pyarrow as pa

    pa.set_memory_pool(pa.system_memory_pool())


def settled_environment() -> dict[str, str]:
    """Return the variables that a worker shares with its owner; their folders are absolute, as it may begin elsewhere."""
    environment = {name: value for name, value in os.environ.items() if name.startswith("BANDBENCH_")}
    return environment | {"BANDBENCH_HOME": str(results_root()), "BANDBENCH_CACHE": str(cache_root())}


@contextlib.contextmanager
def _blocking_interrupts() -> Iterator[None]:
    """
    Start processes that Ctrl-C does not reach from their first instruction on; their owner handles it.

    It is blocked and not ignored, so that this process gets it after the block.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with_parent(number: int = signal.SIGKILL) -> None:
    """
    Let the kernel end this process when its parent dies, whatever it is doing then; without effect outside of Linux.

    The parent of a worker is the server that forked it, which ends with the owner.

    Parameters
    ----------
    number : int
        Signal that it gets.
    """
    with contextlib.suppress(AttributeError):
        _LIBC.prctl(PR_SET_PDEATHSIG, number)


def _end_with_owner() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


class WorkLostError(BenchError):
    """Work that workers of a cluster began several times and that ended none of them, as the process died each time."""


class Workers:
    """
    A pool of processes with one numeric thread each, started when first needed.

    One thread, because the order in which several add numbers up would show in the last digit of a score.

    Parameters
    ----------
    jobs : int
    preload : sequence of str
        Modules that the server imports before workers are forked from it.
    """

    def __init__(self, jobs: int, preload: Sequence[str] = PRELOAD) -> None:
        self._jobs = jobs
        self._preload = preload
        self._pool: ProcessPoolExecutor | None = None

    @property
    def jobs(self) -> int:
        """Number of processes that work at the same time; on a cluster it may change."""
        return self._jobs

    def submit(self, function: Callable[..., Result], *args: Any) -> "Future[Result]":
        """
        Run a function of this package in a worker.

        Raises
        ------
        BenchError
            If workers cannot be started.
        """
        if self._pool is None:
            warm_up(self._preload)
            context = multiprocessing.get_context("forkserver")
            # The first process waits until the server has imported everything: here, where Ctrl-C may interrupt it.
            first = context.Process(target=int)
            first.start()
            first.join()
            if first.exitcode:
                raise BenchError(_why_it_ended(first.exitcode))
            self._pool = ProcessPoolExecutor(self.jobs, context, start_worker, (settled_environment(),))
        return self._pool.submit(function, *args)

    def close(self) -> None:
        """End the workers after what they are doing now; drop what they have not begun."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def abandon(self) -> None:
        """
        End the workers at once, whatever they do.

        What they write is complete or absent, as files are written under another name and renamed.
        """
        if self._pool is None:
            return
        kill_processes(self._pool)
        self._pool.shutdown(wait=False, cancel_futures=True)
        for root in (results_root(), cache_root()):
            remove_abandoned(root)


def kill_processes(pool: ProcessPoolExecutor) -> None:
    """End the processes of a pool at once; executors have no public way to do so before Python 3.14."""
    processes = list((getattr(pool, "_processes", None) or {}).values())
    for process in processes:
        process.kill()
    deadline = time.monotonic() + SECONDS_TO_DIE
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))


def _why_it_ended(code: int) -> str:
    """Reason why a process that had nothing to do but to start has ended with an error."""
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    if code < 0 or script is None:
        return _DIED
    return (
        f"worker processes cannot be started: each of them imports {script}, and that import did not come to its end. "
        f"Put what the script does, besides imports and definitions, below the line\n"
        f'    if __name__ == "__main__":\n'
        f"so that it does not run again in every worker."
    )


@contextlib.contextmanager
def running_workers(jobs: int, preload: Sequence[str] = PRELOAD) -> Iterator[Workers]:
    """
    Open workers for a block; they are ended at once where the block is left by an exception, Ctrl-C included.

    Raises
    ------
    BenchError
        If one of them dies.
    """
    end_if_imported_by_a_worker()
    workers = Workers(jobs, preload)
    try:
        yield workers
    except BrokenProcessPool as error:
        workers.abandon()
        time.sleep(SIGNALS_APART)  # who ends all processes of a group ends this one, too, and no worker died by itself
        raise BenchError(_DIED) from error
    except BaseException:
        workers.abandon()
        raise
    workers.close()


def as_completed(futures: Any) -> Iterator[Future]:
    waiting = set(futures)
    while waiting:
        # Short waits keep Ctrl-C quick and the clock of the progress display moving.
        done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
        yield from done


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Limit OpenCV to one thread: with several, the order of detected faces depends on their speed."""
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
