"""Test items that submitted scores are checked against: those of recorded runs, else those of a data set on this machine."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from ...benchmark.errors import DataError
from ...benchmark.results.cell_document import find_cell
from ...benchmark.results.rows import Row
from ...benchmark.results.run_files import file_below
from ...benchmark.results.scores import ITEM_SCHEMA, score_table
from ...benchmark.store.files import digest
from ..ranking.entrants import items_digest

COLUMNS = ["item", "label", "group", "target", "donor", "video"]


@dataclass(frozen=True)
class Reference:
    """
    The test items of a domain.

    Attributes
    ----------
    table : Table
        `COLUMNS`, sorted by item.
    split_list, pictures : str
        Digests as they stand on the rows that were scored on these items; empty where unknown.
    source : str
        Where the list comes from, for people.
    """

    table: pa.Table
    split_list: str
    pictures: str
    source: str

    @cached_property
    def ids(self) -> Set[str]:
        """Ids of all items."""
        return frozenset(self.table["item"].to_pylist())

    @cached_property
    def digest(self) -> str:
        """Digest of all that the row of a submission takes from the reference."""
        return digest([items_digest(self.table), self.split_list, self.pictures])


class DomainCatalogue(Protocol):
    """Data sets and perturbations of this machine, which the leaderboard is handed: it imports neither."""

    def canonical_chain(self, chain: str) -> str:
        """
        Return the name of a chain of perturbations with all parameters: ``noise`` is ``noise:sd=10``.

        Raises
        ------
        StudyError
            If a perturbation is unknown.
        """
        ...

    def reference(self, domain: str) -> Reference | None:
        """
        Return the test items of a domain; None if its data set is not on this machine.

        Raises
        ------
        DataError
            If the data set has no such domain.
        """
        ...


class References:
    """
    Lists of test items by domain.

    Parameters
    ----------
    rows : sequence of Row
        Recorded rows of a board.
    folders : mapping of str to Path
        Artifacts by run.
    catalogue : DomainCatalogue
        Has the domains that no recorded run was tested on.
    """

    def __init__(self, rows: Sequence[Row], folders: Mapping[str, Path], catalogue: DomainCatalogue) -> None:
        self._rows = [row for row in rows if row.role == "chosen" and row.run_id in folders]
        self._folders = folders
        self._lists: dict[str, list[Reference]] = {}
        self.catalogue = catalogue

    def has_several(self, domain: str) -> bool:
        """Return True if several lists of a domain may have to be told apart by their ids."""
        return len(self._all(domain)) > 1

    def of(self, domain: str, ids: Set[str]) -> Reference | None:
        """
        Return the list of a domain's test items: of several, the one that has most of the given ids.

        Raises
        ------
        DataError
            If a data set that is known here has no such domain.
        """
        return max(self._all(domain), key=lambda reference: len(reference.ids & ids), default=None)

    def _all(self, domain: str) -> list[Reference]:
        if domain not in self._lists:
            self._lists[domain] = self._recorded(domain) or list(filter(None, [self.catalogue.reference(domain)]))
        return self._lists[domain]

    def _recorded(self, domain: str) -> list[Reference]:
        references: dict[str, Reference] = {}
        seen = set()
        for row in self._rows:
            for test in row.tests:
                key = test.split_list, test.pictures
                if test.domain == domain and (not all(key) or key not in seen):
                    seen.add(key)
                    table = recorded_items(self._folders[row.run_id], domain)
                    if table is not None:
                        reference = Reference(table, *key, f"the run {row.run_id}")
                        references.setdefault(reference.digest, reference)
        return list(references.values())


def recorded_items(folder: Path, domain: str) -> pa.Table | None:
    """Return the test items of one domain from the score files of a run, whatever became of them; None if there are none."""
    document = find_cell(folder)
    if document is None or document.chosen is None:
        return None
    try:
        table = score_table(file_below(folder, document.chosen.files[0]))
        split, domains = (table[name].to_numpy(zero_copy_only=False) for name in ("split", "domain"))
        table = table.filter(pa.array((split == "test") & (domains == domain))).select(COLUMNS).sort_by("item")
        return table.cast(pa.schema([ITEM_SCHEMA.field(name) for name in COLUMNS])) if len(table) else None
    except (DataError, OSError, ValueError, KeyError, IndexError, pa.ArrowException):
        return None
