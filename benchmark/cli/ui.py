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
    from ..tracking import client_for, resolve_tracking_uri

    uri = resolve_tracking_uri(tracking_uri)
    if uri.startswith(("http://", "https://")):
        typer.echo(f"{uri} has a UI of its own: open it in a browser.")
        return
    with socket.socket() as probe:
        # The server sets this too: a port whose last connections still linger is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise BenchError(f"port {port} is taken ({error.strerror}); choose another with --port.") from error
    client_for(uri)  # makes or mends the store before a server process meets it
    typer.echo(f"MLflow on http://127.0.0.1:{port} — Ctrl-C ends it.")
    # One worker and no job runner: the defaults are 16 processes and gigabytes of memory.
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri, "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1"]
    environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    try:
        raise typer.Exit(subprocess.run(command, env=environment, check=False).returncode)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
