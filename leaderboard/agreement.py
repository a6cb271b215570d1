"""Comparison of a cell's rows with what MLflow holds of its run: metrics, tags, parameters, and the digest of its files."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from ..benchmark.results.columns import metric_name
from ..benchmark.results.refusals import RefusedBecause
from ..benchmark.results.rows import Row
from ..benchmark.tracking.reading import CellRun
from .row_cache import CellRows

TOLERANCE = 1e-6
CUT = 250  # characters from which on a store may have cut a text


@dataclass(frozen=True)
class Disagreement:
    """
    Difference between a run and its files.

    Attributes
    ----------
    reason : RefusedBecause
    text : str
        A sentence with both values.
    """

    reason: RefusedBecause
    text: str


def disagreement(run: CellRun, cell: CellRows) -> Disagreement | None:
    """
    Compare the rows of a cell with its run; None where they agree.

    Parameters
    ----------
    run : CellRun
    cell : CellRows
        With at least one row, the chosen band first.

    Returns
    -------
    Disagreement or None
        The first difference: of a metric of the scores, of a further metric, of a tag or parameter, of the files as a whole.
        What a run of an earlier version does not hold is not compared, but for the AUCs.
    """
    row = cell.rows[0]
    for name, value in _aucs(row).items():
        logged = run.metrics.get(name, math.nan)
        if not _equal(value, logged):
            text = f"its score files give {name} {value:.6f}, it shows {logged:.6f}."
            return Disagreement(RefusedBecause.DIFFERS, text)
    for name, value in _numbers(row, cell.validation_auc).items():
        if name in run.numbers and not _equal(value, run.numbers[name]):
            text = f"its files give {name} {value:.6g}, it shows {run.numbers[name]:.6g}."
            return Disagreement(RefusedBecause.DIFFERS, text)
    for name, text, logged in _texts(row, run):
        if not _same_text(text, logged):
            return Disagreement(RefusedBecause.DIFFERS, f"its cell.json says {name} {text!r}, it shows {logged!r}.")
    if text := changed_since(run, cell):
        return Disagreement(RefusedBecause.EDITED, text)
    return None


def changed_since(run: CellRun, cell: CellRows) -> str:
    """Return the sentence on files of a cell that are not those that were sent; empty where they are, or it is not known."""
    if not run.contents or not cell.contents or run.contents == cell.contents:
        return ""
    digests = f"they have the digest {cell.contents[:12]}, and those that were sent had {run.contents[:12]}"
    return f"its files were damaged or edited after they were sent: {digests}."


def _aucs(row: Row) -> dict[str, float]:
    aucs = {name: row.value(name) for name in ("in_domain_auc", "cross_domain_auc")}
    return aucs | {metric_name(test.domain, "auc"): test.auc for test in row.tests}


def _numbers(row: Row, validation_auc: float) -> dict[str, float]:
    """Return the numbers of a row by the names of `tracking.names.COMPARED_METRICS`."""
    names = ("worst_auc", "oracle_auc", "allpass_auc", "gain", "coverage", "fit_seconds", "ms_per_picture", "model_bytes")
    numbers = {name: float(row.value(name)) for name in names} | {"val_auc": validation_auc}
    stretches = row.evidence or ()
    numbers |= {
        "evidence.low": min((stretch.low for stretch in stretches), default=math.nan),
        "evidence.high": max((stretch.high for stretch in stretches), default=math.nan),
        "evidence.stretches": float(len(stretches)),
    }
    if row.shortcut:
        numbers |= {f"shortcut.{name}": getattr(row.shortcut, name) for name in ("auc", "lo", "hi")}
    return numbers


def _texts(row: Row, run: CellRun) -> Iterator[tuple[str, str, str]]:
    """Yield the texts that both sides have: name, value of the row, value of the run."""
    tags = {"bandbench.key": row.cell, "detector": row.detector, "train": row.train, "splits": row.split_id}
    tags |= {"variant": row.variant}
    params = {"rule": row.rule, "shortcut.fact": row.shortcut.fact if row.shortcut else ""}
    params |= {f"band.{name}": str(value) for name, value in row.band.as_dict().items() if value is not None}
    params |= {f"dropped_leaks.{split}": str(n) for split, n in row.dropped_leaks.items()}
    for own, logged in ((tags, run.tags), (params, run.params)):
        yield from ((name, own[name], logged[name]) for name in own if name in logged)


def _equal(value: float, logged: float) -> bool:
    return (math.isnan(value) and math.isnan(logged)) or abs(value - logged) <= TOLERANCE * max(1.0, abs(value))


def _same_text(text: str, logged: str) -> bool:
    if text == logged or (len(logged) >= CUT and text.startswith(logged)):
        return True
    try:
        return _equal(float(text), float(logged))
    except ValueError:
        return False
