"""Resampling, WebP and platforms."""

import io

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.errors import DataError
from bandbench.benchmark.pictures.perturbations import perturb
from bandbench.benchmark.pictures.perturbations.resampling import KERNELS, LONGEST_OF_WEBP, PRESETS
from conftest import difference, textured_picture

SHAPES = [(64, 64), (61, 40), (64, 64, 3), (37, 90, 3)]


def blocks(picture: np.ndarray) -> np.ndarray:
    """Squares of 2 x 2 pixels, (rows / 2, cols / 2, 4)."""
    rows, cols = (side // 2 for side in picture.shape)
    return picture.reshape(rows, 2, cols, 2).swapaxes(1, 2).reshape(rows, cols, 4)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", ["0.3", "0.5", "1.7"])
@pytest.mark.parametrize("kernel", KERNELS)
def test_resize_gives_the_size_back(kernel: str, scale: str, shape: tuple[int, ...]) -> None:
    before = textured_picture(shape)
    kept = before.copy()
    after = perturb(before, f"resize:scale={scale}:kernel={kernel}", "a")
    assert (after.shape, after.dtype) == (shape, np.uint8)
    np.testing.assert_array_equal(before, kept)


@pytest.mark.parametrize("kernel", KERNELS)
def test_scale_one_changes_nothing(kernel: str) -> None:
    before = textured_picture((61, 40, 3))
    np.testing.assert_array_equal(perturb(before, f"resize:scale=1:kernel={kernel}", "a"), before)


def test_nearest_and_area_by_two_are_blocks() -> None:
    before = textured_picture((64, 40))
    nearest, area = (blocks(perturb(before, f"resize:scale=0.5:kernel={kernel}", "a")) for kernel in ("nearest", "area"))
    assert np.ptp(nearest, axis=-1).max() == 0
    assert (nearest[..., :1] == blocks(before)).any(axis=-1).all()
    np.testing.assert_allclose(area[..., 0], blocks(before).mean(axis=-1), atol=0.51)


@pytest.mark.parametrize("kernel", ["area", "bilinear", "bicubic", "lanczos"])
def test_down_and_up_loses_high_frequencies_without_aliasing(kernel: str) -> None:
    cols = np.arange(64)
    stripes = np.rint(128 + 60 * np.cos(2 * np.pi * 0.4375 * cols))[None, :].repeat(64, axis=0).astype(np.uint8)
    after = perturb(stripes, f"resize:scale=0.5:kernel={kernel}", "a")
    assert after[:, 8:-8].std() < 0.5 * stripes.std()
    aliased = perturb(stripes, "resize:scale=0.5:kernel=nearest", "a")
    assert aliased.std() > 0.8 * stripes.std()


def test_up_and_down_is_milder_than_down_and_up() -> None:
    before = textured_picture((64, 64))
    down, up = (difference(perturb(before, f"resize:scale={scale}", "a"), before).mean() for scale in (0.5, 2))
    assert up < down / 3


def test_a_range_of_scales_gives_every_picture_its_own() -> None:
    before = textured_picture((64, 64))
    assert len({perturb(before, "resize:scale=0.5-1.0:kernel=area", str(i)).tobytes() for i in range(12)}) > 8


@pytest.mark.parametrize("shape", SHAPES)
def test_webp_is_what_a_program_would_write(shape: tuple[int, ...]) -> None:
    before, file = textured_picture(shape), io.BytesIO()
    Image.fromarray(before).save(file, "WEBP", quality=60)
    after = perturb(before, "webp:quality=60", "a")
    assert after.shape == shape
    np.testing.assert_array_equal(after, np.asarray(Image.open(file).convert("RGB" if len(shape) == 3 else "L")))
    changes = [difference(perturb(before, f"webp:quality={quality}", "a"), before).mean() for quality in (95, 50, 5)]
    assert changes == sorted(changes)


def test_webp_has_a_longest_side() -> None:
    with pytest.raises(DataError, match=f"webp stores sides of at most {LONGEST_OF_WEBP} pixels, got 16384x2"):
        perturb(np.zeros((2, LONGEST_OF_WEBP + 1), np.uint8), "webp", "a")


@pytest.mark.parametrize("preset", PRESETS)
def test_platforms_never_enlarge(preset: str) -> None:
    before = textured_picture((48, 90, 3))
    after, file = perturb(before, f"platform:preset={preset}", "a"), io.BytesIO()
    assert after.shape == before.shape
    Image.fromarray(before).save(file, "JPEG", quality=PRESETS[preset].quality, subsampling="4:2:0")
    np.testing.assert_array_equal(after, np.asarray(Image.open(file)))


@pytest.mark.parametrize(("preset", "longest"), [("feed", 1080), ("messenger", 1600), ("album", 2048)])
def test_platforms_make_large_pictures_smaller(preset: str, longest: int) -> None:
    large = np.repeat(np.repeat(textured_picture((40, 75, 3)), 32, axis=0), 32, axis=1)  # 1280 x 2400
    after = perturb(large, f"platform:preset={preset}", "a")
    assert after.shape == (round(1280 * longest / 2400), longest, 3)
    upright = perturb(np.ascontiguousarray(large[:, :, 0].T), f"platform:preset={preset}", "a")
    assert upright.shape == (longest, round(1280 * longest / 2400))
