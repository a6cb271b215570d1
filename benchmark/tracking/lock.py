"""The lock of a tracking store."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ..store.files import digest
from ..store.folders import results_root
from ..store.locks import FOR_EVER, holding


@contextlib.contextmanager
def store_lock(path: Path | None, uri: str, patience: float = FOR_EVER) -> Iterator[None]:
    """
    Hold a tracking store: only one process of this machine makes, mends or writes it at a time.

    Parameters
    ----------
    path : Path or None
        Of a SQLite file; its lock lies beside it, so that it holds for every results folder that sends to it.
    uri : str
        Of the store.
    patience : float
        Seconds to wait at most.

    Raises
    ------
    LockHeldError
        If another process holds it for longer.
    """
    place = (
        results_root() / "locks" / f"store-{digest(uri)[:16]}.lock" if path is None else path.with_name(f".{path.name}.lock")
    )
    with holding(place, patience):
        yield
