"""
Combs: the lattice of frequencies at which up-sampling by a whole number leaves its peaks.

Symbols
-------
p : period in pixels; the lattice points are (i/p, j/p) cycles/pixel for whole i and j that are not both zero.
d : distance of a coefficient from the nearest lattice point, in cycles/pixel.
h : halfwidth in cycles/pixel, the distance at which the gain is 1/2.
"""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import StudyError
from .grid import Frequencies

Points = Literal["all", "axes", "corners"]

POINTS: tuple[Points, ...] = ("all", "axes", "corners")
HALFWIDTH = 0.02  # cycles/pixel: 2.6 bins of a crop of 128 pixels, and less than half the lattice up to a period of 24
SEARCHED_SHARE = 0.4
TIE = 1e-12


def lattice_distance(frequencies: Frequencies, period: int, points: Points = "all") -> NDArray[np.float64]:
    """
    Distance from the nearest point of a lattice.

    Parameters
    ----------
    frequencies : Frequencies
        With rows and columns.
    period : int
        In pixels.
    points : {"all", "axes", "corners"}
        ``axes`` has the points of which one coordinate is zero, ``corners`` those of which neither is.

    Returns
    -------
    array of float64, shape of `frequencies`
        In cycles/pixel.

    Raises
    ------
    StudyError
        If only the radii are known.
    """
    rows, cols = frequencies.rows, frequencies.cols
    if rows is None or cols is None:
        raise StudyError(
            "a comb needs the frequency down the rows and along the columns, and these features know only their ring: rings "
            "mix the points of the lattice with the rest. Mode pixels takes a comb for every view."
        )
    # Absolute frequencies, so the nearest index that is not zero is at least one.
    down, along = (np.abs(f - np.maximum(1, np.rint(f * period)) / period) for f in (rows, cols))
    corners = np.hypot(down, along)
    if points == "corners":
        return corners
    axes = np.minimum(np.hypot(down, cols), np.hypot(rows, along))
    return axes if points == "axes" else np.minimum(axes, corners)


def lattice_radii(period: int, points: Points = "all") -> NDArray[np.float64]:
    """
    Distances from the zero frequency of the points of a lattice that lie on the axes of the spectrum, in cycles/pixel.

    They stand for all points in a figure over the radius, which has no room for each; ``corners`` are on no axis, and those on
    the diagonals stand for them.

    Returns
    -------
    array of float64 (period // 2,)
        Ascending.
    """
    axis = np.arange(1, period // 2 + 1) / period
    return np.sqrt(2.0) * axis if points == "corners" else axis


def comb_gain(frequencies: Frequencies, period: int, halfwidth: float, points: Points = "all", order: int = 1) -> NDArray:
    """
    Amplitude gain of a comb.

    Parameters
    ----------
    frequencies : Frequencies
        With rows and columns.
    period : int
        In pixels.
    halfwidth : float
        Distance from the lattice at which the gain is 1/2, in cycles/pixel.
    points : {"all", "axes", "corners"}
    order : int
        Butterworth order, the steepness.

    Returns
    -------
    array of float64, shape of `frequencies`, between 0 and 1

    Notes
    -----
    ``1 / (1 + (d / h)**(2 order))``, and 0 for a coefficient that is nearer to the zero frequency than to the lattice.
    """
    distance = lattice_distance(frequencies, period, points)
    with np.errstate(over="ignore"):
        gain = 1.0 / (1.0 + (distance / halfwidth) ** (2 * order))
    return np.where(frequencies.radius < distance - TIE, 0.0, gain)


def searched_halfwidth(halfwidth: float, period: int) -> float:
    """Return the halfwidth of a searched comb: at most 4/10 of the spacing of the lattice, which one range serves for all."""
    return min(halfwidth, SEARCHED_SHARE / period)


def passed_share(period: int, halfwidth: float, points: Points = "all") -> float:
    """Share of the plane of frequencies within `halfwidth` of a lattice point, whose discs do not overlap."""
    n_points = {"all": period**2 - 1, "axes": 2 * (period - 1), "corners": (period - 1) ** 2}[points]
    return min(1.0, n_points * math.pi * halfwidth**2)
