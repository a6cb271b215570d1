"""
Finished cells of a tracking store, found quickly however many there are.

MLflow's own search needs twenty seconds for ten thousand runs, as it brings every parameter, tag and metric of each. Of a
store that is a database, we read the few columns that are wanted. Of a server, we remember what was found and ask for what
has come since.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .addresses import folder_path
from .mlflow_names import (
    COMPLETE,
    CROSS_DOMAIN,
    IN_DOMAIN,
    IS_FINISHED_CELL,
    KEY,
    KIND,
    OLD_NAMES,
    PARENT,
    SENT,
    USED,
    checked,
    used_at,
)
from .store.files import digest, read_json, write_json
from .store.folders import cache_root

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
PAGE = 1000
DAY = 86400.0
FULL_READ_AFTER = 7 * DAY  # seconds; only then is it noticed if a server has purged runs that we never saw deleted
INDEX_FORMAT = 3


@dataclass(frozen=True)
class FoundCell:
    """
    A finished cell as the store knows it.

    Attributes
    ----------
    run_id, experiment_id : str
    finished : float
        Seconds since the epoch.
    location : str
        Address of its artifacts.
    metrics : dict of str to float
        Those that its row is checked against (`mlflow_names.is_checked`).
    used : float
        When a run had this result last; when it was finished where the store does not say.
    """

    run_id: str
    experiment_id: str
    finished: float
    location: str
    metrics: dict[str, float]
    used: float


def store_folder(uri: str) -> Path:
    """Folder of the cache for what was read from a tracking store."""
    return cache_root() / "boards" / digest(uri)[:16]


def find_cells(client: "MlflowClient", uri: str, experiments: Mapping[str, str]) -> list[FoundCell]:
    """
    Find the finished cells of some experiments.

    Parameters
    ----------
    client : MlflowClient
    uri : str
        Of its store.
    experiments : mapping of id to name

    Returns
    -------
    list of FoundCell
        By time of finishing.
    """
    if not experiments:
        return []
    if uri.partition("://")[0].partition("+")[0] in DATABASES:
        found = _from_database(uri, list(experiments))
        if found is None:
            found = [_found(run) for run in search(client, list(experiments), IS_FINISHED_CELL)]
    else:
        known = _from_server(client, _Index.load(uri), uri)
        found = [cell for cell in known if cell.experiment_id in experiments]
    return sorted(found, key=lambda cell: (cell.finished, cell.run_id))


def _from_database(uri: str, experiments: list[str]) -> list[FoundCell] | None:
    """
    Read columns of MLflow's tables instead of whole runs.

    The tables are no public part of MLflow: None where its version has others.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError

    engine = create_engine(uri)
    try:
        runs, metrics, uses = _cell_queries([int(one) for one in experiments])
        with engine.connect() as connection:
            used: dict[str, str] = dict(map(tuple, connection.execute(uses)))
            shown: dict[str, dict[str, float]] = {}
            for run_id, key, value, is_nan in map(tuple, connection.execute(metrics)):
                shown.setdefault(run_id, {})[key] = float("nan") if is_nan else value
            return [
                FoundCell(
                    run_id,
                    str(experiment),
                    end / 1000,
                    location or "",
                    checked(shown.get(run_id, {}).items()),
                    used_at(used.get(run_id), end / 1000),
                )
                for run_id, experiment, end, location in map(tuple, connection.execute(runs))
            ]
    except (ImportError, AttributeError, SQLAlchemyError):
        return None
    finally:
        engine.dispose()


def _cell_queries(experiments: list[int]) -> tuple[Any, Any, Any]:
    """Queries for the finished cells of experiments, the metrics that their rows are checked against, and their last use."""
    import sqlalchemy as sa
    from mlflow.store.tracking.dbmodels.models import SqlLatestMetric, SqlRun, SqlTag

    def tagged(key: str, value: str) -> Any:
        return sa.exists().where(SqlTag.run_uuid == SqlRun.run_uuid, SqlTag.key == key, SqlTag.value == value)

    mine = [SqlRun.lifecycle_stage == "active", SqlRun.experiment_id.in_(experiments)]
    mine += [tagged(KIND, "cell"), tagged(COMPLETE, "1")]
    metric = SqlLatestMetric
    wanted = sa.or_(metric.key.in_([IN_DOMAIN, CROSS_DOMAIN, *OLD_NAMES]), metric.key.like("test/%/auc"))
    ended = sa.func.coalesce(SqlRun.end_time, 0)
    runs = sa.select(SqlRun.run_uuid, SqlRun.experiment_id, ended, SqlRun.artifact_uri).where(*mine)
    metrics = sa.select(metric.run_uuid, metric.key, metric.value, metric.is_nan)
    uses = sa.select(SqlTag.run_uuid, SqlTag.value).join(SqlRun, SqlRun.run_uuid == SqlTag.run_uuid)
    return (
        runs,
        metrics.join(SqlRun, SqlRun.run_uuid == metric.run_uuid).where(*mine, wanted),
        uses.where(*mine, SqlTag.key == USED),
    )


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
        Run that it hangs on.
    active : bool
        False if it was deleted, alone or with its experiment; it can be taken back.
    location : str
        Address of its artifacts.
    has_model : bool or None
        Whether it has a logged model whose files are there; None where that was not asked.
    """

    run_id: str
    state: str = ""
    parent: str = ""
    active: bool = True
    location: str = ""
    has_model: bool | None = None


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
        By `mlflow_names.KEY`. Of several with one key, that which is not deleted, then whole, then the oldest.
    """
    known = client.get_experiment_by_name(experiment)
    if known is None:
        return {}
    found = None
    if uri.partition("://")[0].partition("+")[0] in DATABASES:
        found = _known_from_database(uri, int(known.experiment_id), tag, value)
    if found is None:
        found = [_known(run) for run in search(client, [known.experiment_id], f"tags.`{tag}` = '{value}'", view=3)]
    best: dict[str, KnownRun] = {}
    for key, run in found:
        if key and (key not in best or (run.active, bool(run.state)) > (best[key].active, bool(best[key].state))):
            best[key] = run
    return best


def is_there(location: str) -> bool:
    """Whether a folder of artifacts exists, as far as that can be seen from here."""
    place = folder_path(location or "")
    return place is None or place.is_dir()


def _known(run: "Run") -> tuple[str, KnownRun]:
    tags, active = run.data.tags, run.info.lifecycle_stage == "active"
    found = KnownRun(run.info.run_id, tags.get(COMPLETE, ""), tags.get(PARENT, ""), active, run.info.artifact_uri or "")
    return tags.get(KEY, ""), found


def _known_from_database(uri: str, experiment: int, tag: str, value: str) -> list[tuple[str, KnownRun]] | None:
    """Read columns of MLflow's tables, as `_from_database` does, oldest run first."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError

    engine = create_engine(uri)
    try:
        runs, tags, models = _known_queries(experiment, tag, value)
        with engine.connect() as connection:
            told: dict[str, dict[str, str]] = {}
            for run_id, key, text in map(tuple, connection.execute(tags)):
                told.setdefault(run_id, {})[key] = text
            with_model = {run_id for run_id, place in map(tuple, connection.execute(models)) if is_there(place)}
            found = []
            for run_id, stage, location in map(tuple, connection.execute(runs)):
                mine = told.get(run_id, {})
                state, parent = mine.get(COMPLETE, ""), mine.get(PARENT, "")
                run = KnownRun(run_id, state, parent, stage == "active", location or "", run_id in with_model)
                found.append((mine.get(KEY, ""), run))
            return found
    except (ImportError, AttributeError, SQLAlchemyError):
        return None
    finally:
        engine.dispose()


def _known_queries(experiment: int, tag: str, value: str) -> tuple[Any, Any, Any]:
    """Queries for the runs with a tag, for the tags that we read of them, and for the models that they have."""
    import sqlalchemy as sa
    from mlflow.entities import LoggedModelStatus
    from mlflow.store.tracking.dbmodels.models import SqlLoggedModel, SqlRun, SqlTag

    ids = sa.select(SqlTag.run_uuid).where(SqlTag.key == tag, SqlTag.value == value)
    mine = [SqlRun.experiment_id == experiment, SqlRun.run_uuid.in_(ids)]
    runs = sa.select(SqlRun.run_uuid, SqlRun.lifecycle_stage, SqlRun.artifact_uri).where(*mine)
    tags = sa.select(SqlTag.run_uuid, SqlTag.key, SqlTag.value).where(SqlTag.key.in_([KEY, COMPLETE, PARENT]))
    models = sa.select(SqlLoggedModel.source_run_id, SqlLoggedModel.artifact_location).where(
        SqlLoggedModel.source_run_id.in_(ids),
        SqlLoggedModel.lifecycle_stage == "active",
        SqlLoggedModel.status == LoggedModelStatus.READY.to_int(),
    )
    return runs.order_by(SqlRun.start_time, SqlRun.run_uuid), tags.where(SqlTag.run_uuid.in_(ids)), models


def search(client: "MlflowClient", experiments: list[str], condition: str, view: int = 1) -> Iterator["Run"]:
    """Runs of experiments, page by page; `view` is a `ViewType`, 1 for those that are not deleted."""
    token = None
    while experiments:
        page = client.search_runs(experiments, condition, run_view_type=view, max_results=PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


@dataclass(frozen=True)
class _Index:
    """
    What is remembered of a server.

    Attributes
    ----------
    cells : dict of str to FoundCell
        By run.
    deleted : list of str
        Runs that were deleted, and can be restored.
    experiments : list of str
        Those that were looked through.
    read_at, full_read_at : float
        When the server was asked last, and last for everything; seconds since the epoch.
    """

    cells: dict[str, FoundCell] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    experiments: list[str] = field(default_factory=list)
    read_at: float = 0.0
    full_read_at: float = 0.0

    @classmethod
    def load(cls, uri: str) -> "_Index":
        """Read what was remembered; nothing where that is damaged or of another format."""
        data = read_json(store_folder(uri) / "runs.json") or {}
        if data.get("format") != INDEX_FORMAT:
            return cls()
        cells = [FoundCell(**{**cell, "metrics": _with_nan(cell["metrics"])}) for cell in data["cells"]]
        rest = {name: data[name] for name in ("deleted", "experiments", "read_at", "full_read_at")}
        return cls({cell.run_id: cell for cell in cells}, **rest)

    def save(self, uri: str) -> None:
        """Remember."""
        cells = [asdict(cell) for cell in self.cells.values()]
        write_json(store_folder(uri) / "runs.json", {"format": INDEX_FORMAT, **vars(self), "cells": cells})


def _from_server(client: "MlflowClient", known: _Index, uri: str) -> Iterable[FoundCell]:
    """Ask a server for what has come and gone since it was asked last."""
    now = time.time()
    if now - known.full_read_at > FULL_READ_AFTER:
        known = _Index(full_read_at=now)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    fresh = [one for one in experiments if one not in known.experiments]
    old = [one for one in experiments if one in known.experiments]
    wanted = [(fresh, IS_FINISHED_CELL)]
    wanted += [(old, f"{IS_FINISHED_CELL} and tags.`{SENT}` = '{day}'") for day in _days(known.read_at, now) if old]
    cells = dict(known.cells)
    for places, condition in wanted:
        cells |= {run.info.run_id: _found(run) for run in search(client, places, condition)}
    deleted = [run.info.run_id for run in search(client, experiments, IS_FINISHED_CELL, view=2)]
    for run_id in set(known.deleted) - set(deleted):
        if restored := _restored(client, run_id):
            cells[run_id] = restored
    for run_id in deleted:
        cells.pop(run_id, None)
    _Index(cells, deleted, experiments, now, known.full_read_at).save(uri)
    return cells.values()


def _days(start: float, end: float) -> list[str]:
    """All days from one before `start` to one after `end`: clocks of those who send may be wrong."""
    first, last = datetime.fromtimestamp(start - DAY, UTC).date(), datetime.fromtimestamp(end + DAY, UTC).date()
    return [str(first + timedelta(days=n)) for n in range((last - first).days + 1)]


def today() -> str:
    """What `SENT` says of a cell that arrives now."""
    return str(datetime.now(UTC).date())


def _restored(client: "MlflowClient", run_id: str) -> FoundCell | None:
    """A run that is no longer deleted, unless it is gone for good."""
    from mlflow.exceptions import MlflowException

    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
    return _found(run) if run.info.lifecycle_stage == "active" else None


def _found(run: "Run") -> FoundCell:
    info = run.info
    metrics = checked(run.data.metrics.items())
    finished = (info.end_time or 0) / 1000
    used = used_at(run.data.tags.get(USED), finished)
    return FoundCell(info.run_id, info.experiment_id, finished, info.artifact_uri or "", metrics, used)


def _with_nan(metrics: Mapping[str, float | None]) -> dict[str, float]:
    return {name: float("nan") if value is None else value for name, value in metrics.items()}
