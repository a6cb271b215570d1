"""Send documents to a tracking store, each at most once."""

import contextlib
import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import TrackingError
from ..store.locks import FOR_EVER
from .addresses import sqlite_path
from .documents import RunDocument
from .lock import store_lock
from .names import COMPLETE, KEY, KIND, NOTE, PARENT, SENT, STUDY_KEY, USED, used_at
from .runs import KnownRun, is_there, is_whole, known_runs
from .sqlite_file import artifacts_folder
from .store import client_for, reported
from .ui import OTHER_PAGES, VIEW_TAG, study_view

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput, Experiment

METRICS_AT_A_TIME = 1000  # MLflow takes no more
NOTE_LENGTH = 8000
PARAM_LENGTH = 6000
EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}  # the UI then shows runs and models, not chat traces
MODEL_PARAMS = ("detector", "task", "train", "view", "band", "crop", "seed")  # of its run, logged with a model too
MODEL_FILE = "MLmodel"  # describes a folder to MLflow as a model


def _refuse_model(folder: Path) -> None:
    """Describe no model: those who send models without the file that describes them bring a function for it."""
    raise TrackingError(f"the model in {folder} has no file {MODEL_FILE}, which describes it to MLflow.")


class Sender:
    """
    Connection that sends documents to one tracking store, each at most once.

    Parameters
    ----------
    client : MlflowClient
    uri : str
    describe_model : callable, optional
        Writes the file ``MLmodel`` into the folder of a model that lacks it. Workers, which do without MLflow, leave it to the
        sender.
    """

    def __init__(self, client: "MlflowClient", uri: str, describe_model: Callable[[Path], None] = _refuse_model) -> None:
        self._client = client
        self._uri = uri
        self._describe_model = describe_model
        self._path = sqlite_path(uri)
        self._experiments: dict[str, str] = {}
        self._runs: dict[tuple[str, str], dict[str, KnownRun]] = {}  # by study and its key, then by key

    @contextlib.contextmanager
    def alone(self, patience: float = FOR_EVER) -> Iterator[None]:
        """
        Hold the lock of the store while sending; other processes wait for as long as one file takes.

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
        with reported(self._uri):
            if document.only_used:
                self._send_use(document)
            else:
                self._send(document)

    def _send_use(self, document: RunDocument) -> None:
        run = self._known(document).get(document.key)
        if run is not None and run.active and run.state == document.state:
            self._mark_used(run.run_id, document.used)

    def _send(self, document: RunDocument) -> None:
        run = self._opened(document)
        if is_whole(run, document, self._known(document)):
            if document.used:
                self._mark_used(run.run_id, document.used)
            return
        run_id = run.run_id
        model_id = self._log_model(run_id, document) if document.model and Path(document.model).is_dir() else None
        self._log(run_id, document, model_id)
        self._log_artifacts(run_id, document)
        if document.end:
            end = max(document.end, document.start)  # what an earlier run had computed ended before this one began
            self._client.set_terminated(run_id, "FINISHED", end_time=int(1000 * end))
            # Last: a run that is killed before this is sent again.
            self._client.set_tag(run_id, COMPLETE, document.state)
            self._known(document)[document.key] = replace(run, state=document.state, has_model=None)

    def _mark_used(self, run_id: str, used: float) -> None:
        """Set the time of the last use of a result, unless the store knows of a later one."""
        from mlflow.entities import RunTag

        if used > used_at(self._client.get_run(run_id).data.tags.get(USED), 0):
            self._client.log_batch(run_id, tags=[RunTag(USED, f"{used:.6f}"), RunTag(SENT, _today())])

    def _known(self, document: RunDocument) -> dict[str, KnownRun]:
        """Runs of a study that the store already has, read once."""
        name = document.study, document.study_key
        if name not in self._runs:
            self._experiment(document.study)
            self._runs[name] = known_runs(self._client, self._uri, document.study, STUDY_KEY, document.study_key)
        return self._runs[name]

    def _experiment(self, name: str) -> str:
        """Id of an experiment: made, or restored if it was deleted."""
        if name not in self._experiments:
            experiment = self._client.get_experiment_by_name(name) or self._new_experiment(name)
            if experiment.lifecycle_stage == "deleted":
                self._client.restore_experiment(experiment.experiment_id)
            if name not in OTHER_PAGES and experiment.tags.get(VIEW_TAG) != study_view():
                self._client.set_experiment_tag(experiment.experiment_id, VIEW_TAG, study_view())
            self._experiments[name] = experiment.experiment_id
        return self._experiments[name]

    def _new_experiment(self, name: str) -> "Experiment":
        from mlflow.exceptions import MlflowException

        place = None if self._path is None else (artifacts_folder(self._path) / name).as_uri()
        try:
            experiment_id = self._client.create_experiment(name, artifact_location=place, tags=EXPERIMENT_TAGS)
        except MlflowException as error:
            experiment = self._client.get_experiment_by_name(name)
            if error.error_code != "RESOURCE_ALREADY_EXISTS" or experiment is None:
                raise
            return experiment  # somebody else was faster
        return self._client.get_experiment(experiment_id)

    def _opened(self, document: RunDocument) -> KnownRun:
        """Run of a document below the run of its parent: made, or restored if it was deleted."""
        parent = self._opened(document.parent).run_id if document.parent else ""
        runs = self._known(document)
        # Whoever else sends to the store may have made it since it was asked.
        run = runs.get(document.key) or known_runs(self._client, self._uri, document.study, KEY, document.key).get(document.key)
        if run is None:
            run = self._create(document, parent)
        if not run.active:
            self._client.restore_run(run.run_id)
        if run.parent != parent:
            self._client.set_tag(run.run_id, PARENT, parent)
        runs[document.key] = replace(run, parent=parent, active=True)
        return runs[document.key]

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
        values = {name: value for name, value in document.metrics.items() if not math.isinf(value)}
        # Of a model, MLflow would show and find an undefined metric as 0.
        metrics = [
            Metric(name, value, stamp, 0, model_id=None if math.isnan(value) else model_id) for name, value in values.items()
        ]
        params = [Param(name, value[:PARAM_LENGTH]) for name, value in document.params.items()]
        tags = [RunTag(NOTE, document.note[:NOTE_LENGTH])] if document.note else []
        if document.end and document.kind == "cell":
            tags.append(RunTag(SENT, _today()))
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
        """Log everything in the folder but the model, which MLflow keeps in a place of its own."""
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

        experiment, folder = self._experiment(document.study), Path(document.model)
        for model in self._client.search_logged_models([experiment], f"source_run_id = '{run_id}'"):
            if model.status == "READY" and is_there(model.artifact_location):
                return model.model_id
            self._client.delete_logged_model(model.model_id)  # half of it may be there
        params = {name: value[:PARAM_LENGTH] for name, value in document.params.items() if name in MODEL_PARAMS}
        tags = {NOTE: document.note[:NOTE_LENGTH]} if document.note else {}
        name = _model_name(document.name)
        model = self._client.create_logged_model(experiment, name, run_id, tags, params, document.kind)
        if not (folder / MODEL_FILE).exists():
            self._describe_model(folder)
        self._client.log_model_artifacts(model.model_id, str(folder))
        self._client.log_outputs(run_id, [LoggedModelOutput(model.model_id, 0)])
        self._client.finalize_logged_model(model.model_id, "READY")
        return model.model_id


def _today() -> str:
    """Value of the tag `SENT` of a cell that arrives now."""
    return str(datetime.now(UTC).date())


def _model_name(name: str) -> str:
    """Name of a model without the characters that MLflow refuses in it."""
    return re.sub(r"""[/:.%"']+""", " ", name).strip()[:250] or "model"


def _dataset_input(name: str, content: str, context: str) -> "DatasetInput":
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
        If the store does not take them.
    """
    sender = Sender(client_for(uri), uri)
    with sender.alone():
        for document in documents:
            sender.send(document)
