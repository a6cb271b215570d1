"""
Changes of a computed picture whose place in the spectrum is known: the answers that a detector study has to find.

Each takes what the sensor saw and changes one thing alone. `plant` adds power to stretches of the radial axis, `lattice` to
the points k/8 of the plane, `slope` changes the fall of the amplitudes, and `phase` turns phases and no amplitude.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from ...benchmark.errors import DataError

# Added noise is white within a ring, and the spectrum of a picture is not: a wide stretch is filled ring by ring, so that the
# excess is the same share of the picture's power everywhere in it.
WIDEST_RING = 0.06  # cycles/pixel
LATTICE_PERIOD = 8  # pixels
PEAK = 12.0  # power at a lattice point with strength 1, over the mean power around it
TINY = 1e-9  # grey levels
NEIGHBOURHOOD = 2  # coefficients to each side over which that mean is taken
FALL = 0.3  # change of the exponent of the amplitudes with strength 1
# Coefficients that `phase` turns: one of every square of `SPACING` DFT bins, in a ring and off the axes.
SPACING, TURNED, OFF_AXES = 6, (0.15, 0.45), 0.05  # bins; the others in cycles/pixel
FIXED = 8  # seed of the places and phases, which belong to the generator as its weights would
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)

Plane = NDArray[np.floating]  # (side, side), or (3, side, side) in colour


@lru_cache(maxsize=8)
def half_plane_radius(side: int) -> Plane:
    """Radial frequency of the half-plane DFT in cycles/pixel."""
    return np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :]).astype(np.float32)


def _only(ring: NDArray[np.bool_], plane: Plane) -> Plane:
    """Return the part of a picture on a ring of the half-plane DFT."""
    return np.asarray(scipy.fft.irfft2(np.asarray(scipy.fft.rfft2(plane)) * ring, s=plane.shape))


@lru_cache(maxsize=8)
def planted_stretches(text: str) -> tuple[tuple[float, float], ...]:
    """
    Read ``LOW-HIGH[,LOW-HIGH…]``, stretches of the frequency axis in cycles/pixel.

    Parameters
    ----------
    text : str

    Returns
    -------
    tuple of (low, high)

    Raises
    ------
    DataError
        If `text` has another form, or the stretches are empty, not ascending, or do not end at or before 0.5.
    """
    number = r"(\d*\.?\d+)"
    matches = [re.fullmatch(rf"\s*{number}\s*-\s*{number}\s*", part) for part in str(text).split(",")]
    stretches = tuple((float(m[1]), float(m[2])) for m in matches if m)
    ends = [0.0, *(end for stretch in stretches for end in stretch), 0.5]
    ascending = all(low < high for low, high in stretches) and ends == sorted(ends)
    if len(stretches) < len(matches) or not ascending:
        raise DataError(
            "procedural: planted_band is LOW-HIGH in cycles/pixel, or several of them in ascending order, separated by commas, "
            f"between 0 and 0.5 (0.20-0.26 or 0.08-0.12,0.32-0.38), got {text!r}."
        )
    return stretches


def plant(seen: Plane, shot: np.random.Generator, strength: float, stretches: Sequence[tuple[float, float]]) -> Plane:
    """
    Add noise within stretches of the frequency axis, the same to all channels.

    Parameters
    ----------
    seen : array of float32 (3, side, side)
    shot : Generator
    strength : float
        Added power over the power that the luma of `seen` has there.
    stretches : sequence of (low, high)
        In cycles/pixel.

    Returns
    -------
    array of float32 (3, side, side)
    """
    side = seen.shape[1]
    luma, noise = np.tensordot(LUMA, seen, 1), shot.standard_normal((side, side), np.float32)
    for low, high in stretches:
        for ring in rings(side, low, high):
            own, added = (_only(ring, plane) for plane in (luma, noise))
            gain = np.sqrt(strength * (own**2).mean() / (added**2).mean())
            seen = seen + (gain * added).astype(np.float32)
    return seen


@lru_cache(maxsize=32)
def rings(side: int, low: float, high: float) -> tuple[NDArray[np.bool_], ...]:
    """
    Cut a stretch of the frequency axis into rings of equal width, at most `WIDEST_RING`.

    Returns
    -------
    tuple of arrays of bool (side, side // 2 + 1)
        Masks of the half-plane DFT, which do not overlap.
    """
    radius = half_plane_radius(side)
    n = max(1, round(np.ceil((high - low) / WIDEST_RING - 1e-9)))
    inside = (radius >= low) & (radius <= high)
    member = np.clip(np.searchsorted(np.linspace(low, high, n + 1), radius, side="right") - 1, 0, n - 1)
    return tuple(inside & (member == k) for k in range(n))


@lru_cache(maxsize=8)
def _lattice_points(side: int) -> NDArray[np.bool_]:
    """Mask of the lattice points k/8 cycles/pixel in the half-plane DFT, without the zero frequency."""
    mask = np.zeros((side, side // 2 + 1), dtype=bool)
    mask[:: side // LATTICE_PERIOD, :: side // LATTICE_PERIOD] = True
    mask[0, 0] = False
    return mask


def lattice(seen: Plane, strength: float) -> Plane:
    """
    Add power at the lattice points k/8 cycles/pixel of rows and columns, without the zero frequency, the same to all channels.

    Parameters
    ----------
    seen : array of float32 (3, side, side)
        The side is a multiple of eight pixels, so that a lattice point is one coefficient of the DFT.
    strength : float
        Added power of a point over `PEAK` times the mean power of the coefficients around it, in the luma of `seen`.

    Returns
    -------
    array of float32 (3, side, side)
        The luma keeps its phases, at the lattice points too: a wave of another phase would tell by its phase that it was added.
    """
    side = seen.shape[1]
    luma = np.asarray(scipy.fft.fft2(np.tensordot(LUMA, seen, 1)))
    around = _mean_around(np.abs(luma) ** 2)[:, : side // 2 + 1]
    luma = luma[:, : side // 2 + 1]
    own = np.abs(luma)
    gain = _lattice_points(side) * (np.sqrt(own**2 + strength * PEAK * around) - own) / np.maximum(own, TINY)
    added = np.asarray(scipy.fft.irfft2(luma * gain, s=(side, side)))
    return seen + added.astype(np.float32)


def _mean_around(power: Plane) -> Plane:
    """Return the mean over the square of coefficients around each one, itself left out; the plane is periodic."""
    size = 2 * NEIGHBOURHOOD + 1
    return (scipy.ndimage.uniform_filter(power, size, mode="wrap") * size**2 - power) / (size**2 - 1)


def slope(seen: Plane, strength: float) -> Plane:
    """
    Let the amplitudes fall faster: times frequency to the power of ``-FALL * strength``, phases as they are.

    Parameters
    ----------
    seen : array of float32 (3, side, side)
    strength : float

    Returns
    -------
    array of float32 (3, side, side)
        With the mean of each channel and the contrast (standard deviation of the luma) of `seen`.
    """
    side = seen.shape[1]
    radius = np.maximum(half_plane_radius(side), 1 / side)
    changed = _filtered(seen, (radius * side) ** np.float32(-FALL * strength))
    mean = seen.mean(axis=(1, 2), keepdims=True)
    before, after = (float(np.tensordot(LUMA, plane, 1).std()) for plane in (seen, changed))
    return mean + (changed - mean) * np.float32(before / after)


def _filtered(planes: Plane, gain: NDArray) -> Plane:
    """Multiply the half-plane DFT of every channel."""
    spectrum = np.asarray(scipy.fft.rfft2(planes)) * gain
    return np.asarray(scipy.fft.irfft2(spectrum, s=planes.shape[1:])).astype(np.float32)


@lru_cache(maxsize=8)
def turned_frequencies(side: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """
    Return the coefficients whose phases `phase` turns, and the phases that it turns them to.

    Returns
    -------
    rows, cols : arrays of int (n,)
        In the half-plane DFT; the same for every picture.
    angles : array of float64 (n,)
        Phases in radians, of the DFT whose origin is the upper left pixel.

    Notes
    -----
    One coefficient of every square of `SPACING` in a ring where the sensor's noise is most of the power, off the axes. A
    coefficient that is turned alone adds to the power of its neighbours under no window: their phases stay random against
    its own. Measured from the middle of the picture, the angles are odd multiples of 45 degrees: sine and cosine of the
    wave then have equal power, and the magnitude of no coefficient of a DCT changes on the average.
    """
    rng = np.random.default_rng(FIXED)
    edge, nyquist = round(OFF_AXES * side), side // 2
    corners = [(row, col) for row in range(-nyquist, nyquist, SPACING) for col in range(0, nyquist, SPACING)]
    places = np.array(corners) + rng.integers(0, max(1, SPACING // 2), (len(corners), 2))
    radius = np.hypot(*places.T) / side
    off_axes = (np.abs(places) > edge).all(axis=1) & (np.abs(places) < nyquist - edge).all(axis=1)
    rows, cols = places[off_axes & (radius >= TURNED[0]) & (radius <= TURNED[1])].T
    angles = np.pi / 4 + np.pi / 2 * rng.integers(0, 4, len(rows)) + np.pi * (rows + cols) / side
    return rows % side, cols, angles


def phase(seen: Plane, strength: float) -> Plane:
    """
    Turn the phases of single coefficients towards fixed ones, and no amplitude.

    Parameters
    ----------
    seen : array of float32 (3, side, side)
    strength : float
        Share of the way that a phase is turned; from 1 on it is the fixed one.

    Returns
    -------
    array of float32 (3, side, side)
        All channels are turned by the same angle, so that the amplitudes of every channel and of every sum of channels stay.
    """
    rows, cols, angles = turned_frequencies(seen.shape[1])
    spectrum = np.asarray(scipy.fft.rfft2(seen))
    luma = np.tensordot(LUMA, spectrum[:, rows, cols], 1)
    way = np.angle(np.exp(1j * angles) * luma.conj())
    spectrum[:, rows, cols] *= np.exp(1j * min(strength, 1.0) * way)
    return np.asarray(scipy.fft.irfft2(spectrum, s=seen.shape[1:])).astype(np.float32)
