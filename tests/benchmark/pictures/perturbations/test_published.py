"""Published perturbations against stored arrays of the programs."""

from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.errors import DataError
from bandbench.benchmark.pictures.perturbations import (
    PUBLISHED,
    perturb,
    published_blur,
    published_crop,
    published_jpeg,
    published_noise,
)
from conftest import difference, textured_picture

GOLDEN = np.load(Path(__file__).parents[3] / "golden" / "perturbations.npz")
SHAPES = [(64, 64), (61, 40), (64, 64, 3), (37, 90, 3)]
RNG = np.random.default_rng(0)


def legacy(seed: int) -> np.random.RandomState:
    """What ``numpy.random`` is after ``numpy.random.seed(seed)``."""
    return np.random.RandomState(seed)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_published_noise(seed: int) -> None:
    np.testing.assert_array_equal(published_noise(GOLDEN["input"], legacy(seed)), GOLDEN[f"noise/seed{seed}"])


@pytest.mark.parametrize("seed", [0, 1])
def test_published_blur_as_drawn(seed: int) -> None:
    np.testing.assert_array_equal(published_blur(GOLDEN["input"], legacy(seed)), GOLDEN[f"blur/seed{seed}"])


@pytest.mark.parametrize("kernel", [3, 5, 7, 9])
def test_published_blur(kernel: int) -> None:
    np.testing.assert_array_equal(published_blur(GOLDEN["input"], RNG, kernel=kernel), GOLDEN[f"blur/kernel{kernel}"])


@pytest.mark.parametrize("factor", [10, 74])
def test_published_jpeg_is_of_quality_95_whatever_was_drawn(factor: int) -> None:
    assert difference(published_jpeg(GOLDEN["input"], RNG), GOLDEN[f"jpeg/factor{factor}"]).max() <= 1


@pytest.mark.parametrize("factor", [10, 40, 74])
def test_published_jpeg_of_the_program_that_passes_the_quality(factor: int) -> None:
    made = published_jpeg(GOLDEN["passed_input"], RNG, quality=factor)
    assert difference(made, GOLDEN[f"passed_jpeg/factor{factor}"]).max() <= 1


@pytest.mark.parametrize("seed", [0, 1])
def test_published_crop_as_drawn(seed: int) -> None:
    assert difference(published_crop(GOLDEN["input"], legacy(seed)), GOLDEN[f"cropping/seed{seed}"]).max() <= 1


@pytest.mark.parametrize("share", [0.05, 0.1, 0.19])
def test_published_crop(share: float) -> None:
    assert difference(published_crop(GOLDEN["input"], RNG, share=share), GOLDEN[f"cropping/p{share}"]).max() <= 1


def test_published_crop_takes_the_sides_for_one_another() -> None:
    assert published_crop(textured_picture((37, 90, 3)), RNG).shape == (90, 37, 3)


def test_published_noise_is_truncated_and_the_clean_one_is_not() -> None:
    flat = np.full((256, 256), 128, np.uint8)
    published = perturb(flat, "noise:faithful", "a").mean() - 128
    clean = perturb(flat, "noise:sd=10", "a").mean() - 128
    assert published == pytest.approx(-0.5, abs=0.2)
    assert clean == pytest.approx(0.0, abs=0.2)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_ones_take_every_picture(name: str, shape: tuple[int, ...]) -> None:
    if name == "bandpass" and shape[0] != shape[1]:
        with pytest.raises(DataError, match="the published band pass takes square pictures only, got "):
            perturb(textured_picture(shape), f"{name}:faithful", "a")
        return
    after = perturb(textured_picture(shape), f"{name}:faithful", "a")
    assert after.dtype == np.uint8
    assert sorted(after.shape) == sorted(shape)
