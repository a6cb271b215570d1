"""Consistency view: cosines against an independent computation, cut-offs, and what is refused."""

import numpy as np
import pytest

from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.errors import StudyError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.views import features_from_crops, view_kernel, view_key
from bandbench.benchmark.views.consistency import cosines
from bandbench.benchmark.views.encoders.loading import load_encoder
from bandbench.benchmark.views.encoders.spec import EncoderSpec

pytest.importorskip("torch", reason="pip install 'bandbench[deep]'")
OPTIONS = {"library": "transformers", "model": "tiny", "weights": "random"}
CROPS = np.random.default_rng(0).integers(90, 166, (3, 32, 32, 3), dtype=np.uint8)


def by_hand(cutoff: float, order: int) -> np.ndarray:
    """Whole DFT in float64, one picture and channel at a time; the mean passes both filters."""
    radius = np.hypot(np.fft.fftfreq(32)[:, None], np.fft.fftfreq(32)[None, :])
    low_gain = 1 / (1 + (radius / cutoff) ** (2 * order))
    high_gain = 1 - low_gain
    high_gain[0, 0] = 1
    pictures = [CROPS]
    for gain in (low_gain, high_gain):
        filtered = np.empty_like(CROPS)
        for i in range(len(CROPS)):
            for channel in range(3):
                levels = np.fft.ifft2(np.fft.fft2(CROPS[i, :, :, channel].astype(float)) * gain).real
                filtered[i, :, :, channel] = np.clip(np.rint(levels), 0, 255)
        pictures.append(filtered)
    whole, low, high = (load_encoder(EncoderSpec(**OPTIONS), "cpu").embed(some).astype(float) for some in pictures)

    def cosine(a: np.ndarray, b: np.ndarray) -> list[float]:
        return [np.dot(x, y) / np.sqrt(np.dot(x, x) * np.dot(y, y)) for x, y in zip(a, b, strict=True)]

    return np.array([cosine(whole, low), cosine(whole, high), cosine(low, high)]).T


def test_cosines_by_hand() -> None:
    kernel = view_kernel(ViewSpec("consistency", {**OPTIONS, "cutoffs": [0.1, 0.3], "order": 3, "device": "cpu"}))
    values = features_from_crops(kernel, CROPS, Band()).values
    assert (values.shape, values.dtype) == ((3, 6), np.float64)
    # A level that is half-way may be rounded up here and down there, which moves a cosine by some 1e-4.
    np.testing.assert_allclose(values[:, :3], by_hand(0.1, 3), atol=1e-3)
    np.testing.assert_allclose(values[:, 3:], by_hand(0.3, 3), atol=1e-3)
    assert np.abs(values[:, :3] - values[:, 3:]).max() > 0.05


def test_cosines_of_vectors() -> None:
    first, second = np.array([[3.0, 0], [1, 1], [0, 0], [2, 0]]), np.array([[5.0, 0], [1, -1], [1, 0], [-1, 0]])
    np.testing.assert_allclose(cosines(first, second), [1, 0, 0, -1], atol=1e-15)


def test_a_band_acts_on_the_crops() -> None:
    kernel = view_kernel(ViewSpec("consistency", {**OPTIONS, "device": "cpu"}))
    low = features_from_crops(kernel, CROPS, Band("low", 0.2, mode="pixels")).values
    assert np.abs(low - features_from_crops(kernel, CROPS, Band()).values).max() > 1e-3
    with pytest.raises(StudyError, match="view 'consistency' has no frequencies to keep; use mode pixels"):
        kernel.features(low, (32, 32), Band("low", 0.2))


def test_views_that_differ_in_the_cutoff_share_an_encoder_and_no_features() -> None:
    kernels = [view_kernel(ViewSpec("consistency", {**OPTIONS, "cutoffs": [cutoff]})) for cutoff in (0.1, 0.2)]
    assert kernels[0].encoder == kernels[1].encoder == EncoderSpec(**OPTIONS)
    assert view_key(kernels[0]) != view_key(kernels[1])
    assert all(kernel.expensive for kernel in kernels)


@pytest.mark.parametrize("cutoffs", [[], [0.0], [0.1, 0.8], [-0.1]])
def test_cutoffs_out_of_range(cutoffs: list[float]) -> None:
    with pytest.raises(StudyError, match=r"view 'consistency' needs cut-offs between 0 and 0.7071 cycles/pixel, got \["):
        view_kernel(ViewSpec("consistency", {**OPTIONS, "cutoffs": cutoffs}))
