"""
Variance of an AUC, and covariance of several on the same items, without resampling.

DeLong, DeLong and Clarke-Pearson (Biometrics 44, 1988), from sorted scores as Sun and Xu (IEEE Signal Processing Letters 21,
2014); with groups, Obuchowski (Biometrics 53, 1997). An AUC is the mean of what each item adds to it, so its variance is that
of these parts; items of a group are summed first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .roc import Scored


class GroupCodes:
    """
    Numbers of groups within a list of names; answers for an array of names that it has seen are kept.

    Parameters
    ----------
    names : array of str (n_groups,)
        Sorted.
    """

    def __init__(self, names: NDArray) -> None:
        self.names = names
        self._known: dict[int, tuple[NDArray, NDArray[np.intp]]] = {}

    def of(self, groups: NDArray) -> NDArray[np.intp]:
        """Number of each item's group, (n_items,)."""
        if id(groups) not in self._known:
            self._known[id(groups)] = groups, np.searchsorted(self.names, groups)
        return self._known[id(groups)][1]


@dataclass(frozen=True)
class Parts:
    """
    Contributions of the groups to AUCs, as deviations that sum to zero.

    Attributes
    ----------
    fakes, reals : arrays of float64 (n_rows, n_groups)
    """

    fakes: NDArray[np.float64]
    reals: NDArray[np.float64]


def auc_parts(labels: ArrayLike, scores: ArrayLike, member: NDArray[np.intp], n_groups: int) -> Parts:
    """
    Split the deviation of an AUC among the groups.

    Parameters
    ----------
    labels : array of int (n_items,)
        Both classes occur.
    scores : array of float (n_items,)
    member : array of int (n_items,)
        Number of each item's group.
    n_groups : int

    Returns
    -------
    Parts
        Of one row. A fake's placement is the share of reals that it beats, a real's the share of fakes that beat it, ties
        counting half; both have the AUC as their mean.
    """
    fake, values = np.asarray(labels) == 1, np.asarray(scores, dtype=np.float64)
    n_fake, n_real = int(fake.sum()), int((~fake).sum())
    fakes = _beaten(values[fake], values[~fake]) / n_real
    reals = 1 - _beaten(values[~fake], values[fake]) / n_fake
    return Parts(
        _sums(fakes, member[fake], n_groups) / n_fake,
        _sums(reals, member[~fake], n_groups) / n_real,
    )


def _beaten(scores: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Number of the others below each score, ties counting half."""
    ascending = np.sort(others)
    return (np.searchsorted(ascending, scores) + np.searchsorted(ascending, scores, "right")) / 2


def _sums(placements: NDArray[np.float64], member: NDArray[np.intp], n_groups: int) -> NDArray[np.float64]:
    """Deviations from the mean, summed by group, (1, n_groups)."""
    return np.bincount(member, placements - placements.mean(), n_groups).astype(np.float64)[np.newaxis]


def covariance(parts: Parts, has_fakes: NDArray[np.bool_], has_reals: NDArray[np.bool_]) -> NDArray[np.float64]:
    """
    Covariance of AUCs on one set of items (Obuchowski 1997; of single items it is DeLong's).

    Parameters
    ----------
    parts : Parts
    has_fakes, has_reals : arrays of bool (n_groups,)

    Returns
    -------
    array of float64 (n_rows, n_rows)
        NaN with fewer than two groups of either class.
    """
    n_fake, n_real, n_any = (int(which.sum()) for which in (has_fakes, has_reals, has_fakes | has_reals))
    if min(n_fake, n_real) < 2:
        return np.full((len(parts.fakes),) * 2, np.nan)
    across = parts.fakes @ parts.reals.T
    within = n_fake / (n_fake - 1) * parts.fakes @ parts.fakes.T
    within += n_real / (n_real - 1) * parts.reals @ parts.reals.T
    return within + n_any / (n_any - 1) * (across + across.T)


def _classes_of(labels: NDArray, member: NDArray[np.intp], n_groups: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Masks of the groups that hold fakes, and of those that hold reals."""
    fakes, reals = (np.bincount(member[labels == label], minlength=n_groups) > 0 for label in (1, 0))
    return fakes, reals


def _stacked(each: Sequence[Parts]) -> Parts:
    return Parts(np.concatenate([parts.fakes for parts in each]), np.concatenate([parts.reals for parts in each]))


def mean_auc_covariance(rows: Sequence[Mapping[str, Sequence[Scored]]]) -> NDArray[np.float64]:
    """
    Covariance of the rows' mean AUCs over domains and replicates.

    A group that occurs in several domains is the same evidence seen again: what it adds to each of them goes together.

    Parameters
    ----------
    rows : sequence of mappings
        Test scores by domain, one per replicate; the same domains, and in those the same items, for every row.

    Returns
    -------
    array of float64 (n_rows, n_rows)
    """
    first = rows[0]
    names = np.unique(np.concatenate([scored.groups for each in first.values() for scored in each]))
    nested, total = np.zeros((len(rows), len(rows))), np.zeros((len(rows), len(names)))
    factor = len(names) / max(len(names) - 1, 1)
    for domain in sorted(first):
        codes = GroupCodes(np.unique(np.concatenate([scored.groups for scored in first[domain]])))
        parts = _stacked([_mean_parts(row[domain], codes) for row in rows])
        both = parts.fakes + parts.reals
        nested += covariance(parts, *_any_classes(first[domain], codes)) - factor * both @ both.T
        total[:, np.searchsorted(names, codes.names)] += both
    return (nested + factor * total @ total.T) / len(first) ** 2


def _mean_parts(replicates: Sequence[Scored], codes: GroupCodes) -> Parts:
    each = _stacked([auc_parts(s.labels, s.scores, codes.of(s.groups), len(codes.names)) for s in replicates])
    return Parts(each.fakes.mean(axis=0, keepdims=True), each.reals.mean(axis=0, keepdims=True))


def _any_classes(replicates: Sequence[Scored], codes: GroupCodes) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    each = [_classes_of(s.labels, codes.of(s.groups), len(codes.names)) for s in replicates]
    return np.any([fakes for fakes, _ in each], axis=0), np.any([reals for _, reals in each], axis=0)
