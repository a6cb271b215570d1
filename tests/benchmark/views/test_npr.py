"""Neighbouring pixel relationships against a resampler of a library, and statistics counted one by one."""

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.errors import StudyError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.views import features_from_crops, view_kernel
from bandbench.benchmark.views.npr import NprView, nearest_residual

CROPS = np.random.default_rng(0).integers(0, 256, (3, 17, 22, 3)).astype(np.uint8)


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_the_map_is_a_crop_minus_its_resampled_self(factor: int) -> None:
    residual = nearest_residual(CROPS, factor)
    rows, cols = 17 // factor * factor, 22 // factor * factor
    assert residual.shape == (3, rows, cols, 3)
    for crop, found in zip(CROPS[:, :rows, :cols], residual, strict=True):
        small = Image.fromarray(np.ascontiguousarray(crop[::factor, ::factor]))
        again = np.asarray(small.resize((cols, rows), Image.Resampling.NEAREST))
        np.testing.assert_array_equal(found, crop.astype(int) - again.astype(int))


@pytest.mark.parametrize(("factor", "levels"), [(2, 4), (4, 2)])
def test_statistics_one_by_one(factor: int, levels: int) -> None:
    rng = np.random.default_rng(1)
    crops = np.clip(np.rint(128 + rng.normal(0, 2, (2, 13, 15, 3))), 0, 255).astype(np.uint8)
    values = NprView(factor, levels).base(crops)
    columns = iter(values[1])
    x = crops[1].astype(int)
    for first in (0, 1):
        for a, b in [(a, b) for a in range(factor) for b in range(factor) if a + b > 0]:
            rows = range(first, 13 - factor + 1, factor)
            cols = range(first, 15 - factor + 1, factor)
            d = np.array([[x[i + a, j + b] - x[i, j] for j in cols] for i in rows])
            block = np.array([next(columns) for _ in range((2 * levels + 4) * 3)]).reshape(-1, 3)
            for level in range(-levels, levels + 1):
                inside = np.clip(d, -levels, levels) == level
                np.testing.assert_allclose(block[level + levels], inside.mean(axis=(0, 1)), atol=1e-6)
            np.testing.assert_allclose(block[-3], d.mean(axis=(0, 1)), atol=1e-5)
            np.testing.assert_allclose(block[-2], np.log((d**2).mean(axis=(0, 1)) + 0.1), atol=1e-5)
            np.testing.assert_allclose(block[-1], np.log((d**4).mean(axis=(0, 1)) + 0.1), atol=1e-5)
    assert next(columns, None) is None


def test_default_columns() -> None:
    kernel = view_kernel(ViewSpec("npr"))
    assert kernel.features(kernel.base(CROPS), (17, 22), Band()).values.shape == (3, 216)


def test_repeated_pixels_have_no_differences_in_one_grid_only() -> None:
    crops = CROPS[:, :8, :8].repeat(2, axis=1).repeat(2, axis=2)
    zero = NprView(levels=1).base(crops).reshape(3, 2, 3, 6, 3)[:, :, :, 1]  # grid, place, statistic, channel: share of 0
    assert (zero[:, 0] == 1).all()
    assert (zero[:, 1] < 0.1).all()


def test_bands_act_on_the_pixels() -> None:
    kernel = view_kernel(ViewSpec("npr"))
    with pytest.raises(StudyError, match="view 'npr' has no frequencies to keep; use mode pixels"):
        kernel.features(kernel.base(CROPS), (17, 22), Band("comb", period=2))
    filtered = features_from_crops(kernel, CROPS, Band("anticomb", period=2, mode="pixels"))
    assert np.abs(filtered.values - kernel.base(CROPS)).max() > 0.01


def test_small_crops_and_options_without_sense() -> None:
    with pytest.raises(StudyError, match="needs crops of at least 5x5 pixels, got 4x4"):
        NprView(factor=4).base(np.zeros((1, 4, 4, 3), np.uint8))
    assert np.isfinite(NprView(factor=4).base(np.zeros((1, 5, 5, 3), np.uint8))).all()
    with pytest.raises(StudyError, match="factor from 2 to 16, got 1"):
        NprView(factor=1)
    with pytest.raises(StudyError, match="levels from 1 to 127, got 128"):
        NprView(levels=128)


def test_extreme_differences() -> None:
    crops = np.zeros((1, 9, 9, 1), np.uint8)
    crops[:, 1::2] = 255
    values = NprView(colour=False).base(crops[..., 0]).reshape(2, 3, 12)
    np.testing.assert_allclose(values[0, 1, -3:], [255, np.log(255**2 + 0.1), np.log(255.0**4 + 0.1)], rtol=1e-6)
    np.testing.assert_allclose(values[1, 1, -3], -255)
