"""Scores of rows as the ranking takes them: by test domain, with a digest of the items that were scored."""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from ...benchmark.errors import DataError
from ...benchmark.metrics.roc import Scored
from ...benchmark.results.cell_document import CellDocument, find_cell
from ...benchmark.results.rows import Row
from ...benchmark.results.run_files import file_below
from ...benchmark.results.scores import ok_rows, score_table
from ...benchmark.store.files import digest

COLUMNS = ["domain", "split", "item", "label", "group", "status", "score"]


@dataclass(frozen=True)
class Entrant:
    """
    Scores of one row, as the ranking takes them.

    Attributes
    ----------
    name : str
        For messages.
    tests : mapping of str to sequence of Scored
        By test domain, one per fitted detector (draw, seed); the rank is about the mean over all of them.
    items : mapping of str to str
        By test domain: digest of the scored items with their labels and groups (`items_digest`). Rows are compared only where
        these agree.
    training : str
        Digest of the training and validation pictures of every draw: rows in which it is equal are compared draw by draw.
        Empty where it is not known.
    overlap : float
        Share of the training pictures that two draws have in common.
    """

    name: str
    tests: Mapping[str, Sequence[Scored]]
    items: Mapping[str, str]
    training: str = ""
    overlap: float = 0.0

    def on(self, domains: Collection[str]) -> "Entrant":
        """Return the scores on some test domains alone."""
        return replace(
            self,
            tests={name: fits for name, fits in self.tests.items() if name in domains},
            items={name: items for name, items in self.items.items() if name in domains},
        )

    @property
    def n_draws(self) -> int:
        """Fitted detectors; 0 where the test domains do not have the same number of them."""
        counts = {len(fits) for fits in self.tests.values()}
        return counts.pop() if len(counts) == 1 else 0


class ScoreReader:
    """
    Reader of the score files of rows; labels and groups that rows have in common are held in memory once.

    A board of 50 rows, 10 domains and 5,000 pictures has 2.5 million scores, but only 50,000 names of groups.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def entrant(
        self,
        name: str,
        files: Sequence[Path],
        domains: Collection[str] | None = None,
        training: str = "",
        overlap: float = 0.0,
    ) -> Entrant:
        """
        Read a row.

        Parameters
        ----------
        name : str
        files : sequence of Path
            Score files, one per fitted detector. Only the items of split ``test`` are taken.
        domains : collection of str, optional
            Those that the rank is about (other domains than the training one, unperturbed); all of the files if not told.
        training, overlap
            See `Entrant`.

        Raises
        ------
        DataError
            If a file cannot be read or lacks a column.
        """
        tests: dict[str, list[Scored]] = {}
        digests: dict[str, set[str]] = {}
        for file in files:
            for domain, (items, scored) in self._read(file, domains).items():
                tests.setdefault(domain, []).append(scored)
                digests.setdefault(domain, set()).add(items)
        pictures = {domain: "+".join(sorted(items)) for domain, items in digests.items()}
        return Entrant(name, tests, pictures, training, overlap)

    def _read(self, file: Path, domains: Collection[str] | None) -> dict[str, tuple[str, Scored]]:
        table = score_table(file, COLUMNS)
        table = table.filter(pa.array(table["split"].to_numpy(zero_copy_only=False) == "test"))
        names = [name for name in table["domain"].unique().to_pylist() if domains is None or name in domains]
        of_row = table["domain"].to_numpy(zero_copy_only=False)
        usable = ok_rows(table)
        return {name: self._scored(table.filter(pa.array(usable & (of_row == name)))) for name in names}

    def _scored(self, table: pa.Table) -> tuple[str, Scored]:
        """Return the scores of one domain in the order of item ids, so that equal item lists give equal arrays."""
        table = table.sort_by("item")
        items = items_digest(table)
        if items not in self._kept:
            labels = table["label"].to_numpy().astype(np.int64)
            self._kept[items] = labels, table["group"].to_numpy(zero_copy_only=False).astype(str)
        labels, groups = self._kept[items]
        return items, Scored(labels, table["score"].to_numpy().astype(np.float64), groups)


class RowScores:
    """
    Entrants of a board's rows, each read once.

    Parameters
    ----------
    folder_of : callable
        Takes a row and returns the folder of its cell, or None where there is none.
    """

    def __init__(self, folder_of: Callable[[Row], Path | None]) -> None:
        self._folder_of = folder_of
        self._reader = ScoreReader()
        self._kept: dict[tuple[str, str, str, str], Entrant] = {}

    def entrant(self, row: Row) -> Entrant:
        """
        Return the scores of a row on all of its test domains, perturbed ones left out except the training domains.

        Raises
        ------
        DataError
            If its score files are missing or cannot be read.
        """
        key = row.run_id, row.cell, row.role, str(row.band)
        if key not in self._kept:
            self._kept[key] = self._read(row)
        return self._kept[key]

    def _read(self, row: Row) -> Entrant:
        folder = self._folder_of(row)
        document = find_cell(folder)
        files = document.files_of(row) if document else ()
        if folder is None or document is None or not files:
            raise DataError("its score files were not found")
        name, domains = f"{row.detector} on {row.train_label}", [test.domain for test in row.main_tests]
        return self._reader.entrant(
            name, [file_below(folder, file) for file in files], domains, training_digest(document), document.train_overlap
        )


def training_digest(document: CellDocument) -> str:
    """Return a digest of the training and validation pictures of every draw of a cell; empty where they were not recorded."""
    sets = sorted((name, value) for name, value in document.digests.items() if name.rsplit("/", 1)[-1] in ("train", "val"))
    return digest(sets) if sets else ""


def items_digest(table: pa.Table) -> str:
    """Return the SHA-256 of the columns ``item``, ``label`` and ``group`` of a table that is sorted by item."""
    sha = hashlib.sha256()
    for name in ("item", "label", "group"):
        sha.update("\0".join(map(str, table[name].to_pylist())).encode())
        sha.update(b"\1")
    return sha.hexdigest()
