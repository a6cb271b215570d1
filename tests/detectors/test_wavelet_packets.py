"""Packets tell classes apart, by either linear model, and a band takes away what it says."""

import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.metrics.roc import roc_auc
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.testing import check_detector
from bandbench.benchmark.views import features_from_crops, view_kernel
from bandbench.detectors.wavelet_packets import WaveletPackets


def noise(n: int, seed: int, low: float = 0.24, high: float = 0.27) -> tuple[np.ndarray, np.ndarray]:
    """1/f noise, half of it with twice the power between two frequencies."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    radius = np.hypot(np.fft.fftfreq(64)[:, None], np.fft.fftfreq(64))
    gain = 1 / np.maximum(radius, 1 / 64) * np.where((radius >= low) & (radius <= high) & (labels[:, None, None] == 1), 1.4, 1)
    fields = np.fft.ifft2(np.fft.fft2(rng.standard_normal((n, 64, 64))) * gain).real
    return np.clip(np.rint(128 + 30 * fields / fields.std(axis=(1, 2), keepdims=True)), 0, 255).astype(np.uint8), labels


def auc(detector: WaveletPackets, band: Band) -> float:
    kernel = view_kernel(detector.view)
    (train, labels), (test, truth) = noise(160, 0), noise(80, 1)
    views = [features_from_crops(kernel, crops, band) for crops in (train, test)]
    return roc_auc(truth, detector.fit(views[0], labels).score(views[1]))


@pytest.mark.parametrize("params", [{}, {"classifier": "logistic"}], ids=json.dumps)
def test_only_the_packets_of_the_evidence_tell_the_classes(params: dict) -> None:
    detector = WaveletPackets(**params)
    assert auc(detector, Band()) > 0.9
    assert auc(detector, Band.between(0.2, 0.3)) > 0.9
    for band in (Band("low", 0.15), Band("high", 0.40)):
        assert auc(detector, band) < 0.7


def peaks(n: int, seed: int, period: int) -> tuple[np.ndarray, np.ndarray]:
    """1/f noise, half of it with a weak wave of one period in rows and columns, at any phase."""
    crops, labels = noise(n, seed, 1.0, 1.0)
    phase = np.random.default_rng(seed).uniform(0, 2 * np.pi, (2, n, 1))
    rows, cols = np.cos(2 * np.pi * np.arange(64) / period + phase)
    wave = 0.75 * period * (rows[:, :, None] + cols[:, None, :]) * (labels == 1)[:, None, None]
    return np.clip(np.rint(crops + wave), 0, 255).astype(np.uint8), labels


@pytest.mark.parametrize("period", [4, 8])
def test_peaks_are_in_the_comb_and_not_in_the_anticomb(period: int) -> None:
    aucs = {}
    detector = WaveletPackets()
    kernel = view_kernel(detector.view)
    (train, labels), (test, truth) = peaks(160, 0, period), peaks(80, 1, period)
    for kind in ("comb", "anticomb"):
        band = Band(kind, period=period)
        views = [features_from_crops(kernel, crops, band) for crops in (train, test)]
        aucs[kind] = roc_auc(truth, detector.fit(views[0], labels).score(views[1]))
    assert aucs["comb"] > 0.9
    assert aucs["anticomb"] < 0.7


def test_only_coefficients_know_where_in_the_crop_they_lie() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(120) % 2
    crops = 128 + 20 * rng.standard_normal((120, 32, 32)) * np.where(np.arange(32) < 16, 1.5, 1)
    crops[labels == 1] = crops[labels == 1][:, :, ::-1]
    crops = np.clip(np.rint(crops), 0, 255).astype(np.uint8)
    aucs = {}
    for name in ("energies", "coefficients"):
        detector = WaveletPackets(name, level=2)
        kernel = view_kernel(detector.view)
        view = features_from_crops(kernel, crops, Band())
        aucs[name] = roc_auc(labels[80:], detector.fit(view[:80], labels[:80]).score(view[80:]))
    assert aucs["coefficients"] > 0.95
    assert aucs["energies"] < 0.75


def test_both_models_are_those_of_scikit_learn() -> None:
    labels = np.arange(60) % 2
    values = np.random.default_rng(0).normal(size=(60, 8)) + 0.6 * labels[:, None]
    z = StandardScaler().fit_transform(values)
    ridge = Ridge(alpha=10.0).fit(z, 2.0 * labels - 1).predict(z)
    ours = WaveletPackets(alphas=(10.0,)).fit(Features(values), labels).score(Features(values))
    np.testing.assert_allclose(ours, ridge, atol=1e-8)
    # Strength s weighs the squares of the two classes' weights, -w/2 and w/2, against the mean of 60 losses.
    logistic = LogisticRegression(C=1 / (60 * 0.05), tol=1e-8).fit(z, labels).decision_function(z)
    ours = WaveletPackets(classifier="logistic", strength=0.05).fit(Features(values), labels).score(Features(values))
    np.testing.assert_allclose(ours, logistic, atol=1e-3)


def test_the_published_recipe() -> None:
    view = DetectorSpec("wavelet_packets", "faithful").build().view
    assert view.options == {
        "wavelet": "haar", "level": 3, "boundary": "reflect", "window": False, "colour": True, "coefficients": True,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["wavelet_packets", "wavelet_packets/faithful"])
def test_the_contract(name: str) -> None:
    assert not [result for result in check_detector(DetectorSpec.parse(name)) if not result.ok]
