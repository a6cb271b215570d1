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
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .databases import check_database
from .errors import TrackingError
from .invocation import bench
from .mlflow_names import COMPLETE, KEY, KIND, NOTE, PARENT, SENT, STUDY_KEY
from .mlflow_reading import FoundCell, find_cells, search, store_folder, today
from .store import digest, publish_folder, read_json, results_root, write_json

if TYPE_CHECKING:
    from mlflow import MlflowClient

METRICS_AT_A_TIME = 1000  # MLflow takes no more
DOWNLOADS = 8  # at a time
NOTE_LENGTH = 8000
EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}  # the UI then shows runs and models, not chat traces
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

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "RunDocument":
        """Read what `dataclasses.asdict` wrote."""
        parent = data["parent"]
        metrics = {k: math.nan if v is None else v for k, v in data["metrics"].items()}
        inputs = tuple(tuple(entry) for entry in data["inputs"])
        told = data.get("series", {}).items()
        series = {name: [(step, math.nan if v is None else v) for step, v in values] for name, values in told}
        read = {"metrics": metrics, "series": series, "inputs": inputs}
        return cls(**{**data, "parent": cls.from_json(parent) if parent else None, **read})


def default_tracking_uri() -> str:
    """SQLite below the results folder, as an absolute address: MLflow's own default follows the working directory."""
    return f"sqlite:///{results_root() / 'mlflow.db'}"


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
    if uri.startswith("sqlite:///") and not uri.startswith("sqlite:////"):
        return f"sqlite:///{Path(uri.removeprefix('sqlite:///')).absolute()}"
    return uri


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
        if uri.startswith("sqlite:////"):
            Path(uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        client = MlflowClient(uri)
        client.search_experiments(max_results=1)
        if uri.startswith("sqlite"):
            _use_write_ahead_log(uri)
            _hide_default_experiment(client)
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
        elif "sql" in uri.partition("://")[0] and uri != default_tracking_uri():
            check_database(uri)


OTHER_PAGES = {"models": "models", "spectra": "spectra", "leaderboard": "leaderboard pages"}


def study_pages(client: "MlflowClient") -> dict[str, str]:
    """
    Where the MLflow UI shows each study as a tree, as paths below its address.

    Its own start page lists the hundred newest runs: of a study with more trials than that, neither cells nor parent.
    """
    from urllib.parse import urlencode

    view = {"searchFilter": f"tags.`{KIND}` != 'trial'", "orderByKey": "attributes.start_time", "orderByAsc": "true"}
    return {
        experiment.name: f"/#/experiments/{experiment.experiment_id}/runs?{urlencode(view)}"
        for experiment in client.search_experiments()
        if client.search_runs([experiment.experiment_id], f"tags.`{KIND}` = 'study'", max_results=1)
    }


def other_pages(client: "MlflowClient") -> dict[str, str]:
    """Where the MLflow UI shows what is kept beside the studies: trained models, spectra, leaderboard pages."""
    found = {experiment.name: experiment.experiment_id for experiment in client.search_experiments()}
    return {title: f"/#/experiments/{found[name]}/runs" for name, title in OTHER_PAGES.items() if name in found}


def _use_write_ahead_log(uri: str) -> None:
    """Let readers (``bench ui``) and the writer work at the same time."""
    import sqlite3

    with contextlib.closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


def _hide_default_experiment(client: "MlflowClient") -> None:
    """Delete the empty experiment that MLflow puts into every new store, with a folder where the user happens to be."""
    default = client.get_experiment("0") if client.search_experiments(filter_string="name = 'Default'") else None
    if default is not None and not client.search_runs(["0"], max_results=1):
        client.delete_experiment("0")


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
    return results_root() / "outbox" / digest(uri)[:16]


class Outbox:
    """
    Documents that wait for one tracking store, and the names of those that it has got.

    Parameters
    ----------
    uri : str
    """

    def __init__(self, uri: str) -> None:
        self.folder = outbox_folder(uri)
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(self.folder / "store.json", {"uri": uri})
        self._delivered_file = self.folder / "delivered.txt"
        if uri.startswith("sqlite:////") and not Path(uri.removeprefix("sqlite:///")).exists():
            self._delivered_file.unlink(missing_ok=True)  # the store was deleted, and what it had got with it
        self._delivered = set(self._delivered_file.read_text().split("\n")) if self._delivered_file.exists() else set()
        self._count = time.time_ns()

    def has(self, document: RunDocument) -> bool:
        """Whether the store has got a document."""
        return f"{document.key} {document.state}" in self._delivered

    def put(self, documents: Sequence[RunDocument]) -> None:
        """Add documents that the store has not got; they survive a kill."""
        new = [asdict(document) for document in documents if not self.has(document)]
        if new:
            self._count += 1
            write_json(self.folder / f"{self._count:020d}.runs.json", new)

    def pending(self) -> list[Path]:
        """Files with waiting documents, oldest first."""
        return sorted(self.folder.glob("*.runs.json"))

    def deliver(self, sender: "Sender", path: Path) -> None:
        """
        Send the documents of one waiting file; a damaged file is set aside.

        Raises
        ------
        TrackingError
            If the store does not take one; the file then stays.
        """
        data = read_json(path)
        if data is None:
            path.rename(path.with_suffix(".damaged"))
            return
        documents = [RunDocument.from_json(document) for document in data]
        for document in documents:
            sender.send(document)
        with self._delivered_file.open("a") as file:
            file.writelines(f"{document.key} {document.state}\n" for document in documents if document.end)
        path.unlink()


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
        self._experiments: dict[str, str] = {}
        self._runs: dict[str, dict[str, tuple[str, str]]] = {}  # study key -> key -> (run id, state)

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
        run_id, state = self._known(document).get(document.key, ("", ""))
        if state == document.state:
            return
        run_id = run_id or self._open(document)
        model_id = self._log_model(run_id, document) if document.model and Path(document.model).is_dir() else None
        self._log(run_id, document, model_id)
        self._log_artifacts(run_id, document)
        if document.end:
            self._client.set_tag(run_id, COMPLETE, document.state)
            end = max(document.end, document.start)  # what an earlier run had computed ended before this one began
            self._client.set_terminated(run_id, "FINISHED", end_time=int(1000 * end))
            self._known(document)[document.key] = (run_id, document.state)

    def _known(self, document: RunDocument) -> dict[str, tuple[str, str]]:
        """Runs of a study that the store already has, read once."""
        if document.study_key not in self._runs:
            experiment = self._experiment(document.study)
            runs = search(self._client, [experiment], f"tags.`{STUDY_KEY}` = '{document.study_key}'")
            self._runs[document.study_key] = {
                run.data.tags[KEY]: (run.info.run_id, run.data.tags.get(COMPLETE, "")) for run in runs if KEY in run.data.tags
            }
        return self._runs[document.study_key]

    def _experiment(self, name: str) -> str:
        if name not in self._experiments:
            found = self._client.get_experiment_by_name(name)
            if found is None:
                place = None
                if self._uri.startswith("sqlite:////"):
                    place = (Path(self._uri.removeprefix("sqlite:///")).parent / "artifacts" / name).as_uri()
                self._experiments[name] = self._client.create_experiment(name, artifact_location=place, tags=EXPERIMENT_TAGS)
            else:
                if found.lifecycle_stage == "deleted":
                    self._client.restore_experiment(found.experiment_id)
                self._experiments[name] = found.experiment_id
        return self._experiments[name]

    def _open(self, document: RunDocument) -> str:
        parent = ""
        if document.parent:
            parent = self._known(document.parent).get(document.parent.key, ("", ""))[0] or self._open(document.parent)
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
        self._known(document)[document.key] = (run.info.run_id, "")
        return run.info.run_id

    def _log(self, run_id: str, document: RunDocument, model_id: str | None) -> None:
        """Log parameters, metrics (of the model too, if there is one), note and data sets."""
        from mlflow.entities import Metric, Param, RunTag

        stamp = int(1000 * (document.end or document.start))
        known = {name: value for name, value in document.metrics.items() if not math.isinf(value)}
        metrics = [Metric(name, value, stamp, 0, model_id=model_id) for name, value in known.items()]
        params = [Param(name, value[:6000]) for name, value in document.params.items()]
        tags = [RunTag(NOTE, document.note[:NOTE_LENGTH])] if document.note else []
        if document.end and document.kind == "cell":
            tags.append(RunTag(SENT, today()))
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

        from .trained import add_mlflow_model

        experiment = self._experiment(document.study)
        made = self._client.search_logged_models([experiment], f"source_run_id = '{run_id}'")
        for model in made:
            if model.status == "READY":
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
                    if time.monotonic() > self._deadline:
                        return
                    self._outbox.deliver(sender, path)
                if last_round:
                    return
                self._closing.wait(0.3)
        except TrackingError as error:
            self.problem = str(error)
            if self._tell and not self._closing.is_set():
                self._tell(f"{error} The study goes on; its results wait here.")

    def close(self, patience: float = math.inf) -> int:
        """Send what is left, for at most `patience` seconds; return how many files stay behind."""
        self._deadline = time.monotonic() + patience
        self._closing.set()
        self.join(None if math.isinf(patience) else patience + 30)
        return len(self._outbox.pending())


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
    folder : Path
        Holds ``cell.json`` and score files, if the run has any.
    """

    run_id: str
    study: str
    metrics: dict[str, float]
    finished: float
    folder: Path


@contextlib.contextmanager
def cell_runs(uri: str, study: str | None = None) -> Iterator[list[CellRun]]:
    """
    Find all finished cells of a store; what has to be downloaded is kept in the cache.

    Parameters
    ----------
    uri : str
    study : str, optional
        Only cells of this study.

    Raises
    ------
    TrackingError
        If the store does not answer, or knows no such study.
    """
    if uri.startswith("sqlite:////") and not Path(uri.removeprefix("sqlite:///")).exists():
        raise TrackingError(f"nothing is recorded in {uri} yet; `{bench('run band_search')}` records something.")
    client = client_for(uri)
    with _reported(uri):
        experiments = {e.experiment_id: e.name for e in client.search_experiments()}
        if study is not None:
            experiments = {i: n for i, n in experiments.items() if n == study}
            if not experiments:
                known = ", ".join(sorted(e.name for e in client.search_experiments() if e.name != "Default"))
                raise TrackingError(f"no study '{study}' in {uri}. Recorded there: {known or 'nothing'}.")
        cells = find_cells(client, uri, experiments)
        folders = _folders(client, uri, cells)
    yield [CellRun(c.run_id, experiments[c.experiment_id], c.metrics, c.finished, folders[c.run_id]) for c in cells]


def _folders(client: "MlflowClient", uri: str, cells: Sequence[FoundCell]) -> dict[str, Path]:
    """Folder of every cell by run: in place where the store is on this machine, else downloaded, once."""
    here = {cell.run_id: place for cell in cells if (place := _place(cell.location))}
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


def _place(location: str) -> Path | None:
    """Folder that an address names, if it is one of this machine."""
    if not location.startswith("file://"):
        return None
    from mlflow.utils.file_utils import local_file_uri_to_path

    return Path(local_file_uri_to_path(location))


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
