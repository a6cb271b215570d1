"""Finished cells of a server: an index of those that are known, brought up to date by a search for changes."""

import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ..store.files import nan_from_null, read_json, write_json
from .cells import FoundCell
from .names import IS_FINISHED_CELL, SENT
from .runs import DELETED, search_runs

if TYPE_CHECKING:
    from mlflow import MlflowClient

DAY = 86400.0
FULL_READ_AFTER = 7 * DAY  # seconds; only then is it noticed if a server has purged runs that we never saw deleted
INDEX_FORMAT = 4


@dataclass(frozen=True)
class CellIndex:
    """
    Cells of a server as of the last request.

    Attributes
    ----------
    cells : dict of str to FoundCell
        By run.
    deleted : list of str
        Runs that were deleted, and can be restored.
    experiments : list of str
        Those that were searched.
    read_at, full_read_at : float
        Times at which the server was asked last, and asked last for all of its cells; seconds since the epoch.
    """

    cells: dict[str, FoundCell] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    experiments: list[str] = field(default_factory=list)
    read_at: float = 0.0
    full_read_at: float = 0.0

    @classmethod
    def load(cls, path: Path) -> "CellIndex":
        """Read the index; empty where the file is missing, damaged or of another format."""
        data = read_json(path) or {}
        if data.get("format") != INDEX_FORMAT:
            return cls()
        undefined = ("metrics", "numbers")
        cells = [FoundCell(**{**cell, **{name: nan_from_null(cell[name]) for name in undefined}}) for cell in data["cells"]]
        rest = {name: data[name] for name in ("deleted", "experiments", "read_at", "full_read_at")}
        return cls({cell.run_id: cell for cell in cells}, **rest)

    def save(self, path: Path) -> None:
        """Write the index."""
        cells = [asdict(cell) for cell in self.cells.values()]
        write_json(path, {"format": INDEX_FORMAT, **vars(self), "cells": cells})


def server_cells(client: "MlflowClient", index_file: Path) -> Iterable[FoundCell]:
    """
    Find the finished cells in all experiments of a server: those of the index, brought up to date.

    Parameters
    ----------
    client : MlflowClient
    index_file : Path
        Read, and written again.
    """
    now, index = time.time(), CellIndex.load(index_file)
    if now - index.full_read_at > FULL_READ_AFTER:
        index = CellIndex(full_read_at=now)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    new = [experiment for experiment in experiments if experiment not in index.experiments]
    old = [experiment for experiment in experiments if experiment in index.experiments]
    searches = [(new, IS_FINISHED_CELL)]
    searches += [(old, f"{IS_FINISHED_CELL} and tags.`{SENT}` = '{day}'") for day in _days(index.read_at, now) if old]
    cells = dict(index.cells)
    for places, condition in searches:
        cells |= {run.info.run_id: FoundCell.from_run(run) for run in search_runs(client, places, condition)}
    deleted = [run.info.run_id for run in search_runs(client, experiments, IS_FINISHED_CELL, DELETED)]
    for run_id in set(index.deleted) - set(deleted):
        if cell := _restored(client, run_id):
            cells[run_id] = cell
    for run_id in deleted:
        cells.pop(run_id, None)
    CellIndex(cells, deleted, experiments, now, index.full_read_at).save(index_file)
    return cells.values()


def _days(start: float, end: float) -> list[str]:
    """All days from one before `start` to one after `end`: clocks of those who send may be wrong."""
    first, last = datetime.fromtimestamp(start - DAY, UTC).date(), datetime.fromtimestamp(end + DAY, UTC).date()
    return [str(first + timedelta(days=n)) for n in range((last - first).days + 1)]


def _restored(client: "MlflowClient", run_id: str) -> FoundCell | None:
    """Cell of a run that is no longer deleted; None if it is gone for good."""
    from mlflow.exceptions import MlflowException

    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
    return FoundCell.from_run(run) if run.info.lifecycle_stage == "active" else None
