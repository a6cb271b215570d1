"""Small HTTP servers that answer as no MLflow server should, for tests of tracking."""

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

EMPTY = b'{"experiments": []}'


@contextlib.contextmanager
def answering(status: int, body: bytes, kind: str = "application/json") -> Iterator[str]:
    """Address of a server that gives every request the same answer."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    with _server(answer) as address:
        yield address


@contextlib.contextmanager
def hanging() -> Iterator[str]:
    """Address of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@contextlib.contextmanager
def dripping(pause: float = 0.05) -> Iterator[str]:
    """Address of a server that sends a byte of its endless answer now and then."""
    ended = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        with contextlib.suppress(OSError):
            while not ended.wait(pause):
                handler.wfile.write(b" ")

    with _server(drip) as address:
        try:
            yield address
        finally:
            ended.set()


@contextlib.contextmanager
def breaking_off() -> Iterator[str]:
    """Address of a server that ends every connection without an answer."""
    with _server(lambda handler: handler.connection.shutdown(socket.SHUT_RDWR)) as address:
        yield address


@contextlib.contextmanager
def faltering(address: str, every: int) -> Iterator[str]:
    """Address of a proxy before a server, whose answer to every so many requests is an error 500 without a word."""
    numbers = itertools.count(1)

    def forward(handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in handler.headers.items() if name not in ("Host", "Connection")}
        # Some of the requests have arrived when the error is answered, and some have not.
        number, status, content, kind = next(numbers), 500, b"", ""
        if number % (2 * every):
            answer = requests.request(handler.command, address + handler.path, data=body, headers=headers, timeout=60)
            if number % every:
                status, content, kind = answer.status_code, answer.content, answer.headers.get("Content-Type", "")
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    with _server(forward, reads_body=False) as proxy:
        yield proxy


@contextlib.contextmanager
def _server(answer: Callable[[BaseHTTPRequestHandler], None], reads_body: bool = True) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if reads_body:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
            with contextlib.suppress(OSError):
                answer(self)

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
