"""Laws of the metrics, and agreement with scikit-learn."""

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike

from bandbench.benchmark.metrics.detection import (
    FALSE_ALARM_RATES,
    Verdicts,
    balanced_accuracy,
    best_threshold,
    detection_rate_at,
    equal_error_rate_of,
    nearest_detection_rate_of,
)
from bandbench.benchmark.metrics.roc import Scored
from bandbench.benchmark.results.columns import measured

GOLDEN = np.load(Path(__file__).parents[2] / "golden" / "detection_rates.npz")
RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 2, 300)
SCORES = RNG.normal(size=300) + 0.8 * LABELS
TIED = np.round(SCORES, 0)


def scored(labels: np.ndarray, scores: np.ndarray, groups: np.ndarray | None = None) -> Scored:
    return Scored(labels, scores, np.arange(len(labels)).astype(str) if groups is None else groups)


def equal_error_rate(labels: ArrayLike, scores: ArrayLike) -> float:
    return equal_error_rate_of(Verdicts(np.asarray(labels), np.asarray(scores), 0.5))


def nearest_detection_rate_at(labels: ArrayLike, scores: ArrayLike, false_alarm_rate: float) -> float:
    return nearest_detection_rate_of(Verdicts(np.asarray(labels), np.asarray(scores), 0.5), false_alarm_rate)


def test_detection_rate_never_exceeds_its_false_alarms() -> None:
    for rate in (0.1, 0.05, 0.01):
        found = detection_rate_at(LABELS, SCORES, rate)
        reachable = [(SCORES[LABELS == 1] >= t).mean() for t in [*SCORES, np.inf] if (SCORES[LABELS == 0] >= t).mean() <= rate]
        assert found == pytest.approx(max(reachable))


@pytest.mark.parametrize(
    ("n_real", "rate", "defined"), [(99, 0.01, False), (100, 0.01, True), (19, 0.05, False), (20, 0.05, True)]
)
def test_detection_rate_is_undefined_below_one_false_alarm(n_real: int, rate: float, defined: bool) -> None:
    labels = np.repeat([0, 1], [n_real, 50])
    found = detection_rate_at(labels, labels.astype(float), rate)
    assert (found == 1.0) if defined else math.isnan(found)


@pytest.mark.parametrize("case", ["smooth", "ties", "constant", "perfect", "tiny", "thesis"])
def test_the_nearest_rate_is_that_of_the_published_programs(case: str) -> None:
    labels, scores = GOLDEN[f"{case}/labels"], GOLDEN[f"{case}/scores"]
    found = measured(Verdicts(labels, scores, 0.5))
    for x in FALSE_ALARM_RATES:
        name = f"pd{round(100 * x)}"
        assert nearest_detection_rate_at(labels, scores, x) == pytest.approx(float(GOLDEN[f"{case}/{name}"]), abs=1e-6)
        assert found[f"{name}_nearest"] == nearest_detection_rate_at(labels, scores, x)


def test_the_two_rules_of_pd_differ() -> None:
    labels, scores = GOLDEN["thesis/labels"], GOLDEN["thesis/scores"]
    assert nearest_detection_rate_at(labels, scores, 0.01) == pytest.approx(0.045)
    assert detection_rate_at(labels, scores, 0.01) == pytest.approx(0.155)
    # Ours does not exceed x; the nearest may, and sees nothing with fewer than 1/(2x) reals.
    reals = np.linspace(0, 1, 50)
    labels, scores = np.repeat([0, 1], [50, 2]), np.r_[reals, 2.0, reals[-3]]
    assert (detection_rate_at(labels, scores, 0.055), nearest_detection_rate_at(labels, scores, 0.055)) == (0.5, 1.0)
    labels = np.repeat([0, 1], [49, 10])
    assert nearest_detection_rate_at(labels, labels.astype(float), 0.01) == 0.0
    assert math.isnan(detection_rate_at(labels, labels.astype(float), 0.01))
    assert math.isnan(nearest_detection_rate_at(np.zeros(5), np.arange(5.0), 0.1))


def test_equal_error_rate() -> None:
    assert equal_error_rate([0, 0, 1, 1], [0, 1, 2, 3]) == 0.0
    assert equal_error_rate([0, 0, 1, 1], [2, 3, 0, 1]) == 1.0
    assert equal_error_rate([0, 1, 0, 1], [1, 1, 1, 1]) == pytest.approx(0.5)
    rng = np.random.default_rng(2)
    labels = np.repeat([0, 1], 4000)
    rate = equal_error_rate(labels, rng.normal(size=8000) + 2 * labels)
    assert rate == pytest.approx(0.1587, abs=0.015)  # Phi(-1)


def test_threshold_is_the_best_one() -> None:
    threshold = best_threshold(LABELS, SCORES)
    best = max(balanced_accuracy(LABELS, SCORES, t) for t in np.r_[SCORES - 1e-9, SCORES + 1e-9])
    assert balanced_accuracy(LABELS, SCORES, threshold) == pytest.approx(best)
    assert not np.isin(threshold, SCORES)


def test_all_metrics_of_one_class_are_undefined() -> None:
    found = measured(Verdicts(np.zeros(200, int), np.arange(200.0), 0.5))
    assert all(math.isnan(value) for value in found.values())
