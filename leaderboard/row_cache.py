"""
Cache of rows that were computed from score files, valid until a score file or the code that computes rows changes.

The score files are the source: a row is computed again where their sizes or times differ from those in the cache.
"""

import contextlib
import json
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
from ..benchmark.errors import DataError
from ..benchmark.metrics import bootstrap, delong, intervals, replicates, roc, weighted
from ..benchmark.metrics import clips as clip_scores
from ..benchmark.metrics import detection as metrics
from ..benchmark.reporting import Reporter
from ..benchmark.results import (
    carrier_tests,
    carriers,
    cell_document,
    columns,
    evidence,
    reported,
    reported_tests,
    scores,
    selection,
)
from ..benchmark.results import cell_rows as results
from ..benchmark.results import clips as clip_results
from ..benchmark.results import reals as reals_results
from ..benchmark.results import rows as result_rows
from ..benchmark.results.cell_rows import cell_rows
from ..benchmark.results.rows import Row, rows_from_json, rows_to_json
from ..benchmark.store.files import digest
from ..benchmark.tracking.reading import store_folder
from ..benchmark.workers import running_workers

# Modules that decide the contents of a row.
CODE = (
    bootstrap,
    carrier_tests,
    carriers,
    clip_results,
    clip_scores,
    cell_document,
    columns,
    delong,
    evidence,
    intervals,
    metrics,
    domain_names,
    replicates,
    reported,
    reported_tests,
    reals_results,
    result_rows,
    results,
    roc,
    scores,
    weighted,
    selection,
)
WORTH_WORKERS = 24  # cells; fewer are done before a worker has started
BATCH = 8  # cells at a time for a worker
SETTLED = 0.1  # seconds; a file that has just been written could change again without a sign
SCHEMA = (
    "CREATE TABLE IF NOT EXISTS verified (run_id TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, refused TEXT NOT NULL, rows BLOB)"
)


@dataclass(frozen=True)
class CellRows:
    """Rows of a cell, or the reason why it has none."""

    rows: list[Row]
    refused: str = ""


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
        absent = {run_id for (run_id,) in self._table.execute("SELECT run_id FROM verified")} - set(run_ids)
        with self._table:
            self._table.executemany("DELETE FROM verified WHERE run_id = ?", [(run_id,) for run_id in absent])

    def _known(self, prints: Mapping[str, str]) -> Iterator[tuple[str, CellRows]]:
        for run_id, stored, refused, packed in self._table.execute("SELECT run_id, fingerprint, refused, rows FROM verified"):
            if stored and prints.get(run_id) == stored:
                yield run_id, CellRows(_unpacked(packed), refused)

    def _keep(self, entries: Sequence[tuple[str, str, CellRows]]) -> None:
        lines = [(run_id, valid_for, cell.refused, _packed(cell.rows)) for run_id, valid_for, cell in entries if valid_for]
        # On a full disk, for instance, nothing is kept, and the rows are computed again.
        with contextlib.suppress(sqlite3.OperationalError), self._table:
            self._table.executemany("INSERT OR REPLACE INTO verified VALUES (?, ?, ?, ?)", lines)


def _packed(rows: Sequence[Row]) -> bytes:
    return zlib.compress(json.dumps(rows_to_json(rows)).encode(), 1)


def _unpacked(packed: bytes) -> list[Row]:
    return rows_from_json(json.loads(zlib.decompress(packed)))


def _opened(path: Path) -> sqlite3.Connection:
    """Open the table; a damaged one is made anew, and where the disk cannot be written it is in memory."""
    for place in (path, path, None):
        try:
            if place is not None:
                place.parent.mkdir(parents=True, exist_ok=True)
            table = sqlite3.connect(place or ":memory:", timeout=30)
            table.execute(SCHEMA)
            table.execute("DELETE FROM verified WHERE 0")  # it can be written to
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
        with contextlib.suppress(OSError), os.scandir(place) as entries:
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
    cells = []
    for folder in folders:
        try:
            cells.append(CellRows(cell_rows(folder)))
        except DataError as error:
            cells.append(CellRows([], str(error)))
    return cells
