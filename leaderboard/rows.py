"""Recorded cells to rows, each checked against its score files."""

import math
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..benchmark.invocation import bench
from ..benchmark.reporting import Reporter
from ..benchmark.results.refusals import MOST_TEXT, Refusal, RefusedBecause, harmless
from ..benchmark.results.rows import Row
from ..benchmark.store.files import contents_digest
from ..benchmark.store.folders import results_root
from ..benchmark.tracking.reading import ROW_FILES, CellRun, ShardRecords, cell_runs, store_folder, waiting_cells
from .agreement import changed_since, disagreement
from .row_cache import CellRows, RowCache

SHOWN_NAME = 120  # characters of a name in a refusal


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
        Recorded runs that could not be used, with the reason, for people.
    folders : dict of str to Path
        Artifacts by run, of the runs that were found.
    others : dict of str to int
        By study: cells of variants that were not run last, which have no row unless they were asked for.
    refusals : list of Refusal
        The same as `refused`, with the code of each reason.
    unsealed : int
        Cells with rows here whose run has no digest of their files, as an earlier version recorded them.
    waiting : tuple of ShardRecords
        Cells that shards have recorded and that wait for the run of the whole study.
    """

    study: str
    rows: list[Row]
    refused: list[str]
    folders: dict[str, Path] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    unsealed: int = 0
    waiting: tuple[ShardRecords, ...] = ()


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
    (`run_last`). A run whose files cannot be used, or do not give what MLflow holds of it (`agreement`), is refused. What was
    computed once is kept until a score file changes (`row_cache`).

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
    refusals: list[Refusal] = []
    cells: list[RecordedCell] = []
    with cell_runs(uri, study) as runs, RowCache(uri) as cache:
        folders = {run.run_id: run.folder for run in runs}
        outcomes = cache.of(folders, reporter)
        if study is None:
            cache.forget_others(list(outcomes))
    for run in runs:
        outcome = outcomes[run.run_id]
        if refusal := _refusal(run, outcome):
            refusals.append(replace(refusal, remedy=_remedy(run, outcome, store_folder(uri))))
        else:
            cells.append(RecordedCell(run.study, run.run_id, run.used, tuple(outcome.rows)))
    last = run_last(cells)
    left_out = Counter(cell.study for cell in cells if cell.run_id not in last)
    rows = [
        replace(row, run_id=cell.run_id, current=cell.run_id in last if every else None)
        for cell in cells
        for row in cell.rows
        if every or cell.run_id in last
    ]
    shown = {row.run_id for row in rows}
    unsealed = sum(run.run_id in shown and not run.contents for run in runs)
    waiting = tuple(waiting_cells(uri, study))
    return Board(study or "", ranked(rows), list(map(str, refusals)), folders, dict(left_out), refusals, unsealed, waiting)


def _refusal(run: CellRun, outcome: CellRows) -> Refusal | None:
    """Return the reason why a run has no rows: its files, or a difference between them and what MLflow holds of it."""
    difference = disagreement(run, outcome) if outcome.rows else None
    if run.problem:
        reason, text = RefusedBecause.MISSING, f"its files could not be downloaded ({run.problem})."
    elif outcome.refused and (difference is None or difference.reason is RefusedBecause.EDITED):
        reason, text = outcome.reason or RefusedBecause.FAILED, outcome.refused
    elif difference is not None:
        reason, text = difference.reason, difference.text
    else:
        return None
    changed = changed_since(run, outcome)
    if changed not in text:  # a long reason must not push it out
        text = f"{harmless(text, MOST_TEXT - len(changed) - 1)} {changed[:1].upper()}{changed[1:]}"
    names = (harmless(name, SHOWN_NAME) for name in (run.study, run.tags.get("detector", ""), run.tags.get("train", "")))
    return Refusal(reason, harmless(text), run.run_id, *names)


def _remedy(run: CellRun, outcome: CellRows, downloads: Path) -> str:
    """
    Return the sentence on how the files of a refused run are mended; empty where no command does that.

    A run of its study compares the files that lie on this machine with its own results, and sends these again. They have to be
    those whose digest was recorded.
    """
    key = run.tags.get("bandbench.key", "")
    if not run.contents or not re.fullmatch(r"[0-9a-f]{16,64}", key) or run.folder.is_relative_to(downloads):
        return ""
    if outcome.contents == run.contents:  # MLflow itself shows another value
        return ""
    own = results_root() / "cells" / key
    try:
        if contents_digest(own, ROW_FILES) != run.contents:
            return ""
    except OSError:
        return ""
    sends = f"the same `{bench('run')}` that computed it sends its files again: they are whole in {results_root()}."
    if obstacle := _obstacle(run.folder, own):
        return f"Move {obstacle} away, which lies in the place of one of its files; then {sends}"
    return f"{sends[:1].upper()}{sends[1:]}"


def _obstacle(folder: Path, own: Path) -> Path | None:
    """Return what lies in the place of a file of a cell, or of the folder of its scores, and cannot be written over."""
    scores = folder / "scores"
    if os.path.lexists(scores) and not scores.is_dir():
        return scores
    places = [folder / path.relative_to(own) for name in ROW_FILES for path in (own / name, *(own / name).glob("*"))]
    return next((place for place in places if place != scores and os.path.lexists(place) and not place.is_file()), None)


def ranked(rows: Sequence[Row]) -> list[Row]:
    """
    Sort rows, best first: by cross-domain AUC, then rows without one by in-domain AUC; undefined last; ties by name.

    Rows with in-domain AUC alone come behind all others, as a high in-domain AUC does not show that a detector generalizes.
    """

    def place(row: Row) -> tuple[Any, ...]:
        value = row.headline
        return math.isnan(row.cross_domain_auc), math.isnan(value), -value, row.detector, row.train, row.role

    return sorted(rows, key=place)
