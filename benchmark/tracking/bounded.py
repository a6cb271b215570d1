"""
Requests to a tracking store that end: within a time, whatever the store does.

The time-outs of the libraries are for a connection and for each piece of an answer. A server that sends a byte now and then
meets them for ever.
"""

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .trouble import StoreError, Trouble, of_status, reported

if TYPE_CHECKING:
    from mlflow import MlflowClient

T = TypeVar("T")

FIRST_LIMIT = 10.0  # seconds for the first answer of a server
SILENCE = 0.8  # part of that in which nothing comes at all
CALL_LIMIT = 30.0  # seconds for a request and its repetition
FILES_LIMIT = 300.0  # seconds for one that moves files
MOVE_FILES = {"log_artifact", "log_artifacts", "log_model_artifacts", "download_artifacts"}
QUESTION = "/api/2.0/mlflow/experiments/search"


def within(seconds: float, uri: str, call: Callable[[], T]) -> T:
    """
    Call a function, for as long as the time lasts; then it is left alone in a thread that no process waits for.

    Raises
    ------
    StoreError
        If it takes longer.
    """
    done: list[tuple[bool, Any]] = []

    def work() -> None:
        try:
            done.append((True, call()))
        except BaseException as error:  # raised again below, in the thread of the caller
            done.append((False, error))

    thread = threading.Thread(target=work, name="tracking request", daemon=True)
    thread.start()
    thread.join(seconds)
    if not done:
        # A server that sends nothing meets the time-out of the library, which is shorter.
        raise StoreError(uri, Trouble.TOO_SLOW, seconds=seconds)
    succeeded, value = done[0]
    if not succeeded:
        raise value
    return value


class BoundedClient:
    """
    An MLflow client whose every request ends within a time.

    Parameters
    ----------
    client : MlflowClient
    uri : str
    """

    def __init__(self, client: "MlflowClient", uri: str) -> None:
        self._client, self._uri = client, uri

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._client, name)
        if not callable(value):
            return value
        limit = FILES_LIMIT if name in MOVE_FILES else _call_limit()

        def bounded(*args: Any, **options: Any) -> Any:
            return within(limit, self._uri, lambda: value(*args, **options))

        return bounded


def bounded_client(client: "MlflowClient", uri: str) -> "MlflowClient":
    """Return a client with the methods of another, whose requests end within a time."""
    return cast("MlflowClient", BoundedClient(client, uri))


def _call_limit() -> float:
    """Return the seconds for a request: the time-out that a user has set for each try goes before ours."""
    own = os.environ.get("MLFLOW_HTTP_REQUEST_TIMEOUT", "")
    return max(CALL_LIMIT, float(own) + 10 if own.isdigit() else 0)


def ask_server(uri: str) -> None:
    """
    Ask an MLflow server one question, with the login that MLflow finds.

    Raises
    ------
    StoreError
        If it does not answer within `FIRST_LIMIT` seconds, or as no MLflow server does.
    """
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request

    def ask() -> Any:
        options = {"max_retries": 0, "timeout": SILENCE * FIRST_LIMIT, "raise_on_status": False, "json": {"max_results": 1}}
        return http_request(get_default_host_creds(uri), QUESTION, "POST", **options)

    with reported(uri):
        judge(uri, within(FIRST_LIMIT, uri, ask))


def look_at_server(uri: str) -> None:
    """
    Ask an MLflow server one question, without MLflow and without a login: a refusal for want of one is an answer, too.

    Raises
    ------
    StoreError
        See `ask_server`.
    """
    import requests

    def ask() -> Any:
        return requests.post(f"{uri.rstrip('/')}{QUESTION}", json={"max_results": 1}, timeout=SILENCE * FIRST_LIMIT)

    with reported(uri):
        response = within(FIRST_LIMIT, uri, ask)
        if response.status_code not in (401, 403):
            judge(uri, response)


def judge(uri: str, response: Any) -> None:
    """
    Look at the first answer of a server.

    Raises
    ------
    StoreError
        If it is no answer of an MLflow server, or a refusal.
    """
    text, kind = response.text, response.headers.get("Content-Type", "").partition(";")[0]
    is_page = "html" in kind or text.lstrip()[:1] == "<"
    if response.status_code == 200 and not is_page and text.lstrip()[:1] in ("{", ""):
        return
    if response.status_code in (200, 404, 405) or (is_page and response.status_code < 400):
        what = "HTML" if is_page else kind or "an answer without a type"
        raise StoreError(uri, Trouble.NOT_MLFLOW, what if response.status_code == 200 else f"{response.status_code}, {what}")
    raise StoreError(uri, of_status(response.status_code), f"{response.status_code}: {_first_line(text, is_page)}")


def _first_line(text: str, is_page: bool) -> str:
    return "a page of HTML" if is_page else next((line for line in text.splitlines() if line.strip()), "no text")
