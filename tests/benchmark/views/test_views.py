"""The two ways to features agree; a band takes away what it says."""

import numpy as np
import pytest

from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.errors import PluginError, StudyError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.frequency.filters import filter_pixels
from bandbench.benchmark.views import features_from_crops, require_comb, require_view, view_kernel

CROPS = np.random.default_rng(0).integers(0, 256, (6, 48, 48)).astype(np.uint8)
MIXED = [  # a feature holds points of a lattice and others
    ViewSpec("profile"),
    ViewSpec("profile", {"variant": "published"}),
    ViewSpec("dct_blocks"),
    ViewSpec("dct_blocks", {"statistics": "benford"}),
]
PLANES = [
    ViewSpec("directional"),
    ViewSpec("dct"),
    ViewSpec("dct", {"log": False}),
    ViewSpec("fft"),
    ViewSpec("wavelet_packets"),
    ViewSpec("wavelet_packets", {"coefficients": True, "wavelet": "haar"}),
]
SPECS = [*MIXED, *PLANES]
BANDS = [Band(), Band.between(0.2, 0.3), Band("stop", 0.2, 0.1), Band("high", 0.3, order=3, mode="reweight")]


@pytest.mark.parametrize("band", BANDS, ids=str)
@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_the_cached_way_equals_the_direct_way(spec: ViewSpec, band: Band) -> None:
    kernel = view_kernel(spec)
    direct = features_from_crops(kernel, CROPS, band)
    if not kernel.needs_crops(band):
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
    counts = [len(frequency), len(outside), len(inside)]
    # The published profile is resampled to 300 values, whatever the band leaves.
    resampled = spec.options.get("variant") == "published"
    assert counts == ([300] * 3 if resampled else sorted(set(counts)))


def test_unknown_views_and_options() -> None:
    with pytest.raises(PluginError, match=r"unknown view 'profil'. Did you mean 'profile'\?"):
        view_kernel(ViewSpec("profil"))
    with pytest.raises(PluginError, match="cannot take the options"):
        view_kernel(ViewSpec("dct", {"colours": True}))
    with pytest.raises(StudyError, match="variants clean and published"):
        view_kernel(ViewSpec("profile", {"variant": "other"}))


def test_all_pass_returns_the_crop() -> None:
    np.testing.assert_array_equal(filter_pixels(CROPS, Band(mode="pixels")), CROPS)


COMB = Band("comb", period=8)


@pytest.mark.parametrize(
    "band", [COMB, Band("anticomb", period=4, mode="reweight"), Band("comb", period=8, mode="pixels")], ids=str
)
@pytest.mark.parametrize("spec", [*PLANES, ViewSpec("dct", {"plane": True, "colour": True})], ids=str)
def test_views_with_two_frequencies_take_combs(spec: ViewSpec, band: Band) -> None:
    require_comb("mine", spec, band, 48)
    crops = np.stack([CROPS] * 3, axis=3) if spec.options.get("colour") else CROPS
    whole, part = (features_from_crops(view_kernel(spec), crops, one).values for one in (Band(), band))
    assert np.isfinite(part).all()
    assert not np.array_equal(part, whole)


EMBEDDING = ViewSpec("embedding", {"library": "transformers", "model": "of no file"})


@pytest.mark.parametrize("spec", [*MIXED, ViewSpec("pixels"), EMBEDDING, ViewSpec("file_facts")], ids=str)
def test_views_without_two_frequencies_take_combs_in_the_pixels_alone(spec: ViewSpec) -> None:
    require_comb("mine", spec, Band("comb", period=8, mode="pixels"), 48)
    require_comb("mine", spec, Band.between(0.1, 0.2), 48)
    message = f"detector 'mine' .*comb 8px ±0.02 in mode keep: view '{spec.name}' .*use mode pixels"
    with pytest.raises(StudyError, match=message):
        require_comb("mine", spec, COMB, 48)


def test_combs_that_crops_cannot_hold() -> None:
    with pytest.raises(StudyError, match="period 16 needs crops of at least 32 pixels, two periods, got 31"):
        require_comb("mine", ViewSpec("pixels"), Band("comb", period=16, mode="pixels"), 31)
    with pytest.raises(StudyError, match="detector 'mine' .*keeps no coefficient of a 48x48 crop"):
        require_comb("mine", ViewSpec("fft"), Band("comb", period=5, halfwidth=0.001), 48)


def test_what_a_view_cannot_compute_is_refused_with_the_name_of_the_detector() -> None:
    require_view("profile", ViewSpec("profile"), 16)
    require_view("packets", ViewSpec("wavelet_packets"), 16)
    with pytest.raises(StudyError, match="detector 'packets': .* level 4 need crops of at least 16x16 pixels, got 15x15"):
        require_view("packets", ViewSpec("wavelet_packets"), 15)
    with pytest.raises(StudyError, match="detector 'blocks': blocks of 8x8 pixels need crops .* got 7x7"):
        require_view("blocks", ViewSpec("dct_blocks"), 7)
    with pytest.raises(StudyError, match="detector 'peaks': .* needs crops of at least 9x9 pixels, got 8x8"):
        require_view("peaks", ViewSpec("cross_difference"), 8)
    with pytest.raises(StudyError, match="detector 'noise': .* needs crops of at least 16x16 pixels, got 15x15"):
        require_view("noise", ViewSpec("noise_residual"), 15)
    with pytest.raises(StudyError, match="detector 'cells': .* needs crops of at least 3x3 pixels, got 2x2"):
        require_view("cells", ViewSpec("npr"), 2)
    with pytest.raises(StudyError, match="detector 'packets': unknown wavelet 'db99'"):
        require_view("packets", ViewSpec("wavelet_packets", {"wavelet": "db99"}), 64)
