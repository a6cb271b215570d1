"""Noise residuals against stored arrays, and their laws."""

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from bandbench.benchmark.errors import DataError
from bandbench.benchmark.frequency import noise

GOLDEN = np.load(Path(__file__).parents[2] / "golden" / "prnu.npz")
SINGLE = {"rtol": 1e-4, "atol": 1e-5}  # the stored arrays are float32


def settings(key: str) -> tuple[int, float]:
    """Take levels and sigma from the end of a key, ``levels3_sigma0.8``."""
    levels, sigma = key.rsplit("/", 1)[1].split("_")
    return int(levels.removeprefix("levels")), float(sigma.removeprefix("sigma"))


@pytest.mark.parametrize("key", [key for key in GOLDEN if key.startswith("noise_extract/")])
def test_residual(key: str) -> None:
    residual = noise.noise_residual(GOLDEN[key.split("/")[1]][None], *settings(key))
    np.testing.assert_allclose(residual[0], GOLDEN[key], **SINGLE)


def test_local_wiener_filter() -> None:
    matrix = GOLDEN["matrix"][None].astype(np.float64)
    np.testing.assert_allclose((matrix * noise.noise_share(matrix, 0.5))[0], GOLDEN["wiener_adaptive/var0.5"], rtol=1e-6)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_local_wiener_filter_is_that_of_window_means(kind: type[np.floating]) -> None:
    """One noise variance per plane, odd sides; the means by a library."""
    planes = np.random.default_rng(0).standard_normal((3, 15, 22)).astype(kind)
    variance = np.array([0.1, 1.0, 4.0]).reshape(3, 1, 1)
    least = np.min([uniform_filter(planes**2, (1, w, w), mode="constant") for w in noise.WINDOWS], axis=0)
    wanted = variance / (np.maximum(least - variance, 0) + variance)
    share = noise.noise_share(planes, variance)
    assert share.dtype == kind
    np.testing.assert_allclose(share, wanted, rtol=1e-5 if kind is np.float32 else 1e-12)


def test_no_noise_is_no_share() -> None:
    np.testing.assert_array_equal(noise.noise_share(np.zeros((1, 8, 8)), 0.0), 0)
    np.testing.assert_array_equal(noise.noise_share(np.zeros((1, 8, 8)), 0.3), 1)


@pytest.mark.parametrize("shape", [(3, 33, 40), (11, 21, 30, 3)])
def test_crops_do_not_influence_each_other(shape: tuple[int, ...]) -> None:
    """Odd and even sides, grey and colour, more crops than are computed at a time."""
    crops = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    residual = noise.noise_residual(crops, 3, 5.0)
    assert residual.shape == shape
    for i in (0, len(crops) - 1):
        np.testing.assert_array_equal(noise.noise_residual(crops[i : i + 1], 3, 5.0)[0], residual[i])


def test_large_noise_leaves_the_smooth_part() -> None:
    """With all details taken for noise, residual and a coarse picture are the picture."""
    rows, cols = np.mgrid[0:64, 0:64]
    smooth = (64 + rows + cols).astype(np.float32)[None]
    grain = np.where((rows + cols) % 2, 5.0, -5.0).astype(np.float32)
    residual = noise.noise_residual(smooth + grain, 1, 1e3)
    np.testing.assert_allclose(residual[0, 16:-16, 16:-16], grain[16:-16, 16:-16], atol=1e-3)


def test_wrong_shape() -> None:
    with pytest.raises(DataError, match=r"got shape \(8, 8\)"):
        noise.noise_residual(np.zeros((8, 8)), 1, 1.0)
