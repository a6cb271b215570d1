"""
Intervals of AUCs and of their differences, from pictures that depend on each other within groups.

With many groups and an AUC away from 0 and 1 an interval is the percentile interval of a bootstrap over groups. With few
groups, or where hardly a group ranks wrong, the bootstrap sees too few errors to resample and claims too much: of six
perfectly ranked pictures every draw is perfect. There an interval is Clopper and Pearson's for the effective number of
groups, and never narrower than what groups of a kind that was not met could change.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .delong import GroupCodes, auc_parts
from .roc import Interval, Scored, roc_auc, weighted_auc

FEW_GROUPS = 12  # independent pairs of groups below which the bootstrap is not asked
FEW_ERRORS = 5  # so many groups have to rank wrong, or right; the rule for the normal approximation of a proportion
TAIL = 0.025  # of a 95 % interval, on either side
NO_SPREAD = 1e-12  # draws that lie closer together do not vary
NO_VARIANCE = 1e-16


@lru_cache(maxsize=4)
def _group_counts(n_groups: int, n_draws: int, seed: int) -> NDArray[np.int16]:
    """Draw groups with replacement: counts of each group in each draw, (n_draws, n_groups)."""
    drawn = np.random.default_rng(seed).multinomial(n_groups, np.full(n_groups, 1.0 / n_groups), size=n_draws)
    return drawn.astype(np.int16)


class GroupBootstrap:
    """
    Bootstrap draws of groups, shared by everything that is computed from the same items.

    Parameters
    ----------
    scored : sequence of Scored
        All item sets that will be asked for. A group that occurs in several is drawn once for all of them, since it is
        the same evidence seen again.
    n_draws : int
    seed : int
    """

    def __init__(self, scored: Sequence[Scored], n_draws: int = 1000, seed: int = 0) -> None:
        self._names = np.unique(np.concatenate([s.groups for s in scored]))
        self._counts = _group_counts(len(self._names), n_draws, seed)

    def aucs(self, scored: Scored) -> NDArray[np.float64]:
        """AUC of an item set under every draw, (n_draws,); NaN where a draw has lost a class."""
        return self.under_draws(scored, lambda one, weights: weighted_auc(one.labels, one.scores, weights))

    def under_draws(self, scored: Scored, statistic: Callable[[Scored, NDArray], NDArray[np.float64]]) -> NDArray[np.float64]:
        """
        Compute a statistic of an item set under every draw.

        Parameters
        ----------
        scored : Scored
        statistic : callable
            Takes the item set and weights (n_some_draws, n_items), and returns (n_some_draws,).

        Returns
        -------
        array of float64 (n_draws,)
        """
        member = np.searchsorted(self._names, scored.groups)
        # Slices of the draws bound the memory on large sets: about 64 MB of float64 at a time.
        n_slices = -(-self._counts.shape[0] * max(1, member.size) // 8_000_000)
        parts = np.array_split(self._counts, n_slices)
        return np.concatenate([statistic(scored, part[:, member]) for part in parts])

    def interval(self, replicates: Sequence[Scored], drawn: NDArray[np.float64] | None = None) -> Interval:
        """
        Mean AUC over item sets with its 95 % interval.

        Parameters
        ----------
        replicates : sequence of Scored
        drawn : array (n_draws,), optional
            Mean of `aucs` over `replicates`, if it is at hand.

        Returns
        -------
        Interval
            Without bounds if there are fewer than two groups of either class.
        """
        value = _mean_auc(replicates)
        n_groups = min(len({g for r in replicates for g in r.groups[r.labels == label]}) for label in (0, 1))
        if n_groups < 2:
            return Interval(value, np.nan, np.nan, np.nan)
        means = np.mean([self.aucs(r) for r in replicates], axis=0) if drawn is None else drawn
        means = means[np.isfinite(means)]
        if means.size < len(self._counts) / 2:
            return Interval(value, np.nan, np.nan, np.nan)
        error = max(float(means.std(ddof=1)), 1 / n_groups)
        return Interval(value, *auc_bounds(value, replicates, means), error)


def auc_interval(replicates: Sequence[Scored], n_draws: int = 1000, seed: int = 0) -> Interval:
    """
    Mean AUC over replicates with a 95 % interval that assumes independent groups.

    Parameters
    ----------
    replicates : sequence of Scored
        One per fitted detector.
    n_draws : int
    seed : int

    Returns
    -------
    Interval
    """
    return GroupBootstrap(replicates, n_draws, seed).interval(replicates)


@dataclass(frozen=True)
class Measured:
    """A mean AUC with its interval, and the item sets that it is over."""

    auc: Interval
    sets: Sequence[Scored]


def difference(first: Measured, second: Measured, drawn: NDArray[np.float64]) -> Interval:
    """
    Mean AUC less another one on the same groups, with its paired 95 % interval.

    Parameters
    ----------
    first, second : Measured
    drawn : array (n_draws,)
        The difference under every draw.

    Returns
    -------
    Interval
        Without bounds where either AUC has none. Its error is that of the draws.
    """
    value = first.auc.value - second.auc.value
    if np.isnan(first.auc.low) or np.isnan(second.auc.low):
        return Interval(value, np.nan, np.nan, np.nan)
    drawn = drawn[np.isfinite(drawn)]
    return Interval(value, *_difference_bounds(first, second, drawn), float(drawn.std(ddof=1)))


def _mean_auc(sets: Sequence[Scored]) -> float:
    return float(np.mean([roc_auc(s.labels, s.scores) for s in sets]))


# --- bounds -----------------------------------------------------------------------------------------------------------


def auc_bounds(
    value: float, sets: Sequence[Scored], drawn: NDArray[np.float64], n_pairs: int | None = None
) -> tuple[float, float]:
    """
    Bounds of the 95 % interval of a mean AUC.

    Parameters
    ----------
    value : float
        Mean AUC over `sets`.
    sets : sequence of Scored
        Item sets (draws, domains) that the mean is over.
    drawn : array (n_draws,)
        The mean under bootstrap draws of groups.
    n_pairs : int, optional
        `independent_pairs` of `sets`, if it is at hand.

    Returns
    -------
    low, high : float

    Notes
    -----
    Percentiles of `drawn`, unless evidence is `scarce`. Then the interval is Clopper and Pearson's for a proportion of
    ``value (1 - value) / variance`` trials, where the variance is Obuchowski's for groups, and the trials are reduced by the
    squared ratio of normal to Student quantile (Korn and Graubard, Survey Methodology 24, 1998), but not below `n_pairs`
    (Birnbaum and Klose, Annals of Mathematical Statistics 28, 1957: the variance is at most that of so many trials). It is
    united with `unseen_bounds`, since the variance knows nothing of groups that none of the pictures came from.
    """
    n_pairs = independent_pairs(sets) if n_pairs is None else n_pairs
    if not scarce(value, n_pairs):
        low, high = np.quantile(drawn, [TAIL, 1 - TAIL])
        return float(low), float(high)
    low, high = unseen_bounds(value, n_pairs, 0.0)
    influence, n_groups = _influence(sets)
    variance = _variance(influence, n_groups)
    if variance < NO_VARIANCE or not 0 < value < 1:
        return low, high
    exact = _clopper_pearson(value, variance, n_groups - 1, n_pairs)
    return min(low, exact[0]), max(high, exact[1])


def _difference_bounds(first: Measured, second: Measured, drawn: NDArray[np.float64]) -> tuple[float, float]:
    """
    Percentiles of the draws, unless evidence is `scarce` for both AUCs or no draw differs from another.

    Then Student's interval from the paired variance, united with `unseen_bounds`. Where every item has the same score on both
    sides nothing was changed, and the difference is exactly zero.
    """
    if _same_scores(first.sets, second.sets):
        return 0.0, 0.0
    sets = [*first.sets, *second.sets]
    n_pairs = independent_pairs(sets)
    if np.ptp(drawn) > NO_SPREAD and not (scarce(first.auc.value, n_pairs) and scarce(second.auc.value, n_pairs)):
        low, high = np.quantile(drawn, [TAIL, 1 - TAIL])
        return float(low), float(high)
    from scipy.stats import t

    value = first.auc.value - second.auc.value
    low, high = unseen_bounds(value, n_pairs, -1.0)
    names = np.unique(np.concatenate([s.groups for s in sets]))
    (influence_first, n_first), (influence_second, n_second) = (
        _influence(measured.sets, names) for measured in (first, second)
    )
    n_groups = min(n_first, n_second)
    reach = float(t.ppf(1 - TAIL, max(n_groups - 1, 1)) * np.sqrt(_variance(influence_first - influence_second, n_groups)))
    return max(-1.0, min(low, value - reach)), min(1.0, max(high, value + reach))


def _same_scores(first: Sequence[Scored], second: Sequence[Scored]) -> bool:
    return len(first) == len(second) and all(
        np.array_equal(a.labels, b.labels) and np.array_equal(a.scores, b.scores) and np.array_equal(a.groups, b.groups)
        for a, b in zip(first, second, strict=True)
    )


def scarce(value: float, n_pairs: int) -> bool:
    """Test for too few groups, or too few that rank wrong (or right), for a bootstrap to estimate the error of an AUC."""
    return n_pairs < FEW_GROUPS or n_pairs * min(value, 1 - value) < FEW_ERRORS


def unseen_bounds(value: float, n_pairs: int, least: float) -> tuple[float, float]:
    """
    Bounds that groups of a kind that none of the pictures came from leave open.

    Parameters
    ----------
    value : float
        What was found on all independent pairs.
    n_pairs : int
    least : float
        Least possible value; the largest is 1.

    Returns
    -------
    low, high : float
        For a perfect AUC from 0.025^(1/n_pairs) to 1.

    Notes
    -----
    If a share of 1 - q of all pairs (a fake of one group, a real of another) were of a kind that was not met, none of
    `n_pairs` independent ones would show it with probability q^n_pairs. Above q = 0.025^(1/n_pairs) that is no surprise, and
    those pairs may have any value. Where all pairs that were met are alike, as with perfect separation, this is exact: the
    bound of Clopper and Pearson for `n_pairs` trials without a failure.
    """
    met = TAIL ** (1 / n_pairs) if n_pairs else 0.0
    return met * value + (1 - met) * least, met * value + (1 - met)


def independent_pairs(sets: Sequence[Scored]) -> int:
    """
    Count the independent pairs of a fake and a real, which share no group: the minimum over the item sets.

    Parameters
    ----------
    sets : sequence of Scored

    Returns
    -------
    int
        Groups of the smaller class, where no group holds both; at most half of all groups.
    """
    return min(_pairs_of(*_groups_by_class(scored)) for scored in sets)


def _groups_by_class(scored: Scored) -> tuple[set[str], set[str]]:
    reals, fakes = (set(np.unique(scored.groups[scored.labels == label]).tolist()) for label in (0, 1))
    return reals, fakes


def _pairs_of(reals: set[str], fakes: set[str]) -> int:
    return min(len(reals), len(fakes), len(reals | fakes) // 2)


def _influence(sets: Sequence[Scored], names: NDArray | None = None) -> tuple[NDArray[np.float64], int]:
    """Influence of each group on a mean AUC, (n_groups,), and the number of groups of the smaller class of the smallest set."""
    codes = GroupCodes(np.unique(np.concatenate([s.groups for s in sets])) if names is None else names)
    total, n_groups = np.zeros(len(codes.names)), []
    for scored in sets:
        parts = auc_parts(scored.labels, scored.scores, codes.of(scored.groups), len(codes.names))
        total += (parts.fakes + parts.reals)[0] / len(sets)
        n_groups.append(min(map(len, _groups_by_class(scored))))
    return total, min(n_groups)


def _variance(influence: NDArray[np.float64], n_groups: int) -> float:
    """Variance of a statistic that is a sum of what independent groups add, of which the smaller class has `n_groups`."""
    return float(n_groups / max(n_groups - 1, 1) * influence @ influence)


def _clopper_pearson(value: float, variance: float, freedom: int, n_pairs: int) -> tuple[float, float]:
    from scipy.stats import beta, norm, t

    n = value * (1 - value) / variance * float(norm.ppf(1 - TAIL) / t.ppf(1 - TAIL, max(freedom, 1))) ** 2
    # An AUC never varies by more than the share of so many independent pairs.
    n = max(n, n_pairs)
    return float(beta.ppf(TAIL, n * value, n * (1 - value) + 1)), float(beta.ppf(1 - TAIL, n * value + 1, n * (1 - value)))
