"""Laws of the area under the ROC curve, and agreement with scikit-learn."""

import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bandbench.benchmark.metrics.roc import roc_auc, weighted_auc

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 2, 300)
SCORES = RNG.normal(size=300) + 0.8 * LABELS
TIED = np.round(SCORES, 0)


@pytest.mark.parametrize("scores", [SCORES, TIED, np.zeros(300)])
def test_auc_equals_scikit_learn(scores: np.ndarray) -> None:
    assert roc_auc(LABELS, scores) == pytest.approx(roc_auc_score(LABELS, scores), abs=1e-12)


def test_a_higher_score_means_fake() -> None:
    assert roc_auc([0, 0, 1, 1], [1.0, 2.0, 3.0, 4.0]) == 1.0
    assert roc_auc([1, 1, 0, 0], [1.0, 2.0, 3.0, 4.0]) == 0.0


def test_laws() -> None:
    order = RNG.permutation(300)
    assert roc_auc(LABELS, -SCORES) == pytest.approx(1 - roc_auc(LABELS, SCORES))
    assert roc_auc(LABELS[order], SCORES[order]) == pytest.approx(roc_auc(LABELS, SCORES))
    assert roc_auc(LABELS, np.exp(SCORES)) == roc_auc(LABELS, SCORES)


def test_a_missing_class_leaves_it_undefined() -> None:
    assert math.isnan(roc_auc(np.ones(5, int), np.arange(5.0)))
    assert math.isnan(roc_auc(np.zeros(5, int), np.arange(5.0)))


@pytest.mark.parametrize("scores", [SCORES, TIED])
def test_weights_count_items_as_often_as_repeating_them(scores: np.ndarray) -> None:
    weights = np.random.default_rng(1).integers(0, 4, (3, 300))
    repeated = [roc_auc_score(np.repeat(LABELS, times), np.repeat(scores, times)) for times in weights]
    np.testing.assert_allclose(weighted_auc(LABELS, scores, weights), repeated, rtol=0, atol=1e-12)


def test_a_class_without_weight_leaves_a_draw_undefined() -> None:
    weights = np.stack([np.ones(300), np.where(LABELS == 1, 0, 1), np.where(LABELS == 0, 0, 1)])
    assert np.isnan(weighted_auc(LABELS, SCORES, weights)).tolist() == [False, True, True]
