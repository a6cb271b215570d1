"""
Finished cells of a tracking store, and the quick way to find them in a database.

MLflow's own search needs twenty seconds for ten thousand runs, as it brings every parameter, tag and metric of each. Of a
store that is a database, we read the few columns that are wanted.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .databases import open_engine
from .names import (
    COMPARED_METRICS,
    COMPARED_PARAMS,
    COMPARED_TAGS,
    COMPLETE,
    CROSS_DOMAIN,
    IN_DOMAIN,
    IS_FINISHED_CELL,
    KIND,
    OLD_NAMES,
    USED,
    checked,
    compared,
    compared_tags,
    of_interest,
    used_at,
)
from .runs import search_runs

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run


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
        Those that its row is checked against (`names.is_checked`).
    used : float
        Last time that a run had this result, in seconds since the epoch; `finished` if the store does not say.
    numbers : dict of str to float
        Further metrics that it is compared with, of `names.COMPARED_METRICS`.
    tags, params : dict of str to str
        Of `names.COMPARED_TAGS` and `names.COMPARED_PARAMS`.
    """

    run_id: str
    experiment_id: str
    finished: float
    location: str
    metrics: dict[str, float]
    used: float
    numbers: dict[str, float] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_run(cls, run: "Run") -> "FoundCell":
        """Convert a run of MLflow."""
        info = run.info
        finished = (info.end_time or 0) / 1000
        used = used_at(run.data.tags.get(USED), finished)
        metrics = run.data.metrics.items()
        tags, params = compared_tags(run.data.tags), of_interest(run.data.params, COMPARED_PARAMS)
        place = info.artifact_uri or ""
        return cls(info.run_id, info.experiment_id, finished, place, checked(metrics), used, compared(metrics), tags, params)


def database_cells(client: "MlflowClient", uri: str, experiments: list[str]) -> list[FoundCell]:
    """
    Find the finished cells of experiments in a database.

    Parameters
    ----------
    client : MlflowClient
        Searched where this version of MLflow has other tables than we read.
    uri : str
        Of its store.
    experiments : list of str
        Their ids, at least one.

    Returns
    -------
    list of FoundCell
        In no order.
    """
    cells = _from_tables(uri, [int(experiment) for experiment in experiments])
    if cells is None:
        cells = [FoundCell.from_run(run) for run in search_runs(client, experiments, IS_FINISHED_CELL)]
    return cells


def _from_tables(uri: str, experiments: list[int]) -> list[FoundCell] | None:
    """
    Read columns of MLflow's tables instead of whole runs.

    The tables are no public part of MLflow: None where its version has others.
    """
    from sqlalchemy.exc import SQLAlchemyError

    engine = open_engine(uri)
    try:
        runs, metrics, tag_values, param_values = _queries(experiments)
        with engine.connect() as connection:
            tags, params = (_by_run(connection.execute(query)) for query in (tag_values, param_values))
            values: dict[str, dict[str, float]] = {}
            for run_id, key, value, is_nan in map(tuple, connection.execute(metrics)):
                values.setdefault(run_id, {})[key] = float("nan") if is_nan else value
            return [
                FoundCell(
                    run_id,
                    str(experiment),
                    end / 1000,
                    location or "",
                    checked(values.get(run_id, {}).items()),
                    used_at(tags.get(run_id, {}).get(USED), end / 1000),
                    compared(values.get(run_id, {}).items()),
                    compared_tags(tags.get(run_id, {})),
                    of_interest(params.get(run_id, {}), COMPARED_PARAMS),
                )
                for run_id, experiment, end, location in map(tuple, connection.execute(runs))
            ]
    except (ImportError, AttributeError, SQLAlchemyError):
        return None
    finally:
        engine.dispose()


def _by_run(lines: Iterable[Any]) -> dict[str, dict[str, str]]:
    values: dict[str, dict[str, str]] = {}
    for run_id, key, value in map(tuple, lines):
        values.setdefault(run_id, {})[key] = value or ""
    return values


def _queries(experiments: list[int]) -> tuple[Any, Any, Any, Any]:
    """Build the queries for finished cells, and for the metrics, tags and parameters that their rows are checked against."""
    import sqlalchemy as sa
    from mlflow.store.tracking.dbmodels.models import SqlLatestMetric, SqlParam, SqlRun, SqlTag

    def tagged(key: str, value: str) -> Any:
        return sa.exists().where(SqlTag.run_uuid == SqlRun.run_uuid, SqlTag.key == key, SqlTag.value == value)

    is_cell = [SqlRun.lifecycle_stage == "active", SqlRun.experiment_id.in_(experiments)]
    is_cell += [tagged(KIND, "cell"), tagged(COMPLETE, "1")]
    metric = SqlLatestMetric
    named = metric.key.in_([IN_DOMAIN, CROSS_DOMAIN, *OLD_NAMES, *COMPARED_METRICS])
    checked_ones = sa.or_(named, metric.key.like("test/%/auc"))
    ended = sa.func.coalesce(SqlRun.end_time, 0)
    runs = sa.select(SqlRun.run_uuid, SqlRun.experiment_id, ended, SqlRun.artifact_uri).where(*is_cell)
    metrics = sa.select(metric.run_uuid, metric.key, metric.value, metric.is_nan)
    tags, params = (
        sa.select(table.run_uuid, table.key, table.value)
        .join(SqlRun, SqlRun.run_uuid == table.run_uuid)
        .where(*is_cell, table.key.in_(names))
        for table, names in ((SqlTag, [*COMPARED_TAGS, USED]), (SqlParam, COMPARED_PARAMS))
    )
    return runs, metrics.join(SqlRun, SqlRun.run_uuid == metric.run_uuid).where(*is_cell, checked_ones), tags, params
