"""Rows of a board with the files that they were computed from, and the ways to name one of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from numbers import Integral
from pathlib import Path

from ..benchmark.domains.names import training
from ..benchmark.errors import BenchError, DataError, nearest_name
from ..benchmark.invocation import bench
from ..benchmark.results.cell_document import CellDocument, read_cell
from ..benchmark.results.rows import LEAST_ID_DIGITS, Row
from ..benchmark.results.run_files import file_below
from ..benchmark.results.scores import DomainScores, read_scores


@dataclass(frozen=True, repr=False)
class BoardRows:
    """
    Rows of a board, best first, with their files.

    Attributes
    ----------
    study : str
        Empty for several studies.
    rows : tuple of Row
    folders : mapping of str to Path
        Artifacts by ``run_id``.
    """

    study: str
    rows: tuple[Row, ...]
    folders: Mapping[str, Path] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __getitem__(self, row: "str | int | Row") -> Row:
        """
        Return one row.

        Parameters
        ----------
        row : str, int or Row
            Its id, or the first digits of it (four or more); its index in `Board.to_pandas`; or the row itself.

        Raises
        ------
        BenchError
            If the board has no such row, or if several ids begin with these digits.
        """
        if isinstance(row, Row):
            row = row.id
        if isinstance(row, str):
            return self._by_id(row)
        if isinstance(row, bool) or not isinstance(row, Integral):
            raise BenchError(f"a row is named by its id or its index, got {type(row).__name__} {row!r}. {self._known()}")
        if not 0 <= row < len(self.rows):
            raise BenchError(f"the board has no row {row}. {self._known()}")
        return self.rows[int(row)]

    def _by_id(self, text: str) -> Row:
        ids = [row.id for row in self.rows]
        if text in ids:
            return self.rows[ids.index(text)]
        found = sorted({name for name in ids if name.startswith(text)}) if len(text) >= LEAST_ID_DIGITS else []
        if len(found) > 1:
            raise BenchError(f"several rows have an id that begins with '{text}': {', '.join(found)}. Give more digits.")
        if 0 < len(text) < LEAST_ID_DIGITS:
            wanted = f"at least the first {LEAST_ID_DIGITS} digits of its id"
            raise BenchError(f"a row is named by {wanted}, got '{text}'. {self._known_ids()}")
        if not found:
            raise BenchError(f"the board has no row '{text}'.{nearest_name(text, ids)} {self._known_ids()}")
        return self.rows[ids.index(found[0])]

    def _known(self) -> str:
        if not self.rows:
            return "It has no rows at all."
        last = len(self.rows) - 1
        return f"It has rows 0{f' to {last}' if last else ''}; their ids are in the column id of to_pandas()."

    def _known_ids(self) -> str:
        if not self.rows:
            return self._known()
        if len(self.rows) == 1:
            return (
                f"Its row has an id: `{bench('leaderboard')}` shows its first digits, and to_pandas() has it in the column id."
            )
        shown = f"`{bench('leaderboard')}` shows their first digits, and to_pandas() has them in the column id"
        return f"Its {len(self.rows)} rows have ids: {shown}."

    def folder(self, row: Row) -> Path:
        """
        Return the folder of a row's cell.

        Raises
        ------
        DataError
            If its files are not known.
        """
        place = self.folders.get(row.run_id)
        if place is None:
            raise DataError(f"the files of row {row.id} ({row_title(row)}) are not known: its run has none.")
        return place

    def document(self, row: Row) -> CellDocument:
        """
        Return the record of a row's cell: the bands that were tried, chosen and tested.

        Raises
        ------
        DataError
            If it cannot be read.
        """
        return read_cell(self.folder(row))

    def draws(self, row: Row) -> list[list[DomainScores]]:
        """
        Return the scores of a row, by draw and item set.

        Raises
        ------
        DataError
            If they cannot be read.
        """
        files = self.document(row).files_of(row)
        if not files:
            raise DataError(f"row {row.id} ({row_title(row)}) has no score files in {self.folder(row)}.")
        return [read_scores(file_below(self.folder(row), file)) for file in files]

    @property
    def title(self) -> str:
        """Name of the board for people."""
        return self.study or "all studies"


def row_title(row: Row) -> str:
    """Return the detector and the training domain of a row, for a title."""
    return f"{row.detector} on {row.train_label}"


def is_home(row: Row, domain: str) -> bool:
    """Return True if a row was trained on a domain."""
    return training(row.train).is_home(domain)
