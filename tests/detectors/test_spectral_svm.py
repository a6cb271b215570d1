"""Support vector machine on spectra: scikit-learn's machine, and the view that its kernel allows."""

from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.registry import DetectorSpec
from bandbench.detectors.spectral_svm import SpectralSVM

LABELS = np.arange(100) % 2
VALUES = np.random.default_rng(0).normal(size=(100, 6)) * np.linspace(1, 9, 6) + 2 + LABELS[:, None]


@pytest.mark.parametrize("kernel", ["rbf", "linear", "poly"])
def test_equals_scikit_learn_on_standardised_features(kernel: Any) -> None:
    z = StandardScaler().fit_transform(VALUES)
    reference = SVC(kernel=kernel, C=2.0, gamma=0.1, tol=1e-5).fit(z, LABELS).decision_function(z)
    scores = SpectralSVM(kernel=kernel, C=2.0, gamma=0.1).fit(Features(VALUES), LABELS).score(Features(VALUES))
    np.testing.assert_allclose(scores, reference, atol=0.02)  # both stop within a tolerance


def test_gamma_follows_the_features_by_default() -> None:
    z = StandardScaler().fit_transform(VALUES)
    assert SpectralSVM().fit(Features(VALUES), LABELS).gamma_ == pytest.approx(1 / (6 * z.var()))
    assert SpectralSVM(gamma="auto").fit(Features(VALUES), LABELS).gamma_ == pytest.approx(1 / 6)


def test_without_standardising_no_scaler_is_learned() -> None:
    detector = DetectorSpec("spectral_svm", "faithful").build().fit(Features(VALUES), LABELS)
    assert {"mean_", "scale_"}.isdisjoint(detector.learned())
    assert (detector.learned()["gamma_"], detector.parameters()["C"]) == (0.86, 6.37)


@pytest.mark.parametrize(
    ("parameters", "options"),
    [
        ({}, {}),
        ({"variant": "published"}, {"variant": "published", "isometric": False}),
        ({"variant": "published", "standardise": False}, {"variant": "published", "isometric": False}),
        ({"variant": "published", "standardise": False, "gamma": 0.5}, {"variant": "published", "isometric": True}),
        ({"variant": "published", "gamma": 0.5}, {"variant": "published", "isometric": False}),
    ],
)
def test_fewer_features_do_only_where_inner_products_are_all_that_counts(parameters: dict, options: dict) -> None:
    assert SpectralSVM(**parameters).view.options == options
