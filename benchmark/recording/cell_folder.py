"""The folder of a finished cell: its place, ``cell.json``, score files, figures, kept model and rows."""

import math
import shutil
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from ..contracts import LABEL_NAMES, ViewSpec
from ..domains.names import chain_of, training, training_domains, unperturbed
from ..features.load import load_view
from ..figures import plots as figures
from ..frequency.bands import Band
from ..models.of_cell import MODEL, keep_model
from ..records import RULE, Cell, CellResult, Task, Tested, Trial
from ..results.cell_document import CellDocument, TestedBand, TriedBand, keep_cell_document, versions
from ..results.cell_rows import cell_rows
from ..results.evidence import evidence_text
from ..results.rows import Plateau, Row, keep_rows
from ..results.scores import item_labels
from ..store.files import atomic_path
from ..store.folders import results_root
from ..store.seal import seal_folder
from .band_aucs import keep_narrow
from .keys import all_sets, cell_key, cell_provenance, numbered_sets, settings_digest, study_key, variant_digest
from .mistakes import keep_mistakes
from .overlap import train_overlap

BANDS_OF_A_PART = 16  # tested bands whose scores and rows one worker writes at a time


def cell_folder(cell: Cell) -> Path:
    """Return the folder that a cell's result is kept in, which need not exist."""
    return kept_folder(cell_key(cell))


def kept_folder(key: str) -> Path:
    """Return the folder that the result of the cell with a key is kept in."""
    return results_root() / "cells" / key


def keep_cell(result: CellResult) -> list[Row]:
    """
    Write the folder of a finished cell: document, scores, figures, mistakes, model and rows.

    Runs in a worker process.

    Parameters
    ----------
    result : CellResult

    Returns
    -------
    list of Row
        The chosen band first; empty where the cell has no result.
    """
    if result.error:
        return []
    folder = cell_folder(result.cell)
    document = write_cell(result, cell_key(result.cell), folder)
    keep_cell_document(_add_figures_and_model(result, document, folder), folder)
    rows = cell_rows(folder, limited=False)
    _finish(rows, folder)
    return rows


@dataclass(frozen=True)
class CellParts:
    """
    A result, and what was written of its folder before `finish_cell`.

    Attributes
    ----------
    result : CellResult
    document : CellDocument or None
        None where nothing was written, since there is little to write.
    rows : tuple of Row
    """

    result: CellResult
    document: CellDocument | None = None
    rows: tuple[Row, ...] = ()


def keep_parts(result: CellResult) -> Generator[list[Task], list[Any], CellParts]:
    """
    Write the folder of a cell with many tested bands in parts that workers make side by side.

    Parameters
    ----------
    result : CellResult

    Yields
    ------
    list of Task

    Returns
    -------
    CellParts
        For `finish_cell`, without which the folder does not count as finished.
    """
    bands = [] if result.error else _kept_bands(result)
    if len(bands) <= BANDS_OF_A_PART:
        return CellParts(result)
    folder = cell_folder(result.cell)
    parts = [range(start, min(start + BANDS_OF_A_PART, len(bands))) for start in range(0, len(bands), BANDS_OF_A_PART)]
    shutil.rmtree(folder, ignore_errors=True)
    tested = yield [Task(_copy_bands, (folder, part.start, bands[part.start : part.stop])) for part in parts]
    all_tested = [band for of_part in tested for band in of_part]
    (document,) = yield [Task(_write_document, (result, cell_key(result.cell), folder, all_tested))]
    figures_and_model = Task(_add_figures_and_model, (result, document, folder))
    document, *rows = yield [figures_and_model, *(Task(_rows_of_part, (folder, part)) for part in parts)]
    return CellParts(result, document, tuple(row for of_part in rows for row in of_part))


def _rows_of_part(folder: Path, part: range) -> list[Row]:
    """Return the rows of some of the tested bands; runs in a worker process."""
    return cell_rows(folder, part=part, limited=False)


def finish_cell(parts: CellParts) -> list[Row]:
    """
    Write what is left of a cell's folder, its rows last; runs in a worker process.

    Returns
    -------
    list of Row
        As `keep_cell`.
    """
    if parts.document is None:
        return keep_cell(parts.result)
    folder, size = cell_folder(parts.result.cell), parts.document.model_bytes or math.nan
    keep_cell_document(parts.document, folder)
    rows = [replace(row, model_bytes=size) if row.role == "chosen" else row for row in parts.rows]
    _finish(rows, folder)
    return rows


def _finish(rows: Sequence[Row], folder: Path) -> None:
    """Write the rows of a cell, with which it counts as finished, and seal its folder but for the model."""
    keep_rows(rows, folder)
    seal_folder(folder, without=(MODEL,))


def _add_figures_and_model(result: CellResult, document: CellDocument, folder: Path) -> CellDocument:
    """Write figures, mistakes and model of a cell; return its document with the size of the model."""
    assert document.chosen is not None
    _save_figures(result.cell, document, folder)
    keep_mistakes(folder / document.chosen.files[0], result.cell.replicates[0].tests, folder, result.cell.title)
    return replace(document, model_bytes=keep_model(result, folder))


def write_cell(result: CellResult, key: str, folder: Path) -> CellDocument:
    """
    Write a cell's folder.

    Parameters
    ----------
    result : CellResult
        Without an error.
    key : str
        From `cell_key`.
    folder : Path
        Replaced if it exists.
    """
    shutil.rmtree(folder, ignore_errors=True)
    return _write_document(result, key, folder, _copy_bands(folder, 0, _kept_bands(result)))


def _kept_bands(result: CellResult) -> list[Tested]:
    # Oracles enter the headline, which perturbed domains are no part of, unless one is the training domain.
    members = training(result.cell.train).members
    return [band for band in result.tested if not chain_of(band.domain) or band.domain in members]


def _copy_bands(folder: Path, first: int, bands: Sequence[Tested]) -> list[TestedBand]:
    """Write the score files of some tested bands, of which the first has number `first`."""
    return [_copy_scores(folder, first + i, band) for i, band in enumerate(bands)]


def _write_document(result: CellResult, key: str, folder: Path, tested: Sequence[TestedBand]) -> CellDocument:
    """Write ``cell.json`` beside score files that are there."""
    cell = result.cell
    assert result.chosen is not None
    sets = all_sets(cell)
    # The time that perturbing takes is no cost of the detector.
    plain = [items for items in cell.replicates[0].tests if not chain_of(items.domain)] or cell.replicates[0].tests
    document = CellDocument(
        key=key,
        study=cell.study.name,
        study_key=study_key(cell),
        settings=settings_digest(cell),
        variant=variant_digest(cell),
        detector=cell.detector.label,
        detector_identity=cell.detector.key_parts(),
        train=cell.train,
        tests=_test_domains(cell),
        seed=cell.study.seed,
        seeds=len(cell.replicates),
        attempt=cell.attempt,
        bootstrap=cell.study.bootstrap,
        crop=asdict(cell.study.crop.spec()),
        band=result.chosen.band,
        rule=RULE,
        evidence=result.evidence,
        plateau=Plateau(*result.plateau) if result.plateau else None,
        trials=tuple(map(_tried, result.trials)),
        narrow=tuple(keep_narrow(result.trials, folder)),
        tested=tuple(tested),
        decode_ms=1e3 * float(np.mean([items.seconds_per_item for items in plain])),
        gaps=tuple(result.gaps),
        problems=tuple(sorted({problem for items in sets for problem in items.problems})),
        digests={f"{n}/{items.domain}/{items.split}": items.digest for n, items in numbered_sets(cell)},
        **vars(cell_provenance(cell)),
        versions=versions(),
        finished=max(record.finished for band in _kept_bands(result) for record in band.records),
        clips=cell.study.clips.value,
        train_overlap=train_overlap([replicate.train for replicate in cell.replicates]),
        shortcuts={name: cell.shortcuts[name] for name in (cell.train, *_test_domains(cell)) if name in cell.shortcuts},
        not_counted=cell.not_counted,
        reals_shortcuts={name: cell.reals_shortcuts[name] for name in _test_domains(cell) if name in cell.reals_shortcuts},
        released=_release_dates(cell),
        reported=cell.detector.plugin.reported,
    )
    keep_cell_document(document, folder)
    return document


def _release_dates(cell: Cell) -> dict[str, str]:
    """Return the release dates of the cell's own domains; those of others move with other cells of the study."""
    used = map(unperturbed, (*training_domains([cell.train]), *_test_domains(cell)))
    return {name: cell.released[name] for name in dict.fromkeys(used) if name in cell.released}


def _test_domains(cell: Cell) -> tuple[str, ...]:
    return tuple(items.domain for items in cell.replicates[0].tests)


def _copy_scores(folder: Path, index: int, tested: Tested) -> TestedBand:
    files = []
    for replicate, record in enumerate(tested.records):
        name = f"scores/{index:02d}-{tested.role}-{replicate}.parquet"
        with atomic_path(folder / name, durable=False) as temporary:
            shutil.copyfile(record.scores, temporary)
        files.append(name)
    epochs = tuple(tuple(record.epochs) for record in tested.records)
    return TestedBand(
        role=tested.role,
        band=tested.band,
        domain=tested.domain,
        files=tuple(files),
        fit_seconds=float(np.mean([record.fit_seconds for record in tested.records])),
        score_ms=float(np.mean([record.score_ms for record in tested.records])),
        epochs=epochs if any(epochs) else None,
    )


def _tried(trial: Trial) -> TriedBand:
    auc = trial.auc
    return TriedBand(trial.band, trial.stage, auc.value, auc.low, auc.high, auc.error, trial.error)


def _save_figures(cell: Cell, document: CellDocument, folder: Path) -> None:
    band = document.band
    train = cell.replicates[0].train
    view, rows = load_view(train, ViewSpec("profile"), Band())
    labels = item_labels(pq.read_table(train.table))[rows]
    assert view.frequency is not None
    profiles = {
        name: (view.values[labels == label].mean(axis=0), view.values[labels == label].std(axis=0))
        for label, name in enumerate(LABEL_NAMES)
        if (labels == label).any()
    }
    title = f"{cell.train_label}: {len(view)} training crops, band chosen by {cell.detector.label}"
    figures.save_spectrum(folder / "spectrum.png", view.frequency, profiles, band, title)
    if document.swept:
        figures.save_sweep(folder / "sweep.png", document.trials, document.evidence, band, cell.title)
    if document.narrow:
        title = f"{cell.title}: evidence in-domain {evidence_text(document.evidence)}, and on other domains"
        figures.save_band_transfer(folder / "band_transfer.png", document.narrow, cell.train, title)
