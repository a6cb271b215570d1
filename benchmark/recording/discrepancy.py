"""How far sets of test pictures are apart in the views of a study's detectors: real from fake, and filtered from unfiltered."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..contracts import LABEL_NAMES, ViewSpec
from ..errors import DataError
from ..features.load import load_view
from ..frequency.bands import Band
from ..metrics.two_samples import RULES, mmd, published_mmd
from ..pictures.perturbations import chain_of, unperturbed
from ..records import Cell, ItemSet
from ..registry import DetectorSpec
from ..results.scores import ok_rows
from ..store import digest, read_json, results_root, write_json

VIEW = "embedding"
CLASSES = "real against fake"
FILTERED = "against unfiltered"


@dataclass(frozen=True)
class Comparison:
    """
    Two sets of pictures in one view: work for a worker.

    Attributes
    ----------
    detector : DetectorSpec
        Whose view it is.
    domain : str
        Unperturbed.
    what : str
        For people: what is compared with what.
    one, other : ItemSet
        All of `one` is compared with all of `other`; where they are of one domain, its classes with each other.
    permutations, limit : int
        Of the test; pictures of each set at most.
    """

    detector: DetectorSpec
    domain: str
    what: str
    one: ItemSet
    other: ItemSet
    permutations: int
    limit: int

    @property
    def key(self) -> str:
        """Name of the result: everything that it depends on."""
        view = self.detector.build().view
        sets = [self.one.digest, self.other.digest]
        return digest(["mmd", view.name, dict(view.options), self.what, sets, self.permutations, self.limit])


def comparisons(cells: Sequence[Cell]) -> list[Comparison]:
    """
    What a study's detectors on embeddings make worth comparing, each view once.

    Parameters
    ----------
    cells : sequence of Cell
        Of a study with the key ``mmd``.
    """
    found: dict[str, Comparison] = {}
    for cell in cells:
        settings = cell.study.mmd
        if settings is None or cell.detector.build().view.name != VIEW:
            continue
        tests = {items.domain: items for items in cell.replicates[0].tests}
        for name, items in tests.items():
            chain, plain = chain_of(name), tests.get(unperturbed(name))
            pairs = [(f"{CLASSES}, {chain}" if chain else CLASSES, items, items)]
            if chain and plain:
                pairs.append((f"{chain} {FILTERED}", items, plain))
            for what, one, other in pairs:
                place = (cell.detector, unperturbed(name), what, one, other)
                comparison = Comparison(*place, settings.permutations, settings.limit)
                found.setdefault(comparison.key, comparison)
    return list(found.values())


def compare(comparison: Comparison) -> dict[str, Any]:
    """
    Estimate the discrepancy, or take up what an earlier run found.

    Returns
    -------
    dict
        ``detector``, ``domain``, ``what``; ``value`` (unbiased MMD²), ``width``, ``p_value`` and counts as in `Mmd`; the two
        published estimates; ``error`` where there is none, which is not kept.
    """
    place = results_root() / "mmd" / f"{comparison.key}.json"
    known = read_json(place)
    if known is not None:
        return known
    entry = {"detector": comparison.detector.label, "domain": comparison.domain, "what": comparison.what}
    try:
        entry |= _estimates(comparison)
    except DataError as error:
        return {**entry, "value": float("nan"), "p_value": None, "error": str(error)}
    write_json(place, entry, durable=False)
    return entry


def _estimates(comparison: Comparison) -> dict[str, Any]:
    view = comparison.detector.build().view
    vectors = _vectors(comparison.one, view)
    if comparison.one.domain == comparison.other.domain:
        first, second = (vectors.of(label, comparison.limit) for label in range(len(LABEL_NAMES)))
    else:
        first, second = (each.of(None, comparison.limit) for each in (vectors, _vectors(comparison.other, view)))
    found = mmd(
        first.values, second.values, groups=(list(first.groups), list(second.groups)), permutations=comparison.permutations
    )
    published = {f"published_{rule}": published_mmd(first.values, second.values, rule).value for rule in RULES}
    return {**asdict(found), **published}


@dataclass(frozen=True)
class _Vectors:
    """One vector per picture, with what it belongs to."""

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
    kept = table.filter(ok_rows(table))
    sums = np.zeros((kept.num_rows, view.columns.shape[1]))
    np.add.at(sums, rows, view.columns)
    values = sums / np.bincount(rows, minlength=kept.num_rows)[:, None]
    columns = {name: np.array(kept.column(name).to_pylist()) for name in ("item", "group", "label")}
    return _Vectors(values, columns["item"], columns["group"], columns["label"].astype(np.int64))


def keep_discrepancies(study: str, entries: Sequence[dict[str, Any]], folder: Path) -> None:
    """Write the discrepancies of a study and a picture for each detector: work for a worker."""
    from ..figures.plots import save_mmd

    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "mmd.json", list(entries))
    for i, detector in enumerate(dict.fromkeys(entry["detector"] for entry in entries)):
        mine = [entry for entry in entries if entry["detector"] == detector]
        for kind, name in ((CLASSES, "classes"), (FILTERED, "filtered")):
            shown = [entry for entry in mine if kind in entry["what"]]
            if shown:
                save_mmd(folder / f"mmd_{name}_{i}.png", shown, f"{study}: {detector}, MMD² of test pictures, {kind}")
