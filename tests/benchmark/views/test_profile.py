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
