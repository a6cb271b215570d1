"""The two ways to features agree; a band takes away what it says."""

import numpy as np
import pytest

from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.errors import PluginError, StudyError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.frequency.dct import dct_frequency
from bandbench.benchmark.frequency.filters import filter_pixels
from bandbench.benchmark.views import features_from_crops, needs_crops, view_kernel

CROPS = np.random.default_rng(0).integers(0, 256, (6, 48, 48)).astype(np.uint8)
SPECS = [
    ViewSpec("profile"),
    ViewSpec("profile", {"variant": "published"}),
    ViewSpec("directional"),
    ViewSpec("dct"),
    ViewSpec("dct", {"log": False}),
    ViewSpec("fft"),
]
BANDS = [Band(), Band.between(0.2, 0.3), Band("stop", 0.2, 0.1), Band("high", 0.3, order=3, mode="reweight")]


@pytest.mark.parametrize("band", BANDS, ids=str)
@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_the_cached_way_equals_the_direct_way(spec: ViewSpec, band: Band) -> None:
    kernel = view_kernel(spec)
    direct = features_from_crops(kernel, CROPS, band)
    if not needs_crops(kernel, band):
        cached = kernel.features(kernel.base(CROPS), (48, 48), band)
        np.testing.assert_array_equal(cached.values, direct.values)
        np.testing.assert_array_equal(cached.frequency, direct.frequency)
    assert direct.values.shape == (6, len(direct.frequency))


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_keep_has_no_feature_outside(spec: ViewSpec) -> None:
    kernel = view_kernel(spec)
    frequency = kernel.features(kernel.base(CROPS), (48, 48), Band.between(0.2, 0.3)).frequency
    assert frequency.min() >= 0.2 - 1e-9
    assert frequency.max() <= 0.3 + 1e-9
    outside = kernel.features(kernel.base(CROPS), (48, 48), Band.between(0.2, 0.3, "stop")).frequency
    inside = kernel.features(kernel.base(CROPS), (48, 48), Band()).frequency
    assert len(frequency) < len(outside) < len(inside) or spec.options


@pytest.mark.parametrize("name", ["dct", "fft"])
def test_a_colour_plane_holds_the_same_numbers_as_columns(name: str) -> None:
    crops = np.random.default_rng(1).integers(0, 256, (2, 16, 16, 3)).astype(np.uint8)
    flat, plane = (view_kernel(ViewSpec(name, {"colour": True, "plane": p})) for p in (False, True))
    columns = flat.features(flat.base(crops), (16, 16), Band()).values
    whole = plane.features(plane.base(crops), (16, 16), Band()).values
    assert whole.shape[3] == 3
    np.testing.assert_array_equal(np.sort(columns, axis=1), np.sort(whole.reshape(2, -1), axis=1))
    np.testing.assert_array_equal(columns[:, :3], whole[:, 0, 0])  # the lowest frequency of all channels comes first


def test_a_band_of_a_plane_is_constant_outside() -> None:
    kernel = view_kernel(ViewSpec("dct", {"plane": True}))
    band = Band("low", 0.2)
    kept = kernel.features(kernel.base(CROPS), (48, 48), band).values
    inside = band.keeps(dct_frequency(48, 48))
    assert len(np.unique(kept[:, ~inside])) == 1
    np.testing.assert_array_equal(kept[:, inside], kernel.base(CROPS)[:, inside])


def test_directions_tell_rows_from_columns() -> None:
    stripes = np.tile(128 + 100 * np.cos(2 * np.pi * 0.25 * np.arange(48)), (48, 1)).astype(np.uint8)
    kernel = view_kernel(ViewSpec("directional", {"sectors": 4}))
    along, across = (kernel.features(kernel.base(crop[None]), (48, 48), Band()) for crop in (stripes, stripes.T))
    ring = np.flatnonzero(np.abs(along.frequency - 0.25) < 0.03)
    assert ring[np.argmax(along.values[0, ring])] % 4 != ring[np.argmax(across.values[0, ring])] % 4
    np.testing.assert_allclose(np.sort(along.values[0, ring])[-1], np.sort(across.values[0, ring])[-1], rtol=1e-3)


def test_reweighting_dct_shifts_every_picture_alike() -> None:
    kernel = view_kernel(ViewSpec("dct"))
    base = kernel.base(CROPS)
    shift = kernel.features(base, (48, 48), Band("low", 0.2, order=2, mode="reweight")).values - base
    np.testing.assert_allclose(shift, np.broadcast_to(shift[0], shift.shape), atol=1e-5)


def test_pixels_view() -> None:
    kernel = view_kernel(ViewSpec("pixels", {"colour": False}))
    np.testing.assert_array_equal(kernel.features(kernel.base(CROPS), (48, 48), Band()).values, CROPS)
    with pytest.raises(StudyError, match="use mode pixels"):
        kernel.features(CROPS, (48, 48), Band("low", 0.2))


def test_unknown_views_and_options() -> None:
    with pytest.raises(PluginError, match=r"unknown view 'profil'. Did you mean 'profile'\?"):
        view_kernel(ViewSpec("profil"))
    with pytest.raises(PluginError, match="cannot take the options"):
        view_kernel(ViewSpec("dct", {"colours": True}))
    with pytest.raises(StudyError, match="variants clean and published"):
        view_kernel(ViewSpec("profile", {"variant": "other"}))


def smooth(seed: int, channels: int = 3) -> np.ndarray:
    """Picture of low contrast, so that no filtered value needs clipping."""
    return np.clip(np.random.default_rng(seed).normal(128, 20, (2, 32, 32, channels)), 60, 200).astype(np.uint8)


def test_all_pass_returns_the_crop() -> None:
    np.testing.assert_array_equal(filter_pixels(CROPS, Band(mode="pixels")), CROPS)


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
