"""``bench ui``: the MLflow UI on what was recorded."""

import os
import socket
import subprocess
import sys
from typing import Annotated

import typer

from .options import TrackingOption


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ui)


def ui(
    tracking_uri: TrackingOption = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="On 127.0.0.1.")] = 5000,
) -> None:
    """Open the MLflow UI on what was recorded (on this machine only, until Ctrl-C)."""
    from ..errors import BenchError
    from ..tracking import client_for, resolve_tracking_uri, study_pages

    uri = resolve_tracking_uri(tracking_uri)
    if uri.startswith(("http://", "https://")):
        typer.echo(f"{uri} has a UI of its own: open it in a browser.")
        _print_pages(uri.rstrip("/"), study_pages(client_for(uri)))
        return
    with socket.socket() as probe:
        # The server sets this too: a port whose last connections still linger is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise BenchError(f"port {port} is taken ({error.strerror}); choose another with --port.") from error
    pages = study_pages(client_for(uri))  # this also makes or mends the store before a server process meets it
    typer.echo(f"MLflow on http://127.0.0.1:{port} — Ctrl-C ends it.")
    _print_pages(f"http://127.0.0.1:{port}", pages)
    # One worker and no job runner: the defaults are 16 processes and gigabytes of memory.
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri, "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1"]
    environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    try:
        raise typer.Exit(subprocess.run(command, env=environment, check=False).returncode)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def _print_pages(address: str, pages: dict[str, str]) -> None:
    """Print where each study is shown as a tree."""
    for study, page in pages.items():
        typer.echo(f"  study {study}: {address}{page}")
    if not pages:
        typer.echo("  nothing is recorded yet; bench run --study band_search records something.")
