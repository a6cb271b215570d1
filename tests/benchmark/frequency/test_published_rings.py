"""Ring means of the published log spectrum, against the definition: every coefficient of the plane, one after the other."""

import numpy as np
import pytest
from numpy.typing import NDArray

from bandbench.benchmark.frequency.bands import published_gain
from bandbench.benchmark.frequency.published_rings import MOST_ERROR, PUBLISHED_EPSILON, RingFilter, log_rings
from bandbench.benchmark.frequency.spectra import ring_mean

SIDE = 33


def crops(side: int = SIDE, n: int = 5) -> NDArray[np.uint8]:
    """Smooth pictures with noise, and one flat one, whose spectrum is zero but for its mean."""
    rng = np.random.default_rng(0)
    y, x = np.indices((side, side)) / side
    smooth = 100 + 80 * np.sin(2 * np.pi * (x + rng.random((n, 1, 1)))) * y
    return np.concatenate([smooth + rng.normal(0, 3, (n, side, side)), np.full((1, side, side), 128.0)]).astype(np.uint8)


def by_definition(pictures: NDArray, gain: NDArray) -> NDArray[np.float64]:
    """Ring means of 20 ln |F H + 1e-8|."""
    spectrum = np.fft.fftshift(np.fft.fft2(pictures.astype(np.float64)), axes=(1, 2))
    return ring_mean(20 * np.log(np.abs(spectrum * gain + PUBLISHED_EPSILON)))


def gains(side: int) -> list[NDArray]:
    """Filters of every kind, from gentle to steep: where most of the plane is far above 1e-8, near it, and far below."""
    return [
        published_gain(kind, side, side, cutoff, width, order)
        for kind, width in (("low", 0.0), ("high", 0.0), ("band", 4.0), ("stop", 4.0))
        for cutoff in (1.5, 5.0, 11.0)
        for order in (1, 5, 10, 40)
    ]


@pytest.mark.parametrize("side", [SIDE, 32, 9])
def test_every_filter_agrees_with_the_definition(side: int) -> None:
    pictures, filters = crops(side)[:-1], gains(side)
    for values, gain in zip(log_rings(pictures, [RingFilter.of(gain) for gain in filters]), filters, strict=True):
        np.testing.assert_allclose(values, by_definition(pictures, gain), rtol=0, atol=2 * MOST_ERROR)


def test_a_flat_picture_agrees_where_its_spectrum_is_no_rounding_error() -> None:
    impulse = np.zeros((1, SIDE, SIDE), np.uint8)
    impulse[0, 3, 4] = 200
    filters = [RingFilter.of(gain) for gain in gains(SIDE)]
    for values, gain in zip(log_rings(impulse, filters), gains(SIDE), strict=True):
        np.testing.assert_allclose(values, by_definition(impulse, gain), rtol=0, atol=2 * MOST_ERROR)
    assert all(np.isfinite(values).all() for values in log_rings(crops()[-1:], filters))


def test_values_do_not_depend_on_the_crops_and_filters_beside_them() -> None:
    filters = [RingFilter.of(gain) for gain in gains(SIDE)]
    together = log_rings(crops(n=200), filters)
    for i, one in enumerate(filters):
        np.testing.assert_array_equal(log_rings(crops(n=200)[7:9], [one])[0], together[i][7:9])
