"""``bench sync``: send what a tracking store has not got yet."""

import shlex
from collections.abc import Callable
from functools import partial
from typing import NoReturn

import typer
from rich.console import Console
from rich.progress import Progress

from ..errors import BenchError, TrackingError, listed
from ..invocation import bench
from ..models.trained_model import add_mlflow_model
from ..store.folders import can_write, results_root
from ..tracking.addresses import without_password
from ..tracking.outbox import Outbox, waiting_stores
from ..tracking.sender import Sender
from .requests.store import SyncRequest

SHOWN = 3  # reasons


def sync(request: SyncRequest) -> None:
    """Send results that a tracking store could not take while the study ran."""
    console = Console(stderr=True)
    if results_root().exists() and not can_write(results_root()):
        _refuse_unless_empty()
    if request.discard is not None:
        uri = next((uri for uri in waiting_stores() if without_password(uri) == request.discard), request.discard)
        outbox = Outbox(uri)
        waiting = outbox.pending()
        for path in waiting:
            outbox.forget(path)
        typer.echo(f"{len(waiting)} batches for {request.discard} forgotten.")
        return
    n_left = sent = 0
    for uri in waiting_stores():
        if not (waiting := (outbox := Outbox(uri)).pending()):
            continue
        with Progress(console=console) as progress:
            task = progress.add_task(f"sending to {without_password(uri)}", total=len(waiting))
            errors = _send(outbox, uri, partial(progress.advance, task))
        left = len(outbox.pending())
        sent += max(0, len(waiting) - left)
        n_left += left
        if errors:
            forget = f"If it is gone for good: {bench(f'sync --discard {shlex.quote(without_password(uri))}')}"
            console.print(f"{listed(errors, SHOWN, ' ')} {forget}", markup=False, style="yellow", soft_wrap=True)
    typer.echo(f"{sent} batches sent, {n_left} left." if sent or n_left else "Nothing was waiting.")
    raise typer.Exit(3 if n_left else 0)


def _refuse_unless_empty() -> NoReturn:
    """End the command: where the results cannot be written, what was sent could not be noted and would be sent again."""
    if any(results_root().glob("outbox/*/*.runs.json")):
        raise BenchError(
            f"results wait in {results_root()}, which cannot be written, and what is sent has to be noted there; make it "
            "writable, or send them from a machine on which it is."
        )
    typer.echo("Nothing was waiting.")
    raise typer.Exit


def _send(outbox: Outbox, uri: str, advance: Callable[[], object]) -> list[str]:
    """Send what waits for a store, as long as it takes something; return the reasons of what is left, each once."""
    try:
        sender = Sender(outbox.client(), uri, add_mlflow_model)
        waiting = outbox.pending()
        while waiting:
            errors: list[str] = []
            for path in waiting:
                refused = outbox.deliver(sender, path)
                errors += map(str, refused)
                if not refused:
                    advance()
            left = [path for path in waiting if path.exists()]
            if len(left) == len(waiting):
                return list(dict.fromkeys(errors))
            waiting = left
    except TrackingError as error:
        return [str(error)]
    return []
