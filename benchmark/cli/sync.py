"""``bench sync``: send what a tracking store has not got yet."""

import shlex

import typer
from rich.console import Console
from rich.progress import Progress

from ..errors import TrackingError
from ..invocation import bench
from ..models.trained_model import add_mlflow_model
from ..tracking.outbox import Outbox, waiting_stores
from ..tracking.sender import Sender
from ..tracking.store import client_for
from .requests.store import SyncRequest


def sync(request: SyncRequest) -> None:
    """Send results that a tracking store could not take while the study ran."""
    console = Console(stderr=True)
    if request.discard is not None:
        waiting = Outbox(request.discard).pending()
        for path in waiting:
            path.unlink()
        typer.echo(f"{len(waiting)} batches for {request.discard} forgotten.")
        return
    n_left = sent = 0
    for uri in waiting_stores():
        if not (waiting := (outbox := Outbox(uri)).pending()):
            continue
        with Progress(console=console) as progress:
            task = progress.add_task(f"sending to {uri}", total=len(waiting))
            try:
                sender = Sender(client_for(uri), uri, add_mlflow_model)
                for path in waiting:
                    outbox.deliver(sender, path)
                    progress.advance(task)
                    sent += 1
            except TrackingError as error:
                forget = f"If it is gone for good: {bench(f'sync --discard {shlex.quote(uri)}')}"
                console.print(f"{error} {forget}", markup=False, style="yellow", soft_wrap=True)
        n_left += len(outbox.pending())
    typer.echo(f"{sent} batches sent, {n_left} left." if sent or n_left else "Nothing was waiting.")
    raise typer.Exit(3 if n_left else 0)
