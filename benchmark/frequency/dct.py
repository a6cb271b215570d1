"""Log-DCT of stacks of crops (arXiv 2003.08685)."""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from ..errors import DataError

PUBLISHED_EPSILON = 1e-12


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


def log_magnitude(coefficients: NDArray, epsilon: float = PUBLISHED_EPSILON) -> NDArray:
    """Take ``ln(|x| + epsilon)``, shape and precision of the input kept."""
    return np.log(np.abs(coefficients) + coefficients.dtype.type(epsilon))


def dct_frequency(rows: int, cols: int) -> NDArray[np.float64]:
    """Radial frequency of each DCT coefficient in cycles/pixel, (rows, cols); coefficient k of N lies at k / (2 N)."""
    return np.hypot(np.arange(rows)[:, None] / (2 * rows), np.arange(cols)[None, :] / (2 * cols))
