"""Modes of a band: what each does to a gain, and that nothing but its class needs to know it."""

import numpy as np
import pytest

from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.frequency.modes import MODES, BandMode
from bandbench.benchmark.views import features_from_crops, view_kernel

GAIN = np.array([0.0, 0.4, 0.5 - 1e-15, 0.5, 1.0])
CROPS = np.random.default_rng(0).integers(0, 256, (3, 32, 32)).astype(np.uint8)


def test_keep_clips_at_half_the_gain() -> None:
    kept = MODES["keep"].kept(GAIN)
    assert kept is not None
    np.testing.assert_array_equal(kept, [False, False, True, True, True])
    assert MODES["keep"].weight(GAIN) is None


def test_reweight_multiplies_and_leaves_all() -> None:
    weight = MODES["reweight"].weight(GAIN)
    assert weight is not None
    np.testing.assert_array_equal(weight, GAIN)
    assert MODES["reweight"].kept(GAIN) is None


def test_pixels_acts_before_any_view() -> None:
    assert [name for name, mode in MODES.items() if mode.filters_crops] == ["pixels"]
    assert MODES["pixels"].weight(GAIN) is None
    assert MODES["pixels"].kept(GAIN) is None


def test_a_sweep_locates_evidence_in_a_mode_that_takes_something_away() -> None:
    assert {name: mode.sweep for name, mode in MODES.items()} == {"keep": "keep", "reweight": "keep", "pixels": "pixels"}


@pytest.mark.parametrize("mode", MODES)
def test_the_order_is_dropped_where_it_has_no_effect(mode: str) -> None:
    assert Band("low", 0.2, order=4, mode=mode).order == (4 if MODES[mode].has_order else 1)


class Squared(BandMode):
    """Weighs and clips: neither of the modes that there are."""

    def weight(self, gain: np.ndarray) -> np.ndarray:
        return gain**2

    def kept(self, gain: np.ndarray) -> np.ndarray:
        return gain >= 0.5


@pytest.mark.parametrize(
    "spec", [ViewSpec("profile"), ViewSpec("directional"), ViewSpec("dct"), ViewSpec("fft", {"log": False})], ids=str
)
def test_a_mode_is_one_class(spec: ViewSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every view takes a mode that it does not know, as the two that it is made of, one after the other."""
    monkeypatch.setitem(MODES, "squared", Squared())
    kernel = view_kernel(spec)
    squared, kept, weighed = (
        features_from_crops(kernel, CROPS, Band("low", 0.3, order=order, mode=mode))
        for mode, order in (("squared", 2), ("keep", 1), ("reweight", 2))
    )
    np.testing.assert_array_equal(squared.frequency, kept.frequency)
    n = squared.values.shape[1]
    whole = features_from_crops(kernel, CROPS, Band()).values[:, :n].astype(np.float64)
    once = weighed.values[:, :n].astype(np.float64)
    # The lowest frequencies, in bins that are cut nowhere: the weight acts twice.
    if spec.name == "fft":
        np.testing.assert_allclose(squared.values[:, :20] * whole[:, :20], once[:, :20] ** 2, rtol=1e-3, atol=1e-3)
    else:
        np.testing.assert_allclose(squared.values[:, :5] + whole[:, :5], 2 * once[:, :5], rtol=1e-2)
