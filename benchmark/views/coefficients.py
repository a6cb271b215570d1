"""Coefficients of two-dimensional transforms: discrete cosine and Fourier."""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from ..contracts import Features
from ..errors import EmptyBandError
from ..frequency import dct, spectra
from ..frequency.bands import Band
from ..frequency.grid import Frequencies
from ..frequency.stacks import few_at_a_time
from .kernel import ViewKernel


@dataclass(frozen=True)
class CoefficientView(ViewKernel):
    """
    Magnitudes of a 2-D transform, or their logs, one column per coefficient and channel, lowest frequency first.

    Parameters
    ----------
    colour : bool
        Three channels, side by side for each coefficient, and not grey.
    log : bool
        ``ln(|x| + 1e-12)``; without it the coefficients as they are (signed for the DCT, magnitudes for the FFT).
    plane : bool
        Hand out (n_crops, rows, cols, channels) in the transform's own order, for networks; what a band takes away is then
        constant instead of missing.
    """

    colour: bool = False
    log: bool = True
    plane: bool = False
    version: int = 2

    def transform(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Coefficients, shape of `crops` but for the halved last axis of a real FFT."""
        raise NotImplementedError

    def frequencies(self, shape: tuple[int, int]) -> Frequencies:
        """Frequencies of the coefficients of a crop of `shape`, in the transform's own order (rows, cols)."""
        raise NotImplementedError

    def base(self, crops: NDArray[np.uint8]) -> NDArray:
        return few_at_a_time(self._base, crops)

    def _base(self, crops: NDArray[np.uint8]) -> NDArray:
        # float32: its rounding moves a log coefficient by less than 1e-4 unless the coefficient is below 1e-3 grey levels.
        values = self.transform(crops)
        if self.log:
            values = dct.log_magnitude(values)
        n, shape = len(crops), crops.shape[1:3]
        if self.plane:
            return values.reshape(*values.shape[:3], -1)
        # Sorted, a band is one or two contiguous runs of columns: reading it touches no other page of the file.
        order, _ = self._columns(shape)
        return values.reshape(n, order.size, -1).take(order, axis=1).reshape(n, -1)

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> Features:
        if self.plane:
            return self._plane(base, shape, band)
        radius, weight, passed = _columns_under(self, shape, band)
        values = base if weight is None else self._reweighted(base, weight)
        if passed is None:
            return Features(values, radius)
        return Features(spectra.columns_of(values, passed), radius[passed])

    def columns_under(self, shape: tuple[int, int], band: Band) -> "_Columns":
        """Return the action of a band on the columns."""
        _, columns = self._columns(shape)
        at = columns[np.repeat(np.arange(columns.radius.size), 3)] if self.colour else columns
        if band.kind == "all":
            return _Columns(at.radius)
        weight, passed = self._acting(band, at, shape)
        return _Columns(at.radius, weight, passed)

    def _plane(self, base: NDArray, shape: tuple[int, int], band: Band) -> Features:
        if band.kind == "all":
            return Features(base)
        weight, passed = self._acting(band, self.frequencies(shape)[:, :, None], shape)
        values = base if weight is None else self._reweighted(base, weight)
        nothing = np.log(dct.PUBLISHED_EPSILON) if self.log else 0.0
        return Features(values if passed is None else np.where(passed, values, base.dtype.type(nothing)))

    def _reweighted(self, base: NDArray, gain: NDArray[np.float64]) -> NDArray:
        if not self.log:
            return base * gain.astype(base.dtype)
        with np.errstate(divide="ignore"):
            return base + np.maximum(np.log(gain), np.log(dct.PUBLISHED_EPSILON)).astype(base.dtype)

    def _acting(self, band: Band, at: Frequencies, shape: tuple[int, int]) -> tuple[NDArray | None, NDArray[np.bool_] | None]:
        weight, passed = band.acting_on(at)
        if passed is not None and not passed.any():
            raise EmptyBandError(f"{band} keeps no coefficient of a {shape[0]}x{shape[1]} crop.")
        return weight, passed

    def _columns(self, shape: tuple[int, int]) -> tuple[NDArray[np.intp], Frequencies]:
        return _sorted_columns(type(self), shape)


class _Columns(NamedTuple):
    """Frequencies of all columns, and the action of a band on them: their weights and which are left (`Band.acting_on`)."""

    radius: NDArray[np.float64]
    weight: NDArray | None = None
    passed: NDArray[np.bool_] | None = None


@lru_cache(maxsize=8)  # the chunks of all sets of a fit are read under one band
def _columns_under(view: CoefficientView, shape: tuple[int, int], band: Band) -> _Columns:
    return view.columns_under(shape, band)


@lru_cache(maxsize=16)
def _sorted_columns(kind: "type[CoefficientView]", shape: tuple[int, int]) -> tuple[NDArray[np.intp], Frequencies]:
    """Flat indices of the coefficients from the lowest to the highest frequency, ties in reading order; and the frequencies."""
    plane = kind().frequencies(shape)
    order = np.argsort(np.round(plane.radius.ravel(), 12), kind="stable")
    return order, plane[np.unravel_index(order, plane.radius.shape)]


@dataclass(frozen=True)
class DctView(CoefficientView):
    """
    Orthonormal type-II DCT of grey levels 0..255 (arXiv 2003.08685).

    Parameters
    ----------
    window : bool
        Under a window, without the mean, so that a band holds its own frequencies; the published one has none.
    """

    name: ClassVar[str] = "dct"
    window: bool = False

    def transform(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        return dct.dct2(dct.tapered(crops) if self.window else crops.astype(np.float32))

    def frequencies(self, shape: tuple[int, int]) -> Frequencies:
        return dct.dct_frequencies(*shape)


@dataclass(frozen=True)
class FftView(CoefficientView):
    """Magnitude of the orthonormal FFT; the half plane, because the other half repeats it."""

    name: ClassVar[str] = "fft"

    def transform(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.abs(np.asarray(scipy.fft.rfft2(crops.astype(np.float32), axes=(1, 2), norm="ortho")))

    def frequencies(self, shape: tuple[int, int]) -> Frequencies:
        return Frequencies.of_plane(np.fft.fftfreq(shape[0]), np.fft.rfftfreq(shape[1]))
