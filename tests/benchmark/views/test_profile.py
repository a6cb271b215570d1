"""Radial profile: the variants, and which bands have to start from the crops."""

import numpy as np
import pytest

from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.errors import EmptyBandError, StudyError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.frequency.filters import filter_pixels
from bandbench.benchmark.views import features_from_crops, view_kernel

CROPS = np.random.default_rng(0).integers(0, 256, (4, 48, 48)).astype(np.uint8)
PUBLISHED = ViewSpec("profile", {"variant": "published"})


@pytest.mark.parametrize(
    ("options", "band", "needed"),
    [
        ({}, Band("low", 0.2), False),
        ({}, Band("low", 0.2, mode="reweight"), False),
        ({}, Band("low", 0.2, mode="pixels"), True),
        ({"variant": "published"}, Band("low", 0.2), False),
        ({"variant": "published"}, Band("low", 0.2, mode="reweight"), True),
        ({"variant": "published"}, Band(mode="reweight"), False),
    ],
)
def test_bands_that_start_from_the_crops(options: dict[str, str], band: Band, needed: bool) -> None:
    assert view_kernel(ViewSpec("profile", options)).needs_crops(band) is needed


def test_the_published_reweighting_keeps_the_frequencies() -> None:
    kernel = view_kernel(PUBLISHED)
    whole, weighed = (features_from_crops(kernel, CROPS, band) for band in (Band(), Band("low", 0.1, mode="reweight")))
    np.testing.assert_array_equal(weighed.frequency, whole.frequency)
    assert weighed.values[:, -1].max() < whole.values[:, -1].min()


def test_too_few_rings_are_refused() -> None:
    kernel = view_kernel(PUBLISHED)
    with pytest.raises(EmptyBandError, match="this profile needs 4"):
        kernel.features(kernel.base(CROPS), (48, 48), Band.between(0.2, 0.21))


def test_an_unknown_variant() -> None:
    with pytest.raises(StudyError, match="variants clean and published, got 'other'"):
        view_kernel(ViewSpec("profile", {"variant": "other"}))


@pytest.mark.parametrize("mode", ["keep", "reweight"])
@pytest.mark.parametrize("spec", [ViewSpec("profile"), PUBLISHED], ids=str)
def test_rings_take_a_comb_in_the_pixels_alone(spec: ViewSpec, mode: str) -> None:
    kernel = view_kernel(spec)
    with pytest.raises(StudyError, match=f"view 'profile' has rings .* to {mode}.* mix .*of a comb.* use mode pixels"):
        features_from_crops(kernel, CROPS, Band("comb", period=8, mode=mode))
    pixels = Band("anticomb", period=8, mode="pixels")
    wanted = kernel.from_crops(filter_pixels(CROPS, pixels), Band())
    np.testing.assert_array_equal(features_from_crops(kernel, CROPS, pixels).values, wanted.values)


@pytest.mark.parametrize("isometric", [False, True])
def test_several_bands_give_what_each_gives_alone(isometric: bool) -> None:
    kernel = view_kernel(ViewSpec("profile", {"variant": "published", "isometric": isometric}))
    crops = np.random.default_rng(0).integers(0, 256, (5, 24, 24), dtype=np.uint8)
    bands = [Band("low", 0.1, order=9, mode="reweight"), Band("high", 0.2, mode="reweight")]
    assert all(map(kernel.joins_bands, bands))
    for band, together in zip(bands, kernel.from_crops_of(crops, bands), strict=True):
        alone = kernel.from_crops(crops, band)
        np.testing.assert_array_equal(together.values, alone.values)
        np.testing.assert_array_equal(together.frequency, alone.frequency)


def test_bands_that_follow_from_the_base_join_no_others() -> None:
    kernel = view_kernel(ViewSpec("profile", {"variant": "published"}))
    crops = np.random.default_rng(0).integers(0, 256, (5, 24, 24), dtype=np.uint8)
    bands = [Band("low", 0.3), Band("low", 0.3, mode="reweight")]
    assert [kernel.joins_bands(band) for band in bands] == [False, True]
    for band, together in zip(bands, kernel.from_crops_of(crops, bands), strict=True):
        np.testing.assert_array_equal(together.values, kernel.from_crops(crops, band).values)
    assert not kernel.joins_bands(Band("low", 0.3, mode="pixels"))
    assert not view_kernel(ViewSpec("profile")).joins_bands(bands[1])
