"""The folder of a finished cell: ``cell.json`` and score files."""

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..metrics.clips import ClipRule
from ..metrics.detection import Interval
from ..pictures.perturbations import chain_of
from ..records import RULE, CellResult, Tested
from ..results.cells import SCHEMA, versions
from ..results.scores import join_tables
from ..store import write_json
from .band_aucs import keep_narrow
from .keys import all_sets, cell_provenance, numbered_sets, settings_digest, study_key, variant_digest


def write_cell(result: CellResult, key: str, folder: Path) -> dict[str, Any]:
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

    Returns
    -------
    dict
        What ``cell.json`` says.
    """
    shutil.rmtree(folder, ignore_errors=True)
    cell = result.cell
    assert result.chosen is not None
    # An oracle serves the headline, which perturbed domains have no part in unless one was trained on.
    wanted = [one for one in result.tested if not chain_of(one.domain) or one.domain == cell.train]
    tested = [_copy_scores(folder, i, one) for i, one in enumerate(wanted)]
    sets = all_sets(cell)
    # What perturbing takes is no cost of the detector.
    plain = [items for items in cell.replicates[0].tests if not chain_of(items.domain)] or cell.replicates[0].tests
    decode_ms = 1e3 * float(np.mean([items.seconds_per_item for items in plain]))
    document = {
        "schema": SCHEMA,
        "key": key,
        "study": cell.study.name,
        "study_key": study_key(cell),
        "settings": settings_digest(cell),
        "variant": variant_digest(cell),
        "detector": cell.detector.label,
        "detector_identity": cell.detector.identity(),
        "train": cell.train,
        "tests": [items.domain for items in cell.replicates[0].tests],
        "seed": cell.study.seed,
        "seeds": len(cell.replicates),
        "attempt": cell.attempt,
        "bootstrap": cell.study.bootstrap,
        **({"clips": cell.study.clips.value} if cell.study.clips is not ClipRule.MEAN else {}),
        "crop": asdict(cell.study.crop.spec()),
        "band": result.chosen.band.as_dict(),
        "rule": RULE,
        "evidence": None if result.evidence is None else {"low": result.evidence[0], "high": result.evidence[1]},
        "trials": [{"band": t.band.as_dict(), "stage": t.stage, **_auc_fields(t.auc), "error": t.error} for t in result.trials],
        "narrow": keep_narrow(result.trials, folder),
        "tested": tested,
        "decode_ms": decode_ms,
        "gaps": list(result.gaps),
        "problems": [list(p) for p in sorted({p for items in sets for p in items.problems})],
        "digests": {f"{n}/{items.domain}/{items.split}": items.digest for n, items in numbered_sets(cell)},
        **cell_provenance(cell),
        "versions": versions(),
        "finished": max(r.finished for t in wanted for r in t.records),
    }
    write_json(folder / "cell.json", document)
    return document


def _copy_scores(folder: Path, index: int, tested: Tested) -> dict[str, Any]:
    files = []
    for replicate, record in enumerate(tested.records):
        name = f"scores/{index:02d}-{tested.role}-{replicate}.parquet"
        join_tables(folder / name, [Path(record.val_scores), Path(record.test_scores)])
        files.append(name)
    return {
        "role": tested.role,
        "band": tested.band.as_dict(),
        "domain": tested.domain,
        "files": files,
        "fit_seconds": float(np.mean([record.fit_seconds for record in tested.records])),
        "score_ms": float(np.mean([record.score_ms for record in tested.records])),
        **({"epochs": epochs} if any(epochs := [record.epochs for record in tested.records]) else {}),
    }


def _auc_fields(auc: Interval) -> dict[str, float]:
    return {"auc": auc.value, "auc_lo": auc.low, "auc_hi": auc.high, "auc_se": auc.error}
