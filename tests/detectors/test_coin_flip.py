"""A detector that learns nothing: equal crops, equal scores, and an AUC of one half."""

import numpy as np
import pytest

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.metrics.roc import roc_auc
from bandbench.detectors.coin_flip import CoinFlip

LABELS = np.arange(2000) % 2
CROPS = Features(np.random.default_rng(0).normal(size=(2000, 4)) + 3 * LABELS[:, None])


def test_separated_classes_are_not_told_apart() -> None:
    scores = CoinFlip().fit(CROPS, LABELS).score(CROPS)
    assert roc_auc(LABELS, scores) == pytest.approx(0.5, abs=0.04)


def test_scores_are_spread_evenly_between_0_and_1() -> None:
    scores = CoinFlip().score(CROPS)
    assert 0 <= scores.min() < 0.01 < 0.99 < scores.max() < 1
    assert np.histogram(scores, 4, (0, 1))[0].min() > 400


def test_equal_crops_get_equal_scores_under_one_seed() -> None:
    pair = Features(np.stack([CROPS.values[0], CROPS.values[0]]))
    first, second = CoinFlip(7).score(pair)
    assert first == second
    assert first != CoinFlip(8).score(pair)[0]


def test_nothing_is_learned() -> None:
    detector = CoinFlip()
    unfitted = detector.score(CROPS)
    detector.fit(CROPS, LABELS)
    assert detector.learned() == {}
    np.testing.assert_array_equal(detector.score(CROPS), unfitted)
