"""Models fetched from the tracking store, and documents sent to it."""

from collections.abc import Sequence
from pathlib import Path

from ..benchmark.errors import TrackingError
from ..benchmark.invocation import bench
from ..benchmark.models.trained_model import add_mlflow_model
from ..benchmark.store.folders import results_root
from ..benchmark.store.locks import LockHeldError
from ..benchmark.tracking.addresses import without_password
from ..benchmark.tracking.documents import RunDocument
from ..benchmark.tracking.outbox import Outbox
from ..benchmark.tracking.reading import download_model
from ..benchmark.tracking.sender import Sender
from ..benchmark.tracking.store import resolve_tracking_uri

PATIENCE = 60.0  # seconds to wait for another process that sends to the store


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
    """
    Send documents to the tracking store by way of its outbox, where they wait if it does not take them.

    Their folders are copied there first, so that nothing is lost if the process is killed or the folders do not last.

    Parameters
    ----------
    documents : sequence of RunDocument
    uri : str

    Returns
    -------
    str
        Reason why the store did not take them; empty if it did.
    """
    outbox = Outbox(uri)
    path = outbox.keep(documents)
    try:
        refused = outbox.deliver(Sender(outbox.client(), uri, add_mlflow_model), path, PATIENCE)
    except LockHeldError:
        return f"another process sends to {without_password(uri)}. {_waits()}"
    except TrackingError as error:
        return f"{error} {_waits()}"
    return f"{refused[0]} {_waits()}" if refused else ""


def _waits() -> str:
    return f"It waits in {results_root()}; `{bench('sync')}` sends it once the store takes it."
