"""The folder of a study: its place, rows, heat maps and split lists."""

import contextlib
import itertools
import shutil
from collections.abc import Mapping, Sequence
from operator import attrgetter
from pathlib import Path

import pyarrow as pa

from ..domains.catalogue import OpenDomain
from ..domains.guard import whole
from ..domains.names import chain_of
from ..domains.splits import SPLIT_COLUMNS, SPLIT_LIST_VERSION, split_entry
from ..figures import plots as figures
from ..figures.carriers import save_carriers
from ..figures.shots import save_shots
from ..records import Cell
from ..results.rows import Row, keep_rows, read_rows
from ..results.scores import write_table
from ..store.files import atomic_path
from ..store.folders import results_root
from ..store.seal import damaged_files
from .keys import joined, split_lists, study_key

CARRIERS = "carriers.png"
LINES = 2**13


def study_folder(cell: Cell) -> Path:
    """Return the folder that rows and figures of a cell's study are kept in, which need not exist."""
    return results_root() / "studies" / study_key(cell)


def study_rows(folder: Path, rows: Sequence[Row]) -> list[Row]:
    """Return the rows of a study: those of this run, and those that runs of other detectors or training domains wrote."""
    new = {(row.detector, row.train) for row in rows}
    earlier = read_rows(folder)
    return [*rows, *(row for row in earlier if (row.detector, row.train) not in new)]


def has_rows(folder: Path, rows: Sequence[Row]) -> bool:
    """Return True if the folder of a study was made of these rows."""
    written = read_rows(folder)
    return sorted(row.cell for row in written) == sorted(row.cell for row in rows)


def keep_study(name: str, rows: Sequence[Row], folder: Path) -> None:
    """Write the rows of a study and its heat maps; runs in a worker process."""
    if not rows:
        return
    folder.mkdir(parents=True, exist_ok=True)
    rows = sorted(rows, key=lambda row: (row.train, row.detector))  # and not as they happened to be finished
    chosen = [row for row in rows if row.role == "chosen"]
    if any(row.tests for row in chosen):
        figures.save_heat_map(folder / "train_x_test.png", chosen, f"{name}: test AUC of the chosen bands")
    if any(row.robustness for row in rows):
        figures.save_robustness(folder / "robustness.png", rows, f"{name}: test AUC under perturbations")
    save_carriers(folder / CARRIERS, rows, f"{name}: what detectors live on")
    save_shots(folder / "shots.png", chosen, f"{name}: shots of the test domain")
    _save_strength_lines(name, chosen, folder)
    keep_rows(rows, folder)


def remove_damaged(folder: Path) -> list[str]:
    """Delete the files of a study that are not as they were written (`store.seal`), and return their names."""
    damaged = damaged_files(folder)
    for name in damaged:
        with contextlib.suppress(OSError):  # a folder in its place: whoever writes the file next says so
            (folder / name).unlink(missing_ok=True)
    return damaged


def keep_split_lists(
    cells: Sequence[Cell],
    domains: Mapping[tuple[str, int], OpenDomain],
    folder: Path,
    anew: bool = False,
    written: Path | None = None,
) -> None:
    """
    Write the split list of every domain of some cells as ``splits/DIGEST.parquet``, unless it is there.

    A list holds every item that the data set lists, also those that could not be decoded or that the guard left out; once per
    draw where draws differ.

    Parameters
    ----------
    cells : sequence of Cell
    domains : mapping of (domain, replicate) to OpenDomain
    folder : Path
        Of the study.
    anew : bool
        Write also those that are there.
    written : Path, optional
        Folder with lists that were written before, which are copied.
    """
    for name, digests in {name: digests for cell in cells for name, digests in split_lists(cell).items()}.items():
        path = folder / "splits" / f"{joined(digests)}.parquet"
        if not anew and path.exists():
            continue
        if written is not None and (before := written / "splits" / path.name).exists():
            with atomic_path(path) as temporary:
                shutil.copyfile(before, temporary)
        else:
            n_draws = len(digests) if len(set(digests)) > 1 else 1
            write_table(path, _split_table([whole(domains[name, r]) for r in range(n_draws)]))


def _split_table(draws: Sequence[OpenDomain]) -> pa.Table:
    items = ((draw, item) for draw, domain in enumerate(draws) for item in sorted(domain.items, key=attrgetter("id")))
    lines = ((draw, *split_entry(item)) for draw, item in items)
    # Few lines at a time: those of all pictures would take more memory than their table.
    parts = []
    while some := list(itertools.islice(lines, LINES)):
        parts.append(pa.table(dict(zip(("draw", *SPLIT_COLUMNS), zip(*some, strict=True), strict=True))))
    metadata = {"bandbench.split_list": str(SPLIT_LIST_VERSION)}
    return pa.concat_tables(parts).replace_schema_metadata(metadata)


def _save_strength_lines(name: str, rows: Sequence[Row], folder: Path) -> None:
    """Write a figure for every perturbation that the study has in three strengths or more."""
    chains = dict.fromkeys(chain_of(test.domain) for row in rows for test in row.tests)
    for series, strengths in figures.perturbation_series(list(chains)).items():
        for metric in figures.METRIC_NAMES:
            file = folder / f"{series.replace(':', '_').replace('=', '')}_{metric}.png"
            figures.save_strength_lines(file, rows, strengths, f"{name}: test pictures under {series}", metric)
