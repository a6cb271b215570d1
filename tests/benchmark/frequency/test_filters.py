"""Filters in the pixels: crop by crop, and published filters against stored arrays."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from bandbench.benchmark.errors import DataError, EmptyBandError, StudyError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.frequency.filters import (
    band_limited,
    fda,
    filter_pixels,
    published_fda,
    published_filter,
    published_mask,
    swap_amplitudes,
)
from bandbench.benchmark.frequency.grid import Frequencies

GOLDEN = np.load(Path(__file__).parents[2] / "golden" / "filters.npz")
MASKS = [name for name in GOLDEN if name.startswith("mask_")]
BANDS = [
    Band("all", mode="pixels"),
    Band("low", 0.134, mode="pixels"),
    Band("low", 0.05, 0, 10, "pixels"),
    Band("high", 0.1, 0, 2, "pixels"),
    Band("band", 0.2, 0.1, 3, "pixels"),
    Band("stop", 0.3, 0.2, 1, "pixels"),
    Band("comb", period=8, mode="pixels"),
    Band("anticomb", period=4, halfwidth=0.05, points="axes", order=3, mode="pixels"),
]
KINDS = {"low": "lowpass", "high": "highpass", "band": "bandpass"}


def textured(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Smooth crops with some texture, uint8; black and white occur."""
    noise = np.random.default_rng(seed).normal(128, 300, shape)
    return np.clip(ndimage.gaussian_filter(noise, (0, 1.5, 1.5, 0)[: len(shape)]), 0, 255).astype(np.uint8)


def picture(name: str) -> np.ndarray:
    """A stored picture, channels last."""
    return np.ascontiguousarray(GOLDEN[name].transpose(1, 2, 0))


def levels_apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.abs(a.astype(int) - b.astype(int))


@pytest.mark.parametrize("shape", [(30, 64, 64, 3), (300, 32, 33)])
def test_a_crop_does_not_depend_on_the_others(shape: tuple[int, ...]) -> None:
    crops = textured(shape)
    together = filter_pixels(crops, BANDS[4])
    for i in (0, shape[0] // 2, shape[0] - 1):
        np.testing.assert_array_equal(filter_pixels(crops[i : i + 1], BANDS[4])[0], together[i])


# --- as published ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MASKS)
def test_published_masks(name: str) -> None:
    kind, size, words = name.removeprefix("mask_").split("/")
    cols, rows = (int(side[1:]) for side in size.split("_"))
    radius, order, *_ = words.split("_")
    known: Any = kind.replace("hardband", "hard_band")
    mask = published_mask(known, rows, cols, int(radius[1:]), int(order[1:]) if order[0] == "n" else 1)
    assert mask.dtype == np.float32
    np.testing.assert_allclose(mask, GOLDEN[name], rtol=1e-6, atol=1e-7)


def test_published_masks_are_all_there() -> None:
    assert {name.split("/")[0] for name in MASKS} == {"mask_low", "mask_high", "mask_band", "mask_hardband"}


@pytest.mark.parametrize(
    ("kind", "radius"),
    [*(("low", radius) for radius in (1, 5, 15, 30, 100, 185)), ("high", 5), ("high", 15), ("band", 5), ("band", 15)],
)
def test_published_filters(kind: Any, radius: int) -> None:
    found = published_filter(picture("image_chw"), kind, radius)
    np.testing.assert_array_equal(found, picture(f"{KINDS[kind]}_image/D{radius}"))


def test_published_filters_are_a_level_apart_where_a_value_is_whole_but_for_a_rounding_error() -> None:
    before = picture("whole_chw")
    n_apart = 0
    for name in (name for name in GOLDEN if name.startswith("whole_") and "/" in name):
        kind, radius = name.removeprefix("whole_").split("/D")
        gain = np.fft.ifftshift(published_mask(kind, 40, 40, int(radius)))[:, :, None]  # pyright: ignore[reportArgumentType]
        exact = np.abs(np.fft.ifft2(np.fft.fft2(before.astype(float), axes=(0, 1)) * gain, axes=(0, 1)))
        found, wanted = published_filter(before, kind, int(radius)), picture(name)  # pyright: ignore[reportArgumentType]
        apart = found != wanted
        assert (levels_apart(found, wanted)[apart] == 1).all()
        assert (np.abs(exact - np.rint(exact))[apart] < 2e-5).all()
        n_apart += np.count_nonzero(apart)
    assert n_apart == 5


@pytest.mark.parametrize("radius", [5, 10, 15, 20, 25, 30])
@pytest.mark.parametrize("kind", ["high", "band"])
def test_published_filters_rectify(kind: Any, radius: int) -> None:
    """What comes out says how far a pixel is from the local mean, and no longer to which side; numbers as in methods.md."""
    before = picture("image_chw")
    mask = np.fft.ifftshift(published_mask(kind, 64, 64, radius))[:, :, None]
    signed = np.fft.ifft2(np.fft.fft2(before.astype(float), axes=(0, 1)) * mask, axes=(0, 1)).real
    found = published_filter(before, kind, radius).astype(float)
    assert -0.025 < np.corrcoef(found.ravel(), signed.ravel())[0, 1] < 0.035
    assert np.corrcoef(found.ravel(), np.abs(signed).ravel())[0, 1] > 0.995


def test_published_low_pass_darkens() -> None:
    before = picture("image_chw").astype(float)
    assert published_filter(picture("image_chw"), "low", 5).mean() - before.mean() == pytest.approx(-0.5, abs=0.05)
    clean = filter_pixels(picture("image_chw")[None], Band("low", 5 / 64, mode="pixels"))
    assert clean.mean() - before.mean() == pytest.approx(0, abs=0.05)


def test_published_filters_of_grey_and_oblong_pictures() -> None:
    oblong = textured((1, 40, 60, 3))[0]
    found = published_filter(oblong, "low", 10)
    assert found.shape == oblong.shape
    np.testing.assert_array_equal(published_filter(oblong[:, :, 0], "low", 10), found[:, :, 0])
    with pytest.raises(DataError, match="the published band pass takes square pictures only, got 40x60"):
        published_filter(oblong, "band", 10)


def test_published_filters_that_do_not_exist() -> None:
    with pytest.raises(StudyError, match="unknown published filter 'hardband'. Did you mean 'hard_band'"):
        published_mask("hardband", 8, 8, 3)  # pyright: ignore[reportArgumentType]
    with pytest.raises(StudyError, match="a published filter has a radius above 0 DFT bins, got 0"):
        published_mask("low", 8, 8, 0)


# --- Fourier domain adaptation ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("beta", [0.01, 0.05, 0.1])
def test_published_fourier_domain_adaptation(beta: float) -> None:
    found = published_fda(picture("image_chw"), picture("target_chw"), beta)
    apart = (found - picture(f"fda_torch/beta{beta}")).astype(np.int8)  # 255 and 0 are one level apart: values wrap
    assert np.abs(apart.astype(int)).max() <= 1
    assert np.count_nonzero(apart) <= 3  # values that are whole but for rounding errors


@pytest.mark.parametrize("beta", [0.01, 0.05, 0.1])
def test_fourier_domain_adaptation_of_albumentations(beta: float) -> None:
    source, reference = picture("image_chw"), picture("target_chw")
    wanted = picture(f"fda_albumentations/beta{beta}")
    truncated = np.clip(swap_amplitudes(source, reference, beta).real, 0, 255).astype(np.uint8)
    assert np.count_nonzero(truncated != wanted) <= 3
    assert levels_apart(fda(source, reference, beta), wanted).max() <= 1


@pytest.mark.parametrize("shape", [(64, 64, 3), (61, 40), (40, 61, 3)])
def test_adaptation_to_itself_changes_nothing_and_phases_stay(shape: tuple[int, ...]) -> None:
    source, reference = textured((2, *shape))
    for beta in (0.0, 0.03, 0.5):
        np.testing.assert_array_equal(fda(source, source, beta), source)
    values = swap_amplitudes(source, reference, 0.1)
    assert np.abs(values.imag).max() < 1e-9
    before, after = (np.fft.fft2(x, axes=(0, 1)) for x in (source.astype(float), values.real))
    np.testing.assert_allclose(np.cos(np.angle(after) - np.angle(before)), 1, atol=1e-6)


def test_adaptation_without_a_block_takes_the_mean_alone() -> None:
    source, reference = textured((2, 40, 40, 3))
    values = swap_amplitudes(source, reference, 0.01).real
    np.testing.assert_allclose(values.mean(axis=(0, 1)), reference.mean(axis=(0, 1)))
    np.testing.assert_allclose(values - values.mean(axis=(0, 1)), source - source.mean(axis=(0, 1)), atol=1e-9)


def test_adaptation_wants_one_shape() -> None:
    with pytest.raises(DataError, match=r"needs a reference of the same shape \(8, 8\), got \(8, 9\)"):
        fda(np.zeros((8, 8), np.uint8), np.zeros((8, 9), np.uint8))


def smooth(seed: int, channels: int = 3) -> np.ndarray:
    """Picture of low contrast, so that no filtered value needs clipping."""
    return np.clip(np.random.default_rng(seed).normal(128, 20, (2, 32, 32, channels)), 60, 200).astype(np.uint8)


@pytest.mark.parametrize("kind", ["low", "high", "band", "stop"])
def test_filtered_pixels_equal_a_direct_computation(kind: str) -> None:
    band = Band(kind, 0.2, 0.1, 2, "pixels")
    crops = smooth(0)
    gain = band.gain(np.hypot(np.fft.fftfreq(32)[:, None], np.fft.fftfreq(32)[None, :]))
    gain[0, 0] = 1.0
    for i in range(2):
        for channel in range(3):
            plane = np.fft.ifft2(np.fft.fft2(crops[i, :, :, channel].astype(float)) * gain).real
            difference = filter_pixels(crops, band)[i, :, :, channel] - np.clip(np.rint(plane), 0, 255)
            assert np.abs(difference).max() <= 1


def test_a_band_and_its_opposite_add_up_to_the_picture() -> None:
    crops = smooth(1).astype(int)
    low, high = (filter_pixels(smooth(1), Band(kind, 0.2, 0, 3, "pixels")).astype(int) for kind in ("low", "high"))
    mean = crops.mean(axis=(1, 2), keepdims=True)
    assert np.abs(low + high - mean - crops).max() <= 2


def test_a_high_pass_is_no_rectifier() -> None:
    """The residual stays signed around the mean of the picture."""
    crops = smooth(2, channels=1)
    residual = filter_pixels(crops, Band("high", 0.1, 0, 2, "pixels")).astype(float) - crops.mean()
    assert (residual < -2).mean() > 0.3
    assert (residual > 2).mean() > 0.3


@pytest.mark.parametrize("band", BANDS, ids=str)
def test_a_constant_crop_stays_as_it_is(band: Band) -> None:
    crops = np.full((2, 31, 40, 3), 77, np.uint8)
    np.testing.assert_array_equal(filter_pixels(crops, band), crops)


@pytest.mark.parametrize("shape", [(3, 24, 24), (2, 21, 30, 3)])
@pytest.mark.parametrize(
    "band", [Band("low", 0.2), Band("comb", period=4), Band("high", 0.1, order=3, mode="reweight")], ids=str
)
def test_band_limited_crops(shape: tuple[int, ...], band: Band) -> None:
    """Of the spectrum is left what the band keeps, or as much as its gain says, and the mean."""
    crops = textured(shape)
    limited = band_limited(crops, band)
    assert limited.dtype == np.float32
    plane = Frequencies.of_plane(np.fft.fftfreq(shape[1]), np.fft.fftfreq(shape[2]))
    gain = band.gain(plane) if band.mode == "reweight" else band.keeps(plane).astype(float)
    gain[0, 0] = 1
    before, after = (np.fft.fft2(c.astype(float), axes=(1, 2)) for c in (crops, limited))
    np.testing.assert_allclose(after, before * gain.reshape(gain.shape + (1,) * (len(shape) - 3)), atol=0.05)


def test_a_band_of_nothing_but_the_mean() -> None:
    with pytest.raises(EmptyBandError, match="keeps no coefficient of a 24x24 crop but its mean"):
        band_limited(textured((1, 24, 24)), Band("low", 0.02))


@pytest.mark.parametrize("kind", ["comb", "anticomb"])
def test_a_comb_in_the_pixels_is_the_gain_of_the_whole_plane(kind: Any) -> None:
    crops = smooth(3)[:, :, :30]
    band = Band(kind, period=4, halfwidth=0.03, order=2, mode="pixels")
    gain = band.gain(Frequencies.of_plane(np.fft.fftfreq(32), np.fft.fftfreq(30)))
    gain[0, 0] = 1  # the mean stays
    wanted = np.fft.ifft2(np.fft.fft2(crops.astype(float), axes=(1, 2)) * gain[:, :, None], axes=(1, 2))
    assert np.abs(wanted.imag).max() < 1e-9
    assert np.abs(filter_pixels(crops, band) - np.rint(wanted.real)).max() <= 1  # a level where float32 rounds otherwise
    assert np.abs(filter_pixels(crops, band) - np.rint(wanted.real)).mean() < 1e-3


def test_a_comb_keeps_a_pattern_of_its_period_and_the_anticomb_takes_it_out() -> None:
    pattern = np.tile(np.random.default_rng(0).integers(-40, 41, (8, 8)), (8, 8)) + 128.0
    crops = np.rint(pattern).astype(np.uint8)[None]
    kept, removed = (filter_pixels(crops, Band(kind, period=8, mode="pixels", order=4)) for kind in ("comb", "anticomb"))
    np.testing.assert_array_equal(kept, crops)
    np.testing.assert_array_equal(removed, np.full_like(crops, np.rint(crops.mean())))


@pytest.mark.parametrize(("side", "left"), [(64, 0.0), (128, 0.0), (127, 0.011), (100, 0.092), (60, 0.177)])
def test_an_anticomb_takes_a_wave_out_whole_where_the_side_is_a_multiple_of_its_period(side: int, left: float) -> None:
    phases = np.linspace(0, np.pi, 8, endpoint=False)[:, None, None]
    waves = np.rint(128 + 60 * np.cos(2 * np.pi * np.arange(side) / 8 + phases)).astype(np.uint8)
    waves = np.repeat(waves, side, axis=1)
    rest = band_limited(waves, Band("anticomb", period=8))
    assert rest.var(axis=(1, 2)).mean() / waves.var(axis=(1, 2)).mean() == pytest.approx(left, abs=0.005)
