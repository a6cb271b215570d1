"""Spectrum statistics: rings against a brute-force DFT, one scale for all sizes, and what reals add to them."""

import numpy as np
import pytest
import scipy.fft

from bandbench.benchmark.pictures.perturbations.statistics import (
    N_RINGS,
    POWER_FLOOR,
    RINGS_PER_CYCLE,
    RingSums,
    levels_of,
    picture_of,
    planes_of,
    ring_power,
    rings_of,
)
from conftest import noise_picture, textured_picture

SHAPES = [(64, 64), (61, 40), (16, 33), (64, 64, 3), (37, 90, 3)]


@pytest.mark.parametrize("shape", SHAPES)
def test_planes_come_back_as_the_picture(shape: tuple[int, ...]) -> None:
    picture = textured_picture(shape)
    np.testing.assert_array_equal(picture_of(planes_of(picture)), picture)


def test_planes_are_luma_and_differences_of_colour() -> None:
    grey = np.repeat(noise_picture(1)[:, :, None], 3, axis=2)
    luma, blue, red = planes_of(grey)
    np.testing.assert_allclose(luma, grey[:, :, 0], atol=1e-9)
    np.testing.assert_allclose([blue, red], 0, atol=1e-9)


def test_levels_beyond_the_range_are_not_clipped() -> None:
    planes = np.full((1, 4, 4), 300.0)
    assert levels_of(planes).max() == 300
    assert picture_of(planes).max() == 255


@pytest.mark.parametrize(("rows", "cols"), [(16, 16), (15, 16), (16, 15), (9, 13), (32, 12)])
def test_ring_power_is_the_mean_over_the_whole_dft(rows: int, cols: int) -> None:
    plane = np.random.default_rng(0).normal(100, 20, (1, rows, cols))
    power = np.abs(np.fft.fft2(plane[0])) ** 2 / (rows * cols)
    radius = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.fftfreq(cols)[None, :])
    radius[0, 0] = np.inf  # the zero frequency is left out
    found = ring_power(scipy.fft.rfft2(plane), rows, cols)[0]
    for ring in range(N_RINGS):
        inside = np.abs(radius * RINGS_PER_CYCLE - ring) < 0.5
        wanted = power[inside].mean() if inside.any() else np.nan
        assert found[ring] == pytest.approx(wanted, rel=1e-9, nan_ok=True)


@pytest.mark.parametrize("period", [2, 4, 8, 16])
def test_lattice_points_are_in_the_middle_of_rings(period: int) -> None:
    size = 16 * period
    assert rings_of(size, size).ring[16, 0] * period == RINGS_PER_CYCLE


@pytest.mark.parametrize("shape", [(64, 64), (128, 50), (200, 300)])
def test_white_noise_has_its_variance_in_every_ring_whatever_the_size(shape: tuple[int, int]) -> None:
    plane = np.random.default_rng(0).normal(0, 7, (1, *shape))
    power = ring_power(scipy.fft.rfft2(plane), *shape)
    assert np.nanmean(power) == pytest.approx(49, rel=0.1)


def test_statistics_are_means_of_logarithms() -> None:
    pictures = [noise_picture(seed) for seed in range(3)]
    statistics = RingSums.joined([RingSums.of(one) for one in pictures]).statistics("key")
    powers = [ring_power(scipy.fft.rfft2(planes_of(one)), *one.shape)[0] for one in pictures]
    known = ~np.isnan(powers[0])
    np.testing.assert_allclose(statistics.log_power[0][known], np.mean(np.log(powers), axis=0)[known], rtol=1e-12)
    assert (statistics.n_pictures, statistics.key) == (3, "key")


def test_sums_of_parts_are_sums_of_all() -> None:
    sums = [RingSums.of(textured_picture(shape)) for shape in SHAPES]
    whole = RingSums.joined(sums)
    parts = RingSums.joined([RingSums.joined(sums[:2]), RingSums.joined(sums[2:])])
    np.testing.assert_allclose(whole.total, parts.total)
    np.testing.assert_array_equal(whole.count, parts.count)
    assert whole.n_pictures == parts.n_pictures == len(SHAPES)


def test_grey_reals_say_nothing_of_colour() -> None:
    colour, grey = textured_picture((64, 64, 3)), np.repeat(noise_picture(1)[:, :, None], 3, axis=2)
    alone, mixed = (RingSums.joined([RingSums.of(one) for one in some]).statistics("") for some in ([colour], [colour, grey]))
    np.testing.assert_array_equal(mixed.log_power[1:], alone.log_power[1:])
    assert not np.array_equal(mixed.log_power[0], alone.log_power[0])
    without = RingSums.of(grey).statistics("")
    np.testing.assert_allclose(without.log_power[1:], np.log(POWER_FLOOR))


def test_rings_that_no_real_reaches_are_interpolated_along_a_power_law() -> None:
    small = RingSums.of(noise_picture(2, side=32)).statistics("")  # every second ring is empty at low frequencies
    assert np.isfinite(small.log_power).all()
    ring = 5  # between 4/128 and 8/128, where a picture of 32 pixels has coefficients
    between = small.log_power[0][[4, 8]]
    assert between.min() <= small.log_power[0][ring] <= between.max()
    assert small.log_power[0][0] == small.log_power[0][4]
