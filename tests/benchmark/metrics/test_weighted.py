"""Weights count items: the metrics of weighted items are those of repeated ones."""

import numpy as np
import pytest

from bandbench.benchmark.metrics.detection import Verdicts, balanced_accuracy, detection_rate_at, equal_error_rate_of
from bandbench.benchmark.metrics.roc import Scored
from bandbench.benchmark.metrics.weighted import weighted_balanced_accuracy, weighted_detection_rates, weighted_error_rates

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 2, 200)
RATES = (0.10, 0.05, 0.01)


@pytest.mark.parametrize("decimals", [0, 1, 9])
def test_weighted_rates_are_those_of_repeated_items(decimals: int) -> None:
    scores = np.round(RNG.normal(size=200) + LABELS, decimals)
    weights = RNG.integers(0, 4, size=(30, 200))
    one = Scored(LABELS, scores, np.arange(200).astype(str))
    found, accuracies = weighted_error_rates(one, weights, RATES), weighted_balanced_accuracy(one, weights, 0.5)
    np.testing.assert_array_equal(weighted_detection_rates(one, weights, RATES), found[:-1])
    for draw, (*rates, error), accuracy in zip(weights, found.T, accuracies, strict=True):
        labels, repeated = np.repeat(LABELS, draw), np.repeat(scores, draw)
        assert rates == pytest.approx([detection_rate_at(labels, repeated, rate) for rate in RATES])
        assert error == pytest.approx(equal_error_rate_of(Verdicts(labels, repeated, 0.5)))
        assert accuracy == pytest.approx(balanced_accuracy(labels, repeated, 0.5))


def test_a_draw_without_a_class_has_no_rates() -> None:
    one = Scored(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.4]), np.arange(4).astype(str))
    weights = np.array([[0, 0, 1, 1], [1, 1, 0, 0], [1, 1, 1, 1]])
    found = weighted_error_rates(one, weights, (0.5,))
    assert np.isnan(found).tolist() == [[True, True, False]] * 2
    assert found[:, 2].tolist() == [1, 0]


def test_sorting_changes_nothing() -> None:
    scores = np.round(RNG.normal(size=200) + LABELS, 1)
    weights = RNG.integers(0, 3, size=(20, 200))
    order = np.argsort(-scores, kind="stable")
    groups = np.arange(200).astype(str)
    found = weighted_error_rates(Scored(LABELS, scores, groups), weights, RATES)
    np.testing.assert_array_equal(
        weighted_error_rates(Scored(LABELS[order], scores[order], groups), weights[:, order], RATES), found
    )
