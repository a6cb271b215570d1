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
    """A cosine that lies on the DCT grid shows up where `dct_frequency` says."""
    x = np.arange(64) + 0.5
    coefficients = np.abs(dct.dct2(np.tile(np.cos(2 * np.pi * x / period), (64, 1))[None])[0])
    peak = np.unravel_index(coefficients.argmax(), coefficients.shape)
    assert dct.dct_frequency(64, 64)[peak] == pytest.approx(1 / period)


def test_wrong_shape() -> None:
    with pytest.raises(DataError, match=r"got shape \(8, 8\)"):
        dct.dct2(np.zeros((8, 8)))
