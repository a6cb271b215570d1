"""Models fetched from the tracking store, and documents sent to it."""

from collections.abc import Sequence
from pathlib import Path

from ..benchmark.errors import TrackingError
from ..benchmark.tracking.documents import RunDocument
from ..benchmark.tracking.reading import download_model
from ..benchmark.tracking.sender import send_now
from ..benchmark.tracking.store import resolve_tracking_uri


def model_folder(given: Path | str, tracking_uri: str | None = None) -> Path:
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
        return Path(given)
    return download_model(text, resolve_tracking_uri(tracking_uri))


def send(documents: Sequence[RunDocument], uri: str) -> str:
    """Send documents to the tracking store; return the reason why it did not take them, empty if it did."""
    try:
        send_now(documents, uri)
    except TrackingError as error:
        return str(error)
    return ""
