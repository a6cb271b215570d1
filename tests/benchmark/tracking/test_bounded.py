"""Whatever a server does, a request ends, and the message says what it did."""

import contextlib
import threading
from collections.abc import Callable

import pytest
from mlflow import MlflowClient

from bandbench.benchmark.tracking import bounded
from bandbench.benchmark.tracking.bounded import ask_server, bounded_client, look_at_server, within
from bandbench.benchmark.tracking.trouble import StoreError, Trouble
from conftest import free_port
from made_servers import EMPTY, answering, breaking_off, dripping, hanging

Server = contextlib.AbstractContextManager[str]


@pytest.fixture(autouse=True)
def _no_repetitions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_TIMEOUT", raising=False)  # that an opened store has left


def refusing() -> Server:
    return contextlib.nullcontext(f"http://127.0.0.1:{free_port()}")


def page(status: int = 200) -> Server:
    return answering(status, b"<!doctype html><title>Router</title>", "text/html")


SERVERS: dict[str, tuple[Callable[[], Server], Trouble, str]] = {
    "refusing": (refusing, Trouble.NO_CONNECTION, "does not answer (no connection): nobody listens there"),
    "unknown": (
        lambda: contextlib.nullcontext("http://no-such-host.invalid"),
        Trouble.NO_CONNECTION,
        "nobody listens there, as its host is not known",
    ),
    "hanging": (hanging, Trouble.NO_ANSWER, "accepts connections but does not answer (given up after 2 s)"),
    "dripping": (dripping, Trouble.TOO_SLOW, "answers too slowly (given up after 3 s, in which parts of an answer came)"),
    "breaking off": (breaking_off, Trouble.BROKEN_OFF, "ends connections without an answer"),
    "HTML": (page, Trouble.NOT_MLFLOW, "answers with HTML: is this an MLflow server?"),
    "HTML 404": (lambda: page(404), Trouble.NOT_MLFLOW, "answers with 404, HTML: is this an MLflow server?"),
    "a list": (lambda: answering(200, b"[1]"), Trouble.NOT_MLFLOW, "answers with application/json: is this an MLflow server?"),
    "413": (lambda: answering(413, b"too large", "text/plain"), Trouble.TOO_LARGE, "refuses a file of this size (413)"),
    "500": (lambda: answering(500, b"{}"), Trouble.SERVER_ERROR, "answers with an error of its own (500: {})"),
    "502": (lambda: page(502), Trouble.SERVER_ERROR, "answers with an error of its own (502: a page of HTML)"),
}


@pytest.mark.parametrize("question", [ask_server, look_at_server])
@pytest.mark.parametrize("name", list(SERVERS))
def test_a_server_that_is_not_usable_is_called_what_it_is(
    question: Callable[[str], None], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, trouble, text = SERVERS[name]
    if server in (hanging, dripping):
        monkeypatch.setattr(bounded, "FIRST_LIMIT", 3.0)  # nothing is to come
    with server() as address, pytest.raises(StoreError) as refused:
        question(address)
    assert refused.value.trouble is trouble
    assert str(refused.value).startswith(f"the tracking store {address} ")
    assert text in str(refused.value)


@pytest.mark.parametrize(
    ("status", "trouble", "text"),
    [(401, Trouble.NO_LOGIN, "wants a login (401)"), (403, Trouble.FORBIDDEN, "refuses this (403): 403: not you")],
)
def test_a_refused_login_is_a_problem_only_for_those_who_log_in(status: int, trouble: Trouble, text: str) -> None:
    with answering(status, b"not you", "text/plain") as address:
        look_at_server(address)
        with pytest.raises(StoreError) as refused:
            ask_server(address)
    assert (refused.value.trouble, text in str(refused.value)) == (trouble, True)


def test_an_mlflow_server_is_one() -> None:
    with answering(200, EMPTY) as address:
        ask_server(address)
        look_at_server(address)


@pytest.mark.parametrize("server", [hanging, dripping])
def test_every_request_of_a_client_ends(server: Callable[[], Server], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "CALL_LIMIT", 1.0)
    with server() as address:
        client = bounded_client(MlflowClient(address), address)
        with pytest.raises(StoreError, match=r"\(given up after 1 s"):
            client.search_experiments()


def test_a_value_and_an_error_come_back_and_the_time_of_a_user_goes_before_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    assert within(5, "http://a", lambda: threading.current_thread().daemon) is True
    with pytest.raises(KeyError, match="lost"):
        within(5, "http://a", lambda: {}["lost"])
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "50")
    assert bounded._call_limit() == 60
