"""Peaks of the cross-difference residual at the multiples of 1/8 cycles/pixel."""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from ..contracts import Features
from ..errors import DataError, EmptyBandError, StudyError
from ..frequency.bands import Band
from ..frequency.grid import Frequencies
from ..frequency.spectra import columns_of
from .kernel import ViewKernel

SURROUNDINGS = 2  # DFT bins to each side of a lattice point, whose mean power is the continuum there
# Of the power per coefficient, in grey levels squared: below the noise that 8-bit rounding leaves in a cross-difference (1/3).
CONTINUUM_FLOOR = 0.01
PIXELS_AT_A_TIME = 2**20  # 4 MB in float32


@dataclass(frozen=True)
class CrossDifferenceView(ViewKernel):
    """
    Fourier magnitudes of the cross-difference at a lattice of frequencies (Bammey, IEEE OJSP 2023), float32.

    The residual is cut to the largest number of whole periods, from the first row and column on. Of two lattice points whose
    magnitudes are equal for every real residual one is taken, and the zero frequency is left out: 33 points for period 8.
    Columns are ordered by radius, channels side by side.

    Parameters
    ----------
    period : int
        The lattice has the points (i / period, j / period) cycles/pixel.
    relative : bool
        The log of the power over that of the surrounding coefficients, which depends neither on the contrast nor on the
        sharpness of a picture. Otherwise the amplitude of the wave, in grey levels.
    colour : bool
        Three channels and not grey.

    Notes
    -----
    The absolute value makes the frequencies those of the *strength* of the residual: a picture whose pixels are sharper in
    every second column has a peak at 1/2, wherever its own energy lies. Bands of mode ``keep`` and ``reweight`` choose
    among these frequencies; mode ``pixels`` asks for the frequencies of the picture itself.
    """

    name: ClassVar[str] = "cross_difference"
    period: int = 8
    relative: bool = False
    colour: bool = True
    version: int = 1

    def __post_init__(self) -> None:
        if not 2 <= self.period <= 64:
            raise StudyError(f"view 'cross_difference' takes a period of 2 to 64 pixels, got {self.period}.")

    def base(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._measured(crops, None)

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> Features:
        _, at = lattice_points(self.period)
        if self.colour:
            at = at[np.repeat(np.arange(at.radius.size), 3)]
        if band.kind == "all":
            return Features(base, at.radius)
        weight, passed = band.acting_on(at)
        values = base if weight is None or self.relative else (base * weight).astype(np.float32)
        if passed is None:
            return Features(values, at.radius)
        if not passed.any():
            raise EmptyBandError(f"{band} keeps no multiple of 1/{self.period} cycles/pixel in rows and columns.")
        return Features(columns_of(values, passed), at.radius[passed])

    def needs_crops(self, band: Band) -> bool:
        # The surroundings of a point are weighed by gains of their own, which the ratio has already swallowed.
        weighs = band.kind != "all" and band.acting_on(lattice_points(self.period)[1])[0] is not None
        return super().needs_crops(band) or (self.relative and weighs)

    def from_crops(self, crops: NDArray[np.uint8], band: Band) -> Features:
        weighs = self.needs_crops(band)
        return self.features(self._measured(crops, band if weighs else None), crops.shape[1:3], band)

    def _measured(self, crops: NDArray[np.uint8], band: Band | None) -> NDArray[np.float32]:
        """Measure all lattice points, the spectrum of the residual reweighted by `band`: (n_crops, points * channels)."""
        self._require_periods(*crops.shape[1:3])
        step = max(1, PIXELS_AT_A_TIME // int(np.prod(crops.shape[1:])))
        parts = [self._of_stack(crops[start : start + step], band) for start in range(0, len(crops), step)]
        return np.concatenate(parts).reshape(len(crops), -1)

    def _require_periods(self, rows: int, cols: int) -> None:
        fewest = 2 if self.relative else 1
        if (min(rows, cols) - 1) // self.period < fewest:
            side = fewest * self.period + 1
            raise DataError(
                f"view 'cross_difference' with period {self.period} needs crops of at least {side}x{side} pixels, got "
                f"{rows}x{cols}. Choose larger crops or a shorter period."
            )

    def _of_stack(self, crops: NDArray[np.uint8], band: Band | None) -> NDArray[np.float32]:
        residual = cross_difference(crops.reshape(*crops.shape[:3], -1))
        n, rows, cols, channels = residual.shape
        down, along = rows // self.period, cols // self.period
        residual = residual[:, : down * self.period, : along * self.period]
        (i, j), _ = lattice_points(self.period)
        if self.relative:
            return np.log(_over_surroundings(residual, down * i, along * j, band))
        # All that a lattice of frequencies sees of the residual is the mean of its periods.
        period = residual.reshape(n, down, self.period, along, self.period, channels).mean(axis=(1, 3))
        return np.abs(np.asarray(scipy.fft.fft2(period, axes=(1, 2))))[:, i, j] / np.float32(self.period**2)


def cross_difference(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """
    Absolute second difference along both diagonals, |x(i, j) + x(i+1, j+1) - x(i, j+1) - x(i+1, j)|.

    Parameters
    ----------
    crops : array of uint8 (n_crops, rows, cols, channels)

    Returns
    -------
    array of float32 (n_crops, rows - 1, cols - 1, channels), 0 to 510
    """
    levels = crops.astype(np.int16)
    along = levels[:, :, :-1] - levels[:, :, 1:]
    return np.abs(along[:, :-1] - along[:, 1:]).astype(np.float32)


@lru_cache(maxsize=8)
def lattice_points(period: int) -> tuple[tuple[NDArray[np.intp], NDArray[np.intp]], Frequencies]:
    """
    One of each pair of opposite lattice points, without the zero frequency, from the lowest radius to the highest.

    Parameters
    ----------
    period : int

    Returns
    -------
    points : (rows, cols), arrays of int (n_points,)
        DFT indices of a square of one period.
    frequencies : Frequencies (n_points,)
    """
    i, j = (axis.ravel() for axis in np.indices((period, period)))
    # Of a point and its mirror image, the one that comes first in reading order.
    first = (i * period + j <= (-i % period) * period + (-j % period)) & (i + j > 0)
    i, j = i[first], j[first]
    rows, cols = (np.minimum(axis, period - axis) / period for axis in (i, j))
    order = np.lexsort((j, i, np.round(np.hypot(rows, cols), 12)))
    i, j, rows, cols = i[order], j[order], rows[order], cols[order]
    return (i, j), Frequencies(np.hypot(rows, cols), rows, cols)


def _over_surroundings(
    residual: NDArray[np.float32], rows: NDArray[np.intp], cols: NDArray[np.intp], band: Band | None
) -> NDArray[np.float32]:
    """Power at DFT indices over the mean power around them, (n_crops, n_points, channels)."""
    down, along = residual.shape[1:3]
    # Without the mean, which would stand beside a point of the lowest frequency where crops are small.
    centred = residual - residual.mean(axis=(1, 2), keepdims=True)
    power = np.square(np.abs(np.asarray(scipy.fft.fft2(centred, axes=(1, 2))))) / np.float32(down * along)
    if band is not None:
        plane = Frequencies.of_plane(np.fft.fftfreq(down), np.fft.fftfreq(along))
        power *= np.square(band.gain(plane))[:, :, None].astype(np.float32)
    # Never as far as the next lattice point.
    reach = [min(SURROUNDINGS, int(index[index > 0].min()) - 1) for index in (rows, cols)]
    steps = [(a, b) for a in range(-reach[0], reach[0] + 1) for b in range(-reach[1], reach[1] + 1) if (a, b) != (0, 0)]
    around = sum(power[:, (rows + a) % down, (cols + b) % along] for a, b in steps) / np.float32(len(steps))
    floor = np.float32(CONTINUUM_FLOOR)
    return (power[:, rows, cols] + floor) / (around + floor)
