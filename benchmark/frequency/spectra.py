"""
Radial spectra of stacks of grey crops.

Two families live here. The *published* one (names with ``published_``) follows arXiv 1911.00686 and its band search to
the last digit: log magnitude, geometric ring mean, rings around a centre half a pixel off, first and last ring dropped.
The *clean* one keeps sums of power over exact radii, from which the profile of every band follows by one linear map.

Symbols
-------
F : unnormalised 2-D DFT of a crop.
P : |F|**2 / (rows * cols), power per coefficient in grey levels squared (Parseval: its mean is the mean square).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy
from cachetools import LRUCache, cached
from numpy.typing import NDArray

from ..errors import DataError, EmptyBandError, StudyError
from .bands import Band, published_gain
from .grid import Frequencies
from .published_rings import RingFilter, log_rings, ring_layout
from .stacks import few_at_a_time, mean_levels

POWER_FLOOR = 1e-8  # grey levels squared: keeps the log of an empty ring finite, far below 8-bit rounding noise (1/12)


def _require_stack(name: str, crops: NDArray) -> None:
    if crops.ndim != 3 or min(crops.shape[1:]) < 3:
        raise DataError(f"{name} needs grey crops (n_crops, rows, cols) of at least 3x3, got shape {crops.shape}.")


# --- clean -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RadiusGrid:
    """
    Exact radii of the half-plane DFT of a crop of one shape.

    Attributes
    ----------
    frequency : array of float64 (n_radii,)
        Distinct radii in ascending order, in cycles/pixel, the zero frequency left out.
    count : array of float64 (n_radii,)
        How many coefficients of the full plane lie on each radius.
    order, starts : arrays of int
        Flat half-plane indices sorted by radius, and where each radius begins among them.
    weight : array of float64
        1 for a coefficient that is its own mirror image, 2 for one that stands for a conjugate pair; sorted like `order`.
    """

    frequency: NDArray[np.float64]
    count: NDArray[np.float64]
    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    weight: NDArray[np.float64]


def _half_plane_weight(rows: int, cols: int) -> NDArray[np.float64]:
    """Multiplicity in the full plane of each coefficient of the half plane, flat."""
    weight = np.full((rows, cols // 2 + 1), 2.0)
    weight[:, 0] = 1.0
    if cols % 2 == 0:
        weight[:, -1] = 1.0
    return weight.ravel()


@lru_cache(maxsize=16)
def radius_grid(rows: int, cols: int) -> RadiusGrid:
    """Exact radii of the half-plane DFT of a rows x cols crop."""
    fy = np.fft.fftfreq(rows)[:, None]
    fx = np.fft.rfftfreq(cols)[None, :]
    # Rounding merges radii that are equal in exact arithmetic; 1e-12 is far below any real difference.
    radius = np.round(np.hypot(fy, fx), 12).ravel().astype(np.float64)
    order = np.argsort(radius, kind="stable")[1:]
    frequency, starts = np.unique(radius[order], return_index=True)
    weight = _half_plane_weight(rows, cols)[order]
    return RadiusGrid(frequency, np.add.reduceat(weight, starts), order, starts, weight)


@lru_cache(maxsize=16)
def hann_window(rows: int, cols: int) -> NDArray[np.float32]:
    """Separable Hann window without its zero border, scaled to mean square 1, (rows, cols)."""
    window = np.outer(np.hanning(rows + 2)[1:-1], np.hanning(cols + 2)[1:-1])
    return (window / np.sqrt((window**2).mean())).astype(np.float32)


def radius_power(crops: NDArray) -> NDArray[np.float32]:
    """
    Sum of power over every exact radius, of crops without their mean and under a Hann window.

    Parameters
    ----------
    crops : array (n_crops, rows, cols)
        Grey levels.

    Returns
    -------
    array of float32 (n_crops, n_radii)
        Sums of P over the radii of ``radius_grid(rows, cols)``; the zero frequency is left out.

    Raises
    ------
    DataError
        If `crops` is not a stack of grey crops.

    Notes
    -----
    Every power profile, of any band and any binning, is a linear map of these sums. Without a window the jump between
    opposite borders of a crop spreads over all frequencies and hides what lies there; the Hann window costs a
    resolution of two DFT bins. The transform runs in float32, whose error stays below 1e-6 of the largest coefficient.
    """
    _require_stack("radius_power", crops)
    rows, cols = crops.shape[1:]
    grid = radius_grid(rows, cols)
    return _sums_of_power(crops, grid.order, (grid.weight / (rows * cols)).astype(np.float32), grid.starts)


def _sums_of_power(
    crops: NDArray, order: NDArray[np.intp], weight: NDArray[np.float32], starts: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Return the weighted sums (n_crops, n_sums) over runs of the power of the half-plane DFT, sorted by `order`."""

    def sums(some: NDArray) -> NDArray[np.float32]:
        power = _windowed_power(some).take(order, axis=1)
        power *= weight
        return np.add.reduceat(power, starts, axis=1)

    return few_at_a_time(sums, crops)


def _windowed_power(crops: NDArray) -> NDArray[np.float32]:
    """Squared magnitude of the half-plane DFT of windowed crops without their mean, (n_crops, rows * half of the columns)."""
    n, rows, cols = crops.shape
    # The difference is taken in float64 and rounded once.
    levels = np.empty(crops.shape, np.float32)
    mean = mean_levels(crops)
    np.subtract(crops, mean, out=levels, dtype=np.float64, casting="same_kind")
    levels *= hann_window(rows, cols)
    spectrum = np.asarray(scipy.fft.rfft2(levels, axes=(1, 2))).reshape(n, -1)
    power = np.real(spectrum) ** 2
    power += np.imag(spectrum) ** 2
    return power


def columns_of(values: NDArray, kept: NDArray[np.bool_]) -> NDArray:
    """Select columns by runs: a view where they are contiguous, a copy of the runs where they are not."""
    edges = np.flatnonzero(np.diff(kept.astype(np.int8), prepend=0, append=0))
    runs = [values[:, start:stop] for start, stop in edges.reshape(-1, 2)]
    return runs[0] if len(runs) == 1 else np.concatenate(runs, axis=1)


def default_bin_width(side: int) -> float:
    """Bin width in cycles/pixel: 0.01, or one DFT bin of the crop where that is wider (no bin may be empty)."""
    return max(0.01, 1.0 / side)


def power_profile(
    radius_sums: NDArray, shape: tuple[int, int], band: Band | None = None, bin_width: float | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Log of the mean power in fixed frequency bins, for one band.

    Parameters
    ----------
    radius_sums : array (n_crops, n_radii)
        From `radius_power`.
    shape : (rows, cols)
        Of the crops that the sums come from.
    band : Band, optional
        ``keep`` leaves out every radius with gain < 1/2; ``reweight`` multiplies power by the squared gain.
    bin_width : float, optional
        In cycles/pixel; default is `default_bin_width`.

    Returns
    -------
    profile : array of float64 (n_crops, n_bins)
        ln(mean power + 1e-8), power in grey levels squared.
    frequency : array of float64 (n_bins,)
        Mean frequency of the coefficients in each bin, cycles/pixel, ascending.

    Raises
    ------
    EmptyBandError
        If the band leaves nothing.
    """
    bins = _bins_under(tuple(shape), band, default_bin_width(min(shape)) if bin_width is None else bin_width)
    sums = radius_sums if bins.weight is None else radius_sums * bins.weight
    if bins.passed is not None:
        sums = columns_of(sums, bins.passed)
    power = np.add.reduceat(np.asarray(sums, dtype=np.float64), bins.starts, axis=1) / bins.count
    return np.log(power + POWER_FLOOR), bins.frequency.copy()


@dataclass(frozen=True, eq=False)
class _Bins:
    """
    Bins of exact radii that a band leaves.

    Attributes
    ----------
    weight : array of float64 (n_radii,), or None
        Factor of the power on every radius; None for 1.
    passed : array of bool (n_radii,), or None
        Radii that are left; None for all.
    starts : array of int (n_bins,)
        Where each bin begins among these.
    count, frequency : arrays of float64 (n_bins,)
        Coefficients of each bin, and their mean frequency.
    """

    weight: NDArray[np.float64] | None
    passed: NDArray[np.bool_] | None
    starts: NDArray[np.intp]
    count: NDArray[np.float64]
    frequency: NDArray[np.float64]


@lru_cache(maxsize=8)  # the chunks of all sets of a fit are read under one band
def _bins_under(shape: tuple[int, int], band: Band | None, width: float) -> _Bins:
    grid = radius_grid(*shape)
    count, frequency = grid.count, grid.frequency
    weight = passed = None
    if band is not None and band.kind != "all":
        weight, passed = band.acting_on(frequency)
    if passed is not None:
        if not passed.any():
            raise EmptyBandError(f"{band} keeps no frequency of a {shape[0]}x{shape[1]} crop.")
        count, frequency = count[passed], frequency[passed]
    _, starts = np.unique((frequency / width + 1e-9).astype(int), return_index=True)
    n_coefficients = np.add.reduceat(count, starts)
    means = np.add.reduceat(frequency * count, starts) / n_coefficients
    return _Bins(None if weight is None else weight**2, passed, starts, n_coefficients, means)


@dataclass(frozen=True)
class DirectionalGrid:
    """
    Cells of rings and directions in the half-plane DFT of a crop of one shape.

    Attributes
    ----------
    frequency : array of float64 (n_cells,)
        Mean frequency of the coefficients of each cell, cycles/pixel; cells ascend by ring, then by direction.
    order, starts : arrays of int
        Flat half-plane indices sorted by cell, and where each cell begins among them.
    weight : array of float32
        Of each coefficient, so that the weighted sum over a cell is its mean power.
    """

    frequency: NDArray[np.float64]
    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    weight: NDArray[np.float32]


@lru_cache(maxsize=16)
def directional_grid(rows: int, cols: int, sectors: int, bin_width: float, band: Band | None = None) -> DirectionalGrid:
    """
    Cells of a rows x cols crop; sector 0 is centred on the direction along the rows, sectors share 180 degrees.

    A `band` takes coefficients out of the cells or weighs their power; cells that it leaves empty are missing.
    """
    fy, fx = np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(cols)[None, :]
    radius = np.hypot(fy, fx).ravel()
    sector = np.floor(np.arctan2(fy, fx).ravel() / np.pi * sectors + 0.5).astype(int) % sectors
    width = max(bin_width, default_bin_width(min(rows, cols)))
    cell = (radius / width + 1e-9).astype(int) * sectors + sector
    count = _half_plane_weight(rows, cols)
    order = np.argsort(cell, kind="stable")
    order = order[radius[order] > 0]
    gain = np.ones(1)
    if band is not None:
        weight, passed = band.acting_on(Frequencies.of_plane(fy.ravel(), fx.ravel()))
        order = order if passed is None else order[passed.ravel()[order]]
        gain = gain if weight is None else weight.ravel()[order] ** 2
        if not order.size:
            return DirectionalGrid(np.empty(0), order, order, np.empty(0, np.float32))
    _, starts, index = np.unique(cell[order], return_index=True, return_inverse=True)
    total = np.add.reduceat(count[order], starts)
    frequency = np.add.reduceat(count[order] * radius[order], starts) / total
    return DirectionalGrid(frequency, order, starts, (gain * (count[order] / total[index] / (rows * cols))).astype(np.float32))


def directional_power(crops: NDArray, sectors: int = 8, bin_width: float = 0.04) -> NDArray[np.float32]:
    """
    Mean power in rings and directions, of crops without their mean and under a Hann window.

    Parameters
    ----------
    crops : array (n_crops, rows, cols)
        Grey levels.
    sectors : int
        Directions, which share 180 degrees.
    bin_width : float
        Of the rings, cycles/pixel; never below one DFT bin.

    Returns
    -------
    array of float32 (n_crops, n_cells)
        Grey levels squared, in the order of ``directional_grid(rows, cols, sectors, bin_width)``.
    """
    _require_stack("directional_power", crops)
    return cell_power(crops, directional_grid(*crops.shape[1:], sectors, bin_width))


def cell_power(crops: NDArray, grid: DirectionalGrid) -> NDArray[np.float32]:
    """Mean power of grey crops (n_crops, rows, cols) in the cells of a grid, as `directional_power`, (n_crops, n_cells)."""
    return _sums_of_power(crops, grid.order, grid.weight, grid.starts)


# --- as published ----------------------------------------------------------------------------------------------------


def ring_mean(planes: NDArray, centre: tuple[float, float] | None = None) -> NDArray[np.float64]:
    """
    Mean over rings of integer radius, as published (arXiv 1911.00686).

    Parameters
    ----------
    planes : array (n, rows, cols)
    centre : (x, y), optional
        Columns first. Default ``((cols - 1) / 2, (rows - 1) / 2)``, half a pixel off the zero frequency for even sides.

    Returns
    -------
    array of float64 (n, n_rings)
        Ring k holds k <= r < k + 1; the first and the last ring are left out, as in the original.
    """
    _require_stack("ring_mean", planes)
    n, rows, cols = planes.shape
    order, last = ring_layout(rows, cols, centre)
    # Differences of a running sum, as in the original: on power they cost it up to seven digits, which we reproduce.
    running = np.cumsum(planes.reshape(n, -1)[:, order], axis=1, dtype=np.float64)[:, last]
    return np.diff(running, axis=1) / np.diff(last)


def published_log_rings(crops: NDArray, gain: NDArray | None = None) -> NDArray[np.float64]:
    """
    Ring means of ``20 ln |F H + 1e-8|``.

    Parameters
    ----------
    crops : array (n_crops, rows, cols)
    gain : array (rows, cols), optional
        Filter H with the zero frequency at ``(rows // 2, cols // 2)``.

    Returns
    -------
    array of float64 (n_crops, n_rings)
    """
    _require_stack("published_log_rings", crops)
    return log_rings(crops, [_ring_filter(crops.shape[1:3], None) if gain is None else RingFilter.of(gain)])[0]


def published_features(rings: NDArray, n_features: int = 300, isometric: bool = False) -> NDArray[np.float64]:
    """
    Stretch ring means to a fixed number of features by a cubic spline and divide by the first one.

    Parameters
    ----------
    rings : array (n_crops, n_rings)
    n_features : int
    isometric : bool
        One number per ring instead, of which all inner products and distances are those of the features: the spline is a
        linear map, and what a kernel machine sees of n_features numbers are n_rings.

    Returns
    -------
    array of float64 (n_crops, n_features), or (n_crops, n_rings)
        Feature 0 is 1 in every row, unless they are isometric.
    """
    if rings.shape[1] < 4:
        raise DataError(f"published_features needs at least 4 rings for its cubic spline, got {rings.shape[1]}.")
    if isometric:
        # The spline passes through the first ring; M = R'Q' with orthonormal columns of Q.
        return rings / rings[:, :1] @ _spline_factor(rings.shape[1], n_features)
    stretched = rings @ _spline_matrix(rings.shape[1], n_features)
    return stretched / stretched[:, :1]


@lru_cache(maxsize=256)
def _spline_factor(n_rings: int, n_features: int) -> NDArray[np.float64]:
    """Square matrix with the same inner products of rows as the spline's, (n_rings, n_rings)."""
    triangle = np.asarray(np.linalg.qr(_spline_matrix(n_rings, n_features).T, mode="r"))
    return np.ascontiguousarray(triangle.T)


@lru_cache(maxsize=256)
def _spline_matrix(n_rings: int, n_features: int) -> NDArray[np.float64]:
    """Cubic spline through ring means as the linear map that it is, (n_rings, n_features)."""
    from scipy.interpolate import CubicSpline

    source, target = np.linspace(0, n_features, n_rings), np.linspace(0, n_features, n_features)
    return CubicSpline(source, np.eye(n_rings), axis=1, bc_type="not-a-knot")(target)


def published_profile(
    crops: NDArray, n_features: int = 300, band: Band | None = None, isometric: bool = False
) -> NDArray[np.float64]:
    """
    Complete feature vector of the published band search.

    Parameters
    ----------
    crops : array (n_crops, rows, cols)
        Grey levels; the original takes the centre third of a face picture.
    n_features : int
    band : Band, optional
        Applied before the log, in DFT index units of the crop's shorter side, with the published centres.
    isometric : bool
        See `published_features`.

    Returns
    -------
    array of float64 (n_crops, n_features), or (n_crops, n_rings)
    """
    return published_profiles(crops, n_features, [band], isometric)[0]


def published_profiles(
    crops: NDArray, n_features: int, bands: Sequence[Band | None], isometric: bool = False
) -> list[NDArray[np.float64]]:
    """
    Feature vectors of `published_profile` under several bands; transforms and sums that no band changes are made once.

    Parameters
    ----------
    crops, n_features, isometric
        See `published_profile`.
    bands : sequence of Band or None

    Returns
    -------
    list of array of float64 (n_crops, n_features), or (n_crops, n_rings)
        One per band.
    """
    _require_stack("published_profile", crops)
    rings = log_rings(crops, [_ring_filter(crops.shape[1:3], band) for band in bands])
    return [published_features(of_band, n_features, isometric) for of_band in rings]


@cached(LRUCache(64_000_000, getsizeof=lambda one: one.gain.nbytes))
def _ring_filter(shape: tuple[int, int], band: Band | None) -> RingFilter:
    """Gain of a band on the DFT of a crop."""
    if band is None or band.kind == "all":
        return RingFilter.of(np.ones(shape))
    if band.kind in ("comb", "anticomb"):
        raise StudyError(f"the published profile has the radial kinds of bands, got {band.kind}.")
    side = min(shape)
    return RingFilter.of(published_gain(band.kind, *shape, band.cutoff * side, band.width * side, band.order))


@lru_cache(maxsize=16)
def published_ring_frequency(rows: int, cols: int) -> NDArray[np.float64]:
    """Mean distance of each published ring from its centre, in cycles/pixel of the shorter side (n_rings,)."""
    distance = np.hypot(*np.meshgrid(np.arange(rows) - (rows - 1) / 2, np.arange(cols) - (cols - 1) / 2, indexing="ij"))
    return ring_mean(distance[None])[0] / min(rows, cols)
