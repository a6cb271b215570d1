"""The start of a session: the way to the scheduler, the shared folders, and the examination of every worker."""

import asyncio
import contextlib
import logging
import secrets
import sys
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..invocation import try_import
from ..store.folders import cache_root, ensure_writable, results_root
from ..workers import settled_environment
from .address import ClusterError, scheduler_address
from .checks import errors_in, remarks_on
from .remote import examine, token_file
from .session import Probe, Report, Session
from .software import Software

if TYPE_CHECKING:
    from distributed import Client

EXTRA = "cluster"
OLD = 86400.0  # seconds, of the marks of a session in a shared folder
CONNECT_SECONDS = 6  # for a scheduler to answer
START_SECONDS = 30.0  # for a first worker
EXAMINE_SECONDS = 120  # for all workers to report
FOLDER_SECONDS = 3.0  # for a file that a worker wrote to be seen here
LOGS = ("distributed", "distributed.client")  # which have a level each
LOST_FILE = (
    "Is it the same folder? If it lies on NFS, mount it with lookupcache=positive: otherwise a file that was looked for before "
    "it was written stays unseen for up to a minute."
)


def find_scheduler(cluster: str) -> str:
    """
    Return the address of a scheduler that answers.

    Parameters
    ----------
    cluster : str
        See `scheduler_address`.

    Raises
    ------
    ClusterError
        If the extra is missing, or no scheduler of Dask answers there within `CONNECT_SECONDS`.
    """
    with try_import(EXTRA, "--cluster", error_type=ClusterError):
        import distributed  # noqa: F401
    address = scheduler_address(cluster)
    with _quiet(), ThreadPoolExecutor(1) as thread:  # in a thread, as a notebook has an event loop in this one
        try:
            identity = thread.submit(asyncio.run, _identity(address)).result()
        except Exception as error:  # Dask passes on what its transports raise
            raise ClusterError(
                f"no scheduler of Dask answers at {address} within {CONNECT_SECONDS} s ({_reason(error)}). "
                "`dask scheduler` starts one and prints its address."
            ) from error
    if (kind := identity.get("type")) in ("Worker", "Nanny"):
        raise ClusterError(f"{address} is the address of a {kind.lower()} of Dask; --cluster takes that of its scheduler.")
    return address


async def _identity(address: str) -> Any:
    """Ask who listens at an address."""
    from distributed.core import rpc

    async def ask() -> Any:
        async with rpc(address, timeout=CONNECT_SECONDS - 1) as scheduler:
            return await scheduler.identity()

    return await asyncio.wait_for(ask(), CONNECT_SECONDS)


def _reason(error: Exception) -> str:
    """Return why nobody answers, without the names of Dask's objects."""
    causes: list[BaseException] = [error]
    while cause := causes[-1].__cause__:
        causes.append(cause)
    if words := next((one.strerror for one in causes if isinstance(one, OSError) and one.strerror), ""):
        return words
    text = str(causes[min(1, len(causes) - 1)]).rpartition(">: ")[2]
    if not text or isinstance(error, MemoryError):  # a wait that ended has no text, and other services send odd lengths
        return "nothing listens there, or something else"
    return " ".join(text.split()).rstrip(".")[:200]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Leave out the log lines of Dask and its remarks on versions for a block: our errors and checks say the same."""
    logs = {logging.getLogger(name): logging.getLogger(name).level for name in LOGS}
    for log in logs:
        log.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for log, level in logs.items():
            log.setLevel(level)


@contextlib.contextmanager
def connected(address: str) -> Iterator["Client"]:
    """
    Connect to a scheduler for a block.

    Raises
    ------
    ClusterError
        If it does not answer.
    """
    from distributed import Client

    with contextlib.ExitStack() as stack:
        stack.enter_context(_quiet())
        try:
            client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise ClusterError(f"the scheduler {address} has stopped to answer ({_reason(error)}).") from error
        stack.callback(_close, client)
        yield client


def threads_of(client: "Client") -> dict[str, int]:
    """Return the number of threads of every worker by its address."""
    threads: Any = client.nthreads(callback_timeout=CONNECT_SECONDS)
    return dict(threads)


def _close(client: "Client") -> None:
    with contextlib.suppress(Exception):  # the scheduler may be gone
        client.close(timeout=CONNECT_SECONDS)


def make_session(probe: Probe | None, preload: Sequence[str], folders: Mapping[str, Path] = MappingProxyType({})) -> Session:
    """Describe this process, so that processes of workers can be made like it."""
    own = (sys.prefix, sys.base_prefix)
    return Session(
        secrets.token_hex(8),
        settled_environment(),
        str(Path.cwd()),
        tuple(str(Path(path).absolute()) for path in sys.path if not path.startswith(own)),
        tuple(preload),
        {
            "BANDBENCH_HOME": str(ensure_writable(results_root(), "BANDBENCH_HOME")),
            "BANDBENCH_CACHE": str(ensure_writable(cache_root(), "BANDBENCH_CACHE")),
            **{name: str(ensure_writable(folder, name)) for name, folder in folders.items()},
        },
        Software.here(),
        probe,
        probe.values() if probe else {},
    )


@contextlib.contextmanager
def shared_folders(session: Session) -> Iterator[None]:
    """Mark the shared folders for a block, so that workers recognise them."""
    try:
        for folder in session.folders.values():
            _remove_old_tokens(Path(folder))
            token_file(Path(folder), session.key).touch()
        yield
    finally:
        for folder in session.folders.values():
            for path in Path(folder).glob(f"{token_file(Path(), session.key).name}*"):
                path.unlink(missing_ok=True)


def _remove_old_tokens(folder: Path) -> None:
    """Remove the marks of sessions that were killed."""
    for path in folder.glob(f"{token_file(Path(), '').name}*"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > OLD:
                path.unlink()


def examined(client: "Client", address: str, session: Session) -> list[str]:
    """
    Examine every worker; return remarks on differences that are allowed.

    Raises
    ------
    ClusterError
        If there is no worker, or one that cannot do the work.
    """
    workers = _wait_for_workers(client, address)
    replies = {worker: f"{token_file(Path(), session.key)}-{i}" for i, worker in enumerate(workers)}
    for folder in session.folders.values():
        for reply in replies.values():
            Path(folder, reply).exists()  # as a run looks for a record that a worker writes later; NFS may remember the answer
    reports = _reports(client, address, session, replies)
    errors = errors_in(session, reports) or list(_unseen(session, reports, replies))
    if errors:
        raise ClusterError(f"the cluster {address} cannot be used. " + "\n".join(errors))
    return remarks_on(session, reports)


def _wait_for_workers(client: "Client", address: str) -> list[str]:
    end = time.monotonic() + START_SECONDS
    while not (workers := sorted(threads_of(client))):
        if time.monotonic() > end:
            raise ClusterError(
                f"the scheduler {address} has had no worker for {START_SECONDS:.0f} s; `dask worker {address}` starts one on "
                "the machine on which it is typed."
            )
        time.sleep(0.2)
    return workers


def _reports(client: "Client", address: str, session: Session, replies: Mapping[str, str]) -> dict[str, Report]:
    """Ask every worker for its report."""
    try:
        answers: Any = client.run(
            examine, session, dict(replies), workers=list(replies), on_error="return", callback_timeout=EXAMINE_SECONDS
        )
    except TimeoutError as error:
        raise ClusterError(
            f"the cluster {address}: not all of its {len(replies)} workers have answered within {EXAMINE_SECONDS} s; "
            "look at its dashboard or log, and end those that hang."
        ) from error
    for worker, answer in answers.items():
        if isinstance(answer, Report):
            continue
        if isinstance(answer, ImportError | AttributeError):
            raise ClusterError(
                f"the cluster {address} cannot be used. worker {worker} has no bandbench, or another version ({answer}); "
                "install the version that is here into the environment that the worker is started from."
            )
        raise ClusterError(
            f"the cluster {address} cannot be used. worker {worker} cannot start processes for the work: {answer!r}."
        )
    return answers


def _unseen(session: Session, reports: Mapping[str, Report], replies: Mapping[str, str]) -> Iterator[str]:
    """Look for the files that workers have written into the shared folders."""
    end = time.monotonic() + FOLDER_SECONDS
    for folder in session.folders.values():
        for worker in reports:
            while not Path(folder, replies[worker]).exists():
                if time.monotonic() > end:
                    yield (
                        f"worker {worker} on {reports[worker].host}: a file that it wrote into {folder} is not seen here after "
                        f"{FOLDER_SECONDS:.0f} s. {LOST_FILE}"
                    )
                    break
                time.sleep(0.1)
