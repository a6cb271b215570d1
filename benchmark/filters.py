"""Bands in the pixels: filter a picture and go back to 8 bits, for detectors of any kind."""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from .bands import Band


def filter_pixels(crops: NDArray[np.uint8], band: Band) -> NDArray[np.uint8]:
    """
    Filter crops and return to 8-bit pixels.

    Parameters
    ----------
    crops : array of uint8 (n_crops, rows, cols[, channels])
    band : Band
        Applied per channel as an amplitude gain on the DFT.

    Returns
    -------
    array of uint8, shape of `crops`
        Real part, rounded, clipped to 0..255.

    Notes
    -----
    The zero frequency always passes. A high or band pass without its mean is a signed picture around 0, of which
    clipping would take away the negative half and make a rectifier of a filter.
    """
    if band.kind == "all":
        return crops
    rows, cols = crops.shape[1:3]
    gain = band.gain(np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(cols)[None, :]))
    gain[0, 0] = 1.0
    gain = gain.reshape(gain.shape + (1,) * (crops.ndim - 3)).astype(np.float32)
    spectrum = np.asarray(scipy.fft.rfft2(crops.astype(np.float32), axes=(1, 2))) * gain
    filtered = np.asarray(scipy.fft.irfft2(spectrum, s=(rows, cols), axes=(1, 2)))
    return np.clip(np.rint(filtered), 0, 255).astype(np.uint8)
