"""Penalised logistic regression: scikit-learn's optimum, the four penalties, several classes."""

from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.registry import DetectorSpec
from bandbench.detectors.dct_logreg import DctLogReg

LABELS = np.arange(120) % 2
VALUES = np.random.default_rng(0).normal(size=(120, 10)) + 1.5 * LABELS[:, None] * (np.arange(10) < 2)
CROPS = Features(VALUES)


def test_ridge_is_scikit_learns_optimum_on_standardised_coefficients() -> None:
    z = StandardScaler().fit_transform(VALUES)
    reference = LogisticRegression(C=1 / (0.01 * len(z)), tol=1e-8, max_iter=1000).fit(z, LABELS).decision_function(z)
    np.testing.assert_allclose(DctLogReg().fit(CROPS, LABELS).score(CROPS), reference, atol=1e-3)


def test_lasso_drops_coefficients_that_carry_nothing() -> None:
    def used(penalty) -> np.ndarray:
        coef = DctLogReg(penalty, strength=0.05).fit(CROPS, LABELS).coef_
        return np.abs(coef).max(axis=1) > 1e-6

    assert used("l2").all()
    assert used("l1")[:2].all()
    assert used("l1").sum() < 10


def test_a_penalty_shrinks_the_scores() -> None:
    penalties: tuple[Any, ...] = ("none", "l2", "l1", "both")
    spreads = {penalty: DctLogReg(penalty, 0.1).fit(CROPS, LABELS).score(CROPS).std() for penalty in penalties}
    assert spreads["none"] > spreads["l2"] > spreads["both"]
    assert spreads["l1"] > spreads["both"]


def test_several_classes() -> None:
    labels = np.arange(150) % 3
    crops = Features(np.random.default_rng(0).normal(size=(150, 6)) + 4 * np.eye(6)[labels])
    scores = DctLogReg().fit(crops, labels).class_scores(crops)
    assert scores.shape == (150, 3)
    assert (scores.argmax(axis=1) == labels).mean() > 0.95


def test_views() -> None:
    assert DctLogReg().view.name == "dct"
    assert DctLogReg(transform="pixels").view.name == "pixels"
    assert DetectorSpec("dct_logreg", "faithful").build().view == DctLogReg(colour=True, window=False).view != DctLogReg().view
