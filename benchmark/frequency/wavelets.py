"""
Wavelet packets of stacks of crops (Wolter et al., Machine Learning 111, 2022).

A packet transform of level L splits rows and columns L times into a low and a high half each. It has P = 2**L packets in either
direction, and each packet is a band of its own, 1 / (2 P) cycles/pixel wide.
"""

import numpy as np
import pywt
from numpy.typing import NDArray

from ..errors import StudyError, unknown_name

WAVELETS = tuple(pywt.wavelist(kind="discrete"))
BOUNDARIES = ("periodization", "reflect", "symmetric", "periodic", "zero")
MOST_LEVELS = 8


def require_packets(wavelet: str, level: int, boundary: str) -> None:
    """
    Refuse settings that make no packet transform of any crop.

    Raises
    ------
    StudyError
        If the wavelet or the boundary is unknown, or the level is not between 1 and `MOST_LEVELS`.
    """
    if wavelet not in WAVELETS:
        raise StudyError(unknown_name("wavelet", wavelet, WAVELETS))
    if boundary not in BOUNDARIES:
        raise StudyError(unknown_name("boundary of wavelet packets", boundary, BOUNDARIES))
    if not 1 <= level <= MOST_LEVELS:
        raise StudyError(f"wavelet packets have a level of 1 to {MOST_LEVELS}, got {level}.")


def packet_coefficients(crops: NDArray, wavelet: str, level: int, boundary: str) -> NDArray[np.floating]:
    """
    Coefficients of all packets, in the order of their frequencies.

    Parameters
    ----------
    crops : array of float32 or float64 (n_crops, rows, cols[, channels])
    wavelet : str
        Discrete wavelet of PyWavelets: ``haar``, ``db8``, ``sym4`` ...
    level : int
        Number of splits in either direction.
    boundary : str
        Continuation of a crop beyond its borders, as PyWavelets names it. ``periodization`` has the fewest coefficients
        (for an orthogonal wavelet the transform is orthonormal if 2**level divides the sides); the others have more
        than the crop has pixels, except for ``haar``.

    Returns
    -------
    array, precision of `crops`, (n_crops, P, P, m_rows, m_cols[, channels])
        Packet (i, j) holds the frequencies from i to i + 1 in rows and from j to j + 1 in columns, in units of 1 / (2 P)
        cycles/pixel.

    Raises
    ------
    StudyError
        If a crop has fewer than 2**level rows or columns.

    Notes
    -----
    The two-dimensional packet basis is the product of two one-dimensional ones, so rows are split for the whole stack, and then
    columns. A split of a band that came out of a high half is mirrored by the down-sampling; its two children are exchanged
    to keep the order of frequencies.
    """
    least = 2**level
    if min(crops.shape[1:3]) < least:
        raise StudyError(
            f"wavelet packets of level {level} need crops of at least {least}x{least} pixels, got "
            f"{crops.shape[1]}x{crops.shape[2]}; lower the level or take larger crops."
        )
    rows = np.stack(_split(crops, 1, wavelet, level, boundary), axis=1)
    return np.stack(_split(rows, 3, wavelet, level, boundary), axis=2)


def _split(values: NDArray, axis: int, wavelet: str, level: int, boundary: str) -> list[NDArray]:
    """Split an axis `level` times; 2**level arrays, lowest frequency first."""
    parts = [values]
    for _ in range(level):
        halves = [pywt.dwt(part, wavelet, boundary, axis=axis) for part in parts]
        parts = [half for k, pair in enumerate(halves) for half in (pair if k % 2 == 0 else reversed(pair))]
    return parts


def packet_centres(level: int) -> NDArray[np.float64]:
    """Centres of the packets in one direction, (2**level,), in cycles/pixel."""
    return (np.arange(2**level) + 0.5) / 2 ** (level + 1)
