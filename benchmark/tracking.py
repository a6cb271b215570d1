"""
The one place that speaks MLflow.

A run writes *documents* (one JSON file per MLflow run, complete in itself) into an outbox; an exporter sends them while
the study goes on and deletes what has arrived. A server that is away delays the outbox and kills nothing.
"""

import contextlib
import json
import logging
import math
import os
import re
import shutil
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .addresses import folder_path, sqlite_address, sqlite_path
from .databases import check_database, check_database_file
from .errors import BenchError, BenchWarning, TrackingError
from .invocation import bench
from .mlflow_names import COMPLETE, CROSS_DOMAIN, IN_DOMAIN, KEY, KIND, MARK, NOTE, PARENT, SENT, STUDY_KEY, USED, used_at
from .mlflow_reading import FoundCell, KnownRun, find_cells, is_there, known_runs, store_folder, today
from .mlflow_setup import artifacts_folder, make_ready, no_stray_folder, store_lock
from .store.files import digest, publish_folder, read_json, write_json
from .store.folders import relocated, results_root
from .store.locks import FOR_EVER, LockHeldError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment

METRICS_AT_A_TIME = 1000  # MLflow takes no more
DOWNLOADS = 8  # at a time
NOTE_LENGTH = 8000
EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}  # the UI then shows runs and models, not chat traces
# Cells alone, and not by time: then the MLflow UI lists them one below the other instead of folded below their study.
STUDY_VIEW = {"searchFilter": f"tags.`{KIND}` = 'cell'", "orderByKey": f"metrics.`{CROSS_DOMAIN}`"}
# Columns of the table of runs: few, and such that every cell has.
COLUMNS = (
    "params.`detector`",
    "params.`train`",
    "params.`band`",
    f"metrics.`{IN_DOMAIN}`",
    f"metrics.`{CROSS_DOMAIN}`",
    "metrics.`worst_auc`",
)
VIEW = "bandbench"
VIEW_TAG = f"mlflow.sharedViewState.{VIEW}"  # of an experiment: where the MLflow UI keeps a view that is shared by its address
MODEL_PARAMS = ("detector", "task", "train", "view", "band", "crop", "seed")  # of its run, told of a model too
SCHEMES = ("sqlite", "http", "https", "postgresql", "mysql", "mssql", "file", "databricks")


@dataclass(frozen=True)
class RunDocument:
    """
    One MLflow run, ready to be sent.

    Attributes
    ----------
    key : str
        Content name; a run with this key is never made twice.
    kind : {"study", "cell", "trial"}
    name : str
        As the MLflow UI shows it.
    study, study_key : str
        Experiment, and the parent run that everything hangs on.
    parent : RunDocument or None
        What must exist before; enough of it to open the run.
    start, end : float
        Seconds since the epoch; an `end` of 0 leaves the run open.
    params, tags : dict of str to str
    metrics : dict of str to float
        NaN is kept, infinity refused.
    series : dict of str to sequence of (step, value)
        Metrics that have a value at every step, an epoch say.
    artifacts : str
        Folder whose content belongs to the run; empty for none.
    artifact_path : str or None
        Below which folder of the run; None for its top.
    inputs : tuple of (name, digest, context)
        Data sets.
    note : str
        Markdown that the MLflow UI shows on top of the run's page.
    model : str
        Folder of a model that the run made, as MLflow has them; it may lie in `artifacts`. Empty for none.
    state : str
        Kept as a tag once the document has arrived whole; one with another state is sent into the same run again.
    used : float
        When a run had this result last, computed or taken from the records, in seconds since the epoch; 0 where nobody asks.
        Of several variants of a row the board shows the one that was used last.
    """

    key: str
    kind: str
    name: str
    study: str
    study_key: str
    parent: "RunDocument | None" = None
    start: float = 0.0
    end: float = 0.0
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    series: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    artifacts: str = ""
    artifact_path: str | None = None
    inputs: tuple[tuple[str, str, str], ...] = ()
    note: str = ""
    model: str = ""
    state: str = "1"
    used: float = 0.0

    @property
    def only_used(self) -> bool:
        """Whether it brings nothing but the time of use of a run that the store has already."""
        return bool(self.used) and not self.end

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "RunDocument":
        """Read what `as_json` wrote, or an earlier version of it."""
        parent = data["parent"]
        metrics = {k: math.nan if v is None else v for k, v in data["metrics"].items()}
        inputs = tuple(tuple(entry) for entry in data["inputs"])
        told = data.get("series", {}).items()
        series = {name: [(step, math.nan if v is None else v) for step, v in values] for name, values in told}
        folders = {name: _read_folder(data.get(name, "")) for name in ("artifacts", "model")}
        read = {"metrics": metrics, "series": series, "inputs": inputs, **folders}
        return cls(**{**data, "parent": cls.from_json(parent) if parent else None, **read})

    def as_json(self) -> dict[str, Any]:
        """What is kept of it in the outbox: folders among the results by their place there, since those may be moved."""
        return asdict(self) | {name: _kept_folder(getattr(self, name)) for name in ("artifacts", "model")}


def _kept_folder(folder: str) -> str:
    inside = folder and Path(folder).is_relative_to(results_root())
    return Path(folder).relative_to(results_root()).as_posix() if inside else folder


def _read_folder(kept: str) -> str:
    return str(relocated(results_root() / kept)) if kept else ""


def default_tracking_uri() -> str:
    """SQLite below the results folder, as an absolute address: MLflow's own default follows the working directory."""
    return sqlite_address(results_root() / "mlflow.db")


def resolve_tracking_uri(given: str | None) -> str:
    """
    What the user gave, else ``MLFLOW_TRACKING_URI``, else our own store.

    Raises
    ------
    TrackingError
        If MLflow knows no such kind of address.
    """
    uri = given or os.environ.get("MLFLOW_TRACKING_URI") or default_tracking_uri()
    scheme = uri.partition("://")[0].partition("+")[0]
    if "://" not in uri or scheme not in SCHEMES:
        raise TrackingError(
            f"the tracking address is a URI such as sqlite:///runs.db or http://127.0.0.1:5000 "
            f"({', '.join(SCHEMES)}), got {uri!r}."
        )
    path = sqlite_path(uri)
    return uri if path is None else sqlite_address(path)


def client_for(uri: str) -> "MlflowClient":
    """
    Open a tracking store.

    Raises
    ------
    TrackingError
        If it does not answer.
    """
    # An answer within seconds or none: MLflow's own patience is four minutes a call.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    with _reported(uri):
        from mlflow import MlflowClient

        for name in ("mlflow", "alembic", "urllib3"):
            logging.getLogger(name).setLevel(logging.ERROR)
        path = sqlite_path(uri)
        if path is not None:
            # No connection outlives what it is for: one that is kept would go on with a file that was deleted or replaced.
            if not {f"MLFLOW_SQLALCHEMYSTORE_{name}" for name in ("POOL_SIZE", "MAX_OVERFLOW")} & os.environ.keys():
                os.environ.setdefault("MLFLOW_SQLALCHEMYSTORE_POOLCLASS", "NullPool")
            make_ready(path, uri)
        with no_stray_folder(uri):
            client = MlflowClient(uri)
            client.search_experiments(max_results=1)
        return client


def check_tracking_store(uri: str) -> None:
    """
    Look whether a tracking store answers, and create nothing.

    Parameters
    ----------
    uri : str
        See `resolve_tracking_uri`. A local database that is not there yet is no mistake; runs make it.

    Raises
    ------
    TrackingError
        If it does not.
    """
    with _reported(uri):
        if uri.startswith(("http://", "https://")):
            import requests

            requests.get(uri, timeout=10)  # any answer is one
        elif path := sqlite_path(uri):
            if uri != default_tracking_uri():
                check_database_file(path)
        elif "sql" in uri.partition("://")[0]:
            check_database(uri)


OTHER_PAGES = {"models": "models", "spectra": "spectra", "leaderboard": "leaderboard pages"}
MODE = "workflowType=machine_learning"  # of the MLflow UI, which otherwise opens in the one for chat traces


def study_pages(client: "MlflowClient") -> dict[str, str]:
    """
    Where the MLflow UI shows the cells of each study, as paths below its address.

    Its own start page is about chat traces, and lists the hundred newest runs of a study: where there are more trials than
    that, neither cells nor parent.
    """
    return {
        experiment.name: _runs_page(experiment)
        for experiment in client.search_experiments()
        if client.search_runs([experiment.experiment_id], f"tags.`{KIND}` = 'study'", max_results=1)
    }


def _runs_page(experiment: "Experiment") -> str:
    from urllib.parse import urlencode

    page = f"/#/experiments/{experiment.experiment_id}/runs?{MODE}"
    if VIEW_TAG in experiment.tags:
        return f"{page}&viewStateShareKey={VIEW}"
    return f"{page}&{urlencode({**STUDY_VIEW, 'orderByAsc': 'false'})}"


def other_pages(client: "MlflowClient") -> dict[str, str]:
    """Where the MLflow UI shows what is kept beside the studies: trained models, spectra, leaderboard pages."""
    found = {experiment.name: experiment.experiment_id for experiment in client.search_experiments()}
    return {title: f"/#/experiments/{found[name]}/runs?{MODE}" for name, title in OTHER_PAGES.items() if name in found}


@contextlib.contextmanager
def _reported(uri: str) -> Iterator[None]:
    """Turn whatever MLflow, its database or its HTTP layer raise into one message."""
    try:
        yield
    except TrackingError:
        raise
    except Exception as error:
        first = next((line for line in str(error).strip().splitlines() if line), type(error).__name__)
        if "Max retries exceeded" in first or "Connection refused" in first:
            first = "no connection"
        raise TrackingError(
            f"the tracking store {uri} does not answer ({first[:200]}). Start it, or name another with --tracking-uri."
        ) from error


# --- writing ---------------------------------------------------------------------------------------------------------


def outbox_folder(uri: str) -> Path:
    """Where documents for a tracking store wait."""
    return results_root() / "outbox" / digest(_outbox_name(uri))[:16]


def _outbox_name(uri: str) -> str:
    """What an outbox is known by: a store among the results by its place there, since those may be moved."""
    path = sqlite_path(uri)
    inside = path is not None and path.is_relative_to(results_root())
    return f"here:{path.relative_to(results_root()).as_posix()}" if path is not None and inside else uri


def waiting_stores() -> list[str]:
    """Addresses of the stores that an outbox exists for, each where it is now."""
    kept = [read_json(place) or {} for place in sorted(results_root().glob("outbox/*/store.json"))]
    return list(dict.fromkeys(uri for entry in kept if (uri := _present_uri(entry))))


def _present_uri(entry: Mapping[str, Any]) -> str:
    """Address of the store that a file ``store.json`` tells of."""
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
    Documents that wait for one tracking store, and what is known of those that it has got.

    Several processes may have the same outbox.

    Parameters
    ----------
    uri : str
    """

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self.folder = outbox_folder(uri)
        self.folder.mkdir(parents=True, exist_ok=True)
        name = _outbox_name(uri)
        here = {"here": name.removeprefix("here:")} if name != uri else {}
        write_json(self.folder / "store.json", {"uri": uri, **here})
        self._delivered_file = self.folder / "delivered.txt"
        self._take_over()
        self._delivered = set(self._delivered_file.read_text().split("\n")) if self._delivered_file.exists() else set()
        self._asked: dict[tuple[str, str], dict[str, KnownRun] | None] = {}
        self._client: MlflowClient | None = None
        self._mine = set(self.pending())
        self._count = time.time_ns()

    def _take_over(self) -> None:
        """Take what waits for the same store by another name: from before the results were moved, or an earlier version."""
        for place in self.folder.parent.glob("*/store.json"):
            if place.parent == self.folder or _present_uri(read_json(place) or {}) != self._uri:
                continue
            for path in place.parent.glob("*.runs.json"):
                path.rename(self.folder / path.name)
            shutil.rmtree(place.parent, ignore_errors=True)

    def has(self, document: RunDocument) -> bool:
        """
        Whether the store has got a document, whole, and still has it.

        It is asked, once for each study. One that does not answer is taken to have what it once got.
        """
        known = self._known(document)
        if known is None:
            return f"{document.key} {document.state}" in self._delivered
        run = known.get(document.key)
        return run is not None and _is_whole(run, document, known, self._client)

    def _known(self, document: RunDocument) -> dict[str, KnownRun] | None:
        name = document.study, document.study_key
        if name not in self._asked:
            try:
                self._client = self._client or client_for(self._uri)
                with _reported(self._uri):
                    self._asked[name] = known_runs(self._client, self._uri, document.study, STUDY_KEY, document.study_key)
            except TrackingError:  # the exporter tells of it
                self._asked[name] = None
        return self._asked[name]

    def put(self, documents: Sequence[RunDocument]) -> None:
        """Add documents that the store has not got; they survive a kill."""
        new = [document.as_json() for document in documents if document.used or not self.has(document)]
        if new:
            self._count += 1
            path = self.folder / f"{self._count:020d}-{os.getpid()}.runs.json"
            self._mine.add(path)
            write_json(path, new)

    def pending(self) -> list[Path]:
        """Files with waiting documents, oldest first."""
        return sorted(self.folder.glob("*.runs.json"))

    def left(self) -> int:
        """Count the waiting files without those that other processes have put here meanwhile."""
        return len(self._mine.intersection(self.pending()))

    def deliver(self, sender: "Sender", path: Path, patience: float = FOR_EVER) -> None:
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


def _is_whole(
    run: KnownRun, document: RunDocument, known: Mapping[str, KnownRun], client: "MlflowClient | None" = None
) -> bool:
    """Whether a run is what a document says: finished, below its parent, with its model, with files that are there."""
    if not run.active or run.state != document.state:
        return False
    if document.parent and run.parent != getattr(known.get(document.parent.key), "run_id", None):
        return False
    if document.model and run.has_model is False:
        return False
    return _has_artifacts(run, document, client)


def _has_artifacts(run: KnownRun, document: RunDocument, client: "MlflowClient | None") -> bool:
    """Whether the files of a run are there: each, where they are on this machine, else those that a server lists on top."""
    folder, place = Path(document.artifacts), folder_path(run.location)
    if not document.artifacts or not folder.is_dir():
        return True
    own = [path for path in folder.iterdir() if path != Path(document.model)]
    if place is not None:
        files = [file for path in own for file in (path.rglob("*") if path.is_dir() else (path,)) if file.is_file()]
        place /= document.artifact_path or ""
        return all(_size(place / file.relative_to(folder)) == file.stat().st_size for file in files)
    if client is None:
        return True
    listed = {Path(entry.path).name for entry in client.list_artifacts(run.run_id, document.artifact_path)}
    return {path.name for path in own} <= listed


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


class Sender:
    """
    Sends documents to one tracking store, each at most once.

    Parameters
    ----------
    client : MlflowClient
    uri : str
    """

    def __init__(self, client: "MlflowClient", uri: str) -> None:
        self._client = client
        self._uri = uri
        self._path = sqlite_path(uri)
        self._experiments: dict[str, str] = {}
        self._runs: dict[tuple[str, str], dict[str, KnownRun]] = {}  # by study and its key, then by key

    @contextlib.contextmanager
    def alone(self, patience: float = FOR_EVER) -> Iterator[None]:
        """
        Be the only one of this machine who sends to the store; everybody waits for as long as one file takes.

        Raises
        ------
        LockHeldError
            If it takes longer than `patience` seconds.
        """
        with store_lock(self._path, self._uri, patience):
            yield

    def send(self, document: RunDocument) -> None:
        """
        Make the run of a document unless the store has it.

        Raises
        ------
        TrackingError
            If the store does not take it.
        """
        with _reported(self._uri):
            self._send(document)

    def _send(self, document: RunDocument) -> None:
        if document.only_used:
            known = self._known(document).get(document.key)
            if known is not None and known.active and known.state == document.state:
                self._mark_used(known.run_id, document.used)
            return
        run = self._opened(document)
        if _is_whole(run, document, self._known(document)):
            if document.used:
                self._mark_used(run.run_id, document.used)
            return
        run_id = run.run_id
        model_id = self._log_model(run_id, document) if document.model and Path(document.model).is_dir() else None
        self._log(run_id, document, model_id)
        self._log_artifacts(run_id, document)
        if document.end:
            self._client.set_tag(run_id, COMPLETE, document.state)
            end = max(document.end, document.start)  # what an earlier run had computed ended before this one began
            self._client.set_terminated(run_id, "FINISHED", end_time=int(1000 * end))
            self._known(document)[document.key] = replace(run, state=document.state, has_model=None)

    def _mark_used(self, run_id: str, used: float) -> None:
        """Keep when a result was used last, unless the store knows of a later use."""
        from mlflow.entities import RunTag

        if used > used_at(self._client.get_run(run_id).data.tags.get(USED), 0):
            self._client.log_batch(run_id, tags=[RunTag(USED, f"{used:.6f}"), RunTag(SENT, today())])

    def _known(self, document: RunDocument) -> dict[str, KnownRun]:
        """Runs of a study that the store already has, read once."""
        name = document.study, document.study_key
        if name not in self._runs:
            self._experiment(document.study)
            self._runs[name] = known_runs(self._client, self._uri, document.study, STUDY_KEY, document.study_key)
        return self._runs[name]

    def _experiment(self, name: str) -> str:
        if name not in self._experiments:
            found = self._client.get_experiment_by_name(name) or self._new_experiment(name)
            if found.lifecycle_stage == "deleted":
                self._client.restore_experiment(found.experiment_id)
            if name not in OTHER_PAGES and found.tags.get(VIEW_TAG) != _study_view():
                self._client.set_experiment_tag(found.experiment_id, VIEW_TAG, _study_view())
            self._experiments[name] = found.experiment_id
        return self._experiments[name]

    def _new_experiment(self, name: str) -> "Experiment":
        from mlflow.exceptions import MlflowException

        place = None if self._path is None else (artifacts_folder(self._path) / name).as_uri()
        try:
            made = self._client.create_experiment(name, artifact_location=place, tags=EXPERIMENT_TAGS)
        except MlflowException as error:
            found = self._client.get_experiment_by_name(name)
            if error.error_code != "RESOURCE_ALREADY_EXISTS" or found is None:
                raise
            return found  # somebody else was faster
        return self._client.get_experiment(made)

    def _opened(self, document: RunDocument) -> KnownRun:
        """The run of a document below the run of its parent: made, or taken back if it was deleted."""
        parent = self._opened(document.parent).run_id if document.parent else ""
        known = self._known(document)
        # Whoever else sends to the store may have made it since it was asked.
        run = known.get(document.key) or known_runs(self._client, self._uri, document.study, KEY, document.key).get(
            document.key
        )
        if run is None:
            run = self._create(document, parent)
        if not run.active:
            self._client.restore_run(run.run_id)
        if run.parent != parent:
            self._client.set_tag(run.run_id, PARENT, parent)
        known[document.key] = replace(run, parent=parent, active=True)
        return known[document.key]

    def _create(self, document: RunDocument, parent: str) -> KnownRun:
        tags = {
            KEY: document.key,
            KIND: document.kind,
            STUDY_KEY: document.study_key,
            **({PARENT: parent} if parent else {}),
            **document.tags,
        }
        run = self._client.create_run(
            self._experiment(document.study), start_time=int(1000 * document.start), tags=tags, run_name=document.name
        )
        return KnownRun(run.info.run_id, parent=parent, location=run.info.artifact_uri or "")

    def _log(self, run_id: str, document: RunDocument, model_id: str | None) -> None:
        """Log parameters, metrics (of the model too, if there is one), note and data sets."""
        from mlflow.entities import Metric, Param, RunTag

        stamp = int(1000 * (document.end or document.start))
        known = {name: value for name, value in document.metrics.items() if not math.isinf(value)}
        # Of a model, MLflow would show and find an undefined metric as 0.
        metrics = [
            Metric(name, value, stamp, 0, model_id=None if math.isnan(value) else model_id) for name, value in known.items()
        ]
        params = [Param(name, value[:6000]) for name, value in document.params.items()]
        tags = [RunTag(NOTE, document.note[:NOTE_LENGTH])] if document.note else []
        if document.end and document.kind == "cell":
            tags.append(RunTag(SENT, today()))
        if document.end and document.used:
            tags.append(RunTag(USED, f"{document.used:.6f}"))
        if metrics or params or tags:
            self._client.log_batch(run_id, metrics=metrics, params=params, tags=tags)
        steps = [Metric(name, value, stamp, step) for name, values in document.series.items() for step, value in values]
        steps = [metric for metric in steps if not math.isinf(metric.value)]
        for start in range(0, len(steps), METRICS_AT_A_TIME):
            self._client.log_batch(run_id, metrics=steps[start : start + METRICS_AT_A_TIME])
        if document.inputs:
            self._client.log_inputs(run_id, datasets=[_dataset_input(*entry) for entry in document.inputs])

    def _log_artifacts(self, run_id: str, document: RunDocument) -> None:
        """Everything in the folder but the model, which MLflow keeps in a place of its own."""
        folder = Path(document.artifacts)
        if not document.artifacts or not folder.is_dir():
            return
        if not document.model:
            self._client.log_artifacts(run_id, str(folder), document.artifact_path)
            return
        for entry in sorted(folder.iterdir()):
            if entry != Path(document.model):
                self._client.log_artifact(run_id, str(entry), document.artifact_path)

    def _log_model(self, run_id: str, document: RunDocument) -> str:
        """Make the run's logged model, unless it was made before a kill; return its id."""
        from mlflow.entities import LoggedModelOutput

        from .models.trained_model import add_mlflow_model

        experiment = self._experiment(document.study)
        made = self._client.search_logged_models([experiment], f"source_run_id = '{run_id}'")
        for model in made:
            if model.status == "READY" and is_there(model.artifact_location):
                return model.model_id
            self._client.delete_logged_model(model.model_id)  # half of it may be there
        params = {name: value[:6000] for name, value in document.params.items() if name in MODEL_PARAMS}
        tags = {NOTE: document.note[:NOTE_LENGTH]} if document.note else {}
        name = _model_name(document.name)
        model = self._client.create_logged_model(experiment, name, run_id, tags, params, document.kind)
        if not Path(document.model, "MLmodel").exists():
            add_mlflow_model(Path(document.model))
        self._client.log_model_artifacts(model.model_id, document.model)
        self._client.log_outputs(run_id, [LoggedModelOutput(model.model_id, 0)])
        self._client.finalize_logged_model(model.model_id, "READY")
        return model.model_id


def _study_view() -> str:
    """How the MLflow UI shows a study: its cells, best first, with the columns that one compares."""
    return json.dumps({**STUDY_VIEW, "orderByAsc": False, "compareRunsMode": "TABLE", "selectedColumns": COLUMNS})


def _model_name(name: str) -> str:
    """What MLflow takes as the name of a model: some characters are not for it."""
    return re.sub(r"""[/:.%"']+""", " ", name).strip()[:250] or "model"


def _dataset_input(name: str, content: str, context: str) -> Any:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    # A digest may have 36 characters; the whole one is in the source.
    source = json.dumps({"sha256": content})
    dataset = Dataset(name=name[:500], digest=content[:32], source_type="bandbench", source=source)
    return DatasetInput(dataset, [InputTag("mlflow.data.context", context)])


def send_now(documents: Sequence[RunDocument], uri: str) -> None:
    """
    Send documents without an outbox.

    Raises
    ------
    TrackingError
        If the store does not take it.
    """
    sender = Sender(client_for(uri), uri)
    with sender.alone():
        for document in documents:
            sender.send(document)


class Exporter(threading.Thread):
    """
    Sends an outbox in the background until it is told to stop.

    Parameters
    ----------
    outbox : Outbox
    uri : str
    tell : callable, optional
        Called with the problem as soon as there is one.

    Attributes
    ----------
    problem : str
        Why documents are left; empty while all is well.
    """

    def __init__(self, outbox: Outbox, uri: str, tell: Callable[[str], None] | None = None) -> None:
        super().__init__(name="exporter", daemon=True)
        self.problem = ""
        self._outbox = outbox
        self._uri = uri
        self._tell = tell
        self._closing = threading.Event()
        self._deadline = math.inf

    def run(self) -> None:
        """Send until closed and empty; stop at the first failure, which `problem` then names."""
        try:
            sender = Sender(client_for(self._uri), self._uri)
            while True:
                last_round = self._closing.is_set()
                for path in self._outbox.pending():
                    while not self._delivered(sender, path):
                        if time.monotonic() > self._deadline:
                            return
                if last_round:
                    return
                self._closing.wait(0.3)
        except (BenchError, OSError) as error:
            self.problem = str(error)
            if self._tell and not self._closing.is_set():
                self._tell(f"{error} The study goes on; its results wait here.")

    def _delivered(self, sender: Sender, path: Path) -> bool:
        """Deliver a file unless time is up, or another process sends for longer than a moment."""
        if time.monotonic() > self._deadline:
            return False
        try:
            self._outbox.deliver(sender, path, patience=1.0)
        except LockHeldError:
            return False
        return True

    def close(self, patience: float = math.inf) -> int:
        """Send what is left, for at most `patience` seconds; return how many files stay behind."""
        self._deadline = time.monotonic() + patience
        self._closing.set()
        self.join(None if math.isinf(patience) else patience + 30)
        return self._outbox.left()


# --- reading ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CellRun:
    """
    A cell that was found in a tracking store, its folder on this machine.

    Attributes
    ----------
    run_id, study : str
    metrics : dict of str to float
        Those that its row is checked against.
    finished : float
        Seconds since the epoch.
    used : float
        When a run had this result last, computed or taken from the records; seconds since the epoch.
    folder : Path
        Holds ``cell.json`` and score files, if the run has any.
    """

    run_id: str
    study: str
    metrics: dict[str, float]
    finished: float
    used: float
    folder: Path


def boards_of(study: str, names: Iterable[str]) -> set[str]:
    """
    Return the recorded boards that a name stands for: the one of that name, else those of the study under other settings.

    >>> sorted(boards_of("a", ["a~seeds=1", "a~mine", "ab", "b"]))
    ['a~mine', 'a~seeds=1']
    """
    known = set(names)
    return {study} & known or {name for name in known if name.startswith(f"{study}{MARK}")}


@contextlib.contextmanager
def cell_runs(uri: str, study: str | None = None) -> Iterator[list[CellRun]]:
    """
    Find all finished cells of a store; what has to be downloaded is kept in the cache.

    Parameters
    ----------
    uri : str
    study : str, optional
        Only cells of this study, see `boards_of`.

    Raises
    ------
    TrackingError
        If the store does not answer, or knows no such study.
    """
    path = sqlite_path(uri)
    if path is not None and not path.exists():
        raise TrackingError(f"nothing is recorded in {uri} yet; `{bench('run band_search')}` records something.")
    client = client_for(uri)
    with _reported(uri):
        experiments = {e.experiment_id: e.name for e in client.search_experiments()}
        if study is not None:
            wanted = boards_of(study, experiments.values())
            experiments = {i: n for i, n in experiments.items() if n in wanted}
            if not experiments:
                known = ", ".join(sorted(e.name for e in client.search_experiments() if e.name != "Default"))
                raise TrackingError(f"no study '{study}' in {uri}. Recorded there: {known or 'nothing'}.")
        cells = find_cells(client, uri, experiments)
        folders = _folders(client, uri, cells)
    yield [CellRun(c.run_id, experiments[c.experiment_id], c.metrics, c.finished, c.used, folders[c.run_id]) for c in cells]


def _folders(client: "MlflowClient", uri: str, cells: Sequence[FoundCell]) -> dict[str, Path]:
    """Folder of every cell by run: in place where the store is on this machine, else downloaded, once."""
    here = {cell.run_id: place for cell in cells if (place := folder_path(cell.location))}
    missing = [cell.run_id for cell in cells if cell.run_id not in here]
    kept = store_folder(uri) / "runs"
    with ThreadPoolExecutor(DOWNLOADS) as threads:
        list(threads.map(lambda run_id: _download(client, run_id, kept / run_id), missing))
    return here | {run_id: kept / run_id for run_id in missing}


def fetch_artifacts(uri: str, folders: Mapping[str, Path], names: Sequence[str]) -> None:
    """
    Fetch further artifacts of cells whose folders `cell_runs` downloaded; where the store is on this machine they are there.

    Parameters
    ----------
    uri : str
    folders : mapping of run to Path
        Of `cell_runs`.
    names : sequence of str
        What a run does not have is passed over.

    Raises
    ------
    TrackingError
        If the store does not answer.
    """
    kept = store_folder(uri) / "runs"
    wanted = {run_id: folder for run_id, folder in folders.items() if folder.parent == kept and folder.is_dir()}
    if not wanted:
        return
    client = client_for(uri)

    def fetch(run_id: str) -> None:
        missing = [name for name in names if not (wanted[run_id] / name).exists()]
        present = {entry.path for entry in client.list_artifacts(run_id)} if missing else set()
        for name in present.intersection(missing):
            client.download_artifacts(run_id, name, str(wanted[run_id]))

    with _reported(uri), ThreadPoolExecutor(DOWNLOADS) as threads:
        list(threads.map(fetch, wanted))


def download_model(address: str, uri: str) -> Path:
    """
    Folder of a model that MLflow keeps, in place where the store is on this machine, else a copy of it.

    Parameters
    ----------
    address : str
        ``models:/…`` or ``runs:/…``.
    uri : str
        Of the tracking store.

    Raises
    ------
    TrackingError
        If there is no such model.
    """
    client_for(uri)
    from mlflow import set_tracking_uri
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    set_tracking_uri(uri)  # an address of a model is looked up in the store that MLflow itself knows
    try:
        return Path(download_artifacts(artifact_uri=address))
    except (MlflowException, OSError) as error:
        reason = str(error).strip().splitlines()[0][:200].rstrip(".")
        raise TrackingError(f"{uri} has no model {address} ({reason}). `{bench('ui')}` shows the models there are.") from error


def _download(client: "MlflowClient", run_id: str, target: Path) -> None:
    """Fetch what rows follow from, whole or not at all; a run that has no such files gets no folder."""
    if target.is_dir() or "cell.json" not in {entry.path for entry in client.list_artifacts(run_id)}:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{run_id}-", dir=target.parent))
    try:
        for part in ("cell.json", "scores"):
            client.download_artifacts(run_id, part, str(temporary))
        publish_folder(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
