"""Spectrum and autocorrelation of the residual that a denoiser takes away."""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
import scipy
from numpy.typing import NDArray

from ..contracts import Features
from ..errors import StudyError, unknown_name
from ..frequency.bands import Band
from ..frequency.filters import band_limited
from ..frequency.grid import Frequencies
from ..frequency.noise import noise_residual
from ..frequency.spectra import columns_of
from ..frequency.stacks import few_at_a_time
from .kernel import ViewKernel

PARTS = ("both", "power", "autocorrelation", "coefficients")
POWER_FLOOR = 1e-4  # grey levels squared: far below the residual of a picture, above that of float32 rounding
PIXELS_AT_A_TIME = 2**20


@dataclass(frozen=True)
class NoiseResidualView(ViewKernel):
    """
    Statistics of the noise residual of grey crops, without its mean, float32 (Marra et al., MIPR 2019; Corvi et al., 2023).

    Parameters
    ----------
    part : {"both", "power", "autocorrelation", "coefficients"}
        ``autocorrelation``: at all shifts up to `reach` in rows and columns, over that without a shift; crops are continued
        periodically. ``power``: logs of the mean power in square cells of the half plane. ``both``: first the one, then the
        other. ``coefficients``: real and imaginary parts of the DFT, scaled so that inner products of their rows are those of
        the residuals per pixel.
    reach : int
        In pixels: 8 has 144 shifts, as one of each pair of opposite shifts is taken.
    cells : int
        In a cycle/pixel. Cells have their centres at the multiples of 1 / cells cycles/pixel; 16 makes 130 of them,
        or 129 of crops below 32 pixels, which have nothing but their mean in the first.
    levels : int
        Of the wavelet decomposition of the denoiser.
    sigma : float
        Standard deviation of the noise, in grey levels.

    Notes
    -----
    How much of a detail the denoiser takes for noise depends on the strength of the details around it, so that the residual at
    one frequency tells of the picture at others. A band of mode ``keep`` or ``reweight`` therefore acts on the spectrum of the
    crop, without rounding, and ``keep`` also on the coefficients of the residual.
    """

    name: ClassVar[str] = "noise_residual"
    part: str = "both"
    reach: int = 8
    cells: int = 16
    levels: int = 4
    sigma: float = 5.0
    version: int = 1

    def __post_init__(self) -> None:
        if self.part not in PARTS:
            raise StudyError(unknown_name("part of view noise_residual", self.part, PARTS))
        for name, value, low, high in (
            ("reach", self.reach, 1, 64),
            ("cells", self.cells, 2, 128),
            ("levels", self.levels, 1, 8),
        ):
            if not low <= value <= high:
                raise StudyError(f"view 'noise_residual' takes {name} from {low} to {high}, got {value}.")
        if not 0 < self.sigma < 256:
            raise StudyError(f"view 'noise_residual' takes a sigma above 0 and below 256 grey levels, got {self.sigma:g}.")

    def base(self, crops: NDArray) -> NDArray[np.float32]:
        """Compute power, (n_crops, rows, cols // 2 + 1); or the parts of coefficients, (n_crops, 2 * n), by rising radius."""
        self._require_room(*crops.shape[1:3])
        return few_at_a_time(self._of_stack, crops, PIXELS_AT_A_TIME)

    def require_side(self, side: int) -> None:
        self._require_room(side, side)

    def _require_room(self, rows: int, cols: int) -> None:
        side = {"coefficients": 2, "power": self.cells, "autocorrelation": 2 * self.reach}
        side["both"] = max(side["power"], side["autocorrelation"])
        if min(rows, cols) < side[self.part]:
            raise StudyError(
                f"view 'noise_residual' with reach {self.reach} and {self.cells} cells needs crops of at least "
                f"{side[self.part]}x{side[self.part]} pixels, got {rows}x{cols}. Choose larger crops, or fewer of both."
            )

    def _of_stack(self, crops: NDArray) -> NDArray[np.float32]:
        rows, cols = crops.shape[1:3]
        residual = noise_residual(crops, self.levels, self.sigma)
        residual -= residual.mean(axis=(1, 2), keepdims=True)
        spectrum = np.asarray(scipy.fft.rfft2(residual, axes=(1, 2), norm="ortho"))
        if self.part != "coefficients":
            return np.square(np.abs(spectrum), dtype=np.float32)
        plane = _half_plane(rows, cols)
        scaled = spectrum * (np.sqrt(plane.multiplicity / (rows * cols))).astype(np.float32)
        return np.ascontiguousarray(scaled.reshape(len(crops), -1)[:, plane.order]).view(np.float32)

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> Features:
        plane = _half_plane(*shape)
        at = plane.frequencies
        if self.part == "coefficients":
            at = at[np.unravel_index(np.repeat(plane.order, 2), at.radius.shape)]
        _, passed = (None, None) if band.kind == "all" else band.acting_on(at)
        if self.part == "coefficients":
            return Features(base, at.radius) if passed is None else Features(columns_of(base, passed), at.radius[passed])
        parts: list[NDArray[np.float32]] = []
        frequency: NDArray[np.float64] | None = None
        if self.part != "power":
            power = base if passed is None else np.where(passed, base, np.float32(0))
            parts.append(autocorrelation(power, shape[1], self.reach))
        if self.part != "autocorrelation":
            values, frequency = self._cells(base, at.radius, shape, passed)
            parts.append(values)
        # A shift has no frequency of its own.
        return Features(np.concatenate(parts, axis=1), frequency if self.part == "power" else None)

    def needs_crops(self, band: Band) -> bool:
        return band.kind != "all"

    def from_crops(self, crops: NDArray[np.uint8], band: Band) -> Features:
        limited = crops if band.kind == "all" else band_limited(crops, band)
        return self.features(self.base(limited), crops.shape[1:3], band)

    def _cells(
        self, power: NDArray[np.float32], radius: NDArray[np.float64], shape: tuple[int, int], passed: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Log mean power of every cell of which a coefficient is left, and their mean radii."""
        cell = _cell_numbers(*shape, self.cells)
        chosen = (radius.ravel() > 0) if passed is None else (radius.ravel() > 0) & passed.ravel()
        order = np.argsort(np.where(chosen, cell, cell.max() + 1), kind="stable")[: chosen.sum()]
        _, starts, counts = np.unique(cell[order], return_index=True, return_counts=True)
        sums = np.add.reduceat(power.reshape(len(power), -1)[:, order], starts, axis=1)
        mean_radius = np.add.reduceat(radius.ravel()[order], starts) / counts
        return np.asarray(np.log(sums / counts.astype(np.float32) + POWER_FLOOR), dtype=np.float32), mean_radius


@dataclass(frozen=True)
class _HalfPlane:
    """
    The half plane of the DFT of real crops of one shape.

    Attributes
    ----------
    frequencies : Frequencies (rows, cols // 2 + 1)
    multiplicity : array of float64 (cols // 2 + 1,)
        2 for a column that stands for its mirror image, too.
    order : array of int
        Flat indices from the lowest radius to the highest, ties in reading order.
    """

    frequencies: Frequencies
    multiplicity: NDArray[np.float64]
    order: NDArray[np.intp]


@lru_cache(maxsize=16)
def _half_plane(rows: int, cols: int) -> _HalfPlane:
    frequencies = Frequencies.of_plane(np.fft.fftfreq(rows), np.fft.rfftfreq(cols))
    multiplicity = np.full(cols // 2 + 1, 2.0)
    multiplicity[0] = 1.0
    if cols % 2 == 0:
        multiplicity[-1] = 1.0
    order = np.argsort(np.round(frequencies.radius.ravel(), 12), kind="stable")
    return _HalfPlane(frequencies, multiplicity, order)


@lru_cache(maxsize=16)
def _cell_numbers(rows: int, cols: int, cells: int) -> NDArray[np.intp]:
    """Number of the cell of each coefficient of the half plane, flat; cells that mirror each other have one number."""
    down = np.rint(np.fft.fftfreq(rows) * cells).astype(int)[:, None]
    along = np.rint(np.fft.rfftfreq(cols) * cells).astype(int)[None, :]
    # 1/2 and -1/2 are one frequency, and in the first and the last column of cells both halves of the rows are the same.
    own_mirror = (along == 0) | (2 * along == cells)
    down = np.where(own_mirror | (2 * np.abs(down) == cells), np.abs(down), down)
    return ((down + cells) * (cells + 1) + along).ravel()


def autocorrelation(power: NDArray[np.float32], cols: int, reach: int) -> NDArray[np.float32]:
    """
    Circular autocorrelation at small shifts, over that without a shift.

    Parameters
    ----------
    power : array of float32 (n_crops, rows, cols // 2 + 1)
        Half plane, orthonormal: grey levels squared.
    cols : int
        Of the crops.
    reach : int
        Largest shift in rows and columns, in pixels.

    Returns
    -------
    array of float32 (n_crops, 2 * reach * (reach + 1)), -1 to 1
        0 for a picture without noise.
    """
    rows = power.shape[1]
    sums = np.asarray(scipy.fft.irfft2(power.astype(np.complex64), s=(rows, cols), axes=(1, 2)))
    shifts = [(i, j) for i in range(reach + 1) for j in range(-reach, reach + 1) if (i, j) > (0, 0)]
    i, j = np.array(shifts).T
    return np.asarray(sums[:, i, j % cols] / (sums[:, :1, 0] + np.float32(POWER_FLOOR)), dtype=np.float32)
