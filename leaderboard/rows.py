"""Recorded cells to rows, each checked against its score files."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..benchmark.mlflow_names import CROSS_DOMAIN, IN_DOMAIN
from ..benchmark.reporting import Reporter
from ..benchmark.results import metric_name
from ..benchmark.tracking import CellRun, cell_runs
from .row_cache import RowCache

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Board:
    """
    Rows of a leaderboard, best first.

    Attributes
    ----------
    study : str
        Empty for several studies.
    rows : list of dict
        See `results.cell_rows`.
    refused : list of str
        Recorded runs that could not be used, with the reason.
    folders : dict of str to Path
        Artifacts by run, of the runs that were found.
    """

    study: str
    rows: list[dict[str, Any]]
    refused: list[str]
    folders: dict[str, Path] = field(default_factory=dict)


def load_board(uri: str, study: str | None = None, reporter: Reporter | None = None) -> Board:
    """
    Build the rows from a tracking store and its score files.

    A cell that was recorded again (other settings, other data) replaces the older one. A run whose score files do not
    give the metrics that it shows is refused. What was computed once is kept until a score file changes (`row_cache`).

    Parameters
    ----------
    uri : str
        Absolute.
    study : str, optional
    reporter : Reporter, optional
        Told how far it is, where rows have to be computed.

    Raises
    ------
    TrackingError
        If the store does not answer or knows no such study.
    """
    newest: dict[tuple[str, str, str], tuple[CellRun, list[dict[str, Any]]]] = {}
    refused = []
    with cell_runs(uri, study) as runs, RowCache(uri) as kept:
        folders = {run.run_id: run.folder for run in runs}
        outcomes = kept.of(folders, reporter)
        if study is None:
            kept.forget_others(list(outcomes))
    for run in runs:
        rows, reason = outcomes[run.run_id].rows, outcomes[run.run_id].refused
        if reason := reason or _disagreement(run, rows[0]):
            refused.append(f"run {run.run_id}: {reason}")
        else:
            newest[run.study, rows[0]["detector"], rows[0]["train"]] = (run, rows)
    rows = [{**row, "run_id": run.run_id} for run, group in newest.values() for row in group]
    return Board(study or "", ranked(rows), refused, folders)


def _disagreement(run: CellRun, row: dict[str, Any]) -> str:
    """What a run shows that its score files do not give; empty where they agree."""
    computed = {name: row[name] for name in (IN_DOMAIN, CROSS_DOMAIN)}
    computed |= {metric_name(t["domain"], "auc"): t["auc"] for t in row["tests"]}
    for name, value in computed.items():
        logged = run.metrics.get(name, math.nan)
        if not (math.isnan(value) and math.isnan(logged)) and not abs(value - logged) <= TOLERANCE:
            return f"its score files give {name} {value:.6f}, it shows {logged:.6f}."
    return ""


def headline(row: dict[str, Any]) -> float:
    """
    Return the number that rows are ordered by: mean cross-domain AUC, in-domain where no other domain was tested.

    Perturbed domains have no part in it: what is made of the same pictures is no further domain.
    """
    return row["in_domain_auc"] if math.isnan(row["cross_domain_auc"]) else row["cross_domain_auc"]


def ranked(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """
    Best first: by cross-domain AUC, then rows that were tested at home only by that; undefined last; ties by name.

    An in-domain AUC is no answer to whether a detector generalizes, however high it is.
    """

    def place(row: dict[str, Any]) -> tuple[Any, ...]:
        value = headline(row)
        return math.isnan(row["cross_domain_auc"]), math.isnan(value), -value, row["detector"], row["train"], row["role"]

    return sorted(rows, key=place)
