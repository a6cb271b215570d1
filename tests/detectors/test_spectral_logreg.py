"""Logistic regression on spectra: scikit-learn's model, folded with its scaler into one linear map."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.registry import DetectorSpec
from bandbench.detectors.spectral_logreg import SpectralLogReg

LABELS = np.arange(100) % 2
VALUES = np.random.default_rng(0).normal(size=(100, 6)) * np.linspace(1, 9, 6) + 2 + LABELS[:, None]


def test_equals_scikit_learn_on_standardised_features() -> None:
    z = StandardScaler().fit_transform(VALUES)
    reference = LogisticRegression(C=0.5, max_iter=1000).fit(z, LABELS).decision_function(z)
    scores = SpectralLogReg(C=0.5).fit(Features(VALUES), LABELS).score(Features(VALUES))
    np.testing.assert_allclose(scores, reference, atol=1e-8)


def test_the_faithful_preset_is_liblinear_on_raw_features() -> None:
    detector = DetectorSpec("spectral_logreg", "faithful").build().fit(Features(VALUES), LABELS)
    reference = LogisticRegression(solver="liblinear", max_iter=1000).fit(VALUES, LABELS).decision_function(VALUES)
    np.testing.assert_allclose(detector.score(Features(VALUES)), reference, atol=1e-8)
    assert detector.view.options == {"variant": "published"}


def test_the_unit_of_a_feature_does_not_matter_once_standardised() -> None:
    scaled = Features(1000 * VALUES)
    scores = SpectralLogReg().fit(scaled, LABELS).score(scaled)
    np.testing.assert_allclose(scores, SpectralLogReg().fit(Features(VALUES), LABELS).score(Features(VALUES)), atol=1e-6)


def test_a_score_does_not_depend_on_the_other_crops() -> None:
    detector = SpectralLogReg().fit(Features(VALUES), LABELS)
    assert detector.score(Features(VALUES[:1]))[0] == detector.score(Features(VALUES))[0]
