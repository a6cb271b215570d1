"""Published numbers are compared only with the same metric on the same data, of the same parameters and training."""

import math
from dataclasses import replace
from typing import Any

import pytest

from bandbench.benchmark.contracts import HowKnown, Reported
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.reported import Incomparable
from bandbench.benchmark.results.reported_tests import compared, measured_metric
from bandbench.benchmark.results.rows import Row, TestResult

TEST = TestResult(
    "other", 0.9, 0.88, 0.92, 100, 1.0, clips="mean", metrics={"eer": 0.2, "eer_lo": 0.1, "eer_hi": 0.3, "clip_auc": 0.95}
)
ROW = Row("svm", "mine", "chosen", Band(), tests=(TEST,))
PUBLISHED = Reported(0.91, "auc", "other", "A paper", HowKnown.READ)


def only(published: Reported, row: Row = ROW) -> Any:
    (result,) = compared([published], row)
    return result


def test_the_same_metric_on_the_same_data_is_compared() -> None:
    result = only(PUBLISHED)
    assert (result.measured, result.measured_lo, result.measured_hi, result.reason) == (0.9, 0.88, 0.92, None)
    assert result.holds
    assert not only(replace(PUBLISHED, value=0.95)).holds
    assert only(replace(PUBLISHED, metric="EER", value=0.15)).measured == 0.2


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"metric": "accuracy"}, Incomparable.METRIC),
        ({"metric": "coverage"}, Incomparable.METRIC),
        ({"data": "another"}, Incomparable.DATA),
        ({"data": "other+noise:sd=5"}, Incomparable.DATA),
        ({"preset": "faithful"}, Incomparable.PARAMETERS),
        ({"train": "theirs"}, Incomparable.TRAINING),
        ({"metric": "pd10"}, Incomparable.UNDEFINED),
        ({"metric": "clip_auc:top_third"}, Incomparable.METRIC),
    ],
)
def test_what_differs_is_not_compared(changes: dict[str, str], reason: Incomparable) -> None:
    result = only(replace(PUBLISHED, **changes))
    assert result.reason is reason
    assert math.isnan(result.measured)
    assert result.holds is None


def test_presets_and_parameters_are_those_of_the_row() -> None:
    preset = replace(PUBLISHED, preset="faithful")
    assert only(preset, replace(ROW, detector="svm/faithful")).reason is None
    assert only(preset, replace(ROW, detector="svm/faithful(C=3)")).reason is Incomparable.PARAMETERS
    assert only(PUBLISHED, replace(ROW, detector="svm(C=3)")).reason is Incomparable.PARAMETERS
    assert only(PUBLISHED, replace(ROW, detector="svm/anything", source="submitted")).reason is None


def test_the_rule_of_clips_counts() -> None:
    assert only(replace(PUBLISHED, metric="clip_auc:mean")).measured == 0.95


@pytest.mark.parametrize(
    ("name", "ours"), [("AUROC", "auc"), ("ROC AUC", "auc"), ("balanced accuracy", "balanced_accuracy"), ("F1", "")]
)
def test_names_of_metrics(name: str, ours: str) -> None:
    assert measured_metric(name) == ours
