"""
The client's end of a cluster: workers that are used like those of this machine (`Workers`).

Dask has the queue: it hands work to workers that are free, gives the work of a dead worker to another one, and gives up what
kills worker after worker. Its executor is what `Workers.submit` calls.
"""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from ..reporting import Reporter
from ..store.folders import cache_root, results_root
from ..store.scratch import remove_abandoned
from ..workers import PRELOAD, Workers, WorkLostError, running_workers
from .address import ClusterError
from .opening import CONNECT_SECONDS, connected, examined, find_scheduler, make_session, shared_folders, threads_of
from .remote import ProcessDiedError, UnfitWorkerError, close_session, perform
from .session import Answer, Probe, Session

if TYPE_CHECKING:
    from distributed import Client

Result = TypeVar("Result")
WORKER_SECONDS = 120.0  # without any worker until a run gives up: one that is started again takes some
PATIENCE_AFTER_INTERRUPT = 0.4  # seconds, twice; a command has little more to end in order
LOOK_SECONDS = 1.0  # between two looks at the workers
RETRIES = 2  # of work whose process died
AGAIN = "What was finished is kept; the same command continues."


@dataclass(frozen=True)
class ClusterSize:
    """Workers of a cluster, the hosts that they are on, and the processes that they have for work."""

    workers: int = 0
    hosts: int = 0
    processes: int = 0

    @classmethod
    def of(cls, threads: Mapping[str, int]) -> "ClusterSize":
        """Count workers, of which Dask tells the threads by address."""
        hosts = {worker.partition("://")[2].rpartition(":")[0] for worker in threads}
        return cls(len(threads), len(hosts), sum(threads.values()))

    def __str__(self) -> str:
        counts = ((self.processes, "process", "es"), (self.workers, "worker", "s"), (self.hosts, "host", "s"))
        processes, workers, hosts = (f"{n} {name}{plural * (n != 1)}" for n, name, plural in counts)
        return f"{processes} of {workers} on {hosts}"


class ClusterWorkers(Workers):
    """
    Workers of a Dask cluster, each with as many processes as Dask counts threads.

    Parameters
    ----------
    client : Client
    address : str
        Of the scheduler, for messages.
    session : Session
    note : callable
        Receives lines for the user: workers that leave or join.
    """

    def __init__(self, client: "Client", address: str, session: Session, note: Callable[[str], None]) -> None:
        super().__init__(1)
        self._client, self._address, self._session, self._note = client, address, session, note
        self._executor = client.get_executor(retries=RETRIES, pure=False)
        self._waiting: set[Future[Any]] = set()
        self._changing = threading.Lock()  # the client's thread ends futures
        self._failure: ClusterError | None = None
        self._over = threading.Event()
        self._threads = threads_of(client)
        self.size = ClusterSize.of(self._threads)
        self._watch = threading.Thread(target=self._look_after_workers, daemon=True)
        self._watch.start()

    @property
    def jobs(self) -> int:
        """Number of processes of all workers that the cluster has now; at least 1."""
        return max(1, self.size.processes)

    def submit(self, function: Callable[..., Result], *args: Any) -> "Future[Result]":
        """
        Run a function of this package in a process of some worker.

        Raises
        ------
        ClusterError
            If the cluster is gone. The future raises it, too; `WorkLostError`, if the process died every time.
        """
        future: Future[Result] = Future()
        with self._changing:
            if self._failure:
                raise self._failure
            self._waiting.add(future)
        future.set_running_or_notify_cancel()
        work = self._executor.submit(perform, self._session, function, *args)
        work.add_done_callback(lambda done: self._finish(future, done))
        return future

    def _finish(self, future: "Future[Any]", done: "Future[Answer]") -> None:
        """Hand on how a piece of work ended."""
        with self._changing:
            if future not in self._waiting:  # the cluster was given up meanwhile
                return
            self._waiting.remove(future)
        try:
            answer = done.result()
        except CancelledError:
            future.set_exception(
                ClusterError(f"the scheduler {self._address} is gone; start it and its workers again. {AGAIN}")
            )
        except Exception as error:
            future.set_exception(self._translated(error))
        else:
            future.set_exception(answer.error) if answer.error else future.set_result(answer.value)

    def _translated(self, error: Exception) -> Exception:
        """Return the exception that a user can read for one of Dask or of a worker's end."""
        from distributed import KilledWorker

        if isinstance(error, KilledWorker):
            n, last = error.allowed_failures + 1, error.last_worker.address
            return WorkLostError(f"the cluster gave the work up when {n} workers had died while they had it, the last {last}.")
        if isinstance(error, ProcessDiedError):
            return WorkLostError(
                f"its process on the cluster died {RETRIES + 1} times, the last time {error}, most likely for lack of memory."
            )
        if isinstance(error, UnfitWorkerError):
            return ClusterError(f"a worker joined the cluster and cannot do the work: {error} {AGAIN}")
        return error

    def _look_after_workers(self) -> None:
        """Follow the workers that come and go; give up when there has been none for long."""
        last_seen = time.monotonic()
        while not self._over.wait(LOOK_SECONDS):
            try:
                threads = threads_of(self._client)
            except Exception:  # the scheduler does not answer, in one of many ways
                threads = {}
            if threads:
                last_seen = time.monotonic()
            # By address: one that died may have been started again since the last look.
            lost, joined = self._threads.keys() - threads.keys(), threads.keys() - self._threads.keys()
            self._threads, self.size = threads, ClusterSize.of(threads)
            if (lost or joined) and not self._over.is_set():
                self._note(_change(len(lost), self.size))
            if time.monotonic() - last_seen > WORKER_SECONDS:
                self._give_up()
                return

    def _give_up(self) -> None:
        failure = ClusterError(
            f"the cluster {self._address} has had no worker for {WORKER_SECONDS:.0f} s, or its scheduler is gone. "
            f"Start workers again: dask worker {self._address}. {AGAIN}"
        )
        with self._changing:
            self._failure = failure
            waiting, self._waiting = self._waiting, set()
        for future in waiting:
            future.set_exception(failure)

    def close(self, patience: float = CONNECT_SECONDS) -> None:
        """
        Cancel what is left, end the processes of this session and leave the cluster, which goes on.

        Parameters
        ----------
        patience : float
            Seconds that the workers have to answer.
        """
        if self._over.is_set():
            return
        self._over.set()
        self._watch.join(patience)
        with contextlib.suppress(Exception):  # of a cluster that is gone
            self._executor.shutdown(wait=False)
            self._client.run(close_session, self._session.key, on_error="ignore", callback_timeout=patience)
        for root in (results_root(), cache_root()):  # what the ended processes had begun to write
            remove_abandoned(root)

    def interrupt(self) -> None:
        """
        Leave the cluster after Ctrl-C; fits in work are ended, of which files are complete or absent.

        Workers that do not answer at once end the processes after a minute of idleness: a command ends within seconds.
        """
        print("Stopping: the work on the cluster is cancelled; the cluster goes on.", file=sys.stderr, flush=True)
        self.close(PATIENCE_AFTER_INTERRUPT)


def _change(n_lost: int, size: ClusterSize) -> str:
    """Return the line for a user whose cluster has lost workers, or got some."""
    lost = f"The cluster has lost {n_lost} worker{'s' * (n_lost != 1)}; what they did is done again. " if n_lost else ""
    now = f"The cluster has {size} now." if size.workers else f"None is left; the run waits {WORKER_SECONDS:.0f} s for one."
    return lost + now


@contextlib.contextmanager
def open_workers(
    jobs: int,
    cluster: str,
    reporter: Reporter,
    probe: Probe | None = None,
    preload: Sequence[str] = PRELOAD,
    folders: Mapping[str, Path] = MappingProxyType({}),
) -> Iterator[Workers]:
    """
    Open workers for a block: processes of this machine, or those of a cluster.

    Parameters
    ----------
    jobs : int
        Processes of this machine; of no account on a cluster, which has its own.
    cluster : str
        Address or file of a Dask scheduler; empty for this machine.
    reporter : Reporter
    probe : Probe, optional
        Facts that have to be the same on every worker.
    preload : sequence of str
        Modules that workers import at their start.
    folders : mapping of str to Path
        Folders that workers of a cluster write to besides those of results and cache, by the option that names each.

    Raises
    ------
    ClusterError
        If the cluster cannot be reached, has no worker, or a worker cannot do the work as this machine would.
    BenchError
        If the processes of this machine cannot be started.
    """
    if not cluster:
        with running_workers(jobs, preload, reporter.note) as workers:
            yield workers
        return
    reporter.stage("examining the workers of the cluster", None)
    address = find_scheduler(cluster)
    with connected(address) as client:
        session = make_session(probe, preload, folders)
        with shared_folders(session):
            for remark in examined(client, address, session):
                reporter.note(remark)
            workers = ClusterWorkers(client, address, session, reporter.note)
            reporter.note(f"The cluster {address} has {workers.size}.")
            try:
                yield workers
            except KeyboardInterrupt:
                workers.interrupt()
                raise
            finally:
                workers.close()
