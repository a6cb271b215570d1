"""Failures of a tracking store: their kinds, and the message of each."""

import contextlib
import re
import shutil
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from ..errors import BenchError, TrackingError
from ..store.disk import SQLITE_REASONS
from .addresses import is_database, sqlite_path, without_password
from .databases import address_problem

MOST_OF_A_REASON = 200  # characters of a message of MLflow or of a library
STATUS = re.compile(
    r"failed with error code (\d{3}) != "
)  # MLflow keeps the status of an answer without JSON in its text alone


class Trouble(Enum):
    """Kind of a failure; the value is the message, after the address of the store."""

    NO_CONNECTION = (
        "does not answer (no connection): nobody listens there{reason}. Start it, or name another with --tracking-uri."
    )
    NO_ANSWER = (
        "accepts connections but does not answer (given up after {seconds:.0f} s). It may be overloaded or stopped; start it "
        "anew, or name another with --tracking-uri."
    )
    TOO_SLOW = (
        "answers too slowly (given up after {seconds:.0f} s, in which parts of an answer came). Look into its load and at the "
        "network, or name another with --tracking-uri."
    )
    NO_PROGRESS = "has taken no run for {seconds:.0f} s. Look into its load and its log."
    BROKEN_OFF = "ends connections without an answer. Look into its log, or name another with --tracking-uri."
    NOT_MLFLOW = (
        "answers with {reason}: is this an MLflow server? Its address has no path after the port, unless a proxy adds one."
    )
    NO_TLS = "cannot be reached by an encrypted connection ({reason}). Check the address and MLFLOW_TRACKING_SERVER_CERT_PATH."
    NO_LOGIN = (
        "wants a login (401). Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, to those "
        "of your account."
    )
    FORBIDDEN = (
        "refuses this (403): {reason}. Ask its administrator for the right to write there; an MLflow server also refuses host "
        "names that its option --allowed-hosts does not list."
    )
    TOO_LARGE = "refuses a file of this size (413). Raise the limit of the proxy before it (nginx: client_max_body_size)."
    SERVER_ERROR = "answers with an error of its own ({reason}). Its log says more."
    REFUSED = "refuses what it was sent: {reason}."
    DISK = "cannot be written ({reason}). See that its disk has room and may be written, or name another with --tracking-uri."
    ADDRESS = "cannot be opened: {reason}"  # no full stop: it may end with a command
    DATABASE = "does not answer ({reason}). Start it, or name another with --tracking-uri."

    @property
    def is_of_the_store(self) -> bool:
        """True if the next request would fail in the same way, whatever it is about."""
        return self in STORE_TROUBLES


STORE_TROUBLES = {
    *(Trouble.NO_CONNECTION, Trouble.NO_ANSWER, Trouble.TOO_SLOW, Trouble.NO_PROGRESS, Trouble.BROKEN_OFF),
    *(Trouble.NOT_MLFLOW, Trouble.NO_TLS, Trouble.NO_LOGIN, Trouble.ADDRESS, Trouble.DATABASE, Trouble.DISK),
}
OF_STATUS = {401: Trouble.NO_LOGIN, 403: Trouble.FORBIDDEN, 408: Trouble.SERVER_ERROR, 413: Trouble.TOO_LARGE}
OF_STATUS |= {429: Trouble.SERVER_ERROR}


class StoreError(TrackingError):
    """
    A tracking store that does not do what it is asked.

    Parameters
    ----------
    uri : str
    trouble : Trouble
    reason : str
        One line, where the message has a place for it.
    seconds : float
        Time that was waited.
    """

    def __init__(self, uri: str, trouble: Trouble, reason: str = "", seconds: float = 0.0) -> None:
        text = trouble.value.format(reason=reason[:MOST_OF_A_REASON].rstrip(". "), seconds=seconds)
        super().__init__(f"the tracking store {without_password(uri)} {text}")
        self.trouble = trouble


@contextlib.contextmanager
def reported(uri: str) -> Iterator[None]:
    """
    Turn whatever MLflow, its database or its HTTP layer raise into one message.

    Raises
    ------
    StoreError
        Naming the store, and the kind of the failure.
    """
    try:
        yield
    except TrackingError:
        raise
    except Exception as error:
        raise store_error(uri, error) from error


def store_error(uri: str, error: BaseException) -> StoreError:
    """Find the kind of an error of MLflow, its database or its HTTP layer, and put it into words."""
    trouble, reason = _of_connection(error) if uri.startswith(("http:", "https:")) else (Trouble.DATABASE, first_line(error))
    if trouble is None:
        trouble, reason = of_status(_status(error)), first_line(error)
    elif is_database(uri) and (problem := next(filter(None, map(address_problem, _chain(error))), "")):
        trouble, reason = Trouble.ADDRESS, problem
    elif trouble is Trouble.DATABASE and (_is_of_mlflow(error) or _is_of_a_file(uri, error) or _is_of_a_text(error)):
        trouble = Trouble.REFUSED
    elif trouble is Trouble.DATABASE and (failed := _of_disk(error)):
        trouble, reason = Trouble.DISK, first_line(failed)
    return StoreError(uri, trouble, reason, _waited(error))


def _of_disk(error: BaseException) -> BaseException | None:
    """Return the error of SQLite that says that its file cannot be written; None if there is none."""
    return next((one for one in _chain(error) if getattr(one, "sqlite_errorcode", 0) & 0xFF in SQLITE_REASONS), None)


def _is_of_a_file(uri: str, error: BaseException) -> bool:
    """Return True if a file of one run is to blame, and not the SQLite database, whose errors are SQLAlchemy's."""
    database = sqlite_path(uri)
    if database is None or not isinstance(error, OSError | BenchError):
        return False
    of_another = isinstance(error, OSError) and error.filename and Path(str(error.filename)) != database
    return isinstance(error, shutil.SpecialFileError | BenchError) or bool(of_another)


def _is_of_a_text(error: BaseException) -> bool:
    """Return True if a text of one run is to blame: it has a half of a surrogate pair, which no database takes."""
    return any(isinstance(one, UnicodeEncodeError) for one in _chain(error))


def of_status(status: int | None) -> Trouble:
    """Return the kind of failure that the status of an HTTP answer stands for."""
    if status is None:
        return Trouble.REFUSED
    return OF_STATUS.get(status, Trouble.SERVER_ERROR if status >= 500 else Trouble.REFUSED)


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message; the name of its type if it has none."""
    return next((line for line in str(error).strip().splitlines() if line), type(error).__name__)[:MOST_OF_A_REASON]


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and those that led to it; libraries keep one in `args` or as `reason`, too."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]


def _of_connection(error: BaseException) -> tuple[Trouble | None, str]:
    """Return the kind of a failure that no answer stands for, and its reason; None if there was an answer."""
    import requests
    import urllib3

    for one in _chain(error):
        if isinstance(one, urllib3.exceptions.ResponseError):  # of too many answers with a status that was tried again
            return Trouble.SERVER_ERROR, first_line(one)
    for one in _chain(error):
        if isinstance(one, urllib3.exceptions.NameResolutionError):
            return Trouble.NO_CONNECTION, ", as its host is not known"
        if isinstance(one, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
            return Trouble.NO_TLS, first_line(one)
        if isinstance(one, requests.exceptions.ReadTimeout | urllib3.exceptions.ReadTimeoutError):
            return Trouble.NO_ANSWER, ""
        if isinstance(one, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError):
            return Trouble.NO_CONNECTION, ""
        if isinstance(one, ConnectionRefusedError):
            return Trouble.NO_CONNECTION, ""
    if any(isinstance(one, ConnectionError | requests.exceptions.ConnectionError) for one in _chain(error)):
        return Trouble.BROKEN_OFF, ""
    return None, ""


def _status(error: BaseException) -> int | None:
    """Return the status of the HTTP answer that an error is about; None if it is about none."""
    chain: list[Any] = list(_chain(error))
    answers = [getattr(one, "response", None) for one in chain]
    statuses: list[Any] = [getattr(answer, "status_code", None) for answer in answers]
    statuses += [int(match[1]) for one in chain if (match := STATUS.search(str(one)))]
    statuses += [one.get_http_status_code() for one in chain if hasattr(one, "get_http_status_code")]
    return next((status for status in statuses if isinstance(status, int)), None)


def _is_of_mlflow(error: BaseException) -> bool:
    """Return True if MLflow itself refuses what it is given, and its database answers."""
    from sqlalchemy.exc import SQLAlchemyError

    chain: list[Any] = list(_chain(error))
    status = next((one.get_http_status_code() for one in chain if hasattr(one, "get_http_status_code")), 500)
    return status < 500 and not any(isinstance(one, SQLAlchemyError) for one in chain)


def _waited(error: BaseException) -> float:
    """Return the seconds after which a request was given up."""
    import urllib3

    timeouts = [str(one) for one in _chain(error) if isinstance(one, urllib3.exceptions.ReadTimeoutError)]
    found = re.search(r"read timeout=([\d.]+)", timeouts[0]) if timeouts else None
    return float(found[1]) if found else 0.0
