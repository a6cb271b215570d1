"""Frequency masking: which frequencies are removed, and that nothing else changes."""

import numpy as np
import pytest

from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.frequency.dct import dct_frequencies
from bandbench.detectors.learning.band_masking import BANDS, BandMasking, coefficient_frequency


def generators(n: int) -> list[np.random.Generator]:
    return [np.random.default_rng([3, row]) for row in range(n)]


@pytest.mark.parametrize("band", list(BANDS))
@pytest.mark.parametrize("share", [0.15, 0.5])
def test_the_share_of_a_band_is_removed(band: str, share: float) -> None:
    frequency = dct_frequencies(24, 32).radius
    low, high = BANDS[band]
    inside = (frequency >= low) & (frequency < high) & (frequency > 0)
    mask = BandMasking(band, share).removed(frequency, np.random.default_rng(0))
    assert mask.sum() == round(share * inside.sum())
    assert not (mask & ~inside).any()


def test_bands_divide_the_axis() -> None:
    assert BANDS["low"][1] == BANDS["mid"][0]
    assert BANDS["mid"][1] == BANDS["high"][0]
    assert BANDS["all"] == (BANDS["low"][0], BANDS["high"][1])


def test_random_draws_a_band_for_each_crop() -> None:
    frequency = dct_frequencies(32, 32).radius
    sizes = {((frequency >= a) & (frequency < b) & (frequency > 0)).sum() for a, b in BANDS.values()}
    masking = BandMasking("random")
    drawn = {int(masking.removed(frequency, rng).sum()) for rng in generators(40)}
    assert drawn == {round(0.15 * size) for size in sizes}


@pytest.mark.parametrize("shape", [(16, 16), (15, 21), (17, 12)])
def test_pictures_lose_these_frequencies_and_no_other(shape: tuple[int, int]) -> None:
    """Against the whole DFT: what remains is unchanged, what is removed is 0, and the share counts both halves of the plane."""
    pictures = np.random.default_rng(1).normal(size=(6, *shape, 3)).astype(np.float32)
    masked = BandMasking("all", 0.15).of_pictures(pictures, generators(6))
    assert masked.dtype == np.float32
    before, after = (np.fft.fft2(some.astype(np.float64), axes=(1, 2)) for some in (pictures, masked))
    gone = np.abs(after) < 1e-3
    assert (gone == gone[..., :1]).all()  # the same in all channels
    np.testing.assert_allclose(after[~gone], before[~gone], atol=1e-3)
    n = shape[0] * shape[1]
    assert np.abs(gone[..., 0].sum(axis=(1, 2)) / n - 0.15).max() < 0.05
    assert not gone[:, 0, 0].any()
    assert len({one.tobytes() for one in gone}) == 6


def test_coefficients_become_their_mean() -> None:
    planes = np.random.default_rng(1).normal(size=(4, 16, 16, 3)).astype(np.float32)
    masked = BandMasking("high", 0.5).of_coefficients(planes, dct_frequencies(16, 16).radius, generators(4))
    changed = (masked != planes).any(axis=-1)
    assert (masked[changed] == 0).all()
    assert dct_frequencies(16, 16).radius[changed.any(axis=0)].min() >= 0.375
    np.testing.assert_array_equal(masked[~changed], planes[~changed])


def test_a_crop_is_masked_in_one_way_in_any_batch() -> None:
    planes = np.random.default_rng(1).normal(size=(4, 16, 16, 1)).astype(np.float32)
    masking = BandMasking("all")
    together = masking.of_pictures(planes, generators(4))
    np.testing.assert_array_equal(masking.of_pictures(planes[2:], generators(4)[2:]), together[2:])


@pytest.mark.parametrize("shape", [(12, 8), (13, 9), (15, 15)])
def test_frequencies_of_planes(shape: tuple[int, int]) -> None:
    np.testing.assert_allclose(coefficient_frequency("log_dct", *shape), dct_frequencies(*shape).radius)
    half = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :])
    np.testing.assert_allclose(coefficient_frequency("fft", *half.shape), half)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(PluginError, match="unknown masked_band 'hihg'. Did you mean 'high'"):
        BandMasking("hihg")
    with pytest.raises(PluginError, match="masked_share between 0 and 1, got 1.5"):
        BandMasking("all", 1.5)
