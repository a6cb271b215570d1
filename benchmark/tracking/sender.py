"""Send documents to a tracking store, each at most once."""

import contextlib
import json
import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import TrackingError, listed
from ..invocation import bench
from ..store.files import contents_digest
from ..store.folders import results_root
from ..store.locks import FOR_EVER
from ..store.seal import damaged_files
from .addresses import is_database, sqlite_path
from .database_lock import has_locks
from .documents import RunDocument
from .lock import store_lock
from .names import COMPLETE, CONTENTS, KEY, NOTE, PARENT, ROW_FILES, SENT, STUDY_KEY, USED, used_at
from .runs import KnownRun, is_there, is_whole, known_runs, runs_of_key
from .sqlite_file import artifacts_folder
from .store import client_for
from .trial_runs import fits_columns, insert_runs, is_plain, run_tags
from .trouble import StoreError, Trouble, reported, store_error
from .ui import OTHER_PAGES, VIEW_TAG, study_view

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput, Experiment

METRICS_AT_A_TIME = 1000  # MLflow takes no more
NOTE_LENGTH = 8000
PARAM_LENGTH = 6000
EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}  # the UI then shows runs and models, not chat traces
MODEL_PARAMS = ("detector", "task", "train", "view", "band", "crop", "seed")  # of its run, logged with a model too
SETTLED = 15.0  # seconds after which nobody can be making the same run without having seen ours
MOST_ERRORS = 5  # in a row, before a store is left alone for a while
PAUSES = (0.3, 1.0)  # seconds before a run that the store refuses is sent again
LONGEST_MODEL = 600.0  # seconds that sending a model may take
SHOWN = 3  # damaged files in a message
MODEL_FILE = "MLmodel"  # describes a folder to MLflow as a model


def _refuse_model(folder: Path) -> None:
    """Describe no model: those who send models without the file that describes them bring a function for it."""
    raise TrackingError(f"the model in {folder} has no file {MODEL_FILE}, which describes it to MLflow.")


def _refuse_damaged(document: RunDocument) -> None:
    """Refuse a document whose files are not as they were written; those that the store has may be whole."""
    if document.artifacts and (damaged := damaged_files(Path(document.artifacts))):
        raise TrackingError(
            f"the {document.kind} '{document.name}' is not sent, as {len(damaged)} files in {document.artifacts} are damaged "
            f"or were edited since they were written ({listed(damaged, SHOWN)}). The `{bench('run')}` that computed it makes "
            "them again."
        )


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

    Attributes
    ----------
    sent_at : float
        When the store took a document last, by `time.monotonic`.
    """

    def __init__(self, client: "MlflowClient", uri: str, describe_model: Callable[[Path], None] = _refuse_model) -> None:
        self._client = client
        self._uri = uri
        self.sent_at = time.monotonic()
        self._describe_model = describe_model
        self._path = sqlite_path(uri)
        self._experiments: dict[str, Experiment] = {}  # by name
        self._runs: dict[tuple[str, str], dict[str, KnownRun]] = {}  # by study and its key, then by key
        # Nobody else makes runs while this sender has the lock of a database. A server has no lock that all who send to it see.
        self._has_rivals = self._path is None and not has_locks(uri)
        self._errors = 0  # of the store, in a row
        self._seen_at: dict[str, float] = {}  # by run: when it was opened first

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
                return
            for pause in (*PAUSES, None):
                try:
                    self._send(document)
                    return
                except Exception as error:  # whatever MLflow makes of a run that is gone, or that a rival writes to
                    refused = store_error(self._uri, error).trouble is Trouble.REFUSED
                    if pause is None or not refused or not (self._has_rivals or self._is_deleted(document)):
                        raise
                    time.sleep(pause)
                self._known(document).pop(document.key, None)  # it is looked up again

    def _is_deleted(self, document: RunDocument) -> bool:
        """Return True if somebody has deleted the run of a document since it was opened."""
        run = self._known(document).get(document.key)
        return run is not None and not self._is_active(run)

    def try_to_send(self, document: RunDocument) -> TrackingError | None:
        """
        Send a document; return the error if the store refuses this one.

        Raises
        ------
        TrackingError
            If it would not take any other either: it does not answer, or has made `MOST_ERRORS` errors in a row.
        """
        try:
            self.send(document)
        except TrackingError as error:
            trouble = error.trouble if isinstance(error, StoreError) else Trouble.REFUSED
            self._errors += trouble in (Trouble.SERVER_ERROR, Trouble.FORBIDDEN)  # of which one does not say whose fault it is
            if trouble.is_of_the_store or self._errors >= MOST_ERRORS:
                self._errors = 0
                raise
            return error
        self._errors = 0
        self.sent_at = time.monotonic()
        return None

    def _is_active(self, run: KnownRun) -> bool:
        return self._client.get_run(run.run_id).info.lifecycle_stage == "active"

    @property
    def makes_runs_together(self) -> bool:
        """True where the store is a database that nobody else sends to at the same time."""
        return is_database(self._uri) and not self._has_rivals

    def send_together(self, documents: Sequence[RunDocument]) -> None:
        """
        Make the runs of many trials at once where the store is a database; `send` then finds them there.

        Whatever this leaves out, `send` makes.

        Parameters
        ----------
        documents : sequence of RunDocument

        Raises
        ------
        TrackingError
            If the store does not answer.
        """
        trials = [document for document in documents if is_plain(document) and fits_columns(document, PARAM_LENGTH)]
        if not self.makes_runs_together:
            return
        by_study: dict[tuple[str, str], list[RunDocument]] = {}
        for document in trials:
            by_study.setdefault((document.study, document.study_key), []).append(document)
        for of_study in by_study.values():
            try:
                with reported(self._uri):
                    self._insert(of_study)
            except StoreError as error:
                if error.trouble.is_of_the_store:
                    raise  # else one of them is to blame, and `send` finds it

    def _insert(self, documents: Sequence[RunDocument]) -> None:
        """Make the runs of documents of one study that the store does not have."""
        first = documents[0]
        runs = self._known(first)
        if all(document.key in runs for document in documents):
            return
        # Whoever else sends to the store may have made some since it was asked.
        runs |= known_runs(self._client, self._uri, first.study, STUDY_KEY, first.study_key)
        new = list({document.key: document for document in documents if document.key not in runs}.values())
        parents = [self._opened(document.parent).run_id if document.parent else "" for document in new]
        experiment = self._experiment(first.study)
        made = insert_runs(self._uri, experiment.experiment_id, experiment.artifact_location, new, parents)
        for document, parent, (run_id, place) in zip(new, parents, made or (), strict=made is not None):
            runs[document.key] = KnownRun(run_id, document.state, parent, True, place)

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
        _refuse_damaged(document)
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

    def _experiment(self, name: str) -> "Experiment":
        """Return an experiment: made, or restored if it was deleted."""
        if name not in self._experiments:
            experiment = self._client.get_experiment_by_name(name) or self._new_experiment(name)
            if experiment.lifecycle_stage == "deleted":
                self._client.restore_experiment(experiment.experiment_id)
            if name not in OTHER_PAGES and experiment.tags.get(VIEW_TAG) != study_view():
                self._client.set_experiment_tag(experiment.experiment_id, VIEW_TAG, study_view())
            self._experiments[name] = experiment
        return self._experiments[name]

    def _new_experiment(self, name: str) -> "Experiment":
        from mlflow.exceptions import MlflowException

        place = None
        if self._path is not None:
            place = (artifacts_folder(self._path) / name).as_uri()
        elif has_locks(self._uri):  # without a server, MLflow would put the files into the working directory
            place = (results_root() / "artifacts" / name).as_uri()
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
        self._settle(document)
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
        run = self._client.create_run(
            self._experiment(document.study).experiment_id,
            start_time=int(1000 * document.start),
            tags=run_tags(document, parent),
            run_name=document.name,
        )
        made = KnownRun(run.info.run_id, parent=parent, location=run.info.artifact_uri or "")
        return self._only_one(document, made) if self._has_rivals else made

    def _only_one(self, document: RunDocument, made: KnownRun) -> KnownRun:
        """
        Look for runs that others have made of the same document at the same time, and leave one of them.

        All who look choose the same one, by its id, and delete the others. Whoever made a run looks after that, so the last
        one sees them all. A sender whose run was deleted goes on with the one that is left.
        """
        from mlflow.exceptions import MlflowException

        runs = runs_of_key(self._client, self._experiment(document.study).experiment_id, document.key) or [made]
        for run in runs[1:]:
            with contextlib.suppress(MlflowException):  # a rival was faster
                self._client.delete_run(run.run_id)
        return runs[0]

    def _settle(self, document: RunDocument) -> None:
        """
        Look if the run of a document is still there, for a while after it was seen first.

        A rival that began to make the same run before it was there may have deleted it since. Those that were put below it
        follow to the run that is left. The document of a run is sent after those below it, so none of them is forgotten.
        """
        runs = self._known(document)
        run = runs.get(document.key)
        if run is None or not self._has_rivals:
            return
        if time.monotonic() - self._seen_at.setdefault(run.run_id, time.monotonic()) > SETTLED or self._is_active(run):
            return
        left = runs_of_key(self._client, self._experiment(document.study).experiment_id, document.key)
        if not left:
            return  # somebody has deleted it for good: `_opened` restores it
        runs[document.key] = left[0]
        for key, child in list(runs.items()):
            if child.parent == run.run_id:
                self._client.set_tag(child.run_id, PARENT, left[0].run_id)
                runs[key] = replace(child, parent=left[0].run_id)

    def _log(self, run_id: str, document: RunDocument, model_id: str | None) -> None:
        """Log parameters, metrics (of the model too, if there is one), note and data sets."""
        from mlflow.entities import Metric, Param, RunTag

        values = {name: value for name, value in document.metrics.items() if not math.isinf(value)}
        known = self._client.get_run(run_id).data.metrics if values else {}
        # Of two values of one time, MLflow shows the larger, and of a model it refuses the second.
        moved = any(name in known and not _equal(known[name], value) for name, value in values.items())
        stamp = int(1000 * (time.time() if moved else document.end or document.start))
        # Of a model, MLflow would show and find an undefined metric as 0.
        metrics = [
            Metric(name, value, stamp, 0, model_id=None if math.isnan(value) else model_id) for name, value in values.items()
        ]
        params = [Param(name, value[:PARAM_LENGTH]) for name, value in document.params.items()]
        tags = [RunTag(NOTE, document.note[:NOTE_LENGTH])] if document.note else []
        if document.end and document.kind == "cell":
            tags.append(RunTag(SENT, _today()))
            if document.artifacts:
                tags.append(RunTag(CONTENTS, contents_digest(Path(document.artifacts), ROW_FILES)))
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

        experiment, folder = self._experiment(document.study).experiment_id, Path(document.model)
        for model in self._client.search_logged_models([experiment], f"source_run_id = '{run_id}'"):
            if model.status == "READY" and is_there(model.artifact_location):
                return model.model_id
            if self._has_rivals and 1000 * time.time() - model.creation_timestamp < 1000 * LONGEST_MODEL:
                continue  # somebody else may be sending it now
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
        return self._only_model(experiment, run_id, model.model_id) if self._has_rivals else model.model_id

    def _only_model(self, experiment: str, run_id: str, made: str) -> str:
        """Leave one of several models that were logged for a run at the same time; see `_only_one`."""
        from mlflow.exceptions import MlflowException

        models = self._client.search_logged_models([experiment], f"source_run_id = '{run_id}'")
        ready = sorted(model.model_id for model in models if model.status == "READY") or [made]
        for model_id in ready[1:]:
            with contextlib.suppress(MlflowException):  # a rival was faster
                self._client.delete_logged_model(model_id)
        return ready[0]


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


def _equal(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))
