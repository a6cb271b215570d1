"""The folder of a finished cell: its place, ``cell.json``, score files, figures, kept model and rows."""

import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from ..contracts import LABEL_NAMES, ViewSpec
from ..domains.names import chain_of, training, training_domains, unperturbed
from ..features.load import load_view
from ..figures import plots as figures
from ..frequency.bands import Band
from ..models.of_cell import keep_model
from ..records import RULE, Cell, CellResult, Tested, Trial
from ..results.cell_document import CellDocument, TestedBand, TriedBand, keep_cell_document, versions
from ..results.cell_rows import cell_rows
from ..results.evidence import evidence_text
from ..results.rows import Plateau, Row, keep_rows
from ..results.scores import item_labels, join_tables
from ..store.folders import results_root
from .band_aucs import keep_narrow
from .keys import all_sets, cell_key, cell_provenance, numbered_sets, settings_digest, study_key, variant_digest
from .mistakes import keep_mistakes
from .overlap import train_overlap


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
    assert document.chosen is not None
    _save_figures(result.cell, document, folder)
    keep_mistakes(folder / document.chosen.files[0], result.cell.replicates[0].tests, folder, result.cell.title)
    keep_cell_document(replace(document, model_bytes=keep_model(result, folder)), folder)
    rows = cell_rows(folder)
    keep_rows(rows, folder)
    return rows


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
    cell = result.cell
    assert result.chosen is not None
    # Oracles enter the headline, which perturbed domains are no part of, unless one is the training domain.
    bands = [band for band in result.tested if not chain_of(band.domain) or band.domain in training(cell.train).members]
    tested = tuple(_copy_scores(folder, i, band) for i, band in enumerate(bands))
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
        tested=tested,
        decode_ms=1e3 * float(np.mean([items.seconds_per_item for items in plain])),
        gaps=tuple(result.gaps),
        problems=tuple(sorted({problem for items in sets for problem in items.problems})),
        digests={f"{n}/{items.domain}/{items.split}": items.digest for n, items in numbered_sets(cell)},
        **vars(cell_provenance(cell)),
        versions=versions(),
        finished=max(record.finished for band in bands for record in band.records),
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
        join_tables(folder / name, [Path(record.val_scores), Path(record.test_scores)])
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
