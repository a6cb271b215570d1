"""Coefficients: columns and planes hold the same numbers, and a band leaves what it says."""

import numpy as np
import pytest

from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.frequency.dct import dct_frequencies
from bandbench.benchmark.views import view_kernel

CROPS = np.random.default_rng(0).integers(0, 256, (6, 48, 48)).astype(np.uint8)


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
    inside = band.keeps(dct_frequencies(48, 48))
    assert len(np.unique(kept[:, ~inside])) == 1
    np.testing.assert_array_equal(kept[:, inside], kernel.base(CROPS)[:, inside])


def test_reweighting_dct_shifts_every_picture_alike() -> None:
    kernel = view_kernel(ViewSpec("dct"))
    base = kernel.base(CROPS)
    shift = kernel.features(base, (48, 48), Band("low", 0.2, order=2, mode="reweight")).values - base
    np.testing.assert_allclose(shift, np.broadcast_to(shift[0], shift.shape), atol=1e-5)


def test_a_window_is_an_option_of_the_dct_alone() -> None:
    crops = np.random.default_rng(0).integers(0, 256, (3, 16, 16), dtype=np.uint8)
    plain, windowed = (view_kernel(ViewSpec("dct", {"window": window})).base(crops) for window in (False, True))
    assert windowed.shape == plain.shape
    np.testing.assert_array_equal(plain, view_kernel(ViewSpec("dct")).base(crops))
    assert np.abs(windowed - plain).max() > 0.1
    assert ViewSpec.of_transform("log_dct", window=True).options["window"]
    assert all("window" not in ViewSpec.of_transform(name, window=True).options for name in ("pixels", "fft", "log_fft"))
    assert "window" not in ViewSpec.of_transform("dct").options
