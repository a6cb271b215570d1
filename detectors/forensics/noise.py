"""
Photo-response non-uniformity: noise residuals of pictures, fingerprints of their sources, and their correlation.

The estimator of Chen et al. (IEEE TIFS 3(1), 2008) as arXiv 2003.08685 runs it. Everything works on stacks; crops of a stack
do not influence each other.

Glossary: ``residual`` is what a denoiser takes away, per channel; ``pattern`` is a residual in grey, cleaned of what rows,
columns and frequencies have in common; ``fingerprint`` is the pattern of many crops of one class.
"""

from collections.abc import Iterator

import numpy as np
import scipy  # whose parts are imported when they are first used: `scipy.fft` takes as long as NumPy
from numpy.typing import ArrayLike, NDArray

from ...benchmark.frequency.noise import noise_residual, noise_share, parts

GREY_WEIGHTS = (0.29893602, 0.58704307, 0.11402090)
SATURATED_LEVEL = 250


def zero_mean_phases(planes: NDArray[np.floating]) -> NDArray[np.float64]:
    """
    Take the means of rows and columns away, in each of the four phases of a 2x2 colour filter.

    Parameters
    ----------
    planes : array of float (n, rows, cols)

    Returns
    -------
    array of float64 (n, rows, cols)
        Every row and column of ``[:, i::2, j::2]`` has mean 0.
    """
    result = planes.astype(np.float64)
    for row in (0, 1):
        for col in (0, 1):
            phase = result[:, row::2, col::2]
            phase -= phase.mean(axis=2, keepdims=True)
            phase -= phase.mean(axis=1, keepdims=True)
    return result


def spectral_wiener(planes: NDArray[np.floating], sigma: ArrayLike) -> NDArray[np.float64]:
    """
    Level the peaks of the spectrum, which periodic processing leaves in every picture alike.

    Parameters
    ----------
    planes : array of float (n, rows, cols)
    sigma : float or array (n, 1, 1)
        Standard deviation of the noise, in units of `planes`.

    Returns
    -------
    array of float64 (n, rows, cols)
    """
    spectrum = np.asarray(scipy.fft.fft2(planes.astype(np.float64), axes=(1, 2)))
    magnitude = np.abs(spectrum) / np.sqrt(planes.shape[1] * planes.shape[2])
    spectrum *= noise_share(magnitude, np.square(sigma))
    return np.real(np.asarray(scipy.fft.ifft2(spectrum, axes=(1, 2))))


def grey(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Weigh the three channels of the last axis to grey; stacks without channels are left as they are."""
    if values.ndim == 3:
        return values.astype(np.float64)
    return np.einsum("nijc,c->nij", values.astype(np.float64), np.array(GREY_WEIGHTS))


def pattern(residuals: NDArray[np.floating]) -> NDArray[np.float64]:
    """
    Clean residuals, (n, rows, cols[, 3]): grey, means of rows and columns away, spectrum levelled.

    Returns
    -------
    array of float64 (n, rows, cols)
    """
    planes = zero_mean_phases(grey(residuals))
    return spectral_wiener(planes, planes.std(axis=(1, 2), ddof=1, keepdims=True))


def crop_patterns(crops: NDArray[np.uint8], levels: int, sigma: float) -> Iterator[NDArray[np.float64]]:
    """
    Pattern of every crop on its own, a few crops at a time: float64 patterns of all would fill the memory.

    Parameters
    ----------
    crops : array of uint8 (n_crops, rows, cols[, 3])
    levels, sigma
        As in `noise_residual`.

    Yields
    ------
    array of float64 (n, rows, cols)
    """
    for part in parts(len(crops)):
        yield pattern(noise_residual(crops[part], levels, sigma))


def fingerprint(crops: NDArray[np.uint8], levels: int, sigma: float) -> NDArray[np.float64]:
    """
    Pattern that the crops of one class share, the maximum-likelihood estimate of a multiplicative one.

    Parameters
    ----------
    crops : array of uint8 (n_crops, rows, cols[, 3])
    levels, sigma
        As in `noise_residual`.

    Returns
    -------
    array of float64 (rows, cols)
    """
    agreed, weight = np.zeros(crops.shape[1:]), np.ones(crops.shape[1:])
    for part in parts(len(crops)):
        block = crops[part]
        agreed += (noise_residual(block, levels, sigma) * (block / np.float32(255))).sum(axis=0, dtype=np.float64)
        weight += np.square(intensity_weight(block) * unsaturated(block)).sum(axis=0)
    return pattern((agreed / weight)[None])[0]


def intensity_weight(levels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Weight of pixels by their level, shape kept: proportional up to 251, falling to almost 0 at 255, where a sensor clips."""
    ramp = np.arange(256.0)
    return np.where(ramp < 252, ramp / 252, np.exp(-np.square(ramp - 252) / 6))[levels]


def unsaturated(crops: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """
    Mask of the pixels that count for a fingerprint, all but those in saturated areas of their channel.

    Parameters
    ----------
    crops : array of uint8 (n_crops, rows, cols[, channels])
        Opposite edges count as neighbours.

    Returns
    -------
    array of bool, shape of `crops`

    Notes
    -----
    Saturated is a pixel at its channel's largest level, above 250, with a neighbour of that level.
    As published, which has one oddity: in a picture that reaches level 250, a channel that stays at or below it counts only
    where a neighbour has the same level.
    """
    above, left = (crops == np.roll(crops, 1, axis=axis) for axis in (1, 2))
    flat = above | left | np.roll(above, -1, axis=1) | np.roll(left, -1, axis=2)
    largest = crops.max(axis=(1, 2), keepdims=True)
    dark = crops.max(axis=tuple(range(1, crops.ndim)), keepdims=True) < SATURATED_LEVEL
    return dark | np.where(largest > SATURATED_LEVEL, ~(flat & (crops == largest)), flat)


def correlation(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float64]:
    """
    Normalised correlation of all patterns of two stacks.

    Parameters
    ----------
    a, b : arrays of float (n_a, rows, cols), (n_b, rows, cols)

    Returns
    -------
    array of float64 (n_a, n_b), -1 to 1
        0 where a pattern is 0 everywhere, as that of a constant picture.
    """
    a, b = (planes.reshape(len(planes), -1).astype(np.float64) for planes in (a, b))
    lengths = np.sqrt(np.einsum("ij,ij->i", a, a))[:, None] * np.sqrt(np.einsum("ij,ij->i", b, b))
    return np.divide(a @ b.T, lengths, out=np.zeros_like(lengths), where=lengths > 0)
