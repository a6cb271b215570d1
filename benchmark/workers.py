"""Worker processes: started once, one numeric thread each, ended with their owner."""

import contextlib
import ctypes
import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, InvalidStateError, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar

from .errors import BenchError, show_sentences
from .store.folders import cache_root, keep_working_folder, results_root, was_begun
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


# What the server imports that workers of a study are forked from.
PRELOAD = ["bandbench.benchmark.search.preload"]


def warm_up_for(study: str) -> None:
    """Warm up for a study by its name or file, unless a run of it has begun before."""
    if not was_begun(Path(study).stem):
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
    gc.freeze()  # a search for garbage in what was imported before the fork would copy all of it, page by page
    keep_working_folder()
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
    """Work that workers began several times and that ended none of them, as the process died each time."""


class _Work(Future[Any]):
    """Work for a pool; where its pool breaks, it goes into another one (`inner`), and whoever waits for it does not notice."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        super().__init__()
        self.function, self.args = function, args
        self.inner: Future[Any] | None = None

    def running(self) -> bool:
        return not self.done() and self.inner is not None and self.inner.running()

    def cancel(self) -> bool:
        """Cancel what waits for another pool: a pool that breaks does not bear it that one of its futures was cancelled."""
        if self.inner is not None and not _has_broken(self.inner):
            return False
        return super().cancel()

    def end_as(self, inner: Future[Any]) -> None:
        """Take the result or the exception of the pool's future."""
        with contextlib.suppress(InvalidStateError):  # it was cancelled meanwhile
            if inner.cancelled():
                super().cancel()
            elif error := inner.exception():
                self.set_exception(error)
            else:
                self.set_result(inner.result())


class Workers:
    """
    A pool of processes with one numeric thread each, started when first needed.

    One thread, because the order in which several add numbers up would show in the last digit of a score.

    A process that dies breaks its pool. The work that was in its hands then is done again piece by piece, each with no other
    beside it: what kills its process a second time is lost (`WorkLostError`), all else goes on.

    Parameters
    ----------
    jobs : int
    preload : sequence of str
        Modules that the server imports before workers are forked from it.
    note : callable, optional
        Receives the line for the user when a process has died.
    """

    def __init__(self, jobs: int, preload: Sequence[str] = PRELOAD, note: Callable[[str], None] | None = None) -> None:
        self._jobs = jobs
        self._preload = preload
        self._note = note
        self._pool: ProcessPoolExecutor | None = None
        self._changing = threading.RLock()  # threads of pools end futures; never held while a pool is asked for something
        self._working: dict[_Work, None] = {}  # in the pool
        self._kept_back: list[_Work] = []  # until a broken pool is replaced
        self._recovery: threading.Thread | None = None
        self._over = threading.Event()

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
            If workers cannot be started. The future raises `WorkLostError` if the process died twice.
        """
        work = _Work(function, args)
        self._begin(work)
        return work

    def _open(self) -> ProcessPoolExecutor:
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
        return self._pool

    def _begin(self, work: _Work) -> None:
        """Hand work to the pool, or let it wait until a broken one is replaced."""
        with self._changing:
            if self._recovery is not None:
                self._kept_back.append(work)
                return
            pool = self._open()
            self._working[work] = None
        try:
            work.inner = pool.submit(work.function, *work.args)
        except BrokenProcessPool:  # the threads of the pool have not said so yet, or no work was in it
            with self._changing:
                self._replace(pool)
            return
        work.inner.add_done_callback(partial(self._end, work, pool))

    def _end(self, work: _Work, pool: ProcessPoolExecutor, inner: Future[Any]) -> None:
        """Hand on how work ended, unless its pool has broken."""
        with self._changing:
            if _has_broken(inner) and not self._over.is_set():
                self._replace(pool, work)
                return
            self._working.pop(work, None)
        work.end_as(inner)

    def _replace(self, pool: ProcessPoolExecutor, first: _Work | None = None) -> None:
        """Begin to replace a broken pool, once; `first` says so first, when all other work still looks as it did."""
        if pool is not self._pool:
            return
        suspects = [work for work in self._working if work is first or work.running() or _has_broken(work.inner)]
        others = set(self._working).difference(suspects)
        self._kept_back = [work for work in self._working if work in others and not (work.inner and work.inner.done())]
        self._working, self._pool = {}, None
        # In a thread of its own: that of the broken pool still has to end its processes.
        self._recovery = threading.Thread(target=self._recover, args=(suspects, pool), daemon=True)
        self._recovery.start()

    def _recover(self, suspects: Sequence[_Work], broken: ProcessPoolExecutor) -> None:
        """Find the work that kills its process, and go on with the rest."""
        time.sleep(SIGNALS_APART)  # who ends all processes of a group ends this one, too, and no worker died by itself
        how = _end_broken(broken)
        if self._note is not None and not self._over.is_set():
            self._note(f"A worker process {how}. The work in progress is repeated piece by piece, to find what ends it.")
        try:
            for work in suspects:
                self._try_alone(work)
            with self._changing:
                self._recovery, waiting = None, self._kept_back
                self._kept_back = []
            for work in waiting:
                if not (work.cancelled() or self._over.is_set()):
                    work.inner = None
                    self._begin(work)
        except BaseException as error:  # workers cannot be started any more
            with self._changing:
                self._recovery, left = None, [*suspects, *self._kept_back, *self._working]
                self._kept_back = []
            for work in left:
                with contextlib.suppress(InvalidStateError):
                    work.set_exception(error)

    def _try_alone(self, work: _Work) -> None:
        """Do work with no other beside it; if its process dies again, it is lost."""
        with self._changing:
            if self._over.is_set() or work.cancelled():
                return
            pool = self._open()
        inner = work.inner = pool.submit(work.function, *work.args)
        if self._over.is_set():  # `abandon` may have come before the process was there
            kill_processes(pool)
        wait([inner])
        if not _has_broken(inner) or self._over.is_set():
            work.end_as(inner)
            return
        with self._changing:
            self._pool = None
        text = f"its worker process died twice, the second time with no other work beside it: it {_end_broken(pool)}."
        with contextlib.suppress(InvalidStateError):
            work.set_exception(WorkLostError(text))

    def close(self) -> None:
        """End the workers after what they are doing now; drop what they have not begun."""
        self._over.set()
        if self._recovery is not None:
            self._recovery.join()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def abandon(self) -> None:
        """
        End the workers at once, whatever they do.

        What they write is complete or absent, as files are written under another name and renamed.
        """
        self._over.set()
        free = self._changing.acquire(timeout=SECONDS_TO_DIE)  # a pool may be about to be replaced
        pool = self._pool
        if free:
            self._changing.release()
        if pool is None:
            return
        kill_processes(pool)
        pool.shutdown(wait=False, cancel_futures=True)
        for root in (results_root(), cache_root()):
            remove_abandoned(root)


def _processes_of(pool: ProcessPoolExecutor) -> list[BaseProcess]:
    """Return the processes of a pool that is not shut down; executors have no public way to end them before Python 3.14."""
    return list((getattr(pool, "_processes", None) or {}).values())


def kill_processes(pool: ProcessPoolExecutor) -> None:
    """End the processes of a pool at once."""
    processes = _processes_of(pool)
    for process in processes:
        process.kill()
    deadline = time.monotonic() + SECONDS_TO_DIE
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))


def _has_broken(inner: Future[Any] | None) -> bool:
    return inner is not None and inner.done() and not inner.cancelled() and isinstance(inner.exception(), BrokenProcessPool)


def _end_broken(pool: ProcessPoolExecutor) -> str:
    """Wait until the processes of a broken pool have ended; return how the first did, as the end of a sentence."""
    processes = _processes_of(pool)
    deadline = time.monotonic() + SECONDS_TO_DIE
    ended = [process for process in processes if connection.wait([process.sentinel], max(0.0, deadline - time.monotonic()))]
    for process in set(processes).difference(ended):
        process.kill()  # it does not end when the pool tells it to
    # The server of a process tells its exit code once. Two threads that ask at the same time get a wrong one, so ours waits
    # until that of the pool has asked.
    pool.shutdown()
    code = next((code for process in ended if (code := process.exitcode) is not None and code != -signal.SIGTERM), None)
    if code is None:
        return "died"
    if code >= 0:
        return f"ended itself with exit code {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    return f"was killed ({name}{', most likely for lack of memory' if -code == signal.SIGKILL else ''})"


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
def running_workers(
    jobs: int, preload: Sequence[str] = PRELOAD, note: Callable[[str], None] | None = None
) -> Iterator[Workers]:
    """Open `Workers` for a block; they are ended at once where the block is left by an exception, Ctrl-C included."""
    end_if_imported_by_a_worker()
    workers = Workers(jobs, preload, note)
    try:
        yield workers
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
