"""Log-DCT of stacks of crops (arXiv 2003.08685)."""

from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from ..errors import DataError
from .grid import Frequencies
from .stacks import mean_levels

PUBLISHED_EPSILON = 1e-12
TAPERED = 0.25  # share of a side on which the window rises or falls


def dct2(crops: NDArray) -> NDArray:
    """
    Orthonormal type-II DCT over the two picture axes, per channel.

    Parameters
    ----------
    crops : array (n_crops, rows, cols) or (n_crops, rows, cols, channels)
        Raw levels 0..255. float32 input stays float32, everything else becomes float64.

    Returns
    -------
    array, shape of `crops`
    """
    if crops.ndim not in (3, 4):
        raise DataError(f"dct2 needs crops (n_crops, rows, cols[, channels]), got shape {crops.shape}.")
    values = crops if crops.dtype == np.float32 else crops.astype(np.float64)
    return np.asarray(scipy.fft.dctn(values, type=2, axes=(1, 2), norm="ortho"))


@lru_cache(maxsize=16)
def taper(rows: int, cols: int) -> NDArray[np.float32]:
    """Separable tapered cosine window without its zero border, scaled to mean square 1, (rows, cols)."""
    # Imported here: scipy.signal takes a quarter of a second, which only detectors with this window need.
    from scipy.signal.windows import tukey

    window = np.outer(*(tukey(side + 2, TAPERED)[1:-1] for side in (rows, cols)))
    return (window / np.sqrt((window**2).mean())).astype(np.float32)


def tapered(crops: NDArray) -> NDArray[np.float32]:
    """
    Take the mean of each crop away and let it fade out towards its borders.

    A type-II DCT continues a crop by its mirror image, which has a kink at each border: a strong stretch of the spectrum leaks
    into all others, with an amplitude that falls as the square of their distance. Under the window it reaches its neighbours
    alone.

    Parameters
    ----------
    crops : array (n_crops, rows, cols) or (n_crops, rows, cols, channels)

    Returns
    -------
    array of float32, shape of `crops`
    """
    centred = (crops - mean_levels(crops)).astype(np.float32)
    window = taper(*crops.shape[1:3])
    return centred * window.reshape(window.shape + (1,) * (crops.ndim - 3))


def log_magnitude(coefficients: NDArray, epsilon: float = PUBLISHED_EPSILON) -> NDArray:
    """Take ``ln(|x| + epsilon)``, shape and precision of the input kept."""
    magnitude = np.abs(coefficients)
    magnitude += coefficients.dtype.type(epsilon)
    return np.log(magnitude, out=magnitude)


def dct_frequencies(rows: int, cols: int) -> Frequencies:
    """Frequencies of the DCT coefficients in cycles/pixel, (rows, cols); coefficient k of N lies at k / (2 N)."""
    return Frequencies.of_plane(np.arange(rows) / (2 * rows), np.arange(cols) / (2 * cols))
