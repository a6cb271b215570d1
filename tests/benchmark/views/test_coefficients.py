"""Coefficients: columns and planes hold the same numbers, and a band leaves what it says."""

import numpy as np
import pytest

from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.errors import EmptyBandError
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


def by_hand(rows: np.ndarray, cols: np.ndarray, period: int, halfwidth: float) -> np.ndarray:
    """Mask of the coefficients within `halfwidth` of a point of the lattice."""
    points = [(i / period, j / period) for i in range(period) for j in range(period) if (i, j) != (0, 0)]
    return np.array([[min(np.hypot(y - i, x - j) for i, j in points) <= halfwidth + 1e-9 for x in cols] for y in rows])


AXES = {
    "dct": (np.arange(48) / 96, np.arange(48) / 96),
    "fft": (np.abs(np.fft.fftfreq(48)), np.fft.rfftfreq(48)),
}


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("period", [2, 8])
@pytest.mark.parametrize("name", ["dct", "fft"])
def test_combs_of_columns_and_planes(name: str, period: int, colour: bool) -> None:
    crops = np.stack([CROPS] * 3, axis=3) if colour else CROPS
    flat, plane = (view_kernel(ViewSpec(name, {"colour": colour, "plane": p, "log": False})) for p in (False, True))
    mask = by_hand(*AXES[name], period, 0.02)
    assert (mask.any(), mask.all(), bool(mask[0, 0])) == (True, False, False)
    whole = plane.features(plane.base(crops), (48, 48), Band()).values
    for kind, kept in (("comb", mask), ("anticomb", ~mask)):
        band = Band(kind, period=period, halfwidth=0.02)
        left = plane.features(plane.base(crops), (48, 48), band).values
        np.testing.assert_array_equal(left[:, kept], whole[:, kept])
        assert not left[:, ~kept].any()
        columns = flat.features(flat.base(crops), (48, 48), band)
        np.testing.assert_array_equal(np.sort(columns.values, axis=1), np.sort(whole[:, kept].reshape(6, -1), axis=1))
        radii = np.hypot(AXES[name][0][:, None], AXES[name][1])[kept]
        np.testing.assert_allclose(columns.frequency, np.repeat(np.sort(radii), 3 if colour else 1))


def test_a_comb_reweights() -> None:
    kernel = view_kernel(ViewSpec("fft", {"log": False}))
    parts = [Band(kind, period=4, mode="reweight", order=2) for kind in ("comb", "anticomb")]
    comb, rest = (kernel.features(kernel.base(CROPS), (48, 48), band).values for band in parts)
    np.testing.assert_allclose(comb + rest, kernel.base(CROPS), rtol=1e-5)


def test_a_comb_that_meets_no_coefficient_is_refused() -> None:
    kernel = view_kernel(ViewSpec("fft"))
    with pytest.raises(EmptyBandError, match="comb 5px ±0.001 keeps no coefficient of a 48x48 crop"):
        kernel.features(kernel.base(CROPS), (48, 48), Band("comb", period=5, halfwidth=0.001))


@pytest.mark.parametrize("name", ["dct", "profile"])
def test_what_a_detector_does_with_frequencies_stays_with_it(name: str) -> None:
    view, band = view_kernel(ViewSpec(name)), Band("low", 0.2)
    base = view.base(np.random.default_rng(0).integers(0, 256, (2, 32, 32), dtype=np.uint8))
    frequency = view.features(base, (32, 32), band).frequency
    assert frequency is not None
    before = frequency.copy()
    frequency[:] = 0
    np.testing.assert_array_equal(view.features(base, (32, 32), band).frequency, before)
