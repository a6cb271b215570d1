"""
Filters in the pixels: a band takes a picture and gives one back, in 8 bits, for detectors of any kind.

`filter_pixels` is what bands of mode ``pixels`` do; `band_limited` does not round. `published_filter`, `fda` and
`published_fda` are the filters of other programs, whose arithmetic differs.
"""

from typing import Literal

import numpy as np
import scipy  # its parts are imported when they are first used: `scipy.fft` takes as long as NumPy
from numpy.typing import NDArray

from ..errors import DataError, EmptyBandError, StudyError, unknown_name
from .bands import Band, butterworth_gain, distance_grid
from .grid import Frequencies

PublishedKind = Literal["low", "high", "band", "hard_band"]
# Widths of the published bands, in DFT bins; the radii of its figures are 0 to 185 in steps of 5, with 1 for the 0.
PUBLISHED_WIDTHS: dict[PublishedKind, float] = {"low": 0, "high": 0, "band": 20, "hard_band": 5}

# A part of a batch of so many values takes 1 MB in float32, which a processor has beside each core.
CACHED_VALUES = 2**18


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
    gain = half_plane_gain(band, rows, cols)
    gain = gain.reshape(gain.shape + (1,) * (crops.ndim - 3))
    filtered = np.empty_like(crops)
    for part in _parts(crops.shape):
        spectrum = np.asarray(scipy.fft.rfft2(crops[part].astype(np.float32), axes=(1, 2)))
        spectrum *= gain
        levels = np.asarray(scipy.fft.irfft2(spectrum, s=(rows, cols), axes=(1, 2)))
        filtered[part] = np.clip(np.rint(levels, out=levels), 0, 255, out=levels)
    return filtered


def band_limited(crops: NDArray[np.uint8], band: Band) -> NDArray[np.float32]:
    """
    Restrict the spectrum of crops to what a band leaves, for views whose features are no function of its magnitudes.

    Parameters
    ----------
    crops : array of uint8 (n_crops, rows, cols[, channels])
    band : Band
        ``keep`` sets the coefficients with gain below 1/2 to zero, ``reweight`` multiplies all by the gain; per channel. The
        zero frequency, the mean, always passes.

    Returns
    -------
    array of float32, shape of `crops`
        Grey levels, neither rounded nor clipped: nothing of the other frequencies is left in them.

    Raises
    ------
    EmptyBandError
        If the band keeps no coefficient but the mean.
    """
    rows, cols = crops.shape[1:3]
    weight, kept = band.acting_on(Frequencies.of_plane(np.fft.fftfreq(rows), np.fft.rfftfreq(cols)))
    if kept is not None and not kept.ravel()[1:].any():
        raise EmptyBandError(f"{band} keeps no coefficient of a {rows}x{cols} crop but its mean.")
    gain = np.ones((rows, cols // 2 + 1)) if weight is None else weight.copy()
    if kept is not None:
        gain[~kept] = 0
    gain[0, 0] = 1
    gain = gain.astype(np.float32).reshape(gain.shape + (1,) * (crops.ndim - 3))
    limited = np.empty(crops.shape, dtype=np.float32)
    for part in _parts(crops.shape):
        spectrum = np.asarray(scipy.fft.rfft2(crops[part].astype(np.float32), axes=(1, 2)))
        limited[part] = np.asarray(scipy.fft.irfft2(spectrum * gain, s=(rows, cols), axes=(1, 2)))
    return limited


def _parts(shape: tuple[int, ...]) -> list[slice]:
    """Cut crops into parts whose values fit into a processor's cache, where filtering is several times as fast."""
    step = max(1, CACHED_VALUES // int(np.prod(shape[1:])))
    return [slice(start, start + step) for start in range(0, shape[0], step)]


def half_plane_gain(band: Band, rows: int, cols: int) -> NDArray[np.float32]:
    """Amplitude gain on the DFT of real crops, (rows, cols // 2 + 1), zero frequency first and always passed."""
    gain = band.gain(Frequencies.of_plane(np.fft.fftfreq(rows), np.fft.rfftfreq(cols)))
    gain[0, 0] = 1.0
    return gain.astype(np.float32)


# --- as published ----------------------------------------------------------------------------------------------------


def published_mask(kind: PublishedKind, rows: int, cols: int, radius: float, order: int = 1) -> NDArray[np.float32]:
    """
    Gain of a master's thesis on middle frequencies (2024, github.com/Julianwustl, its program), zero frequency in the middle.

    Parameters
    ----------
    kind : {"low", "high", "band", "hard_band"}
        ``band`` has a width of 20 DFT bins; ``hard_band`` passes what is within 2.5 bins of the radius and nothing else.
    rows, cols : int
        Of the picture.
    radius : float
        Cut-off or centre, in DFT bins of the picture.
    order : int
        Of the Butterworth ones.

    Returns
    -------
    array of float32 (rows, cols), or (cols, rows) for the bands
        Measured from ``(rows // 2, cols // 2)``. The program takes the sides of its bands for one another.

    Raises
    ------
    StudyError
        If the kind is unknown or the radius is not positive.
    """
    if kind not in PUBLISHED_WIDTHS:
        raise StudyError(unknown_name("published filter", kind, PUBLISHED_WIDTHS))
    if radius <= 0:
        raise StudyError(f"a published filter has a radius above 0 DFT bins, got {radius:g}.")
    distance, width = distance_grid(rows, cols), PUBLISHED_WIDTHS[kind]
    if kind == "hard_band":
        return (np.abs(distance - radius) <= width / 2).astype(np.float32).T
    gain = butterworth_gain(kind, distance, radius, width, order).astype(np.float32)
    return gain.T if kind == "band" else gain


def published_filter(picture: NDArray[np.uint8], kind: PublishedKind, radius: float, order: int = 1) -> NDArray[np.uint8]:
    """
    Filter a picture as the program of that thesis does: the absolute value of the result, truncated, wrapped above 255.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, channels])
    kind, radius, order
        See `published_mask`.

    Returns
    -------
    array of uint8, shape of `picture`

    Raises
    ------
    StudyError
        As `published_mask`.
    DataError
        For a band of a picture that is not square, whose mask does not fit.

    Notes
    -----
    A low pass darkens by half a grey level on the average. High and band pass take the mean away, and the absolute value
    folds the signed result: it is a rectified picture, not the filtered one.

    The program computes in float32 by PyTorch, whose last bits depend on the processor; this in float64. Where a value is whole
    but for that rounding, truncation makes a level of it: some values in 100,000 are one apart, and no fewer in float32.
    """
    gain = _published_gain(picture.shape, kind, radius, order)
    spectrum = np.asarray(scipy.fft.fft2(picture.astype(np.float64), axes=(0, 1)))
    return _wrapped(np.asarray(scipy.fft.ifft2(spectrum * gain, axes=(0, 1))))


def _published_gain(shape: tuple[int, ...], kind: PublishedKind, radius: float, order: int) -> NDArray[np.float32]:
    """Mask with the zero frequency first, (rows, cols[, 1])."""
    rows, cols = shape[:2]
    mask = published_mask(kind, rows, cols, radius, order)
    if mask.shape != (rows, cols):
        raise DataError(f"the published {kind} pass takes square pictures only, got {rows}x{cols}.")
    return scipy.fft.ifftshift(mask).reshape(rows, cols, *(1,) * (len(shape) - 2))


def _wrapped(filtered: NDArray[np.complex128]) -> NDArray[np.uint8]:
    return np.abs(filtered).astype(np.int64).astype(np.uint8)


# --- Fourier domain adaptation ---------------------------------------------------------------------------------------


def swap_amplitudes(source: NDArray[np.uint8], reference: NDArray[np.uint8], beta: float) -> NDArray[np.complex128]:
    """
    Give the lowest frequencies of a picture the amplitudes of another one and leave the phases (Yang and Soatto, CVPR 2020).

    Parameters
    ----------
    source, reference : arrays of uint8 (rows, cols[, channels])
    beta : float
        The block of frequencies reaches ``int(min(rows, cols) * beta)`` DFT bins from the zero frequency to each side.

    Returns
    -------
    array of complex128 (rows, cols[, channels])
        Not yet a picture; its imaginary part is a rounding error.

    Raises
    ------
    DataError
        If the two have not one shape.
    """
    if source.shape != reference.shape:
        raise DataError(f"Fourier domain adaptation needs a reference of the same shape {source.shape}, got {reference.shape}.")
    rows, cols = source.shape[:2]
    reach = int(min(rows, cols) * beta)
    near = [np.abs(np.fft.fftfreq(side, 1 / side)) <= reach for side in (rows, cols)]
    block = np.ix_(*near)
    spectrum = np.asarray(scipy.fft.fft2(source.astype(np.float64), axes=(0, 1)))
    other = np.asarray(scipy.fft.fft2(reference.astype(np.float64), axes=(0, 1)))
    spectrum[block] = np.abs(other[block]) * np.exp(1j * np.angle(spectrum[block]))
    return np.asarray(scipy.fft.ifft2(spectrum, axes=(0, 1)))


def fda(source: NDArray[np.uint8], reference: NDArray[np.uint8], beta: float = 0.01) -> NDArray[np.uint8]:
    """
    Fourier domain adaptation: low frequencies get the amplitudes of a reference; real part, rounded, clipped.

    The thesis evaluates with albumentations 1.3.1, which truncates where this rounds. Parameters, shapes and errors as in
    `swap_amplitudes`.
    """
    return np.clip(np.rint(swap_amplitudes(source, reference, beta).real), 0, 255).astype(np.uint8)


def published_fda(source: NDArray[np.uint8], reference: NDArray[np.uint8], beta: float = 0.01) -> NDArray[np.uint8]:
    """Do the same as the thesis's own program: the absolute value, truncated, and wrapped above 255."""
    return _wrapped(swap_amplitudes(source, reference, beta))
