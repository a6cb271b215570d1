"""
The end of the work that lies in a worker of Dask: processes of their own do it.

They are those of the local pool (`start_worker`): one numeric thread, the client's folders, the code as it is on the disk now
and not as a worker has imported it days ago. A worker of Dask that has several threads has as many processes, and one that
dies, for lack of memory for example, takes neither the worker nor other work with it. They end with the session, with the
worker, or when they have had nothing to do for a while, as after the sudden death of the client.
"""

import asyncio
import contextlib
import getpass
import importlib
import multiprocessing
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from ..errors import BenchError
from ..workers import kill_processes, start_worker
from .checks import errors_in
from .session import Answer, FolderFault, Report, Session
from .software import Software

if TYPE_CHECKING:
    from distributed import Worker

IDLE_SECONDS = 60.0  # after which a process without work ends; the next work starts another


class ProcessDiedError(Exception):
    """The process that did a piece of work died. Dask tries it again (`retries`)."""


class UnfitWorkerError(Exception):
    """A worker that joined the cluster later, and whose results could be others or be lost."""


class _Processes:
    """Processes of one session in this worker: as many as work at the same time, each for one piece of work at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._changing = threading.Lock()  # work comes from several threads of the worker
        self._idle: list[ProcessPoolExecutor] = []
        self._busy: list[ProcessPoolExecutor] = []
        self._rest: threading.Timer | None = None
        self.examined = False

    @contextlib.contextmanager
    def one(self) -> Iterator[ProcessPoolExecutor]:
        """Lend a process for a block; one that died is not lent again."""
        with self._changing:
            if self._rest:
                self._rest.cancel()
            alive = [pool for pool in self._idle if not _is_broken(pool)]
            pool = alive.pop() if alive else _started(self._session)
            self._idle = alive
            self._busy.append(pool)
        broken = False
        try:
            yield pool
        except BrokenProcessPool:
            broken = True
            raise
        finally:
            with self._changing:
                self._busy.remove(pool)
                if broken:
                    pool.shutdown(wait=False)
                else:
                    self._idle.append(pool)
                if not self._busy:
                    self._rest = threading.Timer(IDLE_SECONDS, self._end_idle)
                    self._rest.daemon = True
                    self._rest.start()

    def _end_idle(self) -> None:
        with self._changing:
            if not self._busy:
                _end(self._idle)
                self._idle = []

    def close(self) -> None:
        """End all processes now; work that one of them does is lost."""
        with self._changing:
            if self._rest:
                self._rest.cancel()
            _end([*self._idle, *self._busy])
            self._idle = []


_sessions: dict[str, _Processes] = {}
_opening = threading.Lock()


def _processes_of(session: Session) -> _Processes:
    with _opening:
        return _sessions.setdefault(session.key, _Processes(session))


def _started(session: Session) -> ProcessPoolExecutor:
    # Dask starts workers as daemonic processes, which may have no children, because these would outlive them. Ours end with
    # their parent (`start_worker`), so the reason does not hold, and there is no public way to say so.
    getattr(multiprocessing.current_process(), "_config", {}).pop("daemon", None)
    # Started anew and not forked: the server of forks would keep the code of its first session.
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _begin, (session,))


def _is_broken(pool: ProcessPoolExecutor) -> bool:
    """Return True if the process of a pool has died while it had nothing to do, which is no fault of the next work."""
    processes = list((getattr(pool, "_processes", None) or {}).values())
    return not all(process.is_alive() for process in processes)


def _end(pools: list[ProcessPoolExecutor]) -> None:
    for pool in pools:
        kill_processes(pool)
        pool.shutdown(wait=False, cancel_futures=True)


def perform(session: Session, function: Callable[..., Any], *args: Any) -> Answer:
    """
    Do a piece of work in a process of this worker.

    An exception is part of the answer, as it would come again; the death of the process is raised, so that Dask tries again.

    Raises
    ------
    ProcessDiedError
        If the process died.
    UnfitWorkerError
        If the worker has joined since the start of the session, and cannot do the work as the client would.
    """
    processes = _processes_of(session)
    with _died_with_a_reason(), processes.one() as pool:
        if not processes.examined:
            _refuse_unfit(session, pool.submit(report, session, f"{token_file(Path(), session.key)}-late").result())
            processes.examined = True
        try:
            return Answer(pool.submit(function, *args).result())
        except BrokenProcessPool:
            raise
        except Exception as error:
            if not isinstance(error, BenchError):
                error.add_note(str(error.__cause__))  # the lines of the process, which do not travel otherwise
            return Answer(error=error)


def _refuse_unfit(session: Session, found: Report) -> None:
    """Refuse to work on a machine that differs from the client's; at the start of a session the client does this."""
    if errors := errors_in(session, {found.host: found}):
        raise UnfitWorkerError(errors[0])


@contextlib.contextmanager
def _died_with_a_reason() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        raise ProcessDiedError(f"on {socket.gethostname()}") from error


async def examine(session: Session, replies: Mapping[str, str], dask_worker: "Worker") -> Report:
    """
    Start a first process of a session in this worker, and let it report what it finds there.

    Parameters
    ----------
    session : Session
    replies : mapping of str to str
        Name of the file that the process writes into every shared folder, by worker.
    dask_worker : Worker
        Given by Dask.
    """
    processes = _processes_of(session)
    processes.examined = True  # by the client
    answer = await asyncio.to_thread(perform, session, report, session, replies[dask_worker.address])
    if answer.error:
        raise answer.error
    return answer.value


async def close_session(key: str) -> None:
    """End the processes of a session in this worker."""
    with _opening:
        processes = _sessions.pop(key, None)
    if processes:
        await asyncio.to_thread(processes.close)


# --- in a process ----------------------------------------------------------------------------------------------------


def _begin(session: Session) -> None:
    """Make this process like a worker of the client's own machine."""
    with contextlib.suppress(OSError):  # relative paths mean the same as on the client, where its folder is shared
        os.chdir(session.directory)
    sys.path += [path for path in session.paths if path not in sys.path]
    start_worker(session.environment)  # before any library of numbers is loaded that counts the threads it may use
    for name in session.preload:
        with contextlib.suppress(ImportError):  # a library that is missing here is found by `report`
            importlib.import_module(name)
    threadpool_limits(1)  # of what was imported since


def report(session: Session, reply: str) -> Report:
    """Report what this process finds on its machine."""
    faults = {name: fault for name, folder in session.folders.items() if (fault := _fault(Path(folder), session.key, reply))}
    probed = session.probe.values() if session.probe else {}
    return Report(socket.gethostname(), _user(), Software.here(), faults, probed)


def _fault(folder: Path, key: str, reply: str) -> tuple[FolderFault, str] | None:
    """Look for the client's file in a shared folder, and write one for the client."""
    if not folder.is_dir():
        return FolderFault.ABSENT, ""
    if not token_file(folder, key).is_file():
        return FolderFault.ANOTHER, ""
    try:
        (folder / reply).touch()
    except OSError as error:
        return FolderFault.UNWRITABLE, error.strerror or type(error).__name__
    return None


def token_file(folder: Path, key: str) -> Path:
    """Return the file by which workers recognise a shared folder of the client."""
    return folder / f".cluster-{key}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name
        return str(os.getuid())
