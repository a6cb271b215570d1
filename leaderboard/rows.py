"""Recorded cells to rows, each checked against its score files."""

import math
from dataclasses import dataclass
from typing import Any

from ..benchmark.errors import DataError
from ..benchmark.results import cell_rows, metric_name
from ..benchmark.tracking import CellRun, cell_runs

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
    """

    study: str
    rows: list[dict[str, Any]]
    refused: list[str]


def load_board(uri: str, study: str | None = None) -> Board:
    """
    Build the rows from a tracking store and its score files.

    A cell that was recorded again (other settings, other data) replaces the older one. A run whose score files do not
    give the metrics that it shows is refused.

    Parameters
    ----------
    uri : str
        Absolute.
    study : str, optional

    Raises
    ------
    TrackingError
        If the store does not answer or knows no such study.
    """
    newest: dict[tuple[str, str, str], tuple[CellRun, list[dict[str, Any]]]] = {}
    refused = []
    with cell_runs(uri, study) as runs:
        for run in sorted(runs, key=lambda r: r.finished):
            try:
                rows = cell_rows(run.folder)
                _check(run, rows[0])
            except DataError as error:
                refused.append(f"run {run.run_id}: {error}")
                continue
            newest[run.study, rows[0]["detector"], rows[0]["train"]] = (run, rows)
    rows = [{**row, "run_id": run.run_id} for run, group in newest.values() for row in group]
    return Board(study or "", ranked(rows), refused)


def _check(run: CellRun, row: dict[str, Any]) -> None:
    shown = {"auc": row["in_domain_auc"], "cross_domain_auc": row["cross_domain_auc"]}
    shown |= {metric_name(t["domain"], "auc"): t["auc"] for t in row["tests"]}
    for name, value in shown.items():
        logged = run.metrics.get(name, math.nan)
        if not (math.isnan(value) and math.isnan(logged)) and not abs(value - logged) <= TOLERANCE:
            raise DataError(f"its score files give {name} {value:.6f}, it shows {logged:.6f}.")


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
