"""
Comparison of every two of several recipes: mean AUCs on the same test pictures, over training draws.

The error of a difference has the two parts of `metrics.replicates`: groups of test pictures, on which all recipes are scored
alike, and training draws. Recipes that were fitted on the same training sets are compared draw by draw, so that what a lucky
draw gives to both does not count; others have the sum of their own variances between draws. Student's t with Satterthwaite's
degrees of freedom gives the p-value of every pair, and Holm's correction keeps the chance of any false difference at `LEVEL`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...benchmark.metrics.delong import GroupCodes
from ...benchmark.metrics.intervals import auc_interval_of, scarce
from ...benchmark.metrics.replicates import MeanError, Replicates, auc_replicates, mean_error, mean_of, training_share
from ...benchmark.metrics.roc import Interval
from .entrants import Entrant

LEVEL = 0.05
ROUNDING = 1e-12  # what is rounding, of an AUC, or as a share of a variance


@dataclass(frozen=True, eq=False)
class Contestant:
    """
    Mean AUC of a recipe with the parts of its error.

    Attributes
    ----------
    name : str
    replicates : Replicates
        Mean over the test domains, by training draw and group.
    unseen : float
        Variance over groups that the test pictures do not show, as evidence is `scarce` or nothing varies.
    training : tuple of str
        Digests of its training sets; equal for recipes that are compared draw by draw. Empty where they are not known.
    overlap : float
        Share of training pictures that two draws have in common.
    """

    name: str
    replicates: Replicates
    unseen: float = 0.0
    training: tuple[str, ...] = ()
    overlap: float = 0.0

    @property
    def interval(self) -> Interval:
        """Mean AUC with its 95 % interval over groups and training draws."""
        return auc_interval_of(self.replicates, self.overlap)


def contestant(entrant: Entrant, codes: GroupCodes) -> Contestant:
    """
    Return the mean over the test domains of an entrant.

    Parameters
    ----------
    entrant : Entrant
        With the same number of fits in every domain.
    codes : GroupCodes
        Of the groups of all entrants that it is compared with.
    """
    parts = [auc_replicates(entrant.tests[domain], codes) for domain in sorted(entrant.tests)]
    unseen = sum(map(_unseen_variance, parts)) / len(parts) ** 2
    training = (entrant.training,) if entrant.training else ()
    return Contestant(entrant.name, mean_of(parts), unseen, training, entrant.overlap)


def mean_contestant(name: str, members: Sequence[Contestant]) -> Contestant:
    """Return the mean of several contestants, each weighing the same: a detector over its training domains."""
    return Contestant(
        name,
        mean_of([member.replicates for member in members]),
        sum(member.unseen for member in members) / len(members) ** 2,
        tuple(digest for member in members for digest in member.training) if all(m.training for m in members) else (),
        max(member.overlap for member in members),
    )


def all_groups(entrants: Sequence[Entrant]) -> GroupCodes:
    """Return the numbers of the groups of all test pictures."""
    groups = {id(scored.groups): scored.groups for entrant in entrants for fits in entrant.tests.values() for scored in fits}
    return GroupCodes(np.unique(np.concatenate(list(groups.values()))))


def _unseen_variance(part: Replicates) -> float:
    """
    Return the variance of an AUC on one domain that its test pictures do not show.

    An AUC that does not vary, or of which evidence is `scarce`, has an error of at least one over the number of groups of the
    smaller class: nearly perfect on six pictures is no surer than perfect.
    """
    over_groups = float(part.covariance.mean())
    if over_groups > 0 and not scarce(part.value, part.n_pairs):
        return 0.0
    return max(1 / part.n_groups**2 - over_groups, 0.0)


@dataclass(frozen=True, eq=False)
class Comparison:
    """
    Comparisons of all pairs of contestants, best first.

    Attributes
    ----------
    order : tuple of int
        Of the contestants that were given, best first; all arrays have this order.
    differences : array of float64 (n, n)
        Mean AUC of the row less that of the column.
    errors, freedom : arrays of float64 (n, n)
        Standard errors of the differences, and their degrees of freedom.
    p, p_holm : arrays of float64 (n, n)
        Two-sided, and corrected for all pairs; the corrected ones are NaN on the diagonal.
    """

    order: tuple[int, ...]
    differences: NDArray[np.float64]
    errors: NDArray[np.float64]
    freedom: NDArray[np.float64]
    p: NDArray[np.float64]
    p_holm: NDArray[np.float64]

    def places(self, level: float) -> list[tuple[int, int, int]]:
        """
        Return the rank interval and the tie group of each contestant, in the order of the comparison.

        One more than the contestants that are significantly better, the number of all less those that are significantly worse,
        and the number of the tie group: the best opens group 1, which takes in all that are not significantly worse than it;
        the best of the rest opens the next one.
        """
        n, significant = len(self.order), self.p_holm <= level
        better = (significant & (self.differences < 0)).sum(axis=1)
        worse = (significant & (self.differences > 0)).sum(axis=1)
        group = np.zeros(n, dtype=int)
        for i in range(n):
            if not group[i]:
                group[(group == 0) & ~significant[i]] = group.max() + 1
        return [(int(1 + better[i]), int(n - worse[i]), int(group[i])) for i in range(n)]


def compare(contestants: Sequence[Contestant]) -> Comparison:
    """
    Compare every two contestants that were scored on the same pictures.

    Parameters
    ----------
    contestants : sequence of Contestant
        Of the same groups (`all_groups`). Those with the same `Contestant.training` and number of draws are paired by draw.

    Returns
    -------
    Comparison
        The same for every order of `contestants`.
    """
    order = sorted(range(len(contestants)), key=lambda i: (-contestants[i].replicates.value, contestants[i].name, i))
    ordered = [contestants[i] for i in order]
    values = np.array([one.replicates.value for one in ordered])
    pairs = _Pairs(ordered)
    errors, freedom = np.zeros((2, len(ordered), len(ordered)))
    for i, j in zip(*np.triu_indices(len(ordered), 1), strict=True):
        errors[i, j], freedom[i, j] = errors[j, i], freedom[j, i] = pairs.error(int(i), int(j))
    differences = values[:, np.newaxis] - values
    p = student_p(differences, errors, freedom)
    return Comparison(tuple(order), differences, errors, freedom, p, _holm_of_pairs(p))


class _Pairs:
    """Errors of the differences of two contestants, from products of influences that are computed once for all pairs."""

    def __init__(self, contestants: Sequence[Contestant]) -> None:
        self.contestants = contestants
        each = [one.replicates for one in contestants]
        counts = [len(one.values) for one in each]
        self.ends = np.cumsum([0, *counts])
        influences = np.concatenate([one.influences for one in each])
        self.products = influences @ influences.T
        self.freedom = _freedom_of_pairs(each)

    def error(self, i: int, j: int) -> tuple[float, float]:
        """Return the standard error of a difference and its degrees of freedom."""
        first, second = self.contestants[i], self.contestants[j]
        freedom, unseen = float(self.freedom[i, j]), first.unseen + second.unseen
        if first.training and first.training == second.training and self._same_counts(i, j):
            across = self._block(i, j)
            covariance = self._block(i, i) + self._block(j, j) - across - across.T
            apart = mean_error(
                first.replicates.values - second.replicates.values,
                _without_rounding(covariance, self._block(i, i)) + unseen,
                freedom,
                max(first.overlap, second.overlap),
            )
            return float(np.sqrt(apart.variance)), apart.freedom
        own = [
            mean_error(one.replicates.values, self._block(k, k), freedom, one.overlap) for k, one in ((i, first), (j, second))
        ]
        over_groups = sum(one.over_groups for one in own) - 2 * float(self._block(i, j).mean())
        over_groups = (over_groups if over_groups > ROUNDING * own[0].over_groups else 0.0) + unseen
        variance = over_groups + sum(one.over_training for one in own)
        uncertainty = over_groups**2 / freedom + sum(self._uncertainty(k, one) for k, one in zip((i, j), own, strict=True))
        return float(np.sqrt(variance)), max(1.0, variance**2 / uncertainty) if uncertainty > 0 else freedom

    def _same_counts(self, i: int, j: int) -> bool:
        return len(self.contestants[i].replicates.values) == len(self.contestants[j].replicates.values)

    def _block(self, i: int, j: int) -> NDArray[np.float64]:
        return self.products[self.ends[i] : self.ends[i + 1], self.ends[j] : self.ends[j + 1]]

    def _uncertainty(self, k: int, error: MeanError) -> float:
        """Return the squared error of a variance between training draws, see `mean_error`."""
        n_draws = len(self.contestants[k].replicates.values)
        if n_draws == 1:
            return 0.0
        return (training_share(n_draws, self.contestants[k].overlap) * error.draw_sd**2) ** 2 / (n_draws - 1)


def _without_rounding(covariance: NDArray[np.float64], scale: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return zeros for the covariance of a difference of equal scores, which is zero up to rounding."""
    return covariance if np.abs(covariance).max() > ROUNDING * np.abs(scale).max() else np.zeros_like(covariance)


def _freedom_of_pairs(each: Sequence[Replicates]) -> NDArray[np.float64]:
    """Return the degrees of freedom of the variance over groups of every difference, (n, n); see `Replicates.freedom`."""
    kinds = each[0].kinds
    means = np.stack([one.influences.mean(axis=0) for one in each])
    fallback = max(1.0, min(one.n_groups for one in each) - 1.0)
    if kinds is None:
        return np.full((len(each),) * 2, fallback)
    total, uncertainty = np.zeros((2, len(each), len(each)))
    for kind in np.unique(kinds):
        own = means[:, kinds == kind]
        products = own @ own.T
        squares = np.diag(products)[:, np.newaxis] + np.diag(products) - 2 * products
        total += squares
        uncertainty += squares**2 / max(own.shape[1] - 1, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(uncertainty > 0, total**2 / uncertainty, fallback)


def student_p(
    differences: NDArray[np.float64], errors: NDArray[np.float64], freedom: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return two-sided p-values; 1 where there is no difference."""
    from scipy.stats import t

    with np.errstate(divide="ignore", invalid="ignore"):
        statistics = np.abs(differences) / errors
        p = 2 * t.sf(statistics, np.maximum(freedom, 1.0))
    return np.where(np.abs(differences) < ROUNDING, 1.0, p)


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Correct p-values with Holm's step-down correction.

    Holm (Scandinavian Journal of Statistics 6, 1979); an undefined p-value counts as 1.

    Parameters
    ----------
    p : array of float64 (n_tests,)

    Returns
    -------
    array of float64 (n_tests,)
        Calling those at most `level` significant keeps the chance of any false one at `level`, however they depend.
    """
    defined = np.nan_to_num(p, nan=1.0)
    order = np.argsort(defined, kind="stable")
    corrected = np.empty_like(defined)
    corrected[order] = np.minimum(np.maximum.accumulate(defined[order] * np.arange(len(p), 0, -1)), 1)
    return corrected


def _holm_of_pairs(p: NDArray[np.float64]) -> NDArray[np.float64]:
    upper = np.triu_indices(len(p), 1)
    corrected = np.full_like(p, np.nan)
    corrected[upper] = holm(p[upper])
    corrected.T[upper] = corrected[upper]
    return corrected
