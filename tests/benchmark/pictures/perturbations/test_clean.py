"""The laws of noise, blur, JPEG, crop and storing alike."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from bandbench.benchmark.pictures import crops as images
from bandbench.benchmark.pictures.perturbations import (
    perturb,
)
from conftest import difference, noise_picture, textured_picture

CHAINS = ["noise", "blur", "jpeg", "crop", "combined", "jpeg:quality=80+noise:sd=3"]
SHAPES = [(64, 64), (61, 40), (64, 64, 3), (37, 90, 3)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("chain", CHAINS)
def test_shape_and_type_stay(chain: str, shape: tuple[int, ...]) -> None:
    before = textured_picture(shape)
    kept = before.copy()
    after = perturb(before, chain, "a")
    assert after.shape == shape
    assert after.dtype == np.uint8
    assert difference(after, before).max() > 0
    np.testing.assert_array_equal(before, kept)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("chain", "levels"), [("noise:sd=0", 0), ("blur:sigma=0", 0), ("crop:share=0", 0), ("jpeg:quality=100", 3)]
)
def test_no_strength_changes_nearly_nothing(chain: str, levels: float, shape: tuple[int, ...]) -> None:
    before = textured_picture(shape)
    assert difference(perturb(before, chain, "a"), before).mean() <= levels


@pytest.mark.parametrize("chain", ["noise:sd={}", "blur:sigma={}", "crop:share={}", "jpeg:quality={}"])
def test_more_strength_changes_more(chain: str) -> None:
    before = textured_picture((64, 64, 3))
    strengths = (90, 50, 10) if "jpeg" in chain else (0.1, 0.2, 0.4)
    changes = [difference(perturb(before, chain.format(s), "a"), before).mean() for s in strengths]
    assert changes == sorted(changes)
    assert changes[-1] > changes[0]


def test_noise_has_the_deviation_that_is_asked_for() -> None:
    flat = np.full((128, 128, 3), 128, np.uint8)
    flat[..., 0] = 120
    assert (perturb(flat, "noise:sd=10", "a") - flat.astype(float)).std() == pytest.approx(10, rel=0.02)


def test_blur_is_the_gaussian_of_its_sigma() -> None:
    before = noise_picture(1)
    wanted = ndimage.gaussian_filter(before.astype(float), 1.5, mode="mirror")
    assert np.abs(perturb(before, "blur:sigma=1.5", "a") - wanted).max() < 0.51


def test_jpeg_is_what_a_program_would_write() -> None:
    before = textured_picture((64, 64, 3))
    file = io.BytesIO()
    Image.fromarray(before).save(file, "JPEG", quality=60)
    np.testing.assert_array_equal(perturb(before, "jpeg:quality=60", "a"), images.decode(file.getvalue(), colour=True))


def test_crop_keeps_the_middle_in_its_place() -> None:
    before = np.zeros((65, 65), np.uint8)
    before[32, 32] = 255
    after = perturb(before, "crop:share=0.2", "a")
    assert np.unravel_index(after.argmax(), after.shape) == (32, 32)


@pytest.mark.parametrize(
    "chain", ["noise", "combined", "noise:faithful", "blur:faithful", "crop:faithful", "combined:faithful"]
)
def test_what_is_drawn_follows_from_the_content(chain: str) -> None:
    before = textured_picture((64, 64, 3))
    first = [perturb(before, chain, content) for content in "abcdefgh"]
    again = [perturb(before, chain, content) for content in reversed("abcdefgh")][::-1]
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
    assert len({one.tobytes() for one in first}) > 1


def test_noises_of_one_picture_differ_in_strength_alone() -> None:
    flat = np.full((64, 64), 128, np.uint8)
    weak, strong = (perturb(flat, f"noise:sd={sd}", "a").astype(float).ravel() for sd in (5, 20))
    assert np.corrcoef(weak, strong)[0, 1] > 0.99


def test_two_noises_are_two() -> None:
    flat = np.full((128, 128), 128, np.uint8)
    assert (perturb(flat, "noise:sd=10+noise:sd=10", "a") - 128.0).std() == pytest.approx(10 * np.sqrt(2), rel=0.03)


def test_probability_is_a_share_of_the_pictures() -> None:
    before = noise_picture(1, side=16)
    changed = [difference(perturb(before, "noise:probability=0.3", str(i)), before).any() for i in range(400)]
    assert np.mean(changed) == pytest.approx(0.3, abs=0.08)


def test_combined_does_one_of_the_four() -> None:
    before = textured_picture((32, 32))
    alone = {perturb(before, chain, "a").tobytes() for chain in ("blur", "jpeg", "crop")}
    found = {perturb(before, "combined", str(i)).tobytes() for i in range(60)}
    assert alone <= found
    assert len(found) > 4  # the noises


@pytest.mark.parametrize("chain", ["noise", "lowpass", "fda"])
def test_grey_in_three_channels_stays_grey(chain: str) -> None:
    grey = noise_picture(1)
    colour = perturb(np.repeat(grey[:, :, None], 3, axis=2), chain, "a")
    np.testing.assert_array_equal(images.in_grey(colour), perturb(grey, chain, "a"))


def test_pictures_that_are_stored_alike_have_the_grid_at_a_drawn_place_and_one_size() -> None:
    before = noise_picture(3, 100)[:, :90]
    shapes = {perturb(before, "alike", str(i)).shape for i in range(40)}
    assert len(shapes) > 10
    assert {rows for rows, _ in shapes} <= set(range(93, 101))
    assert min(perturb(before, "alike:side=64", "a").shape) == 64
    # Compressed twice in one way is hardly changed: that is what makes classes alike.
    once = perturb(before, "alike:quality=50", "a")
    assert np.abs(perturb(once, "jpeg:quality=50", "a").astype(int) - once).mean() < 1
