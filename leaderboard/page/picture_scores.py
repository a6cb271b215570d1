"""Scores of single test pictures by row, as ranks and verdicts: what the page compares two rows from, picture by picture."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...benchmark.metrics.detection import best_threshold
from ...benchmark.results.rows import Row
from ...benchmark.results.scores import DomainScores, by_domain
from .packing import packed_block

BUDGET = 3_000_000  # bytes of ranks, verdicts and names of pictures
STEPS = 255  # of a rank
LONGEST_NAME = 120  # letters of a picture's name


@dataclass(frozen=True, eq=False)
class _PictureList:
    domain: str
    items: list[str]
    labels: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class _RowPictures:
    """One row on one list of pictures: ranks (n_items,), verdicts as bits, and the place of its threshold among the ranks."""

    place: int
    ranks: NDArray[np.uint8]
    verdicts: NDArray[np.uint8]
    cut: float


class PictureScoreWriter:
    """
    Collector of the ranks and verdicts of rows, until the page has no more room for them.

    Parameters
    ----------
    budget : int
        Bytes.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        self._left = budget
        self._places: dict[tuple[str, str], int] = {}
        self._lists: list[_PictureList] = []
        self._rows: dict[str, list[_RowPictures]] = {}
        self._left_out = 0

    def add(self, name: str, row: Row, draws: Sequence[Sequence[DomainScores]]) -> None:
        """
        Add a row, if there is room for it.

        Parameters
        ----------
        name : str
            See `details.row_id`.
        row : Row
        draws : sequence of sequences of DomainScores
            Contents of its score files. Test domains whose scored pictures differ between the draws are left out.
        """
        validation = [next((entry.scored for entry in draw if entry.split == "val"), None) for draw in draws]
        thresholds = [best_threshold(val.labels, val.scores) if val else math.nan for val in validation]
        tested = by_domain(draws, "test")
        domains = [test.domain for test in row.main_tests if len(tested.get(test.domain, ())) == len(draws) > 0]
        found = [one for domain in domains if (one := self._on(tested[domain], thresholds))]
        size = sum(len(one.ranks) + len(one.verdicts) for one in found)
        if not found:
            return
        if self._left_out or size > self._left:
            self._left_out += 1
            return
        self._left -= size
        self._rows[name] = found

    def _on(self, entries: Sequence[DomainScores], thresholds: Sequence[float]) -> _RowPictures | None:
        """Return a row on one test domain; None where its pictures differ between draws or their names find no room."""
        from scipy.stats import rankdata

        first = entries[0]
        order = np.argsort(first.items, kind="stable")
        items, labels = first.items[order], first.scored.labels[order]
        ranks, called, cuts = np.zeros(len(items)), np.zeros(len(items)), []
        for entry, threshold in zip(entries, thresholds, strict=True):
            own = np.argsort(entry.items, kind="stable")
            scores = entry.scored.scores[own]
            if not np.array_equal(entry.items[own], items) or not np.isfinite(scores).all() or not len(items):
                return None
            ranks += (rankdata(scores) - 0.5) / len(items) / len(entries)
            called += (scores >= threshold) / len(entries)
            cuts.append(float((scores < threshold).mean()))
        place = self._place(first.domain, items, labels)
        if place is None:
            return None
        known = not any(map(math.isnan, thresholds))
        return _RowPictures(
            place,
            np.round(ranks * STEPS).astype(np.uint8),
            np.packbits(called >= 0.5) if known else np.empty(0, np.uint8),
            float(np.mean(cuts)) if known else math.nan,
        )

    def _place(self, domain: str, items: NDArray, labels: NDArray[np.int64]) -> int | None:
        """Return the number of a list of pictures; None for a new one that there is no room for."""
        names = [str(item)[:LONGEST_NAME] for item in items.tolist()]
        content = "\0".join([*items.tolist(), *labels.astype(str).tolist()])
        key = domain, hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
        if key not in self._places:
            size = len(names) + sum(map(len, names))
            if size > self._left:
                return None
            self._left -= size
            self._places[key] = len(self._lists)
            self._lists.append(_PictureList(domain, names, labels.astype(np.uint8)))
        return self._places[key]

    def packed(self) -> str:
        """Return the block of the page, see `packed_block`; empty without rows."""
        if not self._rows:
            return ""
        about: dict[str, Any] = {
            "steps": STEPS,
            "left_out": self._left_out,
            "lists": [{"domain": one.domain, "items": one.items} for one in self._lists],
            "rows": [
                {
                    "id": name,
                    "lists": [one.place for one in found],
                    "cuts": [None if math.isnan(one.cut) else round(one.cut, 4) for one in found],
                }
                for name, found in self._rows.items()
            ],
        }
        each = [one for found in self._rows.values() for one in found]
        arrays = {
            "labels": np.concatenate([one.labels for one in self._lists]),
            "ranks": np.concatenate([one.ranks for one in each]),
            "verdicts": np.concatenate([one.verdicts for one in each]),
        }
        return packed_block(about, arrays)
