"""The folder of a finished cell: ``cell.json`` and score files."""

import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ..domains.names import chain_of
from ..records import RULE, CellResult, Tested, Trial
from ..results.cell_document import CellDocument, TestedBand, TriedBand, keep_cell_document
from ..results.cells import versions
from ..results.rows import EvidenceInterval
from ..results.scores import join_tables
from .band_aucs import keep_narrow
from .keys import all_sets, cell_provenance, numbered_sets, settings_digest, study_key, variant_digest


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
    # An oracle serves the headline, which perturbed domains have no part in unless one was trained on.
    wanted = [one for one in result.tested if not chain_of(one.domain) or one.domain == cell.train]
    tested = tuple(_copy_scores(folder, i, one) for i, one in enumerate(wanted))
    sets = all_sets(cell)
    # What perturbing takes is no cost of the detector.
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
        tests=tuple(items.domain for items in cell.replicates[0].tests),
        seed=cell.study.seed,
        seeds=len(cell.replicates),
        attempt=cell.attempt,
        bootstrap=cell.study.bootstrap,
        crop=asdict(cell.study.crop.spec()),
        band=result.chosen.band,
        rule=RULE,
        evidence=None if result.evidence is None else EvidenceInterval(*result.evidence),
        trials=tuple(map(_tried, result.trials)),
        narrow=tuple(keep_narrow(result.trials, folder)),
        tested=tested,
        decode_ms=1e3 * float(np.mean([items.seconds_per_item for items in plain])),
        gaps=tuple(result.gaps),
        problems=tuple(sorted({problem for items in sets for problem in items.problems})),
        digests={f"{n}/{items.domain}/{items.split}": items.digest for n, items in numbered_sets(cell)},
        **vars(cell_provenance(cell)),
        versions=versions(),
        finished=max(r.finished for t in wanted for r in t.records),
        clips=cell.study.clips.value,
    )
    keep_cell_document(document, folder)
    return document


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
