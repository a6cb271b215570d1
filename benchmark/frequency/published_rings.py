"""
Ring means of the log spectrum as published (arXiv 1911.00686), of many filters at once.

``20 ln |F H + e|`` adds its e after the filter H, so a ring mean under one filter does not follow from that without. But most
coefficients are far from e. Where ``|F H|`` is much larger, ``ln |F H + e|`` is ``ln |F| + ln H + e Re(1/F) / H`` to second
order, and where it is much smaller, ``ln e + H Re F / e``: sums that no filter changes serve all filters. Only rings between
them are computed coefficient by coefficient. That is decided for each crop by itself, from bounds of the error, so the crops
that are computed together change nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

PUBLISHED_EPSILON = 1e-8
TOGETHER = 8  # squares between 1e-16 and 1e25 whose product is still a float64, so that one logarithm serves all of them
MOST_ERROR = 1e-8  # of a ring mean, whose size is about 100
# Coefficients of the crops that are worked on, 1.25 MiB: fewer cost calls of NumPy, more the processor's cache.
AT_A_TIME = 5 * 2**15
SMALLEST = np.finfo(np.float64).tiny


@lru_cache(maxsize=16)
def ring_layout(rows: int, cols: int, centre: tuple[float, float] | None) -> tuple[NDArray, NDArray]:
    """
    Order the pixels of a plane by their ring of integer radius.

    Returns
    -------
    order : array of int (rows * cols,)
        Flat indices by ascending radius.
    last : array of int (n_rings,)
        Where each ring but the outermost ends in this order.
    """
    x0, y0 = ((cols - 1) / 2, (rows - 1) / 2) if centre is None else centre
    y, x = np.indices((rows, cols))
    radius = np.hypot(x - x0, y - y0).ravel()
    order = np.argsort(radius, kind="stable")
    last = np.flatnonzero(np.diff(radius[order].astype(int)))
    return order, last


@dataclass(frozen=True)
class _Layout:
    """
    Rings as runs of groups, each of up to `TOGETHER` coefficients with one distance from the centre, filled up to as many.

    Member j of group g is number ``j * n_groups + g``: a product over the groups is one over whole arrays.
    """

    order: NDArray[np.intp]  # flat indices of the shifted plane; those that fill up repeat one of their group
    source: NDArray[np.intp]  # where each of them, or its mirror image, lies in the half plane of a real FFT
    filling: NDArray[np.intp]  # numbers of those that fill up
    rings: NDArray[np.intp]  # where each ring begins among the groups, and the end
    count: NDArray[np.int64]  # coefficients of each ring
    sizes: NDArray[np.int64]  # coefficients of each group

    def mean(self, of_groups: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean over each ring of sums over groups, (..., n_groups) to (..., n_rings)."""
        return np.add.reduceat(of_groups, self.rings[:-1], axis=-1) / self.count


@lru_cache(maxsize=16)
def _layout(rows: int, cols: int) -> _Layout:
    order, last = ring_layout(rows, cols, None)
    v, u = np.divmod(order, cols)
    # Four times the squared distance from the centre, which lies between pixels: an integer.
    distance = (2 * v - rows + 1) ** 2 + (2 * u - cols + 1) ** 2
    groups: list[NDArray[np.intp]] = []
    n_groups = []
    for start, end in zip(last[:-1] + 1, last[1:] + 1, strict=True):
        equal = np.split(order[start:end], np.flatnonzero(np.diff(distance[start:end])) + 1)
        parts = [one[i : i + TOGETHER] for one in equal for i in range(0, len(one), TOGETHER)]
        groups += parts
        n_groups.append(len(parts))
    sizes = np.array([len(group) for group in groups])
    flat = np.stack([np.resize(group, TOGETHER) for group in groups], axis=1).ravel()
    filling = np.flatnonzero((np.arange(TOGETHER)[:, None] >= sizes).ravel())
    v, u = np.divmod(flat, cols)
    v, u = (v - rows // 2) % rows, (u - cols // 2) % cols
    mirrored = u > cols // 2
    v, u = np.where(mirrored, -v % rows, v), np.where(mirrored, cols - u, u)
    rings = np.concatenate([[0], np.cumsum(n_groups)])
    return _Layout(flat, v * (cols // 2 + 1) + u, filling, rings, np.diff(last), sizes)


@dataclass(frozen=True)
class RingFilter:
    """
    Gain of a filter on crops of one shape, in the order in which rings are computed.

    Attributes
    ----------
    gain : array of float64 (TOGETHER or 1, n_groups)
        One number for each group where it depends on the distance from the centre alone.
    inverse : array of float64 (n_groups,)
        ``1 / H`` where there is one number for each group.
    limit_above, limit_below : arrays of float64 (n_rings,)
        Ring means of ``1 / |F|^2`` and of ``|F|^2``, below which the first order of e, or of H, errs by less than `MOST_ERROR`.
    mean_log : array of float64 (n_rings,)
        Of ``20 ln H``.
    """

    gain: NDArray[np.float64]
    inverse: NDArray[np.float64]
    limit_above: NDArray[np.float64]
    limit_below: NDArray[np.float64]
    mean_log: NDArray[np.float64]
    is_one: bool

    @classmethod
    def of(cls, gain: NDArray) -> "RingFilter":
        """Sort the gain of a plane (rows, cols), zero frequency at ``(rows // 2, cols // 2)``."""
        rows, cols = gain.shape
        layout = _layout(rows, cols)
        sorted_gain = np.asarray(gain, dtype=np.float64).ravel()[layout.order].reshape(TOGETHER, -1)
        least, most = sorted_gain.min(axis=0), sorted_gain.max(axis=0)
        starts = layout.rings[:-1]
        # |ln |1 + x| - Re x| <= |x|^2 for |x| <= 1/2, and the bound of a mean is the mean of the bounds.
        with np.errstate(divide="ignore", over="ignore"):
            logs = 20 * np.log(sorted_gain)
            inverse = 1 / least
            limit_above = MOST_ERROR / 20 * (np.minimum.reduceat(least, starts) / PUBLISHED_EPSILON) ** 2
            limit_below = MOST_ERROR / 20 * (PUBLISHED_EPSILON / np.maximum.reduceat(most, starts)) ** 2
        logs.ravel()[layout.filling] = 0
        return cls(
            least[None] if np.array_equal(least, most) else sorted_gain,
            inverse,
            limit_above,
            limit_below,
            layout.mean(logs.sum(axis=0)),
            bool(np.all(sorted_gain == 1)),
        )


def log_rings(crops: NDArray, filters: Sequence[RingFilter]) -> list[NDArray[np.float64]]:
    """
    Ring means of ``20 ln |F H + 1e-8|`` under several filters.

    Parameters
    ----------
    crops : array (n_crops, rows, cols)
    filters : sequence of RingFilter
        Of the shape of the crops.

    Returns
    -------
    list of array of float64 (n_crops, n_rings)
        One per filter, to `MOST_ERROR`.
    """
    layout = _layout(*crops.shape[1:])
    rings = [np.empty((len(crops), len(layout.count))) for _ in filters]
    step = max(1, AT_A_TIME // layout.order.size)
    for start in range(0, len(crops), step):
        part = _Spectra.of(crops[start : start + step], layout)
        for one, values in zip(filters, rings, strict=True):
            values[start : start + step] = part.rings(one)
    return rings


@dataclass(frozen=True, eq=False)
class _Spectra:
    """
    Spectra of a few crops in the order of a layout; sums that serve all filters are made when the first one asks for them.

    Attributes
    ----------
    layout : _Layout
    power, wave : arrays of float64 (n_crops, n_coefficients)
        ``|F|^2`` and ``2 e Re F`` of the half plane of a real FFT, in its own order.
    """

    layout: _Layout
    power: NDArray[np.float64]
    wave: NDArray[np.float64]

    @classmethod
    def of(cls, crops: NDArray, layout: _Layout) -> "_Spectra":
        """Transform crops."""
        spectrum = np.asarray(scipy.fft.rfft2(crops.astype(np.float64), axes=(1, 2))).reshape(len(crops), -1)
        power = np.real(spectrum) ** 2
        power += np.imag(spectrum) ** 2
        return cls(layout, power, np.real(spectrum) * (2 * PUBLISHED_EPSILON))

    def _ordered(self, plane: NDArray[np.float64], filling: float) -> NDArray[np.float64]:
        """Sort a half plane into groups, (n_crops, TOGETHER, n_groups), with `filling` where a group is filled up."""
        groups = np.take(plane, self.layout.source, axis=1)
        groups[:, self.layout.filling] = filling
        return groups.reshape(len(plane), TOGETHER, -1)

    @cached_property
    def squared(self) -> NDArray[np.float64]:
        """``|F|^2`` in groups, (n_crops, TOGETHER, n_groups)."""
        return self._ordered(self.power, 0)

    @cached_property
    def real(self) -> NDArray[np.float64]:
        """``2 e Re F`` in groups, (n_crops, TOGETHER, n_groups)."""
        return self._ordered(self.wave, 0)

    @cached_property
    def mean_log(self) -> NDArray[np.float64]:
        """Ring means of ``20 ln |F|``, (n_crops, n_rings)."""
        filled = self.squared.copy()
        filled.reshape(len(filled), -1)[:, self.layout.filling] = 1
        with np.errstate(divide="ignore"):
            return 10 * self.layout.mean(np.log(_product(filled)))

    @cached_property
    def inverse(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Sums over groups of ``20 e Re(1 / F)``, and ring means of ``1 / |F|^2``."""
        with np.errstate(divide="ignore", invalid="ignore"):
            inverse = 1 / self.squared
            inverse.reshape(len(inverse), -1)[:, self.layout.filling] = 0
            return 10 * np.einsum("ijk,ijk->ik", inverse, self.real), self.layout.mean(inverse.sum(axis=1))

    @cached_property
    def straight(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Sums over groups of ``20 Re(F) / e``, and ring means of ``|F|^2``."""
        return self.real.sum(axis=1) * (10 / PUBLISHED_EPSILON**2), self.layout.mean(self.squared.sum(axis=1))

    def rings(self, one: RingFilter) -> NDArray[np.float64]:
        """Ring means under a filter, (n_crops, n_rings)."""
        if one.is_one:
            return self._unfiltered()
        n_rings = len(self.layout.count)
        means, between = np.empty((len(self.power), n_rings)), np.ones((len(self.power), n_rings), dtype=bool)
        if len(one.gain) == 1:  # else the first-order sums are no product of a sum over the spectrum and a gain
            above = self.inverse[1] < one.limit_above
            if above.all():
                return self._above(one, 0, n_rings)
            below = self.straight[1] < one.limit_below
            for first, end in _runs(above):
                part = self._above(one, first, end)
                np.copyto(means[:, first:end], part, where=above[:, first:end])
            for first, end in _runs(below):
                part = self._below(one, first, end)
                np.copyto(means[:, first:end], part, where=below[:, first:end])
            between = ~(above | below)
        for first, end in _runs(between):
            part = self._exact(one, first, end)
            np.copyto(means[:, first:end], part, where=between[:, first:end])
        return means

    def _above(self, one: RingFilter, first: int, end: int) -> NDArray[np.float64]:
        """Means of some rings in which ``|F H|`` is much larger than e."""
        groups, rings = self._groups(first, end), slice(first, end)
        with np.errstate(divide="ignore", invalid="ignore"):
            order_1 = self.inverse[0][:, groups] * one.inverse[groups]
            return self.mean_log[:, rings] + one.mean_log[rings] + self._means(order_1, first, end)

    def _below(self, one: RingFilter, first: int, end: int) -> NDArray[np.float64]:
        """Means of some rings in which ``|F H|`` is much smaller than e."""
        groups = self._groups(first, end)
        return self._means(self.straight[0][:, groups] * one.gain[0, groups], first, end) + 20 * np.log(PUBLISHED_EPSILON)

    def _exact(self, one: RingFilter, first: int, end: int) -> NDArray[np.float64]:
        """Means of some rings, coefficient by coefficient."""
        groups = self._groups(first, end)
        gain = one.gain[:, groups]
        # |F H + e|^2 = |F|^2 H^2 + 2 e H Re F + e^2; a mirrored coefficient has the same |F| and Re F.
        values = self.squared[:, :, groups] * gain
        values += self.real[:, :, groups]
        values *= gain
        values += PUBLISHED_EPSILON**2
        return self._mean_logs(values, first, end)

    def _unfiltered(self) -> NDArray[np.float64]:
        """Means of all rings without a filter, equal to `_exact`: the sum is formed in the half plane and sorted once."""
        values = self.power + self.wave
        values += PUBLISHED_EPSILON**2
        return self._mean_logs(self._ordered(values, PUBLISHED_EPSILON**2), 0, len(self.layout.count))

    def _mean_logs(self, values: NDArray[np.float64], first: int, end: int) -> NDArray[np.float64]:
        """Means over some rings of ``10 ln`` of squares (n_crops, TOGETHER, n_groups)."""
        # Rounding may leave a square of 1e-16 a hair below zero, where F H is -e itself.
        product = np.maximum(np.abs(_product(values)), SMALLEST)
        filled_up = TOGETHER - self.layout.sizes[self._groups(first, end)]
        return 10 * self._means(np.log(product) - filled_up * np.log(PUBLISHED_EPSILON**2), first, end)

    def _groups(self, first: int, end: int) -> slice:
        return slice(int(self.layout.rings[first]), int(self.layout.rings[end]))

    def _means(self, of_groups: NDArray[np.float64], first: int, end: int) -> NDArray[np.float64]:
        """Means over some rings of sums over their groups."""
        starts = self.layout.rings[first:end] - self.layout.rings[first]
        return np.add.reduceat(of_groups, starts, axis=1) / self.layout.count[first:end]


def _product(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Product over the members of each group, (n_crops, n_groups)."""
    while values.shape[1] > 1:
        half = values.shape[1] // 2
        values = values[:, :half] * values[:, half:]
    return values[:, 0]


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and end of each run of columns (rings) with a True in them."""
    wanted = np.asarray(mask.any(axis=0))
    edges = (np.flatnonzero(wanted[1:] != wanted[:-1]) + 1).tolist()
    edges = [0] * bool(wanted[0]) + edges + [len(wanted)] * bool(wanted[-1])
    return list(zip(edges[::2], edges[1::2], strict=True))
