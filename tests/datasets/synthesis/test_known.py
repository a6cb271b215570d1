"""Changes whose place in the spectrum is known: each moves what it says and nothing else."""

import numpy as np
import pytest

from bandbench.datasets.procedural import lens_blur, render_scene
from bandbench.datasets.synthesis.known import LUMA, PEAK, lattice, phase, slope, turned_frequencies

SIDE = 128


def seen(seed: int = 0) -> np.ndarray:
    """Return what the sensor sees of a scene, (3, side, side)."""
    shot = np.random.default_rng(seed)
    drawn, _ = render_scene(np.random.default_rng(seed), shot, SIDE)
    return lens_blur(drawn, shot) + shot.normal(0, 2, drawn.shape).astype(np.float32)


def spectrum(planes: np.ndarray) -> np.ndarray:
    return np.fft.fft2(np.tensordot(LUMA, planes, 1))


def test_a_lattice_has_its_energy_at_the_points_and_nowhere_else() -> None:
    before = seen()
    difference = np.abs(np.fft.fft2((lattice(before, 0.5) - before)[0])) ** 2
    points = np.zeros((SIDE, SIDE), dtype=bool)
    points[::16, ::16] = True
    points[0, 0] = False
    assert difference[~points].max() < 1e-6 * difference[points].min()


def test_a_lattice_point_gets_its_share_of_the_power_around_it() -> None:
    before = seen()
    own, more = (np.abs(spectrum(planes)) ** 2 for planes in (before, lattice(before, 0.5)))
    around = own[46:51, 30:35].sum() - own[48, 32]
    assert (more - own)[48, 32] / (around / 24) == pytest.approx(0.5 * PEAK, rel=1e-2)


def test_a_lattice_turns_no_phase_of_the_luma() -> None:
    before = seen()
    assert np.abs(np.angle(spectrum(lattice(before, 0.5)) / spectrum(before))).max() < 1e-2


def test_a_slope_moves_no_phase_and_lets_the_amplitudes_fall_by_one_power_of_frequency() -> None:
    before = seen()
    after = slope(before, 0.5)
    gain = spectrum(after) / spectrum(before)
    assert np.abs(np.angle(gain)).max() < 1e-2
    radius = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.fftfreq(SIDE)[None, :])
    low, high = (np.abs(gain)[(radius > f) & (radius < 1.05 * f)].mean() for f in (0.05, 0.4))
    assert np.log(low / high) / np.log(8) == pytest.approx(0.15, abs=0.01)


def test_a_slope_leaves_mean_and_contrast() -> None:
    before = seen()
    after = slope(before, 0.5)
    np.testing.assert_allclose(after.mean(axis=(1, 2)), before.mean(axis=(1, 2)), rtol=1e-4)
    assert np.tensordot(LUMA, after, 1).std() == pytest.approx(np.tensordot(LUMA, before, 1).std(), rel=1e-4)


def test_phases_are_turned_and_no_amplitude_of_any_channel_or_of_the_luma_moves() -> None:
    before = seen()
    after = phase(before, 0.5)
    for one, other in zip((*before, np.tensordot(LUMA, before, 1)), (*after, np.tensordot(LUMA, after, 1)), strict=True):
        first, second = (np.abs(np.fft.fft2(plane)) for plane in (one, other))
        np.testing.assert_allclose(second, first, rtol=1e-2, atol=0.5)


def test_turned_phases_come_nearer_to_the_fixed_ones_and_the_others_stay() -> None:
    rows, cols, angles = turned_frequencies(SIDE)
    before, after = spectrum(seen()), spectrum(phase(seen(), 0.5))
    apart = [np.abs(np.angle(each[rows, cols] * np.exp(-1j * angles))) for each in (before, after)]
    np.testing.assert_allclose(apart[1], apart[0] / 2, atol=0.02)
    others = np.ones((SIDE, SIDE), dtype=bool)
    others[rows, cols] = others[-rows, -cols] = False
    np.testing.assert_allclose(after[others], before[others], rtol=1e-2, atol=0.5)


def test_turned_frequencies_lie_alone() -> None:
    """Neighbours that were turned together would add up under a window, and amplitudes would show it."""
    rows, cols, _ = turned_frequencies(SIDE)
    places = np.stack([(rows + SIDE // 2) % SIDE, cols], axis=1)
    apart = np.abs(places[:, None] - places[None]).max(axis=2)
    assert apart[~np.eye(len(places), dtype=bool)].min() >= 4
    assert len(places) > 50


def test_turned_waves_have_equal_power_in_sine_and_cosine_about_the_middle() -> None:
    """A DCT sees one of the two at a coefficient: its magnitude would tell a phase of 0 from a random one."""
    rows, cols, angles = turned_frequencies(SIDE)
    signed = np.where(rows < SIDE // 2, rows, rows - SIDE)
    centred = angles - np.pi * (signed + cols) / SIDE
    np.testing.assert_allclose(np.cos(centred) ** 2, 0.5, atol=1e-9)


@pytest.mark.parametrize("change", [lattice, slope, phase])
def test_no_strength_makes_fakes_like_reals(change) -> None:
    np.testing.assert_allclose(change(seen(), 0.0), seen(), atol=0.02)
