"""Models fetched from the tracking store, and documents sent to it."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ..errors import TrackingError
from ..tracking.documents import RunDocument
from ..tracking.reading import download_model
from ..tracking.sender import send_now
from ..tracking.store import resolve_tracking_uri
from .report import say


def model_folder(given: Path, tracking_uri: str | None = None) -> Path:
    """
    Find the folder of a model that is given as a path, as ``file://…`` or as an address of MLflow (``models:/…``, ``runs:/…``).

    Raises
    ------
    TrackingError
        If MLflow does not find it.
    """
    text = str(given)  # a path has lost double slashes
    if text.startswith("file:/"):
        return Path("/" + text.removeprefix("file:").lstrip("/"))
    if not text.startswith(("models:/", "runs:/")):
        return given
    return download_model(text, resolve_tracking_uri(tracking_uri))


def sent(documents: Sequence[RunDocument], uri: str, console: Console) -> bool:
    """Send documents to the tracking store; an unreachable store is reported but does not fail the command."""
    try:
        send_now(documents, uri)
    except TrackingError as error:
        say(console, f"not recorded: {error}")
        return False
    return True
