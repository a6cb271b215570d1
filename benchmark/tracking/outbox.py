"""
The outbox: documents that wait for a tracking store, one JSON file per batch, each complete in itself.

A store that is away delays the outbox, and no result is lost.
"""

import json
import os
import shutil
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BenchWarning, TrackingError
from ..store.files import digest, read_json, write_json
from ..store.folders import results_root
from ..store.locks import FOR_EVER
from .addresses import sqlite_address, sqlite_path
from .documents import RunDocument
from .names import STUDY_KEY
from .runs import KnownRun, is_whole, known_runs
from .sender import Sender
from .store import client_for, default_tracking_uri, reported

if TYPE_CHECKING:
    from mlflow import MlflowClient


def outbox_folder(uri: str) -> Path:
    """Folder of the documents that wait for a tracking store."""
    return results_root() / "outbox" / digest(_outbox_name(uri))[:16]


def _outbox_name(uri: str) -> str:
    """Name of an outbox: of a store among the results its place there, since they may be moved, else its address."""
    path = sqlite_path(uri)
    inside = path is not None and path.is_relative_to(results_root())
    return f"here:{path.relative_to(results_root()).as_posix()}" if path is not None and inside else uri


def waiting_stores() -> list[str]:
    """Addresses of the stores that an outbox exists for, each where it is now."""
    entries = [read_json(place) or {} for place in sorted(results_root().glob("outbox/*/store.json"))]
    return list(dict.fromkeys(uri for entry in entries if (uri := _present_uri(entry))))


def _present_uri(entry: Mapping[str, Any]) -> str:
    """Present address of the store that a file ``store.json`` names; empty if it names none."""
    if entry.get("here"):
        return sqlite_address(results_root() / entry["here"])
    uri = entry.get("uri", "")
    path = sqlite_path(uri)
    # Outboxes of earlier versions do not say that their store lay among the results: the usual one, whose folder is gone, did.
    if path is not None and path.name == "mlflow.db" and not path.parent.exists():
        return default_tracking_uri()
    return uri


class Outbox:
    """
    Documents that wait for one tracking store, and a list of those that have arrived there.

    Several processes may have the same outbox.

    Parameters
    ----------
    uri : str

    Attributes
    ----------
    folder : Path
    """

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self.folder = outbox_folder(uri)
        self.folder.mkdir(parents=True, exist_ok=True)
        name = _outbox_name(uri)
        relative = {"here": name.removeprefix("here:")} if name != uri else {}
        write_json(self.folder / "store.json", {"uri": uri, **relative})
        self._delivered_file = self.folder / "delivered.txt"
        self._take_over()
        self._delivered = set(self._delivered_file.read_text().split("\n")) if self._delivered_file.exists() else set()
        self._asked: dict[tuple[str, str], dict[str, KnownRun] | None] = {}  # by study and its key, then by key
        self._client: MlflowClient | None = None
        self._own = set(self.pending())
        self._count = time.time_ns()

    def _take_over(self) -> None:
        """Take the files that wait for the same store by another name: before the results were moved, or of an old version."""
        for place in self.folder.parent.glob("*/store.json"):
            if place.parent == self.folder or _present_uri(read_json(place) or {}) != self._uri:
                continue
            for path in place.parent.glob("*.runs.json"):
                path.rename(self.folder / path.name)
            shutil.rmtree(place.parent, ignore_errors=True)

    def has(self, document: RunDocument) -> bool:
        """
        Ask the store, once for each study, if it has a document, whole.

        A store that does not answer is taken to have what has arrived there before.
        """
        runs = self._known(document)
        if runs is None:
            return f"{document.key} {document.state}" in self._delivered
        run = runs.get(document.key)
        return run is not None and is_whole(run, document, runs, self._client)

    def use(self, client: "MlflowClient") -> None:
        """Ask by a client of the store that was opened for something else, unless there is one already."""
        self._client = self._client or client

    def _known(self, document: RunDocument) -> dict[str, KnownRun] | None:
        name = document.study, document.study_key
        if name not in self._asked:
            try:
                self._client = self._client or client_for(self._uri)
                with reported(self._uri):
                    self._asked[name] = known_runs(self._client, self._uri, document.study, STUDY_KEY, document.study_key)
            except TrackingError:  # the exporter reports it
                self._asked[name] = None
        return self._asked[name]

    def put(self, documents: Sequence[RunDocument]) -> None:
        """Add documents that the store does not have; they survive a kill."""
        new = [document.to_json() for document in documents if document.used or not self.has(document)]
        if new:
            self._count += 1
            path = self.folder / f"{self._count:020d}-{os.getpid()}.runs.json"
            self._own.add(path)
            write_json(path, new)

    def pending(self) -> list[Path]:
        """Files with waiting documents, oldest first."""
        return sorted(self.folder.glob("*.runs.json"))

    def left(self) -> int:
        """Count the waiting files without those that other processes have put here meanwhile."""
        return len(self._own.intersection(self.pending()))

    def deliver(self, sender: Sender, path: Path, patience: float = FOR_EVER) -> None:
        """
        Send the documents of one waiting file, unless another process has done so; a damaged file is set aside.

        Raises
        ------
        LockHeldError
            If another process sends to the store for longer than `patience` seconds.
        TrackingError
            If the store does not take one; the file then stays.
        """
        with sender.alone(patience):
            if not path.exists():
                return
            try:
                documents = [RunDocument.from_json(document) for document in json.loads(path.read_text(encoding="utf-8"))]
            except (ValueError, KeyError, TypeError, AttributeError):
                self._set_aside(path)
                return
            sender.send_together(documents)
            for document in documents:
                sender.send(document)
            with self._delivered_file.open("a") as file:
                file.writelines(f"{document.key} {document.state}\n" for document in documents if document.end)
            path.unlink()

    def _set_aside(self, path: Path) -> None:
        aside = path.with_suffix(".damaged")
        path.rename(aside)
        warnings.warn(
            f"results that waited for {self._uri} were damaged; they are kept as {aside}. "
            "They are sent again when the `bench run` of their study is repeated.",
            BenchWarning,
            stacklevel=2,
        )
