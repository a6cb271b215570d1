"""
Comparison of published numbers with those of a row.

A published number is compared only with the same metric on the same data, of the same parameters and, where it is stated, of
the same training. Accuracy is no balanced accuracy: they agree on classes of equal size alone.
"""

import math
import re
from collections.abc import Iterable

from ..contracts import Reported
from .columns import CLIP_COLUMNS, METRICS, Column, Unit
from .reported import Incomparable, ReportedResult
from .rows import Row, TestResult

AUC = "auc"
LATER_AUC = "later_auc"  # over the generators that came out after all training ones; its data are `LATER_DATA`
LATER_DATA = "later generators"
OTHER_NAMES = {"auroc": AUC, "roc_auc": AUC, "ap": "average_precision"}


def compared(reported: Iterable[Reported], row: Row) -> tuple[ReportedResult, ...]:
    """
    Set published numbers beside those of a row.

    Parameters
    ----------
    reported : iterable of Reported
        Of the row's detector, or of its submission.
    row : Row

    Returns
    -------
    tuple of ReportedResult
        In the order of `reported`.
    """
    return tuple(_compared(one, row) for one in reported)


def measured_metric(name: str) -> str:
    """Return the name under which a published metric is measured here; empty if it is not."""
    plain = re.sub(r"[\s-]+", "_", name.strip().lower())
    plain = OTHER_NAMES.get(plain, plain)
    return plain if plain in _comparable_metrics() else ""


def _comparable_metrics() -> set[str]:
    of_clips: list[Column] = [column for column in CLIP_COLUMNS if column.unit in (Unit.AUC, Unit.SHARE)]
    return {AUC, LATER_AUC, *(metric.name for metric in METRICS), *(column.name for column in of_clips)}


def _compared(reported: Reported, row: Row) -> ReportedResult:
    name, _, rule = reported.metric.partition(":")
    metric = measured_metric(name)
    if not metric:
        return ReportedResult(reported, reason=Incomparable.METRIC)
    test = next((test for test in row.tests if test.domain == reported.data), None)
    if (reported.data == LATER_DATA) != (metric == LATER_AUC) or (test is None and metric != LATER_AUC):
        return ReportedResult(reported, reason=Incomparable.DATA)
    if rule not in ("", test.clips if test else ""):
        return ReportedResult(reported, reason=Incomparable.METRIC)
    # A published detector sees all frequencies.
    if not row.is_submitted and (row.band.kind != "all" or row.detector != _label(row.detector, reported.preset)):
        return ReportedResult(reported, reason=Incomparable.PARAMETERS)
    if reported.train not in ("", row.train):
        return ReportedResult(reported, reason=Incomparable.TRAINING)
    of: Row | TestResult = row if test is None else test
    value, low, high = (of.value(f"{metric}{end}") for end in ("", "_lo", "_hi"))
    if math.isnan(value):
        return ReportedResult(reported, reason=Incomparable.UNDEFINED)
    return ReportedResult(reported, value, low, high)


def _label(detector: str, preset: str) -> str:
    """Return the label of the same detector with a preset and no other parameters."""
    name = re.split(r"[/(]", detector)[0]
    return f"{name}/{preset}" if preset else name
