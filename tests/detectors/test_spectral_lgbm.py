"""Trees see directions that a radial profile averages away."""

import numpy as np
import pytest

from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.metrics.roc import roc_auc
from bandbench.benchmark.views import view_kernel
from bandbench.detectors.spectral_lgbm import SpectralLGBM


def striped(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise with a weak stripe: along the rows in fakes, along the columns in reals, of one frequency."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    stripe = 6 * np.cos(2 * np.pi * 0.3 * np.arange(48) + rng.uniform(0, 2 * np.pi, (n, 1)))
    rows = np.where(labels[:, None, None] == 1, stripe[:, None, :], stripe[:, :, None])
    return np.clip(np.rint(128 + rows + 20 * rng.standard_normal((n, 48, 48))), 0, 255).astype(np.uint8), labels


@pytest.mark.parametrize(("spectrum", "low", "high"), [("directional", 0.9, 1.0), ("profile", 0.3, 0.7)])
def test_only_directions_tell_stripes_apart(spectrum: str, low: float, high: float) -> None:
    detector = SpectralLGBM(spectrum, n_trees=50)
    kernel = view_kernel(detector.view)
    (train, labels), (test, truth) = striped(160, 0), striped(80, 1)
    views = [kernel.features(kernel.base(crops), (48, 48), Band()) for crops in (train, test)]
    assert low <= roc_auc(truth, detector.fit(views[0], labels).score(views[1])) <= high


def test_unknown_spectrum() -> None:
    with pytest.raises(PluginError, match="Did you mean 'profile'"):
        _ = SpectralLGBM("profil").view
