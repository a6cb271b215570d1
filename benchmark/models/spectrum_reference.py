"""Radial spectra of the training pictures, and the distance of other pictures from them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..arrays import Standardiser
from ..frequency.spectra import POWER_FLOOR, directional_grid, directional_power
from ..pictures.crops import in_grey
from ..store.files import write_arrays
from ..store.foreign import ForeignFolder

BIN_WIDTH = 0.02  # cycles/pixel: at 0.01 the noise of 70 bins hides a resize that 35 bins show
UPPER_HALF = 0.25  # cycles/pixel, from which on the spectrum is compared once more on its own: resizing acts there
SHARE_BEYOND = 0.01  # of the validation pictures of a group that may lie beyond its limit
UNIT_SHARE = 0.9  # quantile of validation distances that brings the two comparisons to one scale
MANY = 500  # validation pictures of a group, of which the limit is an order statistic
FEWEST = 5  # training and validation pictures of a class that has a limit
FEWEST_OF_DOMAIN = 20  # of a domain that is compared on its own
FEW = 2**12  # pictures whose distances are computed at once, so that the memory for many is that of their profiles
LEAST_SHARE = 1e-6  # added to the diagonal of a correlation matrix, so that constant bins leave it invertible

Crops = tuple[NDArray[np.uint8], NDArray[np.intp]]  # (n_crops, side, side[, 3]), and the picture that each crop shows


@dataclass(frozen=True, eq=False)
class Profiles:
    """
    Spectra of labelled pictures.

    Attributes
    ----------
    values : array of float64 (n_pictures, n_bins)
        See `picture_profiles`.
    labels : array of int64 (n_pictures,)
    domains : array of int (n_pictures,)
        Number of the training domain of each picture.
    """

    values: NDArray[np.float64]
    labels: NDArray[np.int64]
    domains: NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class SpectrumReference:
    """
    Mean and covariance of the spectra of every class, of every training domain on its own where it has enough pictures.

    The distance is that of Mahalanobis, with the covariance of Ledoit and Wolf (2004): of the whole profile and of its upper
    half, each divided by its limit, the larger of the two; and of all groups the smallest.

    Attributes
    ----------
    side : int
        Of the crops, in pixels.
    mean, scale : arrays of float64 (n_groups, n_bins)
        Of the training profiles, ln(grey levels squared).
    covariance : array of float64 (n_groups, n_bins, n_bins)
        Of the z-scored training profiles.
    limits : array of float64 (n_groups, 2)
        Distances of the whole profile and of its upper half within which all but `SHARE_BEYOND` of validation pictures lie.
    """

    side: int
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    covariance: NDArray[np.float64]
    limits: NDArray[np.float64]

    @classmethod
    def learn(cls, side: int, train: Profiles, val: Profiles) -> "SpectrumReference | None":
        """
        Learn means and covariances from training pictures and limits from validation pictures.

        A class without training pictures (a detector may learn from reals alone) has no group; the limits of the others are
        widened until they hold its validation pictures too.

        Parameters
        ----------
        side : int
            Of the crops, in pixels.
        train, val : Profiles

        Returns
        -------
        SpectrumReference or None
            None where a class has fewer than `FEWEST` validation pictures, or no class as many training pictures.
        """
        classes, counts = np.unique(val.labels, return_counts=True)
        groups = [group for label in classes for group in _groups(int(label), train, val)]
        if counts.min() < FEWEST or not groups:
            return None
        scalers = [Standardiser.of(train.values[of_train]) for of_train, _ in groups]
        covariances = [
            _covariance(scaler.apply(train.values[of_train])) for scaler, (of_train, _) in zip(scalers, groups, strict=True)
        ]
        unlimited = cls(
            side,
            np.stack([scaler.mean for scaler in scalers]),
            np.stack([scaler.scale for scaler in scalers]),
            np.stack(covariances),
            np.ones((len(groups), 2)),
        )
        distances = unlimited.group_distances(val.values)
        limits = np.stack([_limits(distances[of_val, group]) for group, (_, of_val) in enumerate(groups)])
        grouped = np.any([of_val for _, of_val in groups], axis=0)
        nearest = (distances / limits).max(axis=2).min(axis=1)
        wider = [upper_limit(nearest[val.labels == label]) for label in np.unique(val.labels[~grouped])]
        return cls(side, unlimited.mean, unlimited.scale, unlimited.covariance, limits * max([1.0, *wider]))

    def distances(self, profiles: NDArray[np.float64]) -> NDArray[np.float64]:
        """
        Return the distance of pictures from the training pictures, as a multiple of the limit.

        Parameters
        ----------
        profiles : array of float64 (n_pictures, n_bins)

        Returns
        -------
        array of float64 (n_pictures,)
            Above 1 a picture is unlike the training pictures.
        """
        return (self.group_distances(profiles) / self.limits).max(axis=2).min(axis=1)

    def group_distances(self, profiles: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the distances of the whole profile and of its upper half, (n_pictures, n_groups, 2), without limits."""
        starts = range(0, max(1, len(profiles)), FEW)
        return np.concatenate([self._distances_of_few(profiles[start : start + FEW]) for start in starts])

    def _distances_of_few(self, profiles: NDArray[np.float64]) -> NDArray[np.float64]:
        z_scores = (profiles - self.mean[:, None]) / self.scale[:, None]  # (n_groups, n_pictures, n_bins)
        white = [z_scores[:, :, start:] @ whitening for start, whitening in self._blocks]
        return np.sqrt(np.stack([(part**2).sum(axis=2).T for part in white], axis=2))

    @cached_property
    def _blocks(self) -> list[tuple[int, NDArray[np.float64]]]:
        """First bin of the whole profile and of its upper half, and the whitening of every group, (n_groups, n, n)."""
        upper = int((bin_frequencies(self.side) <= UPPER_HALF).sum())
        factors = [np.linalg.cholesky(self.covariance[:, start:, start:]) for start in (0, upper)]
        whitenings = [np.ascontiguousarray(np.linalg.inv(factor).transpose(0, 2, 1), np.float64) for factor in factors]
        return list(zip((0, upper), whitenings, strict=True))

    def save(self, path: Path) -> None:
        """Write the arrays as safetensors."""
        arrays = {"mean": self.mean, "scale": self.scale, "covariance": self.covariance, "limits": self.limits}
        write_arrays(path, arrays)

    @classmethod
    def load(cls, path: Path, side: int) -> "SpectrumReference":
        """
        Read the output of `save`.

        Raises
        ------
        ValueError
            If the file is damaged, or its arrays are none of crops of this side.
        """
        arrays = ForeignFolder(path.parent).read_arrays(path.name)
        n_groups, n_bins = len(np.atleast_1d(arrays.get("mean", 0.0))), len(bin_frequencies(side))
        wanted = {
            "mean": (n_groups, n_bins),
            "scale": (n_groups, n_bins),
            "covariance": (n_groups, n_bins, n_bins),
            "limits": (n_groups, 2),
        }
        if {name: array.shape for name, array in arrays.items()} != wanted or not n_groups:
            raise ValueError(f"{path.name} is not of crops of {side} pixels")
        if any(array.dtype != np.float64 for array in arrays.values()):
            raise ValueError(f"{path.name} is not of 64-bit floats")
        if not ((arrays["scale"] > 0).all() and (arrays["limits"] > 0).all()):
            raise ValueError(f"{path.name} has a scale or a limit that is not positive")
        reference = cls(side, **arrays)
        _ = reference._blocks  # a covariance that is none is refused here
        return reference


def picture_profiles(parts: Iterable[Crops], n_pictures: int) -> NDArray[np.float64]:
    """
    Compute the radial log-power profile of pictures in grey.

    Parameters
    ----------
    parts : iterable of (crops, rows)
        Crops (n_crops, side, side[, 3]) and the picture that each shows.
    n_pictures : int

    Returns
    -------
    array of float64 (n_pictures, n_bins)
        Mean over the crops of a picture, ln(grey levels squared), at `bin_frequencies`.
    """
    total, n_crops = None, np.zeros((n_pictures, 1))
    for crops, rows in parts:
        profiles = crop_profiles(crops)
        if total is None:
            total = np.zeros((n_pictures, profiles.shape[1]))
        np.add.at(total, rows, profiles)
        np.add.at(n_crops, rows, 1)
    assert total is not None  # a model has learned from pictures
    total /= n_crops
    return total


def crop_profiles(crops: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Compute the radial log-power profile of crops (n_crops, side, side[, 3]) in grey, (n_crops, n_bins)."""
    grey = np.stack([in_grey(crop) for crop in crops]) if crops.ndim == 4 else crops
    return np.log(directional_power(grey, 1, BIN_WIDTH).astype(np.float64) + POWER_FLOOR)


def bin_frequencies(side: int) -> NDArray[np.float64]:
    """Mean frequency of each bin of a profile of crops of `side` pixels, cycles/pixel."""
    return directional_grid(side, side, 1, BIN_WIDTH).frequency


def _groups(label: int, train: Profiles, val: Profiles) -> list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Return training and validation pictures of each group of a class; domains of few pictures join the largest one."""
    of_train, of_val = train.labels == label, val.labels == label
    if of_train.sum() < FEWEST:
        return []
    n_domains = 1 + max(train.domains.max(), val.domains.max())
    n_train, n_val = (np.bincount(domains, minlength=n_domains) for domains in (train.domains[of_train], val.domains[of_val]))
    n = np.minimum(n_train, n_val)
    others = [domain for domain in np.flatnonzero(n >= FEWEST_OF_DOMAIN).tolist() if domain != n.argmax()]
    apart = [(of_train & (train.domains == domain), of_val & (val.domains == domain)) for domain in others]
    joined = of_train & ~np.isin(train.domains, others), of_val & ~np.isin(val.domains, others)
    return [joined, *apart]


def _covariance(z_scores: NDArray[np.float64]) -> NDArray[np.float64]:
    from sklearn.covariance import ledoit_wolf

    return ledoit_wolf(z_scores)[0] + LEAST_SHARE * np.eye(z_scores.shape[1])


def _limits(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Limits of both comparisons, from the distances (n_pictures, 2) of the validation pictures of a group."""
    units = np.maximum(np.quantile(distances, UNIT_SHARE, axis=0), np.finfo(float).tiny)
    return units * upper_limit((distances / units).max(axis=1))


def upper_limit(distances: NDArray[np.float64]) -> float:
    """
    Return the limit beyond which a further picture of the same kind lies with probability `SHARE_BEYOND`.

    From `MANY` pictures on the order statistic, which holds for any distribution; of fewer, where it would be the largest
    distance or nearly so and depend on one odd picture, the one-sided prediction limit of a log-normal distribution.

    Parameters
    ----------
    distances : array of float64 (n_pictures,)
        At least two.
    """
    n = len(distances)
    if n >= MANY:
        return float(np.sort(distances)[math.ceil((n + 1) * (1 - SHARE_BEYOND)) - 1])
    from scipy.special import stdtrit

    logs = np.log(np.maximum(distances, np.finfo(float).tiny))
    return float(np.exp(logs.mean() + stdtrit(n - 1, 1 - SHARE_BEYOND) * logs.std(ddof=1) * math.sqrt(1 + 1 / n)))
