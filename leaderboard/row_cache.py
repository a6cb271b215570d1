"""
Cache of rows that were computed from score files, valid until a score file or the code that computes rows changes.

The score files are the source: a row is computed again where their sizes or times differ from those in the cache.
"""

import contextlib
import json
import math
import os
import sqlite3
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from ..benchmark.domains import names as domain_names
from ..benchmark.metrics import bootstrap, delong, digits, intervals, replicates, roc, weighted
from ..benchmark.metrics import clips as clip_scores
from ..benchmark.metrics import detection as metrics
from ..benchmark.reporting import Reporter
from ..benchmark.results import (
    arrow,
    carrier_tests,
    carriers,
    cell_checks,
    cell_document,
    cell_form,
    columns,
    evidence,
    rates,
    refusals,
    reported,
    reported_tests,
    run_files,
    scores,
    selection,
)
from ..benchmark.results import cell_rows as results
from ..benchmark.results import clips as clip_results
from ..benchmark.results import reals as reals_results
from ..benchmark.results import rows as result_rows
from ..benchmark.results.cell_checks import Draws, check_claims
from ..benchmark.results.cell_document import CellDocument
from ..benchmark.results.cell_rows import cell_rows
from ..benchmark.results.refusals import RefusedBecause, RefusedError, harmless
from ..benchmark.results.rows import Row, rows_from_json, rows_to_json
from ..benchmark.results.run_files import MOST_SCORE_BYTES, regular_file
from ..benchmark.store.files import contents_digest, digest
from ..benchmark.tracking.reading import ROW_FILES, store_folder
from ..benchmark.workers import running_workers

# Modules that decide the contents of a row.
CODE = (
    bootstrap,
    carrier_tests,
    arrow,
    carriers,
    clip_results,
    clip_scores,
    cell_checks,
    cell_document,
    cell_form,
    columns,
    delong,
    digits,
    evidence,
    intervals,
    metrics,
    domain_names,
    refusals,
    replicates,
    rates,
    reported,
    reported_tests,
    reals_results,
    result_rows,
    results,
    roc,
    run_files,
    scores,
    weighted,
    selection,
)
WORTH_WORKERS = 24  # cells; fewer are done before a worker has started
BATCH = 8  # cells at a time for a worker
SETTLED = 0.1  # seconds; a file that has just been written could change again without a sign
SCHEMA = (
    "DROP TABLE IF EXISTS verified",  # of an earlier version
    "CREATE TABLE IF NOT EXISTS cells (run_id TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, refused TEXT NOT NULL, "
    "reason TEXT NOT NULL, contents TEXT NOT NULL, validation REAL, rows BLOB)",
)


KEPT = "refused, reason, contents, validation, rows"
SCORES = "scores"  # folder of the score files of a cell


@dataclass(frozen=True)
class CellRows:
    """
    Rows of a cell, or the reason why it has none.

    Attributes
    ----------
    rows : list of Row
    refused : str
        A sentence; empty if nothing is wrong with its files. There may be rows all the same, which no board shows.
    reason : RefusedBecause or None
        Its code.
    contents : str
        Digest of the files that they follow from, see `store.files.contents_digest`.
    validation_auc : float
        Of the chosen band; NaN where none was tried.
    """

    rows: list[Row]
    refused: str = ""
    reason: RefusedBecause | None = None
    contents: str = ""
    validation_auc: float = math.nan


class RowCache:
    """
    Cache of the rows of one tracking store's cells.

    Parameters
    ----------
    uri : str
    """

    def __init__(self, uri: str) -> None:
        self._path = store_folder(uri) / "rows.sqlite"

    def __enter__(self) -> Self:
        self._table = _opened(self._path)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._table.close()

    def of(self, folders: Mapping[str, Path], reporter: Reporter | None = None) -> dict[str, CellRows]:
        """
        Return the rows of cells, from the cache where their score files are unchanged, else computed.

        Parameters
        ----------
        folders : mapping of run to Path
        reporter : Reporter, optional
            Shows how many cells are computed.

        Returns
        -------
        dict of run to CellRows
        """
        prints = {run_id: fingerprint(folder) for run_id, folder in folders.items()}
        cells = dict(self._known(prints))
        missing = [run_id for run_id in folders if run_id not in cells]
        if reporter is not None and missing:
            reporter.stage("computing rows from score files", len(missing))
        for run_ids, outcomes in _computed(missing, folders):
            cells |= zip(run_ids, outcomes, strict=True)
            self._keep([(run_id, prints[run_id], cells[run_id]) for run_id in run_ids])
            if reporter is not None:
                reporter.advance(len(run_ids))
        return cells

    def forget_others(self, run_ids: Sequence[str]) -> None:
        """Delete the rows of runs that are no longer in the store."""
        absent = {run_id for (run_id,) in self._table.execute("SELECT run_id FROM cells")} - set(run_ids)
        with self._table:
            self._table.executemany("DELETE FROM cells WHERE run_id = ?", [(run_id,) for run_id in absent])

    def _known(self, prints: Mapping[str, str]) -> Iterator[tuple[str, CellRows]]:
        for run_id, stored, *kept in self._table.execute(f"SELECT run_id, fingerprint, {KEPT} FROM cells"):
            if stored and prints.get(run_id) == stored and (cell := _cell_rows(*kept)):
                yield run_id, cell

    def _keep(self, entries: Sequence[tuple[str, str, CellRows]]) -> None:
        lines = [
            (run_id, valid_for, cell.refused, cell.reason or "", cell.contents, cell.validation_auc, _packed(cell.rows))
            for run_id, valid_for, cell in entries
            if valid_for
        ]
        # On a full disk, for instance, nothing is kept, and the rows are computed again.
        with contextlib.suppress(sqlite3.OperationalError), self._table:
            self._table.executemany("INSERT OR REPLACE INTO cells VALUES (?, ?, ?, ?, ?, ?, ?)", lines)


def _cell_rows(refused: str, reason: str, contents: str, validation_auc: float | None, packed: bytes) -> CellRows | None:
    """Return what the table holds of a cell; None where it is damaged."""
    try:
        rows = rows_from_json(json.loads(zlib.decompress(packed)))
        auc = math.nan if validation_auc is None else validation_auc
        return CellRows(rows, refused, RefusedBecause(reason) if reason else None, contents, auc)
    except (ValueError, KeyError, TypeError, zlib.error):
        return None


def _packed(rows: Sequence[Row]) -> bytes:
    return zlib.compress(json.dumps(rows_to_json(rows)).encode(), 1)


def _opened(path: Path) -> sqlite3.Connection:
    """Open the table; a damaged one is made anew, and where the disk cannot be written it is in memory."""
    for place in (path, path, None):
        try:
            if place is not None:
                place.parent.mkdir(parents=True, exist_ok=True)
            table = sqlite3.connect(place or ":memory:", timeout=30)
            for statement in SCHEMA:
                table.execute(statement)
            table.execute("DELETE FROM cells WHERE 0")  # it can be written to
            table.commit()
            return table
        except (OSError, sqlite3.DatabaseError) as error:
            if place is not None and not isinstance(error, OSError | sqlite3.OperationalError):
                place.unlink(missing_ok=True)
    raise AssertionError("SQLite opens a table in memory")


def fingerprint(folder: Path) -> str:
    """
    Return the digest of a cell's files, by their sizes and times, and of the code that computes rows from them.

    It is empty where a file has changed so recently that another change could go unnoticed.
    """
    files = []
    for place, names in ((folder, {"cell.json"}), (folder / "scores", None)):
        with contextlib.suppress(OSError, ValueError), os.scandir(place) as entries:  # an address may hold a null character
            files += [(e.name, *_times(e.stat())) for e in entries if names is None or e.name in names]
    if any(max(times) > time.time_ns() - SETTLED * 1e9 for _, _, *times in files):
        return ""
    return digest([_code(), str(folder), sorted(files)])


def _times(stat: os.stat_result) -> tuple[int, int, int]:
    """Return the size and both times of a file: programs can set the time of modification back, but not that of the change."""
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


@cache
def _code() -> str:
    """Return the digest of the code that computes rows, which replaces a version number that somebody has to raise."""
    return digest([Path(module.__file__ or "").read_text(encoding="utf-8") for module in CODE])


def _computed(run_ids: Sequence[str], folders: Mapping[str, Path]) -> Iterator[tuple[list[str], list[CellRows]]]:
    """Compute rows batch by batch, in worker processes if there are many."""
    batches = [list(run_ids[start : start + BATCH]) for start in range(0, len(run_ids), BATCH)]
    if len(run_ids) < WORTH_WORKERS:
        for batch in batches:
            yield batch, outcomes([folders[run_id] for run_id in batch])
        return
    from concurrent.futures import as_completed

    with running_workers(os.cpu_count() or 1, [results.__name__, "sklearn.metrics"]) as workers:
        futures = {workers.submit(outcomes, [folders[run_id] for run_id in batch]): batch for batch in batches}
        for future in as_completed(list(futures)):
            yield futures.pop(future), future.result()


def outcomes(folders: Sequence[Path]) -> list[CellRows]:
    """Compute the rows of some cells, in a worker process."""
    return [_outcome(folder) for folder in folders]


class _Examiner:
    """Check of what a document says of the scores; the rows are computed all the same, and then compared with MLflow first."""

    def __init__(self) -> None:
        self.doubt: RefusedError | None = None
        self.validation_auc = math.nan

    def __call__(self, document: CellDocument, scores: Sequence[Draws]) -> None:
        tried = (trial.auc for trial in document.trials if trial.band == document.band and not trial.error)
        self.validation_auc = next(tried, math.nan)
        try:
            check_claims(document, scores)
        except RefusedError as error:
            self.doubt = error


def _outcome(folder: Path) -> CellRows:
    """Compute the rows of one cell; whatever its files lead to, the board has the rows of all others."""
    examiner = _Examiner()
    try:
        rows, contents = cell_rows(folder, examine=examiner), _contents(folder)
    except RefusedError as error:
        return CellRows([], str(error), error.reason, _contents_if_any(folder))
    except Exception as error:  # the files are of strangers, and no check foresees everything
        text = f"its rows could not be computed from {folder} ({type(error).__name__}: {error})."
        return CellRows([], harmless(text), RefusedBecause.FAILED, _contents_if_any(folder))
    doubt, auc = examiner.doubt, examiner.validation_auc
    return CellRows(rows, str(doubt), doubt.reason, contents, auc) if doubt else CellRows(rows, "", None, contents, auc)


def _contents_if_any(folder: Path) -> str:
    """Return the digest of the files of a cell that has no rows; empty where they cannot be read, or would take long."""
    try:
        size = sum(file.stat().st_size for file in (folder / SCORES).rglob("*"))
        return _contents(folder) if size <= MOST_SCORE_BYTES else ""
    except (RefusedError, OSError, ValueError):
        return ""


def _contents(folder: Path) -> str:
    """Return the digest of the files of a cell, of which none may be larger than what is read."""
    for file in (folder / SCORES).rglob("*"):
        if not file.is_dir():
            regular_file(file, MOST_SCORE_BYTES)
    return contents_digest(folder, ROW_FILES)
