"""``bench ui``: the MLflow UI on what was recorded."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console

from ..errors import BenchError, plain_text
from ..invocation import bench
from ..tracking.read_only import readable_store
from ..tracking.reading import ShardRecords, other_pages, study_pages, waiting_cells
from ..tracking.sqlite_file import no_stray_folder
from ..tracking.store import resolve_tracking_uri
from ..workers import end_with_parent
from .options import TrackingOption

SECONDS_TO_END = 0.8  # that the server has before it is killed; it only reads


def ui(
    tracking_uri: TrackingOption = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 5000,
    browse: Annotated[bool, typer.Option("--open", help="Show the study that was recorded last in a browser.")] = False,
) -> None:
    """Open the MLflow UI on what was recorded (on this machine only, until Ctrl-C)."""
    uri = resolve_tracking_uri(tracking_uri)
    if uri.startswith(("http://", "https://")):
        typer.echo(f"{uri} has a UI of its own: open it in a browser.")
        pages = _pages(uri)
        _print_pages(uri.rstrip("/"), *pages, waiting_cells(uri))
        if browse:
            typer.launch(uri.rstrip("/") + next(iter((pages[0] | pages[1]).values()), ""))
        return
    with socket.socket() as probe:
        # The server sets this too: a port whose last connections still linger is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise BenchError(f"port {port} is taken ({error.strerror}); choose another with --port.") from error
    with readable_store(uri) as address:
        if address != uri:
            typer.echo(f"{uri} can only be read: this is a copy of its present state.")
        _serve(address, uri, port, browse)


def _serve(uri: str, original: str, port: int, browse: bool) -> None:
    """Run the server on a store until it ends or Ctrl-C ends it."""
    pages = _pages(uri)  # this also makes or mends the store before a server process meets it
    # One worker and no job runner: the defaults are 16 processes and gigabytes of memory.
    command = [sys.executable, "-P", "-m", "mlflow", "server", "--backend-store-uri", uri, "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1", "--uvicorn-opts", "--log-level warning"]
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONWARNINGS": "ignore"}
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as messages, no_stray_folder(original):
        # A session of its own: Ctrl-C is ours to handle, the server and its children are ended in order.
        server = subprocess.Popen(
            command,
            env=os.environ | quiet,
            stderr=messages,
            stdout=messages,
            start_new_session=True,
            preexec_fn=_end_in_order_with_parent,  # where this command is killed
        )
        try:
            _wait_until_it_answers(server, address)
            if server.poll() is None:
                typer.echo(f"MLflow on {address} — Ctrl-C ends it.")
                _print_pages(address, *pages, waiting_cells(original))
                if browse:
                    typer.launch(address + next(iter((pages[0] | pages[1]).values()), ""))
                server.wait()
            messages.seek(0)
            last = [line for line in messages.read().splitlines() if line.strip()][-3:]
            raise BenchError(f"the MLflow server ended (exit code {server.returncode}): {' / '.join(last) or 'no message'}")
        except KeyboardInterrupt:
            raise typer.Exit(0) from None
        finally:
            _end(server)


def _wait_until_it_answers(server: subprocess.Popen[bytes], address: str) -> None:
    with Console(stderr=True).status("starting MLflow"):
        while server.poll() is None:
            try:
                urllib.request.urlopen(f"{address}/health", timeout=2).close()
                return
            except OSError:
                time.sleep(0.1)


def _end_in_order_with_parent() -> None:
    end_with_parent(signal.SIGTERM)


def _end(server: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(SECONDS_TO_END)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)


def _pages(uri: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the pages of the studies, and the other ones."""
    return study_pages(uri), other_pages(uri)


def _print_pages(address: str, studies: dict[str, str], others: dict[str, str], waiting: Sequence[ShardRecords]) -> None:
    """Print the addresses of the studies' pages, and of the other ones; and the cells that wait for a page."""
    for study, page in studies.items():
        typer.echo(f"  study {study}: {address}{page}")
    for title, page in others.items():
        typer.echo(f"  {title}: {address}{page}")
    if studies or others:
        typer.echo("  (The plain address is about chat traces: there, switch from GenAI to Model training at the top left.)")
    elif not waiting:
        typer.echo(f"  nothing is recorded yet; {bench('run band_search')} records something.")
    for records in waiting:
        typer.echo(f"  {plain_text(records.sentence)}")
