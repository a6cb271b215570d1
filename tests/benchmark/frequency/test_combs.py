"""Combs against a search of every lattice point."""

import itertools

import numpy as np
import pytest

from bandbench.benchmark.errors import StudyError
from bandbench.benchmark.frequency.combs import comb_gain, lattice_distance, passed_share
from bandbench.benchmark.frequency.grid import Frequencies

GRIDS = {
    "dft": (np.fft.fftfreq(20), np.fft.rfftfreq(21)),
    "dct": (np.arange(12) / 24, np.arange(9) / 18),
}


def by_hand(rows: np.ndarray, cols: np.ndarray, period: int, points: str) -> tuple[np.ndarray, np.ndarray]:
    """Distance of each coefficient from the nearest lattice point, and True where the zero frequency is nearer."""
    reach = range(-period, period + 1)
    lattice = [(i / period, j / period) for i, j in itertools.product(reach, reach) if (i, j) != (0, 0)]
    if points != "all":
        lattice = [(y, x) for y, x in lattice if (y == 0 or x == 0) == (points == "axes")]
    distance = np.array([[min(np.hypot(f - y, g - x) for y, x in lattice) for g in cols] for f in rows])
    return distance, np.hypot(rows[:, None], cols) < distance - 1e-9


@pytest.mark.parametrize("points", ["all", "axes", "corners"])
@pytest.mark.parametrize("period", [2, 3, 4, 5, 8])
@pytest.mark.parametrize("grid", GRIDS)
def test_distances_and_gains(grid: str, period: int, points: str) -> None:
    rows, cols = GRIDS[grid]
    wanted, nearer_to_zero = by_hand(rows, cols, period, points)
    plane = Frequencies.of_plane(rows, cols)
    np.testing.assert_allclose(lattice_distance(plane, period, points), wanted, atol=1e-12)
    gain = comb_gain(plane, period, 0.03, points, 2)
    np.testing.assert_allclose(gain, np.where(nearer_to_zero, 0, 1 / (1 + (wanted / 0.03) ** 4)), atol=1e-9)
    assert (gain[0, 0], gain.min() >= 0, gain.max() <= 1) == (0, True, True)


def test_a_small_mask() -> None:
    """Period 4 in a DFT of 8x8 pixels: every second coefficient of either axis, without the zero frequency."""
    plane = Frequencies.of_plane(np.fft.fftfreq(8), np.fft.rfftfreq(8))
    pattern = {
        "all": ["0.1.1", ".....", "1.1.1", ".....", "1.1.1", ".....", "1.1.1", "....."],
        "axes": ["0.1.1", ".....", "1....", ".....", "1....", ".....", "1....", "....."],
        "corners": ["0....", ".....", "..1.1", ".....", "..1.1", ".....", "..1.1", "....."],
    }
    for points, lines in pattern.items():
        kept = comb_gain(plane, 4, 0.01, points) >= 0.5  # pyright: ignore[reportArgumentType]
        assert ["".join("1" if k else "." for k in row) for row in kept] == [line.replace("0", ".") for line in lines]


def test_shares_of_the_plane() -> None:
    plane = Frequencies.of_plane(np.fft.fftfreq(1000), np.fft.fftfreq(1000))
    for points in ("all", "axes", "corners"):
        share = (comb_gain(plane, 4, 0.05, points) >= 0.5).mean()
        assert passed_share(4, 0.05, points) == pytest.approx(share, rel=0.01)


def test_rings_are_refused() -> None:
    with pytest.raises(StudyError, match="rings mix the points of the lattice with the rest"):
        lattice_distance(Frequencies(np.arange(4) / 8), 8)
