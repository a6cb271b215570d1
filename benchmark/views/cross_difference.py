"""Peaks of the cross-difference residual at the multiples of 1/8 cycles/pixel."""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
import scipy
from numpy.typing import NDArray

from ..contracts import Features
from ..errors import StudyError
from ..frequency.bands import Band
from ..frequency.filters import band_limited
from ..frequency.stacks import few_at_a_time
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
    The absolute value makes the frequencies of the lattice those of the *strength* of the residual: a picture whose pixels are
    sharper in every second column has a peak at 1/2, wherever its own energy lies. A band therefore acts on the spectrum of the
    crop, in every mode, and all lattice points are measured of what it leaves; modes ``keep`` and ``reweight`` do not round.
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
        return self._measured(crops)

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> Features:
        return Features(base)

    def needs_crops(self, band: Band) -> bool:
        return band.kind != "all"

    def from_crops(self, crops: NDArray[np.uint8], band: Band) -> Features:
        return Features(self._measured(crops if band.kind == "all" else band_limited(crops, band)))

    def _measured(self, crops: NDArray) -> NDArray[np.float32]:
        """Measure all lattice points, (n_crops, points * channels)."""
        self._require_room(*crops.shape[1:3])
        return few_at_a_time(self._of_stack, crops, PIXELS_AT_A_TIME).reshape(len(crops), -1)

    def require_side(self, side: int) -> None:
        self._require_room(side, side)

    def _require_room(self, rows: int, cols: int) -> None:
        fewest = 2 if self.relative else 1
        if (min(rows, cols) - 1) // self.period < fewest:
            side = fewest * self.period + 1
            raise StudyError(
                f"view 'cross_difference' with period {self.period} needs crops of at least {side}x{side} pixels, got "
                f"{rows}x{cols}. Choose larger crops or a shorter period."
            )

    def _of_stack(self, crops: NDArray) -> NDArray[np.float32]:
        residual = cross_difference(crops.reshape(*crops.shape[:3], -1))
        n, rows, cols, channels = residual.shape
        down, along = rows // self.period, cols // self.period
        residual = residual[:, : down * self.period, : along * self.period]
        i, j = lattice_points(self.period)
        if self.relative:
            return np.log(_over_surroundings(residual, down * i, along * j))
        # All that a lattice of frequencies sees of the residual is the mean of its periods.
        period = residual.reshape(n, down, self.period, along, self.period, channels).mean(axis=(1, 3))
        magnitude = np.abs(np.asarray(scipy.fft.fft2(period, axes=(1, 2))))[:, i, j]
        return np.asarray(magnitude / self.period**2, dtype=np.float32)


def cross_difference(crops: NDArray) -> NDArray[np.float32]:
    """
    Absolute second difference along both diagonals, |x(i, j) + x(i+1, j+1) - x(i, j+1) - x(i+1, j)|.

    Parameters
    ----------
    crops : array of uint8 or float32 (n_crops, rows, cols, channels)

    Returns
    -------
    array of float32 (n_crops, rows - 1, cols - 1, channels)
    """
    levels = crops.astype(np.int16) if crops.dtype == np.uint8 else crops
    along = levels[:, :, :-1] - levels[:, :, 1:]
    return np.abs(along[:, :-1] - along[:, 1:]).astype(np.float32)


@lru_cache(maxsize=8)
def lattice_points(period: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """
    One of each pair of opposite lattice points, without the zero frequency, from the lowest radius to the highest.

    Parameters
    ----------
    period : int

    Returns
    -------
    rows, cols : arrays of int (n_points,)
        DFT indices of a square of one period.
    """
    i, j = (axis.ravel() for axis in np.indices((period, period)))
    # Of a point and its mirror image, the one that comes first in reading order.
    first = (i * period + j <= (-i % period) * period + (-j % period)) & (i + j > 0)
    i, j = i[first], j[first]
    radius = np.hypot(np.minimum(i, period - i), np.minimum(j, period - j))
    order = np.lexsort((j, i, np.round(radius, 12)))
    return i[order], j[order]


def _over_surroundings(residual: NDArray[np.float32], rows: NDArray[np.intp], cols: NDArray[np.intp]) -> NDArray[np.float32]:
    """Power at DFT indices over the mean power around them, (n_crops, n_points, channels)."""
    down, along = residual.shape[1:3]
    # Without the mean, which would stand beside a point of the lowest frequency where crops are small.
    centred = residual - residual.mean(axis=(1, 2), keepdims=True)
    power = np.square(np.abs(np.asarray(scipy.fft.fft2(centred, axes=(1, 2))))) / np.float32(down * along)
    # Never as far as the next lattice point.
    reach = [min(SURROUNDINGS, int(index[index > 0].min()) - 1) for index in (rows, cols)]
    steps = [(a, b) for a in range(-reach[0], reach[0] + 1) for b in range(-reach[1], reach[1] + 1) if (a, b) != (0, 0)]
    around = np.mean([power[:, (rows + a) % down, (cols + b) % along] for a, b in steps], axis=0)
    return np.asarray((power[:, rows, cols] + CONTINUUM_FLOOR) / (around + CONTINUUM_FLOOR), dtype=np.float32)
