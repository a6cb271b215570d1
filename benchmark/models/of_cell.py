"""Model of a cell: its chosen detector is fitted once more, calibrated, and saved without pickle."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..contracts import LABEL_NAMES
from ..domains.names import dataset_name, training
from ..domains.seen import Learned, read_learned
from ..errors import BenchError, DiskError, PluginError
from ..features.audits import audit_sets
from ..features.load import iter_crops, load_view
from ..frequency.bands import Band
from ..metrics.roc import Scored
from ..records import CellResult, ItemSet
from ..results.scores import frame_clips, item_labels, ok_rows
from ..views import view_kernel
from .attribution import Classifier
from .check_calibration import MOST_REENCODED, LabelledCrops, with_check
from .recipe import DETECTION, Recipe
from .trained_model import TrainedModel, fitted, require_classes

MODEL = "model"  # folder of a cell
LEFT_OUT = "model_left_out.txt"  # says why there is none
MOST_BYTES = 32 * 2**20
MOST_SECONDS = 120.0  # of fitting; a detector that needs more is not fitted once more for this
DRAW = 0
FEW_REENCODED = 20  # validation pictures of a class, for the check of an encoder's model: a study keeps one for every cell


def keep_model(result: CellResult, folder: Path) -> int | None:
    """
    Keep the chosen detector of a cell, fitted on its first draw, in ``folder/model``.

    A model that cannot be kept does not fail the cell: the reason is written to ``model_left_out.txt``.

    Parameters
    ----------
    result : CellResult
        Without an error.
    folder : Path
        Of the cell.

    Returns
    -------
    int or None
        Bytes of the model, of `MOST_BYTES` at most; None where there is none.
    """
    if result.cell.is_control or not result.cell.study.keep_models:
        return None
    try:
        require_cheap(result)
        fitted_model(result).save(folder / MODEL, describe=False)  # workers do without MLflow: the sender describes it
        return require_small(folder / MODEL)
    except DiskError:
        raise
    except BenchError as error:
        shutil.rmtree(folder / MODEL, ignore_errors=True)
        (folder / LEFT_OUT).write_text(f"{error}\n", encoding="utf-8")
        return None


def left_out(folder: Path) -> str:
    """Return the reason why a cell's folder holds no model; empty if it holds one or none was wanted."""
    path = folder / LEFT_OUT
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def require_cheap(result: CellResult) -> None:
    """Refuse a detector that takes longer than `MOST_SECONDS` to fit."""
    assert result.chosen is not None
    seconds = result.chosen.records[DRAW].fit_seconds
    if seconds > MOST_SECONDS:
        raise PluginError(
            f"fitting it took {seconds:.0f} s, more than {MOST_SECONDS:.0f} s; `bench train` keeps it all the same."
        )


def require_small(folder: Path) -> int:
    """Return the bytes of a model; refuse more than `MOST_BYTES`: nearest neighbours keep all training pictures."""
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if size > MOST_BYTES:
        raise PluginError(
            f"it has {size / 2**20:.0f} MiB, more than {MOST_BYTES / 2**20:.0f} MiB; `bench train` keeps it all the same."
        )
    return size


def fitted_model(result: CellResult) -> TrainedModel:
    """
    Fit the chosen detector of a cell again and calibrate it on the validation pictures of the same draw.

    Parameters
    ----------
    result : CellResult

    Returns
    -------
    TrainedModel
        Its scores are those of the cell's first draw.

    Raises
    ------
    BenchError
        If the detector fails, or a class is missing among the validation pictures.
    """
    cell, replicate = result.cell, result.cell.replicates[DRAW]
    model = _calibrated(result)
    expensive = view_kernel(model.view).expensive
    of_train, of_val = (_labelled_crops(items, model.colour) for items in (replicate.train, replicate.val))
    model = with_check(cell.detector.label, model, of_train, of_val, FEW_REENCODED if expensive else MOST_REENCODED)
    # Read last: they take as much memory as the profiles of the pictures that were checked.
    learned = read_learned([replicate.train.table, replicate.val.table])
    return replace(model.after(learned), framing=replicate.train.provenance.framing)


def _calibrated(result: CellResult) -> TrainedModel:
    cell, replicate = result.cell, result.cell.replicates[DRAW]
    assert result.chosen is not None
    band = result.chosen.band
    table = pq.read_table(replicate.val.table)
    labels = item_labels(table)
    require_classes(labels, LABEL_NAMES)
    classifier, scores = _fitted(result, band)
    groups = table.column("group").to_numpy(zero_copy_only=False)[ok_rows(table)].astype(str)
    parts = training(cell.train).parts
    return TrainedModel.calibrated(
        Recipe(cell.detector, DETECTION, LABEL_NAMES, band, cell.study.crop.spec(), parts, cell.study.seed),
        classifier,
        Scored(labels, scores[:, 0], groups),
        replicate.train.n_ok,
        Learned(),
        _data(replicate.train, replicate.val),
        frame_clips(table),
    )


def _fitted(result: CellResult, band: Band) -> tuple[Classifier, NDArray[np.float64]]:
    """Return the detector, fitted under a band, and its scores of the validation pictures; the features are not kept."""
    cell, replicate = result.cell, result.cell.replicates[DRAW]
    detector = cell.detector.build(replicate.number)
    view, rows = load_view(replicate.train, detector.view, band)
    train = view, item_labels(pq.read_table(replicate.train.table))[rows]
    val = load_view(replicate.val, detector.view, band)
    return fitted(cell.detector.label, [detector], len(LABEL_NAMES), train, val)


def _labelled_crops(items: ItemSet, colour: bool) -> LabelledCrops:
    labels = item_labels(pq.read_table(items.table))
    members = np.repeat(np.arange(len(items.parts)), [part.n_ok for part in items.parts])
    return LabelledCrops(iter_crops(items, colour), labels, members)


def _data(train: ItemSet, val: ItemSet) -> dict[str, Any]:
    """Return the provenance of the pictures in the form of a trained model's `data`."""
    shortcut = audit_sets([train, val])
    return {
        "splits": {part.domain: part.provenance.split_list for part in train.parts},
        "data": {dataset_name(part.domain): dict(part.provenance.facts) for part in train.parts if part.provenance.facts},
        "dropped_leaks": {items.split: items.provenance.n_dropped for items in (train, val)},
        "shortcut": shortcut.to_json() if shortcut else None,
    }
