"""Worker processes: started once, one numeric thread each, ended with their owner."""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from .errors import BenchError, show_sentences
from .store.folders import cache_root, results_root

Result = TypeVar("Result")
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


def warm_up(preload: Sequence[str] = PRELOAD) -> None:
    """Start the server that workers are forked from, so that it imports while its owner does something else."""
    from multiprocessing import forkserver

    end_if_imported_by_a_worker()

    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    multiprocessing.get_context("forkserver").set_forkserver_preload(list(preload))
    with _ignoring_interrupts():
        forkserver.ensure_running()


def end_if_imported_by_a_worker() -> None:
    """
    End a worker process that imports the caller's script again, before the script's work runs a second time.

    It ends without a word: its owner sees it and says why (`Workers.submit`).
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):  # how multiprocessing itself tells
        sys.exit(1)


def _start_worker(environment: dict[str, str]) -> None:
    # The server's environment is that of the moment when it was started.
    os.environ.update(environment)
    show_sentences()
    # Ctrl-C reaches the whole process group; the owner decides what happens to its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)


@contextlib.contextmanager
def _ignoring_interrupts() -> Iterator[None]:
    """Start processes that ignore Ctrl-C from their first instruction on; their owner handles it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


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
        self.jobs = jobs
        self._preload = preload
        self._pool: ProcessPoolExecutor | None = None

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
            environment = {name: value for name, value in os.environ.items() if name.startswith("BANDBENCH_")}
            # A worker begins in the folder where its owner is when it starts: one that starts later may begin elsewhere.
            environment |= {"BANDBENCH_HOME": str(results_root()), "BANDBENCH_CACHE": str(cache_root())}
            # The first process waits until the server has imported everything: here, where Ctrl-C may interrupt it.
            first = context.Process(target=int)
            first.start()
            first.join()
            if first.exitcode:
                raise BenchError(_why_it_ended(first.exitcode))
            self._pool = ProcessPoolExecutor(self.jobs, context, _start_worker, (environment,))
            with _ignoring_interrupts():
                return self._pool.submit(function, *args)
        return self._pool.submit(function, *args)

    def close(self) -> None:
        """End the workers after what they are doing now; drop what they have not begun."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def interrupt(self) -> None:
        """
        End the workers after Ctrl-C: say that they finish what they are doing now, and end them at once at a second Ctrl-C.

        What they write is complete or absent either way, as files are written under another name and renamed.
        """
        if self._pool is None:
            return
        print("Stopping after the pictures or fits in work; press Ctrl-C again to stop now.", file=sys.stderr, flush=True)
        try:
            self.close()
        except KeyboardInterrupt:
            # Executors have no public way to end their processes before Python 3.14.
            for worker in list((getattr(self._pool, "_processes", None) or {}).values()):
                worker.kill()
            raise


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
    Open workers for a block.

    Raises
    ------
    BenchError
        If one of them dies.
    """
    end_if_imported_by_a_worker()
    workers = Workers(jobs, preload)
    try:
        yield workers
    except KeyboardInterrupt:
        workers.interrupt()
        raise
    except BrokenProcessPool as error:
        raise BenchError(_DIED) from error
    finally:
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
