"""Discrepancies (MMD²) between sets of test pictures in the views of a study's detectors: real and fake, filtered and not."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..contracts import LABEL_NAMES, ViewSpec
from ..domains.names import chain_of, unperturbed
from ..errors import DataError
from ..features.load import load_view
from ..figures.plots import save_mmd
from ..frequency.bands import Band
from ..metrics.two_samples import RULES, mmd, published_mmd
from ..records import Cell, ItemSet
from ..registry import DetectorSpec
from ..results.scores import ok_rows
from ..store.files import digest, read_json, write_json
from ..store.folders import results_root

VIEW = "embedding"


class Contrast(StrEnum):
    """Difference between two sets of pictures, in words for people."""

    CLASSES = "real against fake"
    FILTERED = "against unfiltered"


@dataclass(frozen=True)
class DiscrepancyTest:
    """
    Two sets of pictures in one view: work for a worker.

    Attributes
    ----------
    detector : DetectorSpec
        Whose view it is.
    domain : str
        Unperturbed.
    contrast : Contrast
    chain : str
        Perturbations of `one`; empty for none.
    one, other : ItemSet
        All of `one` is compared with all of `other`; where they are of one domain, its classes with each other.
    permutations, limit : int
        Of the test; pictures of each set at most.
    """

    detector: DetectorSpec
    domain: str
    contrast: Contrast
    chain: str
    one: ItemSet
    other: ItemSet
    permutations: int
    limit: int

    @property
    def what(self) -> str:
        """Text that distinguishes the comparison from others of its domain."""
        if self.contrast is Contrast.FILTERED:
            return f"{self.chain} {self.contrast}"
        return f"{self.contrast}, {self.chain}" if self.chain else str(self.contrast)

    @property
    def heading(self) -> str:
        """Heading of its column in a figure of its contrast."""
        return self.chain if self.contrast is Contrast.FILTERED else self.what

    @property
    def key(self) -> str:
        """Digest of everything that the result depends on, and its name."""
        view = self.detector.build().view
        sets = [self.one.digest, self.other.digest]
        return digest(["mmd", view.name, dict(view.options), self.what, sets, self.permutations, self.limit])


def comparisons(cells: Sequence[Cell]) -> list[DiscrepancyTest]:
    """
    List the comparisons of a study: for each detector on embeddings all test domains, each view once.

    Parameters
    ----------
    cells : sequence of Cell
        Of a study with the key ``mmd``.
    """
    by_key: dict[str, DiscrepancyTest] = {}
    for cell in cells:
        settings = cell.study.mmd
        if settings is None or cell.detector.build().view.name != VIEW:
            continue
        tests = {items.domain: items for items in cell.replicates[0].tests}
        for name, items in tests.items():
            chain, plain = chain_of(name), tests.get(unperturbed(name))
            pairs = [(Contrast.CLASSES, items, items)]
            if chain and plain:
                pairs.append((Contrast.FILTERED, items, plain))
            for contrast, one, other in pairs:
                place = (cell.detector, unperturbed(name), contrast, chain, one, other)
                comparison = DiscrepancyTest(*place, settings.permutations, settings.limit)
                by_key.setdefault(comparison.key, comparison)
    return list(by_key.values())


def compare(comparison: DiscrepancyTest) -> dict[str, Any]:
    """
    Estimate a discrepancy, or read the estimate of an earlier run.

    Returns
    -------
    dict
        ``detector``, ``domain``, ``what``; ``value`` (unbiased MMD²), ``width``, ``p_value`` and counts as in `Mmd`; the two
        published estimates; ``error``, which is not kept, if there is no estimate.
    """
    place = results_root() / "mmd" / f"{comparison.key}.json"
    earlier = read_json(place)
    if earlier is not None:
        return earlier
    entry = {"detector": comparison.detector.label, "domain": comparison.domain, "what": comparison.what}
    try:
        entry |= _estimates(comparison)
    except DataError as error:
        return {**entry, "value": float("nan"), "p_value": None, "error": str(error)}
    write_json(place, entry, durable=False)
    return entry


def _estimates(comparison: DiscrepancyTest) -> dict[str, Any]:
    view = comparison.detector.build().view
    vectors = _vectors(comparison.one, view)
    if comparison.one.domain == comparison.other.domain:
        first, second = (vectors.of(label, comparison.limit) for label in range(len(LABEL_NAMES)))
    else:
        first, second = (each.of(None, comparison.limit) for each in (vectors, _vectors(comparison.other, view)))
    estimate = mmd(
        first.values, second.values, groups=(list(first.groups), list(second.groups)), permutations=comparison.permutations
    )
    published = {f"published_{rule}": published_mmd(first.values, second.values, rule).value for rule in RULES}
    return {**asdict(estimate), **published}


@dataclass(frozen=True)
class _Vectors:
    """One vector per picture, with its id, group and label."""

    values: NDArray[np.float64]
    ids: NDArray
    groups: NDArray
    labels: NDArray[np.int64]

    def of(self, label: int | None, limit: int) -> "_Vectors":
        """Pictures of a class, or all; at most `limit`, drawn by name so that a picture is drawn with and without a filter."""
        rows = np.flatnonzero(self.labels == label) if label is not None else np.arange(len(self.labels))
        rows = np.array(sorted(rows, key=lambda row: digest(["mmd", str(self.ids[row])]))[:limit], dtype=np.intp)
        return _Vectors(self.values[rows], self.ids[rows], self.groups[rows], self.labels[rows])


def _vectors(items: ItemSet, spec: ViewSpec) -> _Vectors:
    view, rows = load_view(items, spec, Band())
    table = pq.read_table(items.table)
    usable = table.filter(ok_rows(table))
    sums = np.zeros((usable.num_rows, view.columns.shape[1]))
    np.add.at(sums, rows, view.columns)
    values = sums / np.bincount(rows, minlength=usable.num_rows)[:, None]
    columns = {name: np.array(usable.column(name).to_pylist()) for name in ("item", "group", "label")}
    return _Vectors(values, columns["item"], columns["group"], columns["label"].astype(np.int64))


def keep_discrepancies(study: str, compared: Sequence[tuple[DiscrepancyTest, dict[str, Any]]], folder: Path) -> None:
    """Write the discrepancies of a study, and a figure for each detector and contrast: work for a worker."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "mmd.json", [entry for _, entry in compared])
    for i, detector in enumerate(dict.fromkeys(comparison.detector.label for comparison, _ in compared)):
        for contrast in Contrast:
            shown = [pair for pair in compared if pair[0].detector.label == detector and pair[0].contrast is contrast]
            if shown:
                title = f"{study}: {detector}, MMD² of test pictures, {contrast}"
                values = [(comparison.heading, entry) for comparison, entry in shown]
                save_mmd(folder / f"mmd_{contrast.name.lower()}_{i}.png", values, title)
