"""
Statistics of the discrete cosine transform of blocks of 8x8 pixels, the blocks of JPEG.

Laplace scales after Giudice et al. (Journal of Imaging 7(8), 2021), first digits after Bonettini et al. (ICPR 2020).
"""

from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from ..errors import StudyError

BLOCK = 8
N_AC = BLOCK * BLOCK - 1
# A coefficient is rounded to this many decimals before its digit is read: some bands have coefficients that are multiples of
# 1/8, and an exact 1 must not become 0.9999..., whose first digit is the largest.
DECIMALS = 9
EXPONENTS = np.arange(-19, 9)  # base 3 needs them all, from 1e-9 to the 2040 that a block of 8-bit levels can reach
DIVERGENCE_ORDER = 0.3  # of Renyi and Tsallis; below 1 both are finite whatever digits are missing


def require_block(rows: int, cols: int) -> None:
    """
    Refuse crops that are smaller than a block.

    Raises
    ------
    StudyError
        If they are.
    """
    if min(rows, cols) < BLOCK:
        raise StudyError(f"blocks of {BLOCK}x{BLOCK} pixels need crops of at least that size, got {rows}x{cols}.")


def block_coefficients(crops: NDArray[np.uint8]) -> NDArray[np.float64]:
    """
    Orthonormal type-II DCT of the blocks of 8x8 pixels.

    Parameters
    ----------
    crops : array of uint8 (n_crops, rows, cols)
        Grey levels. Blocks begin at the first row and column; rows and columns that fill no block at the end are left out.

    Returns
    -------
    array of float64 (n_crops, n_blocks, 63)
        AC coefficients (u, v) in the order of `ac_bands`, in grey levels.

    Raises
    ------
    StudyError
        If a crop is smaller than a block.
    """
    n, rows, cols = crops.shape
    require_block(rows, cols)
    down, across = rows // BLOCK, cols // BLOCK
    blocks = crops[:, : down * BLOCK, : across * BLOCK].reshape(n, down, BLOCK, across, BLOCK).astype(np.float64)
    coefficients = np.asarray(scipy.fft.dctn(blocks, type=2, axes=(2, 4), norm="ortho")).transpose(0, 1, 3, 2, 4)
    flat = ac_bands()[0] * BLOCK + ac_bands()[1]
    return coefficients.reshape(n, down * across, BLOCK * BLOCK)[:, :, flat]


@lru_cache(maxsize=1)
def ac_bands() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices u (rows) and v (columns) of the AC bands, lowest radial frequency first, ties in reading order; (63,) each."""
    u, v = (index.ravel()[1:] for index in np.indices((BLOCK, BLOCK)))
    order = np.argsort(u**2 + v**2, kind="stable")
    return u[order], v[order]


def laplace_scales(coefficients: NDArray[np.float64], of_deviation: bool = False) -> NDArray[np.float64]:
    """
    Scale of a Laplace distribution around 0 for every band.

    Parameters
    ----------
    coefficients : array of float64 (n_crops, n_blocks, n_bands)
    of_deviation : bool
        Standard deviation over the square root of 2, as published; otherwise the mean of the absolute values, which is the
        maximum-likelihood estimate.

    Returns
    -------
    array of float64 (n_crops, n_bands)
        In grey levels.
    """
    if of_deviation:
        return coefficients.std(axis=1) / np.sqrt(2)
    return np.abs(coefficients).mean(axis=1)


def digit_shares(coefficients: NDArray[np.float64], base: int) -> NDArray[np.float64]:
    """
    Share of each first digit among the coefficients of a band that are not zero.

    Parameters
    ----------
    coefficients : array of float64 (n_crops, n_blocks, n_bands)
    base : int
        Of the number system, at least 3.

    Returns
    -------
    array of float64 (n_crops, n_bands, base - 1)
        Digits 1 to base - 1; all 0 where every coefficient is.
    """
    n, _, n_bands = coefficients.shape
    size = np.round(np.abs(coefficients), DECIMALS)
    powers = float(base) ** EXPONENTS
    # A quotient that is a whole number but for its last bits is that number, and the base itself is the next power.
    leading = np.floor(size / powers[np.searchsorted(powers, size, side="right") - 1] * (1 + 1e-12))
    digit = np.where(leading >= base, 1, leading).astype(np.intp) - 1
    place = np.arange(n)[:, None, None] * n_bands + np.arange(n_bands)
    found = (place * (base - 1) + digit)[size > 0]
    counts = np.bincount(found, minlength=n * n_bands * (base - 1)).reshape(n, n_bands, base - 1)
    return counts / np.maximum(counts.sum(axis=2, keepdims=True), 1)


@lru_cache(maxsize=8)
def _benford_shapes(base: int) -> NDArray[np.float64]:
    """Laws ``log_b(1 + 1 / (gamma + d**delta))`` of digits d on a grid of parameters, of length 1, (n_laws, base - 1)."""
    digits = np.arange(1, base)
    gamma = np.geomspace(0.1, 100, 28)[:, None, None] - 1  # above -1, so that digit 1 has a share
    delta = np.linspace(0.1, 3, 40)[:, None]
    laws = np.log1p(1 / (gamma + digits**delta)).reshape(-1, base - 1) / np.log(base)
    return laws / np.linalg.norm(laws, axis=1, keepdims=True)


def fitted_benford(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Fit the generalised Benford law to shares of first digits by least squares.

    Parameters
    ----------
    shares : array of float64 (..., base - 1)
        From `digit_shares`.

    Returns
    -------
    array of float64, shape of `shares`
        ``beta * log_b(1 + 1 / (gamma + d**delta))``, divided by its sum; all 0 where `shares` is.

    Notes
    -----
    beta enters linearly and has a closed form; gamma and delta are searched on a grid of 28 by 40 values, whose
    residuals for all bands are one matrix product. A search on a grid has no start and no tolerance on which the
    result could depend.
    """
    rows = shares.reshape(-1, shares.shape[-1])
    shapes = _benford_shapes(rows.shape[1] + 1)
    best = shapes[(rows @ shapes.T).argmax(axis=1)]
    law = np.where(rows.any(axis=1, keepdims=True), best / best.sum(axis=1, keepdims=True), 0.0)
    return law.reshape(shares.shape)


def divergences(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Jensen-Shannon, Renyi and Tsallis divergence of two distributions, the last two as sums of both directions.

    Parameters
    ----------
    p, q : arrays of float64 (..., n), at least 0, with sum 1 or 0

    Returns
    -------
    array of float64 (..., 3)
        At least 0, in nats; 0 where `p` is all 0.
    """
    some = p.sum(axis=-1) > 0
    middle = (p + q) / 2
    jensen_shannon = (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2
    order = DIVERGENCE_ORDER
    overlaps = [np.where(some, (a**order * b ** (1 - order)).sum(axis=-1), 1.0) for a, b in ((p, q), (q, p))]
    # With both supports in common an overlap is positive; its floor is far below that of any two histograms.
    renyi = sum(np.log(np.maximum(overlap, 1e-300)) for overlap in overlaps) / (order - 1)
    tsallis = sum(overlap - 1 for overlap in overlaps) / (order - 1)
    return np.maximum(np.stack([np.where(some, jensen_shannon, 0.0), renyi, tsallis], axis=-1), 0.0)


def _relative_entropy(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    ratio = np.divide(p, q, out=np.ones_like(p), where=(p > 0) & (q > 0))
    return (p * np.log(ratio)).sum(axis=-1)
