"""Support vector machine on spectra: scikit-learn's machine, and the view that its kernel allows."""

from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.errors import BenchWarning
from bandbench.benchmark.metrics.roc import roc_auc
from bandbench.benchmark.registry import DetectorSpec
from bandbench.detectors.learning.solvers import LANDMARKS
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


def test_many_crops_are_fitted_approximately_and_said_so() -> None:
    rng = np.random.default_rng(1)
    labels = np.arange(1500) % 2
    values = rng.normal(size=(1500, 6)) * np.where(labels == 1, 1.6, 1.0)[:, None]
    exact = SpectralSVM(exact_until=None).fit(Features(values), labels)
    with pytest.warns(BenchWarning, match="approximates its kernel, because an exact fit to more than 1000 crops"):
        detector = SpectralSVM(exact_until=1000).fit(Features(values), labels)
    assert len(detector.support_vectors_) == LANDMARKS
    fresh = rng.normal(size=(600, 6)) * np.where(np.arange(600) % 2, 1.6, 1.0)[:, None]
    aucs = [roc_auc(np.arange(600) % 2, one.score(Features(fresh))) for one in (exact, detector)]
    assert aucs[1] > aucs[0] - 0.02


def test_published_machines_are_always_exact() -> None:
    assert {preset["exact_until"] for preset in SpectralSVM.presets.values()} == {None}
