"""Peaks of the cross-difference against a sum over pixels, and what a band leaves of them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.errors import EmptyBandError, StudyError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.frequency.grid import Frequencies
from bandbench.benchmark.views import features_from_crops, view_kernel
from bandbench.benchmark.views.cross_difference import CrossDifferenceView, lattice_points

CROPS = np.random.default_rng(0).integers(0, 256, (3, 41, 36, 3)).astype(np.uint8)


def residual(crop: NDArray[np.uint8], period: int) -> NDArray[np.float64]:
    """|x(i,j) + x(i+1,j+1) - x(i,j+1) - x(i+1,j)| of one channel, pixel by pixel, cut to whole periods."""
    x = crop.astype(float)
    rows, cols = ((side - 1) // period * period for side in x.shape)
    return np.array([[abs(x[i, j] + x[i + 1, j + 1] - x[i, j + 1] - x[i + 1, j]) for j in range(cols)] for i in range(rows)])


def amplitude(plane: NDArray[np.float64], row_frequency: float, col_frequency: float) -> float:
    """Modulus of the Fourier sum at a frequency in cycles/pixel, per pixel."""
    i, j = np.indices(plane.shape)
    return abs(np.sum(plane * np.exp(-2j * np.pi * (row_frequency * i + col_frequency * j)))) / plane.size


@pytest.mark.parametrize("period", [2, 4, 8])
def test_magnitudes_are_fourier_sums_of_the_residual(period: int) -> None:
    kernel = CrossDifferenceView(period=period)
    i, j = lattice_points(period)
    values = kernel.base(CROPS).reshape(3, len(i), 3)
    for crop, channel in ((0, 0), (2, 1)):
        plane = residual(CROPS[crop, :, :, channel], period)
        wanted = [amplitude(plane, a / period, b / period) for a, b in zip(i, j, strict=True)]
        np.testing.assert_allclose(values[crop, :, channel], wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("period", "n"), [(2, 3), (4, 9), (8, 33), (3, 4)])
def test_one_of_each_pair_of_opposite_points(period: int, n: int) -> None:
    i, j = lattice_points(period)
    points = {*zip(i.tolist(), j.tolist(), strict=True)}
    opposite = {((-a) % period, (-b) % period) for a, b in points}
    assert len(points) == n
    assert points | opposite == {*np.ndindex(period, period)} - {(0, 0)}
    radii = np.hypot(np.minimum(i, period - i), np.minimum(j, period - j))
    assert radii.tolist() == sorted(radii.tolist())


def test_peaks_over_the_surrounding_power() -> None:
    """Every point by hand: power per coefficient at its bin, over the mean of the 24 around it."""
    kernel = CrossDifferenceView(relative=True, colour=False)
    crop = CROPS[0, :, :, 0]
    plane = residual(crop, 8)
    power = np.abs(np.fft.fft2(plane - plane.mean())) ** 2 / plane.size
    (rows, cols), (i, j) = plane.shape, lattice_points(8)
    wanted = []
    for v, u in zip(i * rows // 8, j * cols // 8, strict=True):
        around = [power[(v + a) % rows, (u + b) % cols] for a in range(-2, 3) for b in range(-2, 3) if (a, b) != (0, 0)]
        wanted.append(np.log((power[v, u] + 0.01) / (np.mean(around) + 0.01)))
    np.testing.assert_allclose(kernel.base(crop[None])[0], wanted, rtol=1e-4, atol=1e-4)


def test_relative_peaks_do_not_depend_on_contrast() -> None:
    """Twice the contrast doubles every magnitude, and leaves what stands out as it was."""
    half = CROPS // 2
    magnitudes, peaks = (CrossDifferenceView(relative=relative) for relative in (False, True))
    np.testing.assert_allclose(magnitudes.base(2 * half), 2 * magnitudes.base(half), rtol=1e-4)
    np.testing.assert_allclose(peaks.base(2 * half), peaks.base(half), atol=0.01)


def test_pixel_pairs_that_are_more_alike_make_a_peak_of_period_2() -> None:
    """Rows and columns repeated by up-sampling: the residual vanishes in every second one."""
    small = np.random.default_rng(1).integers(60, 190, (8, 32, 32)).astype(np.uint8)
    crops = small.repeat(2, axis=1).repeat(2, axis=2)
    kernel = CrossDifferenceView(relative=True, colour=False)
    i, j = lattice_points(8)
    of_period_2 = (i % 4 == 0) & (j % 4 == 0)
    values = kernel.base(crops)
    assert values[:, of_period_2].min() > 3 > values[:, ~of_period_2].max()


BANDS = [Band("high", 0.4), Band("comb", period=8), Band("anticomb", period=4), Band.between(0.1, 0.2, "stop")]


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("band", BANDS, ids=str)
def test_a_kept_band_is_all_that_is_seen(band: Band, relative: bool) -> None:
    """Crops that are equal in the band and differ elsewhere have the same features, and those of the band alone."""
    kernel = view_kernel(ViewSpec("cross_difference", {"relative": relative, "colour": False}))
    rng = np.random.default_rng(2)
    crops = rng.integers(64, 192, (2, 40, 40)).astype(np.uint8)
    kept = band.keeps(Frequencies.of_plane(np.fft.fftfreq(40), np.fft.fftfreq(40)))
    kept[0, 0] = True
    alone = np.fft.ifft2(np.fft.fft2(crops) * kept).real
    assert kernel.needs_crops(band)
    values = features_from_crops(kernel, crops, band).values
    np.testing.assert_allclose(values, kernel.base(alone.astype(np.float32)), atol=2e-3)
    assert np.abs(values - kernel.base(crops)).max() > 0.1
    # What the band leaves out of the one and the other crop changes places.
    other = np.fft.ifft2(np.where(kept, np.fft.fft2(crops), np.fft.fft2(crops[::-1]))).real.astype(np.float32)
    np.testing.assert_allclose(kernel.from_crops(other, band).values, values, atol=2e-3)


def test_all_pass_is_the_base() -> None:
    kernel = view_kernel(ViewSpec("cross_difference"))
    np.testing.assert_array_equal(features_from_crops(kernel, CROPS, Band()).values, kernel.base(CROPS))
    np.testing.assert_array_equal(kernel.features(kernel.base(CROPS), (41, 36), Band()).values, kernel.base(CROPS))


def test_a_band_that_keeps_the_mean_alone() -> None:
    with pytest.raises(EmptyBandError, match="keeps no coefficient of a 41x36 crop but its mean"):
        features_from_crops(view_kernel(ViewSpec("cross_difference")), CROPS, Band("low", 0.01))


@pytest.mark.parametrize(("relative", "side"), [(False, 8), (True, 16)])
def test_crops_without_a_whole_period(relative: bool, side: int) -> None:
    kernel = CrossDifferenceView(relative=relative)
    with pytest.raises(StudyError, match=f"at least {side + 1}x{side + 1} pixels, got {side}x{side}. Choose larger crops"):
        kernel.base(np.zeros((1, side, side, 3), np.uint8))
    assert kernel.base(np.zeros((1, side + 1, side + 1, 3), np.uint8)).tolist() == [[0.0] * 99]


@pytest.mark.parametrize("period", [1, 65])
def test_impossible_periods(period: int) -> None:
    with pytest.raises(StudyError, match=f"period of 2 to 64 pixels, got {period}"):
        CrossDifferenceView(period=period)


def test_crops_do_not_influence_each_other() -> None:
    crops = np.random.default_rng(0).integers(0, 256, (300, 40, 40, 3)).astype(np.uint8)  # more than one stack
    for relative in (False, True):
        kernel = CrossDifferenceView(relative=relative)
        np.testing.assert_array_equal(kernel.base(crops)[[7, 299]], kernel.base(crops[[7, 299]]))
