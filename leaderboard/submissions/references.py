"""Test items that brought scores are checked against: those of recorded runs, else those of a data set that can be opened."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ...benchmark.domains.catalogue import Catalogue
from ...benchmark.domains.splits import split_digest
from ...benchmark.errors import BenchError, DataError, unknown_name
from ...benchmark.pictures.perturbations import dataset_name, unperturbed
from ...benchmark.results.cell_document import find_cell
from ...benchmark.results.rows import Row
from ...benchmark.results.scores import ITEM_SCHEMA, item_table
from ...benchmark.store import digest
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
        """Of everything that brought scores take from here."""
        return digest([items_digest(self.table), self.split_list, self.pictures])


class References:
    """
    Lists of test items by domain.

    Parameters
    ----------
    rows : sequence of Row
        Recorded rows of a board.
    folders : mapping of str to Path
        Artifacts by run.
    """

    def __init__(self, rows: Sequence[Row], folders: Mapping[str, Path]) -> None:
        self._rows = [row for row in rows if row.role == "chosen" and row.run_id in folders]
        self._folders = folders
        self._catalogue = Catalogue()
        self._found: dict[str, list[Reference]] = {}

    def of(self, domain: str, ids: Set[str]) -> Reference | None:
        """
        Return the list of a domain's test items: of several, the one that has most of the given ids.

        Raises
        ------
        DataError
            If a data set that is known here has no such domain.
        """
        if domain not in self._found:
            self._found[domain] = self._recorded(domain) or self._opened(domain)
        return max(self._found[domain], key=lambda one: len(one.ids & ids), default=None)

    def _recorded(self, domain: str) -> list[Reference]:
        found: dict[str, Reference] = {}
        seen = set()
        for row in self._rows:
            for test in row.tests:
                key = test.split_list, test.pictures
                if test.domain == domain and (not all(key) or key not in seen):
                    seen.add(key)
                    table = recorded_items(self._folders[row.run_id], domain)
                    if table is not None:
                        one = Reference(table, *key, f"the run {row.run_id}")
                        found.setdefault(one.digest, one)
        return list(found.values())

    def _opened(self, domain: str) -> list[Reference]:
        name = unperturbed(domain)
        if dataset_name(domain) not in self._catalogue.specs:
            return []
        if name not in (known := self._catalogue.expand([dataset_name(domain)])):
            raise DataError(unknown_name("domain", name, known))
        try:
            items = self._catalogue.domain(name, 0).split("test")
        except BenchError:  # a data set that cannot be opened is no list
            return []
        table = item_table(domain, items, [("ok", "")] * len(items)).select(COLUMNS).sort_by("item")
        return [Reference(table, split_digest(items), "", f"the data set {dataset_name(domain)}")]


def recorded_items(folder: Path, domain: str) -> pa.Table | None:
    """Return the test items of one domain from the score files of a run, whatever became of them; None if there are none."""
    document = find_cell(folder)
    if document is None or document.chosen is None:
        return None
    try:
        wanted = [("split", "==", "test"), ("domain", "==", domain)]
        table = pq.read_table(folder / document.chosen.files[0], columns=COLUMNS, filters=wanted).sort_by("item")
        return table.cast(pa.schema([ITEM_SCHEMA.field(name) for name in COLUMNS])) if len(table) else None
    except (OSError, ValueError, KeyError, IndexError, pa.ArrowException):
        return None
