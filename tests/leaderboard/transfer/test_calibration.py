"""Errors of calibrated probabilities."""

import math

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from bandbench.leaderboard.transfer.calibration import brier_score, calibration_error

RNG = np.random.default_rng(0)


def test_brier_equals_scikit_learn_where_classes_are_balanced() -> None:
    labels, p = np.arange(200) % 2, RNG.random(200)
    assert brier_score(labels, p) == pytest.approx(brier_score_loss(labels, p))
    assert brier_score(labels, np.full(200, 0.5)) == pytest.approx(0.25)


def test_numbers_do_not_depend_on_how_many_pictures_each_class_has() -> None:
    labels, p = np.arange(400) % 2, RNG.random(400)
    more = np.r_[np.arange(400), np.tile(np.flatnonzero(labels == 0), 4)]  # five times as many reals
    assert brier_score(labels[more], p[more]) == pytest.approx(brier_score(labels, p))
    assert calibration_error(labels[more], p[more]) == pytest.approx(calibration_error(labels, p))


def test_calibration_error_of_known_probabilities() -> None:
    rng = np.random.default_rng(1)
    p = rng.random(20000)
    labels = (rng.random(20000) < p).astype(int)
    assert calibration_error(labels, p) < 0.015
    assert calibration_error(labels, p**2) == pytest.approx(np.mean(p - p**2), abs=0.01)  # always too low
    assert calibration_error(labels, np.full(20000, 0.9)) == pytest.approx(0.4)
    order = rng.permutation(20000)
    assert calibration_error(labels[order], p[order]) == pytest.approx(calibration_error(labels, p))


def test_calibration_error_is_undefined_with_few_pictures_or_one_class() -> None:
    labels, p = np.arange(100) % 2, RNG.random(100)
    assert math.isfinite(calibration_error(labels, p))
    assert math.isnan(calibration_error(labels[1:], p[1:]))
    assert math.isnan(calibration_error(np.ones(100, int), p))
    assert math.isnan(calibration_error(labels, np.r_[p[1:], np.nan]))
    assert math.isnan(brier_score(np.ones(100, int), p))
