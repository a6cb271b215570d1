"""Patterns, fingerprints and correlations of noise residuals against stored arrays, and their laws."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bandbench.detectors.forensics import noise

GOLDEN = np.load(Path(__file__).parents[2] / "golden" / "prnu.npz")
SINGLE = {"rtol": 1e-4, "atol": 1e-5}  # the stored arrays are float32


def patterns(crops: NDArray[np.uint8], levels: int, sigma: float) -> NDArray[np.float64]:
    return np.concatenate(list(noise.crop_patterns(crops, levels, sigma)))


def settings(key: str) -> tuple[int, float]:
    """Take levels and sigma from the end of a key, ``levels3_sigma0.8``."""
    levels, sigma = key.rsplit("/", 1)[1].split("_")
    return int(levels.removeprefix("levels")), float(sigma.removeprefix("sigma"))


@pytest.mark.parametrize("key", [key for key in GOLDEN if key.startswith("extract_single/")])
def test_pattern_of_one_crop(key: str) -> None:
    np.testing.assert_allclose(patterns(GOLDEN["colour"][None], *settings(key))[0], GOLDEN[key], **SINGLE)


def test_steps_of_the_pattern() -> None:
    matrix = GOLDEN["matrix"][None]
    np.testing.assert_allclose(noise.spectral_wiener(matrix, 1.0)[0], GOLDEN["wiener_dft/sigma1.0"], **SINGLE)
    np.testing.assert_allclose(noise.zero_mean_phases(matrix)[0], GOLDEN["zero_mean_total"], **SINGLE)
    np.testing.assert_allclose(noise.grey(GOLDEN["colour"][None, :16, :16])[0], GOLDEN["rgb2gray"], **SINGLE)


def test_phases_have_no_means() -> None:
    planes = noise.zero_mean_phases(np.random.default_rng(0).uniform(size=(2, 9, 12)))
    for row in (0, 1):
        for col in (0, 1):
            phase = planes[:, row::2, col::2]
            np.testing.assert_allclose(phase.mean(axis=1), 0, atol=1e-15)
            np.testing.assert_allclose(phase.mean(axis=2), 0, atol=1e-15)


def test_a_periodic_pattern_is_levelled() -> None:
    rng = np.random.default_rng(0)
    plane = rng.standard_normal((1, 64, 64)) + 3 * np.cos(2 * np.pi * np.arange(64) / 8)
    peak = [np.abs(np.fft.fft2(p))[0, 0, 8] for p in (plane, noise.spectral_wiener(plane, plane.std()))]
    assert peak[1] < 0.2 * peak[0]


def test_weights_of_a_fingerprint() -> None:
    ramp = np.arange(256, dtype=np.uint8)
    np.testing.assert_allclose(noise.intensity_weight(ramp), GOLDEN["inten_scale_ramp"], rtol=1e-12)
    np.testing.assert_array_equal(noise.unsaturated(GOLDEN["saturation_in"][None])[0], GOLDEN["saturation_out"])


def test_saturated_is_two_pixels_at_the_top() -> None:
    crops = np.random.default_rng(0).permutation(np.arange(64, dtype=np.uint8)).reshape(1, 8, 8)
    assert noise.unsaturated(crops).all()
    crops[0, 2, 3] = 255
    assert noise.unsaturated(crops)[0].sum() == 64
    crops[0, 2, 4] = 255
    assert [tuple(place) for place in np.argwhere(~noise.unsaturated(crops)[0])] == [(2, 3), (2, 4)]


def test_fingerprint_and_correlations() -> None:
    stack = GOLDEN["fingerprint_stack"]
    found = noise.fingerprint(stack, 3, 0.8)
    np.testing.assert_allclose(found, GOLDEN["fingerprint/levels3_sigma0.8"], **SINGLE)
    both, crops = np.stack([found, found]), patterns(stack, 3, 0.8)
    normalised = noise.correlation(both, crops)
    np.testing.assert_allclose(normalised, GOLDEN["aligned_ncc"], **SINGLE)
    lengths = np.linalg.norm(both, axis=(1, 2))[:, None] * np.linalg.norm(crops, axis=(1, 2))
    np.testing.assert_allclose(normalised * lengths, GOLDEN["aligned_cc"], **SINGLE)


def test_three_classes() -> None:
    levels, sigma = int(GOLDEN["toy_levels"]), float(GOLDEN["toy_sigma"])
    crops, labels = GOLDEN["toy_train"], GOLDEN["toy_ytrain"]
    found = np.stack([noise.fingerprint(crops[labels == label], levels, sigma) for label in range(3)])
    np.testing.assert_allclose(found, GOLDEN["toy_fingerprints"], **SINGLE)
    np.testing.assert_allclose(
        noise.correlation(found, patterns(GOLDEN["toy_test"], levels, sigma)), GOLDEN["toy_ncc"], **SINGLE
    )


@pytest.mark.parametrize("shape", [(3, 33, 40), (11, 21, 30, 3)])
def test_crops_do_not_influence_each_other(shape: tuple[int, ...]) -> None:
    """Odd and even sides, grey and colour, more crops than are computed at a time."""
    crops = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    for i in (0, len(crops) - 1):
        np.testing.assert_allclose(patterns(crops[i : i + 1], 3, 5.0)[0], patterns(crops, 3, 5.0)[i], atol=1e-12)


def test_a_constant_crop_has_no_noise() -> None:
    crops = np.full((2, 32, 32, 3), 90, dtype=np.uint8)
    found = patterns(crops, 3, 5.0)
    assert np.abs(found).max() < 1e-3
    assert np.isfinite(noise.correlation(found, found)).all()
    np.testing.assert_array_equal(noise.correlation(np.zeros((1, 4, 4)), np.ones((2, 4, 4))), [[0, 0]])
