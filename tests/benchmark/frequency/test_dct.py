"""Log-DCT against stored arrays."""

from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.errors import DataError
from bandbench.benchmark.frequency import dct

GOLDEN = np.load(Path(__file__).parents[2] / "golden" / "dct.npz")


def test_colour() -> None:
    coefficients = dct.dct2(GOLDEN["colour"][None])
    np.testing.assert_allclose(coefficients[0], GOLDEN["dct2/colour"], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(dct.log_magnitude(coefficients)[0], GOLDEN["log_scale/colour"], rtol=1e-9)


def test_constant_and_zero() -> None:
    np.testing.assert_allclose(dct.dct2(np.full((1, 8, 8), 100))[0], GOLDEN["dct2_constant_image"], atol=1e-9)
    np.testing.assert_allclose(dct.log_magnitude(np.zeros((1, 8, 8)))[0], GOLDEN["log_scale_zero_image"], rtol=1e-12)


def test_statistics_after_the_log() -> None:
    logs = dct.log_magnitude(dct.dct2(GOLDEN["stack"]))
    np.testing.assert_allclose(logs.mean(axis=0), GOLDEN["stack_log_mean"], rtol=1e-9)
    np.testing.assert_allclose(logs.var(axis=0), GOLDEN["stack_log_var"], rtol=1e-8)
    normalised = (logs[:3] - logs.mean(axis=0)) / logs.std(axis=0)
    np.testing.assert_allclose(normalised, GOLDEN["stack_log_normalised"], rtol=1e-8, atol=1e-9)


def test_single_precision_stays_close() -> None:
    crops = GOLDEN["stack"][..., 0]
    double, single = (dct.dct2(crops.astype(kind)) for kind in (np.float64, np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, double, atol=2e-3)


@pytest.mark.parametrize("period", [4, 8])
def test_frequency_axis(period: int) -> None:
    """A cosine that lies on the DCT grid shows up where `dct_frequencies` says."""
    x = np.arange(64) + 0.5
    coefficients = np.abs(dct.dct2(np.tile(np.cos(2 * np.pi * x / period), (64, 1))[None])[0])
    peak = np.unravel_index(coefficients.argmax(), coefficients.shape)
    assert dct.dct_frequencies(64, 64).radius[peak] == pytest.approx(1 / period)


def test_wrong_shape() -> None:
    with pytest.raises(DataError, match=r"got shape \(8, 8\)"):
        dct.dct2(np.zeros((8, 8)))


def test_a_strong_stretch_leaks_into_its_neighbours_alone_under_the_window() -> None:
    """Crops of noise between 0.10 and 0.14 cycles/pixel; the share of it that the DCT finds beyond 0.20."""
    rng = np.random.default_rng(0)
    radius = np.hypot(np.fft.fftfreq(512)[:, None], np.fft.fftfreq(512)[None, :])
    spectrum = np.fft.fft2(rng.standard_normal((4, 512, 512))) * ((radius >= 0.10) & (radius <= 0.14))
    crops = np.fft.ifft2(spectrum).real[:, :128, :128]
    beyond = dct.dct_frequencies(128, 128).radius > 0.2

    def leaked(values: np.ndarray) -> float:
        power = dct.dct2(values) ** 2
        return float(power[:, beyond].sum() / power.sum())

    assert leaked(dct.tapered(crops)) < leaked(crops) / 20


def test_the_window_takes_the_mean_away_and_keeps_the_power() -> None:
    rng = np.random.default_rng(1)
    crops = rng.standard_normal((50, 32, 32, 3)) + 100
    assert dct.tapered(crops).shape == crops.shape
    assert dct.tapered(crops).dtype == np.float32
    assert np.abs(dct.tapered(np.full((1, 16, 16), 7.0))).max() == 0
    assert dct.tapered(crops).var() == pytest.approx(1, rel=0.02)
    assert (dct.taper(16, 20)[0] > 0).all()
    np.testing.assert_allclose(dct.taper(16, 20), dct.taper(20, 16).T, rtol=1e-6)
