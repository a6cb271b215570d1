"""Butterworth passes of the pixels, and low frequencies with the amplitudes of another picture."""

import numpy as np

from ...frequency.bands import Band, Kind
from ...frequency.filters import fda, filter_pixels
from .levels import Picture, rounded


def lowpass(picture: Picture, rng: np.random.Generator, *, cutoff: float = 0.134, order: int = 1) -> Picture:
    """
    Butterworth low pass in the pixels, by the DFT of the whole picture: real part, rounded, clipped, the mean kept.

    The default is the radius of 30 DFT bins at 224 pixels of a thesis on middle frequencies (2024, github.com/Julianwustl).

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator
        Not used.
    cutoff : float
        Where the gain is 1/2, in cycles/pixel.
    order : int

    Returns
    -------
    array of uint8, shape of `picture`
    """
    return _filtered(picture, "low", cutoff, 0, order)


def highpass(picture: Picture, rng: np.random.Generator, *, cutoff: float = 0.134, order: int = 1) -> Picture:
    """High pass; else as `lowpass`. The mean is kept, so what is left stays signed."""
    return _filtered(picture, "high", cutoff, 0, order)


def bandpass(picture: Picture, rng: np.random.Generator, *, cutoff: float = 0.2, width: float = 0.1, order: int = 1) -> Picture:
    """Band pass around `cutoff`, of `width` between its points of gain 1/2, in cycles/pixel; else as `lowpass`."""
    return _filtered(picture, "band", cutoff, width, order)


def bandstop(picture: Picture, rng: np.random.Generator, *, cutoff: float = 0.2, width: float = 0.1, order: int = 1) -> Picture:
    """Band stop: remove the frequencies that `bandpass` passes."""
    return _filtered(picture, "stop", cutoff, width, order)


def _filtered(picture: Picture, kind: Kind, cutoff: float, width: float, order: int) -> Picture:
    return filter_pixels(picture[None], Band(kind, cutoff, width, order, "pixels"))[0]


def adapted(picture: Picture, rng: np.random.Generator, *, beta: float = 0.01) -> Picture:
    """
    Fourier domain adaptation: the lowest frequencies get the amplitudes of a reference, a `foreign_picture`.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator
    beta : float
        See `filters.swap_amplitudes`; below one over the shorter side only brightness and colour change.

    Returns
    -------
    array of uint8, shape of `picture`
        Rounded and clipped.
    """
    return fda(picture, foreign_picture(picture.shape, rng), beta)


def foreign_picture(shape: tuple[int, ...], rng: np.random.Generator) -> Picture:
    """
    Draw a picture of nothing with the low frequencies of some photograph: 1/f noise of random brightness, contrast and colour.

    Parameters
    ----------
    shape : (rows, cols) or (rows, cols, channels)
    rng : Generator

    Returns
    -------
    array of uint8 (rows, cols[, channels])
    """
    rows, cols, channels = (*shape, 1)[:3]
    # Of the planes the first is what the channels share, so that they are alike as in photographs.
    planes = rng.standard_normal((channels + 1, rows, cols))
    brightness, contrast = rng.uniform(70, 180), rng.uniform(30, 70)
    tint, colourfulness = rng.normal(0, 15, channels), rng.uniform(0.1, 0.5)
    radius = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(cols)[None, :])
    radius[0, 0] = np.inf
    planes = np.fft.irfft2(np.fft.rfft2(planes) / radius, s=(rows, cols))
    planes /= planes.std(axis=(1, 2), keepdims=True) + 1e-12
    levels = brightness + tint[:, None, None] + contrast * (planes[0] + colourfulness * planes[1:])
    return rounded(np.moveaxis(levels, 0, -1).reshape(shape))
