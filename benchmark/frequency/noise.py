"""
Noise residuals: what a wavelet denoiser takes away from pictures.

The local Wiener filter of Mihcak et al. (ICASSP 1999) on wavelet details, as the estimator of Chen et al. (IEEE TIFS 3(1),
2008) uses it. Everything works on stacks; crops of a stack do not influence each other.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError

WAVELET = "db4"
WINDOWS = (3, 5, 7, 9)
CROPS_AT_A_TIME = 8  # of 128x128 pixels in colour: what is computed from them stays in the processor's cache


def noise_share(values: NDArray[np.floating], variance: ArrayLike) -> NDArray[np.floating]:
    """
    Share of noise in every value, from the energy around it: the gain of a local Wiener filter that keeps the noise.

    Parameters
    ----------
    values : array of float (n, rows, cols)
        Magnitudes or coefficients with mean 0; what lies outside counts as 0.
    variance : float or array (n, 1, 1)
        Of the noise, in squared units of `values`.

    Returns
    -------
    array of float (n, rows, cols), 0 to 1
        ``variance / max(energy, variance)`` with the least mean square over windows of 3, 5, 7 and 9 around a value.
    """
    rows, cols = values.shape[1:]
    edge = WINDOWS[-1] // 2
    energy = np.pad(np.square(values), ((0, 0), (edge, edge), (edge, edge)))
    strips = energy[:, :, edge : edge + cols].copy()
    least = np.full_like(values, np.inf)
    for half in (window // 2 for window in WINDOWS):
        # Each window is the one before and a ring: sums over columns grow from window to window.
        strips += energy[:, :, edge - half : edge - half + cols]
        strips += energy[:, :, edge + half : edge + half + cols]
        total = strips[:, edge - half : edge - half + rows].copy()
        for start in range(edge - half + 1, edge + half + 1):
            total += strips[:, start : start + rows]
        np.minimum(least, total / (2 * half + 1) ** 2, out=least)
    noise = np.asarray(variance, dtype=values.dtype)
    np.maximum(least, np.maximum(noise, np.finfo(values.dtype).tiny), out=least)
    return np.divide(noise, least, out=least)


def noise_residual(crops: NDArray, levels: int, sigma: float) -> NDArray[np.float32]:
    """
    Compute the residual that a wavelet denoiser removes from every channel (db4, local Wiener filter on the details).

    Parameters
    ----------
    crops : array (n_crops, rows, cols) or (n_crops, rows, cols, channels)
        Levels 0..255.
    levels : int
        Of the decomposition, at least 1.
    sigma : float
        Standard deviation of the noise, in levels.

    Returns
    -------
    array of float32, shape of `crops`
    """
    if crops.ndim not in (3, 4):
        raise DataError(f"noise_residual needs crops (n_crops, rows, cols[, channels]), got shape {crops.shape}.")
    residual = np.empty(crops.shape, dtype=np.float32)
    for part in parts(len(crops)):
        channels = np.moveaxis(crops[part], -1, 1) if crops.ndim == 4 else crops[part]
        planes = np.ascontiguousarray(channels, dtype=np.float32)
        noise = _details_of_noise(planes.reshape(-1, *planes.shape[-2:]), levels, sigma**2).reshape(planes.shape)
        residual[part] = np.moveaxis(noise, 1, -1) if crops.ndim == 4 else noise
    return residual


def _details_of_noise(planes: NDArray[np.float32], levels: int, variance: float) -> NDArray[np.float32]:
    """Noise part of the details of planes (n, rows, cols), level by level; of the smooth rest nothing is noise."""
    import pywt

    bands: Any = pywt.dwt2(planes, WAVELET, axes=(1, 2))
    smooth, details = bands
    deeper = _details_of_noise(smooth, levels - 1, variance) if levels > 1 else None
    noise: Any = pywt.idwt2((deeper, tuple(band * noise_share(band, variance) for band in details)), WAVELET, axes=(1, 2))
    return noise[:, : planes.shape[1], : planes.shape[2]]  # an odd side comes back one longer


def parts(n_crops: int) -> list[slice]:
    """Cut a stack into parts that are computed one after the other."""
    return [slice(i, i + CROPS_AT_A_TIME) for i in range(0, n_crops, CROPS_AT_A_TIME)]
