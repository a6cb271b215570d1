"""The start of a session: the way to the scheduler, the shared folders, and the examination of every worker."""

import contextlib
import logging
import secrets
import sys
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

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
CONNECT_SECONDS = 8  # for a scheduler to answer
START_SECONDS = 30.0  # for a first worker
EXAMINE_SECONDS = 120  # for all workers to report
FOLDER_SECONDS = 3.0  # for a file that a worker wrote to be seen here
LOST_FILE = (
    "Is it the same folder? If it lies on NFS, mount it with lookupcache=positive: otherwise a file that was looked for before "
    "it was written stays unseen for up to a minute."
)


@contextlib.contextmanager
def connected(cluster: str) -> Iterator[tuple["Client", str]]:
    """Connect to a scheduler for a block, without the log lines of Dask, whose errors say the same."""
    with try_import(EXTRA, "--cluster", error_type=ClusterError):
        from distributed import Client
    address = scheduler_address(cluster)
    log = logging.getLogger("distributed")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions, which are compared anyway
            client = _client(Client, address)
        try:
            yield client, address
        finally:
            with contextlib.suppress(Exception):
                client.close(timeout=CONNECT_SECONDS)
    finally:
        log.setLevel(level)


def _client(kind: type["Client"], address: str) -> "Client":
    try:
        return kind(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except Exception as error:  # Dask passes on what its transports raise
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ClusterError(
            f"no scheduler of Dask answers at {address} within {CONNECT_SECONDS} s ({reason.rstrip('.')}). "
            "`dask scheduler` starts one and prints its address."
        ) from error


def make_session(probe: Probe | None, preload: Sequence[str]) -> Session:
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
            token_file(Path(folder), session.key).touch()
        yield
    finally:
        for folder in session.folders.values():
            for path in Path(folder).glob(f"{token_file(Path(), session.key).name}*"):
                path.unlink(missing_ok=True)


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
    while not (workers := sorted(client.nthreads(callback_timeout=CONNECT_SECONDS))):
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
        answers = client.run(
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
