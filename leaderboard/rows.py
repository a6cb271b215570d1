"""Recorded cells to rows, each checked against its score files."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..benchmark.reporting import Reporter
from ..benchmark.results.columns import metric_name
from ..benchmark.results.rows import Row
from ..benchmark.tracking.reading import CellRun, cell_runs
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
    rows : list of Row
    refused : list of str
        Recorded runs that could not be used, with the reason.
    folders : dict of str to Path
        Artifacts by run, of the runs that were found.
    others : dict of str to int
        By study: cells of variants that were not run last, which have no row unless they were asked for.
    """

    study: str
    rows: list[Row]
    refused: list[str]
    folders: dict[str, Path] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class RecordedCell:
    """
    A cell of a store with its rows.

    Attributes
    ----------
    study, run_id : str
    used : float
        Last time that a run had this result, computed or taken from the records; seconds since the epoch.
    rows : tuple of Row
        The chosen band first.
    """

    study: str
    run_id: str
    used: float
    rows: tuple[Row, ...]

    @property
    def settings(self) -> str:
        """Digest of the settings that it was computed under."""
        return self.rows[0].settings

    @property
    def place(self) -> tuple[str, str, str]:
        """Study, detector and training domain, which all variants of a cell share."""
        return self.study, self.rows[0].detector, self.rows[0].train


def run_last(cells: Sequence[RecordedCell]) -> set[str]:
    """
    Return the runs of the cells that a board shows, of all variants that were recorded.

    The settings of a study are those under which it was run last; of these, every detector and training domain has the cell
    that was used last, whatever pictures or code the others were made of.

    Parameters
    ----------
    cells : sequence of RecordedCell

    Returns
    -------
    set of str
        Their runs.
    """
    ordered = sorted(cells, key=lambda cell: (cell.used, cell.run_id))
    settings = {cell.study: cell.settings for cell in ordered}
    last = {cell.place: cell.run_id for cell in ordered if cell.settings == settings[cell.study]}
    return set(last.values())


def load_board(uri: str, study: str | None = None, reporter: Reporter | None = None, every: bool = False) -> Board:
    """
    Build the rows from a tracking store and its score files.

    Of a cell that was recorded several times (other settings, data or code) the variant that was run last is shown
    (`run_last`). A run whose score files do not give the metrics that it shows is refused. What was computed once is kept
    until a score file changes (`row_cache`).

    Parameters
    ----------
    uri : str
        Absolute.
    study : str, optional
    reporter : Reporter, optional
        Shows the progress where rows have to be computed.
    every : bool
        Also rows of variants that were not run last; every row then has `Row.current`, true for those of the last.

    Raises
    ------
    TrackingError
        If the store does not answer or knows no such study.
    """
    refused = []
    cells: list[RecordedCell] = []
    with cell_runs(uri, study) as runs, RowCache(uri) as cache:
        folders = {run.run_id: run.folder for run in runs}
        outcomes = cache.of(folders, reporter)
        if study is None:
            cache.forget_others(list(outcomes))
    for run in runs:
        rows, reason = outcomes[run.run_id].rows, outcomes[run.run_id].refused
        if reason := reason or _disagreement(run, rows[0]):
            refused.append(f"run {run.run_id}: {reason}")
        else:
            cells.append(RecordedCell(run.study, run.run_id, run.used, tuple(rows)))
    last = run_last(cells)
    left_out = Counter(cell.study for cell in cells if cell.run_id not in last)
    rows = [
        replace(row, run_id=cell.run_id, current=cell.run_id in last if every else None)
        for cell in cells
        for row in cell.rows
        if every or cell.run_id in last
    ]
    return Board(study or "", ranked(rows), refused, folders, dict(left_out))


def _disagreement(run: CellRun, row: Row) -> str:
    """Describe a metric of a run that its score files do not give; empty where they agree."""
    computed = {name: row.value(name) for name in ("in_domain_auc", "cross_domain_auc")}
    computed |= {metric_name(t.domain, "auc"): t.auc for t in row.tests}
    for name, value in computed.items():
        logged = run.metrics.get(name, math.nan)
        if not (math.isnan(value) and math.isnan(logged)) and not abs(value - logged) <= TOLERANCE:
            return f"its score files give {name} {value:.6f}, it shows {logged:.6f}."
    return ""


def ranked(rows: Sequence[Row]) -> list[Row]:
    """
    Sort rows, best first: by cross-domain AUC, then rows without one by in-domain AUC; undefined last; ties by name.

    Rows with in-domain AUC alone come behind all others, as a high in-domain AUC does not show that a detector generalizes.
    """

    def place(row: Row) -> tuple[Any, ...]:
        value = row.headline
        return math.isnan(row.cross_domain_auc), math.isnan(value), -value, row.detector, row.train, row.role

    return sorted(rows, key=place)
