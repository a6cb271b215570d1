"""
Spectrum statistics of training reals, which some perturbations set the spectra of other pictures to.

A colour picture is split into luma and two differences of colour, since what grey views see is the luma: set in red, green
and blue one by one, its spectrum would depend on how alike the three are. Power is collected in rings of the frequency, in
cycles/pixel, so that statistics of pictures of one size hold for every other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import scipy  # whose parts are imported when they are first used: `scipy.fft` takes as long as NumPy
from numpy.typing import NDArray

from .levels import Picture, rounded, without_colour

VERSION = 1  # raised when a change moves a statistic
RINGS_PER_CYCLE = 128  # ring k is centred at k/128 cycles/pixel, so every k/2, k/4 and k/8 is in the middle of one
N_RINGS = int(np.rint(np.sqrt(0.5) * RINGS_PER_CYCLE)) + 1
N_PLANES = 3
POWER_FLOOR = 1e-6  # grey levels squared; far below the 1/12 that rounding to 8 bits leaves
# ITU-R 601 luma, and blue and red less luma, as JPEG has them.
PLANES_OF_COLOURS = np.array(
    [[0.299, 0.587, 0.114], [-0.299 / 1.772, -0.587 / 1.772, 0.5], [0.5, -0.587 / 1.402, -0.114 / 1.402]]
)
COLOURS_OF_PLANES = np.linalg.inv(PLANES_OF_COLOURS)


def planes_of(picture: NDArray) -> NDArray[np.float64]:
    """Return levels (rows, cols[, 3]) as planes (1 or 3, rows, cols): grey, or luma and two differences of colour."""
    if picture.ndim == 2:
        return picture[None].astype(np.float64)
    return np.moveaxis(picture @ PLANES_OF_COLOURS.T, -1, 0)


def levels_of(planes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return planes of `planes_of` as levels (rows, cols[, 3]), which may lie beyond those of a picture."""
    return planes[0] if len(planes) == 1 else np.moveaxis(planes, 0, -1) @ COLOURS_OF_PLANES.T


def picture_of(planes: NDArray[np.float64]) -> Picture:
    """Return planes of `planes_of` as a picture, rounded and clipped."""
    return rounded(levels_of(planes))


class Rings(NamedTuple):
    """
    Rings of the DFT of real pictures of one size.

    Attributes
    ----------
    ring : array of intp (rows, cols // 2 + 1)
        Of each coefficient of ``rfft2``.
    weight : array of float64 (rows, cols // 2 + 1)
        Coefficients of the whole DFT that it stands for: 2, or 1 where it has no mirror image in another column; the zero
        frequency has 0.
    """

    ring: NDArray[np.intp]
    weight: NDArray[np.float64]

    def means(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean of values (n_planes, rows, cols // 2 + 1) over each ring, (n_planes, `N_RINGS`); NaN where empty."""
        flat, weight = self.ring.ravel(), self.weight.ravel()
        total = np.stack([np.bincount(flat, weight * plane.ravel(), N_RINGS) for plane in values])
        count = np.bincount(flat, weight, N_RINGS)
        return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


@lru_cache(maxsize=4)
def rings_of(rows: int, cols: int) -> Rings:
    """Return the rings of pictures of `rows` x `cols` pixels."""
    radius = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(cols)[None, :])
    weight = np.full(radius.shape, 2.0)
    weight[:, 0] = 1
    if cols % 2 == 0:
        weight[:, -1] = 1
    weight[0, 0] = 0
    return Rings(np.rint(radius * RINGS_PER_CYCLE).astype(np.intp), weight)


def ring_power(spectra: NDArray[np.complex128], rows: int, cols: int) -> NDArray[np.float64]:
    """
    Compute the mean power of each ring.

    Parameters
    ----------
    spectra : array of complex128 (n_planes, rows, cols // 2 + 1)
        ``rfft2`` of the planes of a picture.
    rows, cols : int
        Of the picture.

    Returns
    -------
    array of float64 (n_planes, `N_RINGS`)
        Grey levels squared per coefficient, independent of the size; the zero frequency is left out; NaN for rings without a
        coefficient, which small pictures have.
    """
    return rings_of(rows, cols).means(np.square(np.abs(spectra))) / (rows * cols)


@dataclass(frozen=True, eq=False)
class SpectrumStatistics:
    """
    Mean spectrum of training reals.

    Attributes
    ----------
    log_power : array of float64 (3, `N_RINGS`)
        Of luma and the two differences of colour: mean over the reals of the logarithm of their ring power, ln(grey levels
        squared). Rings that none of the reals reach have the value at the nearest frequencies.
    n_pictures : int
        Reals.
    key : str
        Digest of the contents of the reals, which the statistics follow from on every machine.
    """

    log_power: NDArray[np.float64]
    n_pictures: int
    key: str


@dataclass(frozen=True, eq=False)
class RingSums:
    """
    Sums of the logarithm of ring power over some pictures.

    Attributes
    ----------
    total : array of float64 (3, `N_RINGS`)
    count : array of float64 (3, `N_RINGS`)
        Pictures that have the ring; grey ones have no difference of colour.
    n_pictures : int
    """

    total: NDArray[np.float64]
    count: NDArray[np.float64]
    n_pictures: int

    @classmethod
    def of(cls, picture: Picture) -> "RingSums":
        """Measure one picture (rows, cols[, 3]); one whose channels are equal is grey."""
        planes = planes_of(without_colour(picture))
        total, count = np.zeros((2, N_PLANES, N_RINGS))
        power = ring_power(np.asarray(scipy.fft.rfft2(planes)), *planes.shape[1:])
        known = ~np.isnan(power)
        total[: len(planes)][known] = np.log(np.maximum(power[known], POWER_FLOOR))
        count[: len(planes)] = known
        return cls(total, count, 1)

    @classmethod
    def joined(cls, parts: Sequence["RingSums"]) -> "RingSums":
        """Add up several sums, in their order; none are a sum of no picture."""
        total, count = np.zeros((2, N_PLANES, N_RINGS))
        for part in parts:
            total, count = total + part.total, count + part.count
        return cls(total, count, sum(part.n_pictures for part in parts))

    def statistics(self, key: str) -> SpectrumStatistics:
        """
        Return the means.

        Parameters
        ----------
        key : str
            See `SpectrumStatistics`.
        """
        log_power = np.full_like(self.total, np.log(POWER_FLOOR))  # of a plane that no picture has: grey ones have no colour
        # Between rings power follows the frequency as a power law does; the ring around zero has frequencies up to 1/256.
        frequency = np.log(np.maximum(np.arange(N_RINGS), 0.25))
        for plane, (total, count) in enumerate(zip(self.total, self.count, strict=True)):
            known = count > 0
            if known.any():
                log_power[plane] = np.interp(frequency, frequency[known], total[known] / count[known])
        return SpectrumStatistics(log_power, self.n_pictures, key)
