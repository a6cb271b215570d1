"""
Pictures of a detector's worst mistakes, of data sets whose terms let them be shown.

The pictures that a detector assigns to the wrong class say more about it than another digit of its AUC.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image

from ..contracts import FAKE, REAL
from ..domains.names import chain_of
from ..features.load import first_crop
from ..figures.plots import save_mistakes
from ..metrics.detection import best_threshold
from ..records import ItemSet
from ..results.inline_pictures import webp_address
from ..results.mistakes import FILE, NAMES, PER_CLASS
from ..results.scores import ok_rows
from ..store.files import write_json

SIDE = 96  # pixels


def keep_mistakes(scores: Path, tests: Sequence[ItemSet], folder: Path, title: str) -> None:
    """
    Write the reals that look most like fakes to a detector, and the fakes that look most like reals, of every test domain.

    Parameters
    ----------
    scores : Path
        Score file of one fitted detector, with the validation items of its training domain. Only a score on the wrong
        side of the threshold with the largest balanced accuracy there is a mistake.
    tests : sequence of ItemSet
        Perturbed ones, and those whose pictures may not be shown, are passed over.
    folder : Path
        Of the cell. ``mistakes.json`` says by domain, for ``reals`` and ``fakes``, the worst first: ``item``, ``score`` and
        ``picture`` (WebP in a ``data:`` address); ``mistakes.png`` shows them. Neither is there if no domain may be
        shown, or where validation has no fakes to set a threshold on.
    title : str
        Of the picture.
    """
    shown = [items for items in tests if items.provenance.may_be_shown and not chain_of(items.domain)]
    if not shown:
        return
    table = pq.read_table(scores)
    table = table.filter(pa.array(ok_rows(table)))
    _, labels, values = _columns(table, "split", "val")
    threshold = best_threshold(labels, values)
    if np.isnan(threshold):
        return
    table = table.filter(pa.array(_column(table, "split") == "test"))
    crops: dict[str, dict[str, list[Image.Image]]] = {}
    mistakes: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for items in shown:
        names, labels, values = _columns(table, "domain", items.domain)
        for label, kind in NAMES.items():
            worst = worst_mistakes(labels, values, threshold, label)
            pictures = [_small(items, int(place)) for place in worst]
            crops.setdefault(items.domain, {})[kind] = pictures
            mistakes.setdefault(items.domain, {})[kind] = [
                {"item": str(names[place]), "score": float(values[place]), "picture": webp_address(picture, quality=80)}
                for place, picture in zip(worst, pictures, strict=True)
            ]
    write_json(folder / FILE, mistakes)
    save_mistakes(folder / "mistakes.png", crops, PER_CLASS, title)


def _column(table: pa.Table, name: str) -> NDArray:
    return table[name].to_numpy(zero_copy_only=False)


def _columns(table: pa.Table, name: str, value: str) -> tuple[NDArray, NDArray[np.int64], NDArray[np.float64]]:
    """Return items, labels and scores of the rows that have a value in a column."""
    rows = table.filter(pa.array(_column(table, name) == value))
    return _column(rows, "item"), _column(rows, "label").astype(np.int64), _column(rows, "score").astype(np.float64)


def worst_mistakes(labels: NDArray[np.int64], scores: NDArray[np.float64], threshold: float, label: int) -> NDArray[np.intp]:
    """
    Return the items of one class that are furthest on the wrong side of a threshold, the worst first.

    Parameters
    ----------
    labels, scores : arrays (n_items,)
    threshold : float
        An item is called fake where its score is >= it.
    label : {0, 1}

    Returns
    -------
    array of int (at most `PER_CLASS`,)
    """
    wrong = np.flatnonzero((labels == label) & ((scores >= threshold) != (label == FAKE)))
    distance = scores[wrong] if label == REAL else -scores[wrong]
    return wrong[np.argsort(-distance, kind="stable")][:PER_CLASS]


def _small(items: ItemSet, place: int) -> Image.Image:
    """Return the first crop of an item, scaled down to `SIDE`."""
    picture = Image.fromarray(first_crop(items, place)).convert("RGB")
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return picture
