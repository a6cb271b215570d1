"""Runs of ours that a tracking store has, by a tag, and a comparison of a run with its document."""

import filecmp
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .addresses import folder_path, is_database, sqlite_path
from .databases import open_engine
from .documents import RunDocument
from .names import COMPLETE, CONTENTS, KEY, PARENT, USED, used_at

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

PAGE = 1000  # runs that a server returns at a time
ACTIVE, DELETED, ALL = 1, 2, 3  # `ViewType` of MLflow, which is not imported for this
MODEL_READY = 2  # `LoggedModelStatus.READY` of MLflow
TABLES = {
    "experiments": ("experiment_id", "name"),
    "runs": ("run_uuid", "experiment_id", "lifecycle_stage", "artifact_uri", "start_time"),
    "tags": ("run_uuid", "key", "value"),
    "logged_models": ("source_run_id", "artifact_location", "lifecycle_stage", "status"),
}


@dataclass(frozen=True)
class KnownRun:
    """
    A run of ours that a store has.

    Attributes
    ----------
    run_id : str
    state : str
        `RunDocument.state` of the document that arrived whole; empty if none did.
    parent : str
        Run above it.
    active : bool
        False if it was deleted, alone or with its experiment; it can be restored.
    location : str
        Address of its artifacts.
    has_model : bool or None
        True if it has a logged model whose files are there; None if that was not asked.
    used : float
        Time of its last use, in seconds since the epoch; 0 if none is known.
    contents : str
        Digest of the files of a cell as they were sent (`names.CONTENTS`); empty if none is known.
    """

    run_id: str
    state: str = ""
    parent: str = ""
    active: bool = True
    location: str = ""
    has_model: bool | None = None
    used: float = 0.0
    contents: str = ""


def known_runs(client: "MlflowClient", uri: str, experiment: str, tag: str, value: str) -> dict[str, KnownRun]:
    """
    Find runs by one of their tags, deleted ones too.

    Parameters
    ----------
    client : MlflowClient
    uri : str
        Of its store.
    experiment : str
        Its name.
    tag, value : str

    Returns
    -------
    dict of str to KnownRun
        By `names.KEY`. Of several with one key, the one that is not deleted, then whole, then the oldest.
    """
    known = runs_in_database(uri, experiment, tag, value)
    if known is not None:
        return known
    study = client.get_experiment_by_name(experiment)
    if study is None:
        return {}
    return _best(_known(run) for run in search_runs(client, [study.experiment_id], f"tags.`{tag}` = '{value}'", ALL))


def runs_in_database(uri: str, experiment: str, tag: str, value: str) -> dict[str, KnownRun] | None:
    """
    Find runs as `known_runs` does, in the tables of a database and without MLflow, which takes seconds to import.

    The tables are no public part of MLflow: None where its version has others, and for what is no database. A file that does
    not exist has no runs.
    """
    runs = _from_database(uri, experiment, tag, value)
    return None if runs is None else _best(runs)


def _best(runs: Iterable[tuple[str, KnownRun]]) -> dict[str, KnownRun]:
    best: dict[str, KnownRun] = {}
    for key, run in runs:
        if key and (key not in best or (run.active, bool(run.state)) > (best[key].active, bool(best[key].state))):
            best[key] = run
    return best


def runs_of_key(client: "MlflowClient", experiment: str, key: str) -> list[KnownRun]:
    """
    Find all runs with a key that are not deleted, as the store has them now.

    Parameters
    ----------
    client : MlflowClient
    experiment : str
        Its id.
    key : str
        `names.KEY` of the runs.

    Returns
    -------
    list of KnownRun
        In the order of their ids, which is the same for everybody who asks.
    """
    runs = [_known(run)[1] for run in search_runs(client, [experiment], f"tags.`{KEY}` = '{key}'")]
    return sorted(runs, key=lambda run: run.run_id)


def search_runs(client: "MlflowClient", experiments: list[str], condition: str, view: int = ACTIVE) -> Iterator["Run"]:
    """
    Search the runs of experiments, page by page.

    Parameters
    ----------
    client : MlflowClient
    experiments : list of str
        Their ids.
    condition : str
        In MLflow's search syntax.
    view : {ACTIVE, DELETED, ALL}
    """
    token = None
    while experiments:
        page = client.search_runs(experiments, condition, run_view_type=view, max_results=PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def is_whole(run: KnownRun, document: RunDocument, known: Mapping[str, KnownRun], client: "MlflowClient | None" = None) -> bool:
    """
    Compare a run with its document: it is whole if it is finished, below its parent, with its model and its files.

    Parameters
    ----------
    run : KnownRun
    document : RunDocument
    known : mapping of key to KnownRun
        Of the study; the parent is looked up there.
    client : MlflowClient, optional
        Asked for the files of a run whose artifacts are not on this machine; without it they are taken to be there.
    """
    if not run.active or run.state != document.state:
        return False
    if document.parent and run.parent != getattr(known.get(document.parent.key), "run_id", None):
        return False
    if document.model and run.has_model is False:
        return False
    return _has_artifacts(run, document, client)


def _has_artifacts(run: KnownRun, document: RunDocument, client: "MlflowClient | None") -> bool:
    """Compare each file of a run on this machine; on a server, look for the names at the top of its artifacts."""
    folder, place = Path(document.artifacts), folder_path(run.location)
    if not document.artifacts or not folder.is_dir():
        return True
    entries = [path for path in folder.iterdir() if path != Path(document.model)]
    if place is not None:
        files = [file for path in entries for file in (path.rglob("*") if path.is_dir() else (path,)) if file.is_file()]
        place /= document.artifact_path or ""
        return all(_is_copy(place / file.relative_to(folder), file) for file in files)
    if client is None:
        return True
    listed = {Path(entry.path).name for entry in client.list_artifacts(run.run_id, document.artifact_path)}
    return {path.name for path in entries} <= listed


def _is_copy(path: Path, file: Path) -> bool:
    """Compare contents: size and time may stay when a file is changed."""
    return path.is_file() and filecmp.cmp(path, file, shallow=False)


def is_there(location: str) -> bool:
    """Look for a folder of artifacts; one that is not on this machine is taken to be there."""
    place = folder_path(location or "")
    return place is None or place.is_dir()


def _known(run: "Run") -> tuple[str, KnownRun]:
    tags, active = run.data.tags, run.info.lifecycle_stage == "active"
    place, contents = run.info.artifact_uri or "", tags.get(CONTENTS, "")
    known = KnownRun(run.info.run_id, tags.get(COMPLETE, ""), tags.get(PARENT, ""), active, place, contents=contents)
    return tags.get(KEY, ""), known


def _from_database(uri: str, experiment: str, tag: str, value: str) -> list[tuple[str, KnownRun]] | None:
    """Read columns of MLflow's tables instead of whole runs, oldest run first; None where they cannot be read."""
    answers = _answers(uri, *_queries(experiment, tag, value))
    if answers is None:
        return None
    runs, tags, models = answers
    tags_of: dict[str, dict[str, str]] = {}
    for run_id, key, text in tags:
        tags_of.setdefault(run_id, {})[key] = text
    with_model = {run_id for run_id, place in models if is_there(place)}
    entries = []
    for run_id, stage, location in runs:
        own = tags_of.get(run_id, {})
        state, parent, used = own.get(COMPLETE, ""), own.get(PARENT, ""), used_at(own.get(USED), 0)
        about = run_id in with_model, used, own.get(CONTENTS, "")
        run = KnownRun(run_id, state, parent, stage == "active", location or "", *about)
        entries.append((own.get(KEY, ""), run))
    return entries


def last_use(uri: str, experiment: str) -> float | None:
    """
    Return the time at which any run of an experiment was used last.

    Returns
    -------
    float or None
        Seconds since the epoch, 0 if none was; None where `runs_in_database` returns it.
    """
    import sqlalchemy as sa

    run, tag, of_study = _columns("runs"), _columns("tags"), _experiment_ids(experiment)
    uses = sa.select(tag.value).where(tag.key == USED, tag.run_uuid == run.run_uuid)
    uses = uses.where(run.experiment_id.in_(of_study), run.lifecycle_stage == "active")
    answers = _answers(uri, uses)
    return None if answers is None else max((used_at(text, 0) for (text,) in answers[0]), default=0.0)


def _answers(uri: str, *queries: Any) -> list[list[tuple[Any, ...]]] | None:
    """Ask a database; None if it is none, does not answer or has other tables."""
    path = sqlite_path(uri)
    if not is_database(uri):
        return None
    if path is not None and not path.exists():  # it would be made
        return [[] for _ in queries]
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with open_engine(uri).connect() as connection:
            return [list(map(tuple, connection.execute(query))) for query in queries]
    except (ImportError, SQLAlchemyError):
        return None


def _queries(experiment: str, tag: str, value: str) -> tuple[Any, Any, Any]:
    """Build the queries for the runs with a tag, for the tags that we read of them, and for the models that they have."""
    import sqlalchemy as sa

    run, tagged, model = _columns("runs"), _columns("tags"), _columns("logged_models")
    ids = sa.select(tagged.run_uuid).where(tagged.key == tag, tagged.value == value)
    runs = sa.select(run.run_uuid, run.lifecycle_stage, run.artifact_uri).where(
        run.experiment_id.in_(_experiment_ids(experiment)), run.run_uuid.in_(ids)
    )
    tags = sa.select(tagged.run_uuid, tagged.key, tagged.value).where(tagged.key.in_([KEY, COMPLETE, PARENT, USED, CONTENTS]))
    models = sa.select(model.source_run_id, model.artifact_location).where(
        model.source_run_id.in_(ids), model.lifecycle_stage == "active", model.status == MODEL_READY
    )
    return runs.order_by(run.start_time, run.run_uuid), tags.where(tagged.run_uuid.in_(ids)), models


def _experiment_ids(name: str) -> Any:
    import sqlalchemy as sa

    experiment = _columns("experiments")
    return sa.select(experiment.experiment_id).where(experiment.name == name)


def _columns(table: str) -> Any:
    """Columns that we use of a table of MLflow; its own classes would take seconds to import."""
    import sqlalchemy as sa

    return sa.table(table, *map(sa.column, TABLES[table])).c
