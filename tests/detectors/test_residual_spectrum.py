"""Residuals tell periodic noise, and a pattern in the same pixels; a band says where."""

import numpy as np
import pytest
from numpy.typing import NDArray

from bandbench.benchmark.contracts import Features, ViewSpec
from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.frequency.noise import noise_residual
from bandbench.benchmark.metrics.roc import roc_auc
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.testing import check_detector
from bandbench.benchmark.views import features_from_crops, view_kernel
from bandbench.detectors.residual_spectrum import ResidualSpectrum

SIDE = 48


def seen(detector: ResidualSpectrum, crops: NDArray[np.uint8], band: Band = Band()) -> Features:  # noqa: B008 (frozen)
    return features_from_crops(view_kernel(detector.view), crops, band)


def waves(n: int, seed: int, frequency: float = 15 / 48) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Noise; fakes have a faint wave along the columns, which begins anywhere; 15 periods in a crop."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    phase = rng.uniform(0, 2 * np.pi, (n, 1, 1))
    wave = 3 * np.cos(2 * np.pi * frequency * np.arange(SIDE) + phase) * labels[:, None, None]
    return np.clip(np.rint(128 + wave + 6 * rng.standard_normal((n, SIDE, SIDE))), 0, 255).astype(np.uint8), labels


def patterns(n: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Noise alike in its spectrum; a part of it is the same in all fakes, pixel by pixel."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    pattern = np.random.default_rng(99).standard_normal((SIDE, SIDE))
    part = np.where(labels[:, None, None] == 1, pattern, rng.standard_normal((n, SIDE, SIDE)))
    return np.clip(np.rint(128 + 2 * part + 6 * rng.standard_normal((n, SIDE, SIDE))), 0, 255).astype(np.uint8), labels


def auc(detector: ResidualSpectrum, task: object, band: Band = Band()) -> float:  # noqa: B008 (frozen)
    make = {"waves": waves, "patterns": patterns}[str(task)]
    (train, labels), (test, truth) = make(100, 0), make(80, 1)
    return roc_auc(truth, detector.fit(seen(detector, train, band), labels).score(seen(detector, test, band)))


@pytest.mark.parametrize("classifier", ["logistic", "trees"])
def test_spectra_tell_waves_and_no_patterns(classifier: str) -> None:
    detector = ResidualSpectrum(classifier)  # pyright: ignore[reportArgumentType] (one of them)
    assert auc(detector, "waves") > 0.95
    assert 0.3 < auc(detector, "patterns") < 0.7


def test_correlations_tell_patterns_and_no_waves() -> None:
    assert auc(ResidualSpectrum("correlation"), "patterns") > 0.95
    assert 0.3 < auc(ResidualSpectrum("correlation"), "waves") < 0.7


@pytest.mark.parametrize(
    ("band", "low", "high"),
    [
        (Band.between(0.27, 0.33), 0.9, 1.0),
        (Band.between(0.25, 0.35, "stop"), 0.3, 0.7),
        (Band("low", 0.2), 0.3, 0.7),
        (Band("comb", period=8), 0.3, 0.7),
        (Band("anticomb", period=8), 0.9, 1.0),
    ],
    ids=str,
)
def test_a_band_locates_a_wave(band: Band, low: float, high: float) -> None:
    assert low <= auc(ResidualSpectrum(), "waves", band) <= high


def test_fingerprints_are_mean_residuals() -> None:
    """Scores by hand in the pixels: correlation with the mean residual of fakes minus that with the mean of reals."""
    (crops, labels), (test, _) = patterns(12, 0), patterns(6, 1)
    detector = ResidualSpectrum("correlation")
    scores = detector.fit(seen(detector, crops), labels).score(seen(detector, test))
    residuals, tested = (noise_residual(c, 4, 5.0).astype(float) for c in (crops, test))

    def correlated(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
        return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])

    real, fake = residuals[labels == 0].mean(axis=0), residuals[labels == 1].mean(axis=0)
    np.testing.assert_allclose(scores, [correlated(r, fake) - correlated(r, real) for r in tested], atol=1e-4)


def test_views() -> None:
    options = {"reach": 8, "cells": 16, "levels": 4, "sigma": 5.0}
    assert ResidualSpectrum().view == ViewSpec("noise_residual", {"part": "both", **options})
    assert ResidualSpectrum("correlation").view.options["part"] == "coefficients"
    with pytest.raises(PluginError, match="unknown classifier of detector residual_spectrum 'tree'. Did you mean 'trees'"):
        _ = ResidualSpectrum("tree").view  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("preset", ["faithful", "trees"])
def test_the_presets_keep_the_contract(preset: str) -> None:
    assert not [result for result in check_detector(DetectorSpec.parse(f"residual_spectrum/{preset}")) if not result.ok]
