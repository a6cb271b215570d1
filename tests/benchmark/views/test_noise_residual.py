"""Autocorrelation, power and coefficients of residuals against sums over pixels, and what a band leaves of them."""

from collections import defaultdict

import numpy as np
import pytest

from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.errors import EmptyBandError, PluginError, StudyError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.frequency.grid import Frequencies
from bandbench.benchmark.frequency.noise import noise_residual
from bandbench.benchmark.views import features_from_crops, view_kernel
from bandbench.benchmark.views.noise_residual import NoiseResidualView

CROPS = np.random.default_rng(0).integers(0, 256, (4, 37, 34)).astype(np.uint8)
SHAPE = (37, 34)
RESIDUAL = noise_residual(CROPS, 4, 5.0).astype(float)
RESIDUAL -= RESIDUAL.mean(axis=(1, 2), keepdims=True)
SHIFTS = [(i, j) for i in range(9) for j in range(-8, 9) if (i, j) > (0, 0)]


def values(part: str, band: Band = Band(), **options: int) -> np.ndarray:  # noqa: B008 (frozen)
    return features_from_crops(view_kernel(ViewSpec("noise_residual", {"part": part, **options})), CROPS, band).values


def shifted_products(planes: np.ndarray) -> np.ndarray:
    """Mean product of planes with themselves, shifted, over that without a shift; (n, shifts)."""
    products = [(planes * np.roll(planes, (-i, -j), (1, 2))).mean(axis=(1, 2)) for i, j in [(0, 0), *SHIFTS]]
    return (np.array(products[1:]) / (products[0] + 1e-4)).T


def cell_means(planes: np.ndarray, kept: np.ndarray) -> dict[tuple[int, int], float]:
    """Mean power of the kept coefficients in cells of 1/16 cycles/pixel, coefficient by coefficient, of the first plane."""
    rows, cols = planes.shape[1:]
    spectrum = np.fft.fft2(planes[0]) / np.sqrt(rows * cols)
    power = defaultdict(list)
    for v in range(rows):
        for u in range(cols // 2 + 1):
            if (v, u) == (0, 0) or not kept[v, u]:
                continue
            row = round(16 * np.fft.fftfreq(rows)[v])
            col = round(16 * u / cols)
            if col in (0, 8) or abs(row) == 8:
                row = abs(row)
            power[row, col].append(abs(spectrum[v, u]) ** 2)
    return {cell: float(np.mean(list_)) for cell, list_ in power.items()}


def test_autocorrelation_is_a_mean_of_products() -> None:
    np.testing.assert_allclose(values("autocorrelation"), shifted_products(RESIDUAL), atol=1e-4)


def test_power_of_cells() -> None:
    kernel = view_kernel(ViewSpec("noise_residual", {"part": "power"}))
    features = kernel.features(kernel.base(CROPS), SHAPE, Band())
    wanted = cell_means(RESIDUAL, np.ones((37, 18), bool))
    assert features.values.shape == (4, 130)
    assert len(wanted) == 130
    np.testing.assert_allclose(sorted(features.values[0]), sorted(np.log(np.array([*wanted.values()]) + 1e-4)), atol=1e-3)
    assert features.frequency is not None
    assert features.frequency.shape == (130,)


def test_a_wave_lies_in_the_cell_of_its_frequency() -> None:
    """Amplitude 40 at (1/8, 1/4) cycles/pixel on a grey crop."""
    i, j = np.indices((64, 64))
    wave = np.clip(np.rint(128 + 40 * np.cos(2 * np.pi * (i / 8 + j / 4))), 0, 255).astype(np.uint8)[None]
    kernel = view_kernel(ViewSpec("noise_residual", {"part": "power", "sigma": 50}))
    features = kernel.features(kernel.base(wave), (64, 64), Band())
    strongest = int(features.values[0].argmax())
    assert features.frequency is not None
    assert features.frequency[strongest] == pytest.approx(np.hypot(1 / 8, 1 / 4), abs=0.02)


def test_both_parts_side_by_side() -> None:
    both = values("both")
    np.testing.assert_array_equal(both, np.hstack([values("autocorrelation"), values("power")]))
    assert both.shape == (4, 274)


def test_inner_products_of_coefficients_are_those_of_residuals() -> None:
    coefficients = values("coefficients").astype(float)
    wanted = np.einsum("aij,bij->ab", RESIDUAL, RESIDUAL) / RESIDUAL[0].size
    np.testing.assert_allclose(coefficients @ coefficients.T, wanted, rtol=1e-4, atol=1e-2)
    np.testing.assert_allclose(values("coefficients")[:, :2], 0, atol=1e-4)  # the mean


@pytest.mark.parametrize("band", [Band("low", 0.2), Band("comb", period=8), Band("anticomb", period=2, points="axes")], ids=str)
def test_all_parts_of_a_band_come_from_what_it_keeps(band: Band) -> None:
    """By hand: filter the crop, take its residual, and filter that."""
    kept = band.keeps(Frequencies.of_plane(np.fft.fftfreq(37), np.fft.fftfreq(34)))
    passed = kept.copy()
    passed[0, 0] = True
    residual = noise_residual(np.fft.ifft2(np.fft.fft2(CROPS) * passed).real, 4, 5.0).astype(float)
    residual -= residual.mean(axis=(1, 2), keepdims=True)
    filtered = np.fft.ifft2(np.fft.fft2(residual) * kept).real
    np.testing.assert_allclose(values("autocorrelation", band), shifted_products(filtered), atol=1e-3)
    wanted = np.log(np.array([*cell_means(filtered, kept).values()]) + 1e-4)
    np.testing.assert_allclose(sorted(values("power", band)[0]), sorted(wanted), atol=5e-3)
    coefficients = values("coefficients", band).astype(float)
    products = np.einsum("aij,bij->ab", filtered, filtered) / filtered[0].size
    np.testing.assert_allclose(coefficients @ coefficients.T, products, rtol=1e-3, atol=1e-2)


def test_nothing_outside_of_a_band_changes_a_feature() -> None:
    """The denoiser mixes frequencies; crops that differ only where the band does not keep have the same features."""
    kernel, band = NoiseResidualView(), Band("high", 0.3)
    kept = band.keeps(Frequencies.of_plane(np.fft.fftfreq(37), np.fft.fftfreq(34)))
    other = np.fft.ifft2(np.where(kept, np.fft.fft2(CROPS), np.fft.fft2(CROPS[::-1]))).real.astype(np.float32)
    np.testing.assert_allclose(kernel.from_crops(other, band).values, values("both", band), atol=5e-3)
    assert np.abs(kernel.from_crops(other, Band()).values - values("both")).max() > 0.1


def test_reweighting() -> None:
    flat = Band("low", 2.8, order=20, mode="reweight")
    np.testing.assert_allclose(values("both", flat), values("both"), rtol=1e-3, atol=1e-3)
    band = Band("low", 0.2, order=2, mode="reweight")
    assert values("both", band).shape == values("both").shape
    assert np.abs(values("both", band) - values("both")).max() > 0.1


def test_pixels_are_filtered_first() -> None:
    kernel = view_kernel(ViewSpec("noise_residual"))
    band = Band("anticomb", period=2, mode="pixels")
    assert kernel.needs_crops(band)
    assert features_from_crops(kernel, CROPS, band).values.shape == (4, 274)


def test_a_band_that_keeps_the_mean_alone() -> None:
    for part in ("both", "coefficients"):
        with pytest.raises(EmptyBandError, match="keeps no coefficient of a 37x34 crop but its mean"):
            values(part, Band("low", 0.01))


@pytest.mark.parametrize(("side", "n"), [(16, 273), (17, 273), (18, 273), (31, 273), (33, 274), (64, 274)])
def test_only_the_cell_of_the_mean_may_be_empty(side: int, n: int) -> None:
    crops = np.random.default_rng(0).integers(0, 256, (2, side, side)).astype(np.uint8)
    kernel = NoiseResidualView()
    assert kernel.features(kernel.base(crops), (side, side), Band()).values.shape == (2, n)


def test_a_constant_crop_has_no_noise() -> None:
    kernel = NoiseResidualView()
    features = kernel.features(kernel.base(np.full((1, 32, 32), 90, np.uint8)), (32, 32), Band()).values
    np.testing.assert_allclose(features[0, :144], 0, atol=1e-3)
    np.testing.assert_allclose(features[0, 144:], np.log(1e-4), atol=1e-2)


def test_small_crops_and_options_without_sense() -> None:
    with pytest.raises(StudyError, match="reach 8 and 16 cells needs crops of at least 16x16 pixels, got 15x15"):
        NoiseResidualView().base(np.zeros((1, 15, 15), np.uint8))
    with pytest.raises(StudyError, match="unknown part of view noise_residual 'powr'. Did you mean 'power'"):
        NoiseResidualView("powr")
    with pytest.raises(StudyError, match="reach from 1 to 64, got 0"):
        NoiseResidualView(reach=0)
    with pytest.raises(StudyError, match="sigma above 0"):
        NoiseResidualView(sigma=0)
    with pytest.raises(PluginError, match="cannot take the options"):
        view_kernel(ViewSpec("noise_residual", {"colour": True}))


def test_crops_do_not_influence_each_other() -> None:
    crops = np.random.default_rng(0).integers(0, 256, (300, 64, 64)).astype(np.uint8)  # more than one stack
    for part in ("both", "coefficients"):
        kernel = NoiseResidualView(part)
        np.testing.assert_array_equal(kernel.base(crops)[[7, 299]], kernel.base(crops[[7, 299]]))
