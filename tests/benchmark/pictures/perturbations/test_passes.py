"""Passes are bands of their names, and adaptation takes amplitudes of a random picture."""

from collections.abc import Callable

import numpy as np
import pytest

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.frequency.filters import fda, filter_pixels, published_fda, published_filter
from bandbench.benchmark.pictures.perturbations import (
    foreign_picture,
    parse_chain,
    perturb,
)
from conftest import difference, textured_picture

SHAPES = [(64, 64), (61, 40), (64, 64, 3), (37, 90, 3)]


@pytest.mark.parametrize(
    ("chain", "band"),
    [
        ("lowpass:cutoff=0.2", Band("low", 0.2, mode="pixels")),
        ("highpass:cutoff=0.2:order=3", Band("high", 0.2, 0, 3, "pixels")),
        ("bandpass:cutoff=0.25:width=0.05", Band("band", 0.25, 0.05, 1, "pixels")),
        ("bandstop:cutoff=0.25:width=0.05:order=2", Band("stop", 0.25, 0.05, 2, "pixels")),
    ],
)
def test_passes_are_the_bands_of_their_names(chain: str, band: Band) -> None:
    for shape in SHAPES:
        before = textured_picture(shape)
        after = perturb(before, chain, "a")
        np.testing.assert_array_equal(after, filter_pixels(before[None], band)[0])
        np.testing.assert_allclose(after.mean(axis=(0, 1)), before.mean(axis=(0, 1)), atol=0.5)


def test_published_filters_are_those_of_the_thesis() -> None:
    before = textured_picture((64, 64, 3))
    for name, kind in (("lowpass", "low"), ("highpass", "high"), ("bandpass", "band")):
        found = perturb(before, f"{name}:faithful:radius=12", "a")
        np.testing.assert_array_equal(found, published_filter(before, kind, 12))


def test_a_range_gives_every_picture_its_own_strength() -> None:
    before = textured_picture((64, 64, 3))
    found = {perturb(before, "lowpass:cutoff=0.05-0.3", str(i)).tobytes() for i in range(20)}
    assert len(found) == 20
    changes = [difference(perturb(before, f"lowpass:cutoff={c}", "a"), before).mean() for c in ("0.05", "0.05-0.3", "0.3")]
    assert changes == sorted(changes, reverse=True)


def test_strengths_of_a_range_are_uniform_and_whole_where_they_must_be() -> None:
    (step,) = parse_chain("lowpass:cutoff=0.134-0.67:order=1-3")
    drawn = [step.settled([str(i)]) for i in range(600)]
    cutoffs = np.array([one["cutoff"] for one in drawn])
    assert cutoffs.min() == pytest.approx(0.134, abs=0.01)
    assert cutoffs.max() == pytest.approx(0.67, abs=0.01)
    assert cutoffs.mean() == pytest.approx((0.134 + 0.67) / 2, abs=0.02)
    orders, counts = np.unique([one["order"] for one in drawn], return_counts=True)
    assert orders.tolist() == [1, 2, 3]
    assert counts.min() > 150
    assert all(isinstance(one["order"], int) for one in drawn)


def test_noise_of_a_drawn_strength_is_the_same_noise() -> None:
    flat = np.full((64, 64), 128, np.uint8)
    told, drawn = (perturb(flat, f"noise:sd={sd}", "a").astype(float).ravel() for sd in ("10", "5-20"))
    assert np.corrcoef(told, drawn)[0, 1] > 0.99


@pytest.mark.parametrize(("chain", "kernel"), [("fda:beta=0.1", fda), ("fda:faithful:beta=0.1", published_fda)])
def test_fda_takes_low_amplitudes_from_a_picture_that_follows_from_the_content(chain: str, kernel: Callable) -> None:
    before = textured_picture((64, 64, 3))
    (step,) = parse_chain(chain)
    reference = foreign_picture(before.shape, np.random.default_rng(3))
    found = step.kernel(before, np.random.default_rng(3), beta=0.1)
    np.testing.assert_array_equal(found, kernel(before, reference, 0.1))
    assert len({perturb(before, chain, content).tobytes() for content in "abcd"}) == 4


def test_fda_leaves_high_frequencies() -> None:
    """Values of this picture stay within 0 to 255, so nothing is clipped."""
    before = (textured_picture((64, 64)) // 4 + 96).astype(np.uint8)
    apart = np.abs(np.fft.fft2(perturb(before, "fda:beta=0.1", "a").astype(float) - before))
    radius = np.abs(np.fft.fftfreq(64, 1 / 64))
    near = np.maximum(radius[:, None], radius[None, :]) <= 6
    assert apart[near].mean() > 100 * apart[~near].mean()


@pytest.mark.parametrize("shape", SHAPES)
def test_foreign_pictures_look_like_photographs_to_a_spectrum(shape: tuple[int, ...]) -> None:
    pictures = [foreign_picture(shape, np.random.default_rng(seed)).astype(float) for seed in range(40)]
    assert {one.shape for one in pictures} == {shape}
    assert np.std([one.mean() for one in pictures]) > 15
    assert np.ptp([one.std(axis=(0, 1)).mean() for one in pictures]) > 15
    power = np.mean([np.abs(np.fft.fft2(one, axes=(0, 1))) ** 2 for one in pictures], axis=0)
    power = power.reshape(*shape[:2], -1).mean(axis=-1)
    frequency = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1])[None, :])
    near, far = ((frequency > low) & (frequency < 2 * low) for low in (0.06, 0.24))
    slope = np.log(power[far].mean() / power[near].mean()) / np.log(4)
    assert slope == pytest.approx(-2, abs=0.35)


def test_foreign_colours_belong_together() -> None:
    one = foreign_picture((64, 64, 3), np.random.default_rng(0)).reshape(-1, 3).astype(float)
    assert np.corrcoef(one.T)[np.triu_indices(3, 1)].min() > 0.5
