"""
Runs of many finished trials, made in one transaction of the database behind MLflow.

MLflow's client takes some ten transactions per run: of a study of five hundred trials that is as much work as the fits. The
tables are no public part of MLflow. So rows are written only where they have the columns that are known here, and the client
makes the runs everywhere else; a test compares both.
"""

import math
import uuid
from collections.abc import Collection, Sequence
from typing import Any

from .databases import open_engine
from .documents import RunDocument
from .names import COMPLETE, KEY, KIND, PARENT, STUDY_KEY

NAME_TAG = "mlflow.runName"
RUN = {"source_type": "UNKNOWN", "source_name": "", "entry_point_name": "", "source_version": "", "user_id": "unknown"}
RUN |= {"status": "FINISHED", "lifecycle_stage": "active"}
COLUMNS = {
    "runs": {*RUN, "run_uuid", "name", "start_time", "end_time", "deleted_time", "artifact_uri", "experiment_id"},
    "params": {"key", "value", "run_uuid"},
    "tags": {"key", "value", "run_uuid"},
    "metrics": {"key", "value", "timestamp", "step", "is_nan", "run_uuid"},
    "latest_metrics": {"key", "value", "timestamp", "step", "is_nan", "run_uuid"},
}


def is_plain(document: RunDocument) -> bool:
    """Test if a document is a finished run of parameters, tags and final metrics alone."""
    more = document.series, document.artifacts, document.inputs, document.note, document.model, document.used
    return document.kind == "trial" and bool(document.end) and not any(more)


def run_tags(document: RunDocument, parent: str) -> dict[str, str]:
    """
    Return the tags that a run has from its beginning.

    Parameters
    ----------
    document : RunDocument
    parent : str
        Id of the run above it; empty for none.
    """
    above = {PARENT: parent} if parent else {}
    return {KEY: document.key, KIND: document.kind, STUDY_KEY: document.study_key, **above, **document.tags}


def insert_runs(
    uri: str, experiment: str, location: str, documents: Sequence[RunDocument], parents: Sequence[str]
) -> list[tuple[str, str]] | None:
    """
    Make runs that the store does not have, all of them or none.

    Parameters
    ----------
    uri : str
        Of the database.
    experiment, location : str
        Id of the experiment, and address of its artifacts.
    documents : sequence of RunDocument
        Plain ones (`is_plain`).
    parents : sequence of str
        Ids of the runs above them.

    Returns
    -------
    list of (run id, address of its artifacts), or None
        None where the tables are not those that are known here, or the database refuses.
    """
    import sqlalchemy as sa
    from mlflow.store.tracking.dbmodels import models
    from mlflow.utils.uri import append_to_uri_path
    from sqlalchemy.exc import SQLAlchemyError

    tables = [
        model.__table__ for model in (models.SqlRun, models.SqlParam, models.SqlTag, models.SqlMetric, models.SqlLatestMetric)
    ]
    if any({column.name for column in table.columns} != COLUMNS.get(table.name) for table in tables):
        return None
    ids = [uuid.uuid4().hex for _ in documents]
    places = [append_to_uri_path(location, run_id, "artifacts") for run_id in ids]
    entries = [_entries(*one, experiment) for one in zip(documents, parents, ids, places, strict=True)]
    engine = open_engine(uri)
    try:
        with engine.begin() as connection:
            for table in tables:
                rows = [row for of_run in entries for row in of_run[table.name]]
                if rows:
                    connection.execute(sa.insert(table), rows)
    except SQLAlchemyError:
        return None
    finally:
        engine.dispose()
    return list(zip(ids, places, strict=True))


def _entries(document: RunDocument, parent: str, run_id: str, place: str, experiment: str) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of one run by table."""
    end = max(document.end, document.start)  # what an earlier run had computed ended before this one began
    run = {
        **RUN,
        "run_uuid": run_id,
        "name": document.name,
        "start_time": int(1000 * document.start),
        "end_time": int(1000 * end),
        "deleted_time": None,
        "artifact_uri": place,
        "experiment_id": int(experiment),
    }
    tags = {**run_tags(document, parent), NAME_TAG: document.name, COMPLETE: document.state}
    finite = {name: value for name, value in document.metrics.items() if not math.isinf(value)}
    stamp = int(1000 * document.end)
    metrics = [
        {
            "key": name,
            "value": 0.0 if math.isnan(value) else value,
            "timestamp": stamp,
            "step": 0,
            "is_nan": math.isnan(value),
            "run_uuid": run_id,
        }
        for name, value in finite.items()
    ]
    return {
        "runs": [run],
        "params": _pairs(run_id, document.params),
        "tags": _pairs(run_id, tags),
        "metrics": metrics,
        "latest_metrics": metrics,
    }


def _pairs(run_id: str, values: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": name, "value": value, "run_uuid": run_id} for name, value in values.items()]


def fits_columns(document: RunDocument, most_param: int) -> bool:
    """Test if no name and no value is longer than MLflow takes, which the client checks."""
    texts: Collection[str] = (document.name, *document.tags, *document.params, *document.metrics)
    return all(len(text) <= 250 for text in texts) and all(len(value) <= most_param for value in document.params.values())
