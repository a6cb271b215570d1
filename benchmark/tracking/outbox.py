"""
The outbox: documents that wait for a tracking store, one JSON file per batch, each complete in itself.

A store that is away delays the outbox, and no result is lost.
"""

import contextlib
import json
import os
import secrets
import shutil
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BenchWarning, TrackingError
from ..store.files import digest, read_json, write_json
from ..store.folders import results_root
from ..store.locks import FOR_EVER, LockHeldError, holding
from .addresses import sqlite_address, sqlite_path
from .documents import FOLDERS, RunDocument
from .names import STUDY_KEY
from .runs import KnownRun, is_whole, known_runs, last_use, runs_in_database
from .sender import Sender
from .store import client_for, default_tracking_uri
from .trouble import reported

if TYPE_CHECKING:
    from mlflow import MlflowClient


def outbox_folder(uri: str, part: str = "") -> Path:
    """Folder of the documents that wait for a tracking store; those of a `part` have one of their own beside it."""
    return results_root() / "outbox" / f"{digest(_outbox_name(uri))[:16]}{f'.{part}' if part else ''}"


def _outbox_name(uri: str) -> str:
    """Name of an outbox: of a store among the results its place there, since they may be moved, else its address."""
    path = sqlite_path(uri)
    inside = path is not None and path.is_relative_to(results_root())
    return f"here:{path.relative_to(results_root()).as_posix()}" if path is not None and inside else uri


def _files_of(path: Path) -> Path:
    """Folder of the copies that belong to a waiting file."""
    return path.with_name(f"{path.name.partition('.')[0]}.files")


def _with_copies(document: RunDocument, files: Path) -> RunDocument:
    """Return a document whose copied folders are named where they are now: an outbox may have been moved."""
    copies = {name: files / Path(getattr(document, name)).name for name in FOLDERS if getattr(document, name)}
    return replace(document, **{name: str(copy) for name, copy in copies.items() if copy.is_dir()})


def waiting_stores() -> list[str]:
    """Addresses of the stores that an outbox exists for, each where it is now."""
    entries = [read_json(place) or {} for place in sorted(results_root().glob("outbox/*/store.json"))]
    return list(dict.fromkeys(uri for entry in entries if (uri := _present_uri(entry))))


@dataclass(frozen=True)
class ShardOutbox:
    """
    Outbox of a shard.

    Attributes
    ----------
    folder : Path
    whole_command : str
        Command line that runs the whole study; empty if it is not known.
    """

    folder: Path
    whole_command: str


def parts_of(uri: str) -> list[ShardOutbox]:
    """Return the outboxes of shards whose documents are to go to a tracking store."""
    entries = [(place.parent, read_json(place) or {}) for place in sorted(results_root().glob("outbox/*/store.json"))]
    return [
        ShardOutbox(folder, str(entry.get("whole_command", "")))
        for folder, entry in entries
        if entry.get("part") and _present_uri(entry) == uri
    ]


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


def _lines(path: Path) -> set[str]:
    """Lines of a text file; one that is damaged counts for nothing, and none where there is no file."""
    return set(path.read_text(encoding="utf-8", errors="replace").split("\n")) if path.exists() else set()


def _ended(part: str) -> contextlib.AbstractContextManager[None]:
    """Hold the lock of a shard, so that it does not begin again; `LockHeldError` if it is being run."""
    return holding(results_root() / "locks" / f"{part}.lock", patience=0) if part else contextlib.nullcontext()


def _entries(documents: Any) -> set[str]:
    """Keys and states of documents of finished runs, of one waiting file; none of a damaged one."""
    entries = [entry for entry in documents if isinstance(entry, dict)] if isinstance(documents, list) else []
    return {f"{entry.get('key')} {entry.get('state')}" for entry in entries if entry.get("end")}


class Outbox:
    """
    Documents that wait for one tracking store, and a list of those that have arrived there.

    Several processes may have the same outbox. The outbox of a shard is its own: nothing is sent from it and the store is not
    asked, until an outbox of the whole store takes over what is in it, which happens after the shard has ended.

    Parameters
    ----------
    uri : str
    part : str
        Name of the shard (`Shard.name_of`); empty for the outbox of the whole store.
    whole_command : str
        Of a shard: command line that runs the whole study.

    Attributes
    ----------
    folder : Path
    """

    def __init__(self, uri: str, part: str = "", whole_command: str = "") -> None:
        self._uri = uri
        self._part = part
        self.folder = outbox_folder(uri, part)
        self.folder.mkdir(parents=True, exist_ok=True)
        name = _outbox_name(uri)
        relative = {"here": name.removeprefix("here:")} if name != uri else {}
        of_shard = {"part": part, "whole_command": whole_command} if part else {}
        write_json(self.folder / "store.json", {"uri": uri, **relative, **of_shard})
        self._delivered_file = outbox_folder(uri) / "delivered.txt"
        if not part:
            self._take_over()
        self._delivered = _lines(self._delivered_file)
        self._asked: dict[tuple[str, str], dict[str, KnownRun] | None] = {}  # by study and its key, then by key
        self._client: MlflowClient | None = None
        self._opening = threading.Lock()
        self._refusal: TrackingError | None = None  # of the store, when it was opened last
        self._own = set(self.pending())
        # What waits in the outbox of another shard is not put a second time either.
        everywhere = self.folder.parent.glob(f"{outbox_folder(uri).name}*/*.runs.json") if part else self._own
        self._waiting = {entry for path in everywhere for entry in _entries(read_json(path))}
        self._count = time.time_ns()

    def _take_over(self) -> None:
        """
        Take the files that wait for the same store in other folders.

        They are of shards, of the results before they were moved, or of an old version. A shard that is being run keeps its
        own.
        """
        for place in self.folder.parent.glob("*/store.json"):
            entry = read_json(place) or {}
            if place.parent == self.folder or _present_uri(entry) != self._uri:
                continue
            with contextlib.suppress(LockHeldError), _ended(entry.get("part", "")):
                for path in (*place.parent.glob("*.files"), *place.parent.glob("*.runs.json")):
                    path.rename(self.folder / path.name)
                shutil.rmtree(place.parent, ignore_errors=True)

    def client(self, again: bool = False) -> "MlflowClient":
        """
        Open the store once, for all who ask; whoever comes second waits for the first, and gets the same answer.

        Parameters
        ----------
        again : bool
            Try a store again that did not answer before.

        Raises
        ------
        TrackingError
            If it does not answer, or did not when it was asked before.
        """
        with self._opening:
            if self._client is None and self._refusal is not None and not again:
                raise self._refusal
            if self._client is None:
                try:
                    self._client, self._refusal = client_for(self._uri), None
                except TrackingError as error:
                    self._refusal = error
                    raise
            return self._client

    def has(self, document: RunDocument) -> bool:
        """
        Ask the store, once for each study, if it has a document, whole.

        A document that waits here counts as well. A store that does not answer is taken to have what has arrived there before.
        """
        if f"{document.key} {document.state}" in self._waiting:
            return True
        runs = None if self._part else self._known(document)
        if runs is not None:
            run = runs.get(document.key)
            try:
                with reported(self._uri):
                    return run is not None and is_whole(run, document, runs, self._client)
            except TrackingError:  # the exporter reports it
                self._asked[document.study, document.study_key] = None
        return f"{document.key} {document.state}" in self._delivered

    def contents_of(self, document: RunDocument) -> str:
        """Return the digest that the files of a cell had when the store got them; empty if that is not known."""
        run = None if self._part else (self._known(document) or {}).get(document.key)
        return run.contents if run else ""

    def _known(self, document: RunDocument) -> dict[str, KnownRun] | None:
        name = document.study, document.study_key
        if name not in self._asked:
            try:
                self._asked[name] = self._ask(document.study, document.study_key)
            except TrackingError:  # the exporter reports it
                self._asked[name] = None
        return self._asked[name]

    def _is_used_anew(self, document: RunDocument) -> bool:
        """
        Return True if a use of a result that the store has changes which result of its study was used last.

        A study that is run again with nothing to do has nothing to send.
        """
        if not document.used or self._part:
            return bool(document.used)
        if self.pending():  # with uses that the store does not know yet
            return True
        runs = self._known(document) or {}
        run, last = runs.get(document.key), last_use(self._uri, document.study)
        return run is None or last is None or run.used < last or last == 0

    def _ask(self, study: str, study_key: str) -> dict[str, KnownRun]:
        with reported(self._uri):
            known = runs_in_database(self._uri, study, STUDY_KEY, study_key)
        if known is not None:
            return known
        client = self.client()
        with reported(self._uri):
            return known_runs(client, self._uri, study, STUDY_KEY, study_key)

    def put(self, documents: Sequence[RunDocument]) -> None:
        """Add documents that the store does not have, or whose last use it does not know; they survive a kill."""
        new = [document.to_json() for document in documents if not self.has(document) or self._is_used_anew(document)]
        if new:
            path = self._next_file()
            self._own.add(path)
            write_json(path, new)
            self._waiting |= _entries(new)

    def _next_file(self) -> Path:
        self._count += 1
        return self.folder / f"{self._count:020d}-{os.getpid()}-{secrets.token_hex(4)}.runs.json"

    def keep(self, documents: Sequence[RunDocument]) -> Path:
        """
        Add documents that the store cannot have yet, with copies of their folders, which need not last.

        Returns
        -------
        Path
            File with the documents.
        """
        path = self._next_file()
        files = _files_of(path)
        for n, document in enumerate(documents):
            for name in FOLDERS:
                if Path(getattr(document, name)).is_dir() and getattr(document, name):
                    shutil.copytree(getattr(document, name), files / f"{n}-{name}")
        copied = [
            replace(document, **{name: str(files / f"{n}-{name}") for name in FOLDERS if (files / f"{n}-{name}").is_dir()})
            for n, document in enumerate(documents)
        ]
        self._own.add(path)
        write_json(path, [document.to_json() for document in copied])
        return path

    def forget(self, path: Path) -> None:
        """Delete a waiting file, and what was copied for it."""
        path.unlink(missing_ok=True)
        shutil.rmtree(_files_of(path), ignore_errors=True)

    def pending(self) -> list[Path]:
        """Files with waiting documents, oldest first."""
        return sorted(self.folder.glob("*.runs.json"))

    def left(self) -> int:
        """Count the waiting files without those that other processes have put here meanwhile."""
        return len(self._own.intersection(self.pending()))

    def deliver(self, sender: Sender, path: Path, patience: float = FOR_EVER) -> list[TrackingError]:
        """
        Send the documents of one waiting file, unless another process has done so; a damaged file is set aside.

        A document that the store refuses does not hold up the others. It stays in the file.

        Returns
        -------
        list of TrackingError
            Of the documents that stay.

        Raises
        ------
        LockHeldError
            If another process sends to the store for longer than `patience` seconds.
        TrackingError
            If the store does not answer, or makes several errors in a row; the file then stays.
        """
        with sender.alone(patience):
            documents = self._read(path)
            if not path.exists():  # any more
                return []
            sender.send_together(documents)
            refused = {n: error for n, document in enumerate(documents) if (error := sender.try_to_send(document))}
            done = [document for n, document in enumerate(documents) if n not in refused]
            with self._delivered_file.open("a") as file:
                file.writelines(f"{document.key} {document.state}\n" for document in done if document.end)
            if refused:
                write_json(path, [documents[n].to_json() for n in refused])
            else:
                self.forget(path)
            return list(refused.values())

    def make_runs(self, sender: Sender, paths: Sequence[Path], patience: float = FOR_EVER) -> None:
        """
        Make the runs of the trials in several waiting files at once, where the store is a database; `deliver` finds them there.

        Raises
        ------
        LockHeldError, TrackingError
            See `deliver`.
        """
        if len(paths) < 2 or not sender.makes_runs_together:  # then `deliver` does all that can be done
            return
        with sender.alone(patience):
            sender.send_together([document for path in paths for document in self._read(path)])

    def _read(self, path: Path) -> list[RunDocument]:
        """Return the documents of a waiting file; none if it has been sent meanwhile, or is damaged and set aside."""
        if not path.exists():
            return []
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))
            return [_with_copies(RunDocument.from_json(entry), _files_of(path)) for entry in entries]
        except (ValueError, KeyError, TypeError, AttributeError):
            self._set_aside(path)
            return []

    def _set_aside(self, path: Path) -> None:
        aside = path.with_suffix(".damaged")
        path.rename(aside)
        warnings.warn(
            f"results that waited for {self._uri} were damaged; they are kept as {aside}. "
            "They are sent again when the `bench run` of their study is repeated.",
            BenchWarning,
            stacklevel=2,
        )
