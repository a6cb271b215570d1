"""
Intervals of 95 %: of an AUC, of a difference of two, of a share, and of the worst of several AUCs.

All are Student's intervals from the error of `replicates`: groups of test pictures and training draws. An AUC and a share have
theirs on the logit scale, where an interval cannot leave 0 to 1 and widens towards the nearer end. A variance knows nothing
of groups of a kind that none of the pictures came from. So no bound is closer to 1 (or 0) than the exact one of perfect
separation: of six perfectly ranked pictures the interval is .54 to 1, and of six that are nearly so it is no narrower.
``make coverage`` simulates these and other methods; docs/explanation/coverage.md has its table.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..contracts import REAL
from .bootstrap import GroupBootstrap, Statistic
from .delong import GroupCodes
from .replicates import MeanError, Replicates, auc_replicates
from .roc import Interval, Scored

FEW_GROUPS = 12  # independent pairs of groups below which a variance is not asked
FEW_ERRORS = 5  # so many groups have to rank wrong, or right; the rule for the normal approximation of a proportion
CHANCE = 0.5
TAIL = 0.025  # of a 95 % interval, on either side
NORMAL = 1.959964  # quantile of the normal distribution at 1 - TAIL
NO_VARIANCE = 1e-16


class Intervals:
    """
    Intervals of everything that is computed from the same test pictures and the same training draws.

    Parameters
    ----------
    scored : sequence of Scored
        All item sets that will be asked for.
    n_draws : int
        Bootstrap draws of groups, for shares.
    overlap : float
        Share of training pictures that two training draws have in common; see `replicates.training_share`.
    """

    def __init__(self, scored: Sequence[Scored], n_draws: int = 1000, overlap: float = 0.0) -> None:
        self._codes = GroupCodes(np.unique(np.concatenate([s.groups for s in scored])))
        self._bootstrap = GroupBootstrap(scored, n_draws)
        self._overlap = overlap

    def replicates(self, draws: Sequence[Scored]) -> Replicates:
        """Return the AUC of every training draw on one test domain; see `auc_replicates`."""
        return auc_replicates(draws, self._codes)

    def auc(self, replicates: Replicates) -> Interval:
        """Return a mean AUC with its interval; without bounds if there are fewer than two groups of either class."""
        return auc_interval_of(replicates, self._overlap)

    def difference(self, first: Replicates, second: Replicates, unchanged: bool = False, tail: float = TAIL) -> Interval:
        """Return the difference of two mean AUCs with its paired interval; see `difference_interval`."""
        return difference_interval(first, second, self._overlap, unchanged, tail)

    def bounds(self, replicates: Replicates, tail: float) -> tuple[float, float]:
        """Return the bounds of a mean AUC beyond which the chance is `tail` each; NaN as for `auc`."""
        if replicates.n_groups < 2:
            return np.nan, np.nan
        return _auc_bounds(replicates, replicates.error(self._overlap), tail)

    def share_bounds(self, part: Replicates, whole: Replicates, tail: float) -> tuple[float, float]:
        """Return bounds of the evidence (AUC less 0.5) of a part, less half of that of the whole; see `difference_interval`."""
        half = replace(whole, values=CHANCE + (whole.values - CHANCE) / 2, influences=whole.influences / 2)
        interval = difference_interval(part, half, self._overlap, tail=tail)
        return interval.low, interval.high

    def worst(self, parts: Sequence[Replicates]) -> Interval:
        """Return the smallest of several AUCs with an interval of the smallest true one; see `worst_interval`."""
        return worst_interval(parts, self._overlap)

    def shares(
        self, draws: Sequence[Scored], statistic: Statistic, values: NDArray[np.float64], least: Sequence[float]
    ) -> list[Replicates]:
        """
        Return shares of an item set (detection rates, error rates) by training draw, with their errors from the bootstrap.

        Parameters
        ----------
        draws : sequence of Scored
            One per training draw.
        statistic : callable
            Takes an item set and weights (n_draws, n_items), and returns (n_shares, n_draws).
        values : array of float64 (n_shares, n_training_draws)
            The shares of the item sets themselves.
        least : sequence of float
            Groups of reals below which a share has no interval.
        """
        known = self.replicates(draws)
        n_real = min(len(np.unique(scored.groups[scored.labels == REAL])) for scored in draws)
        drawn = np.stack([self._bootstrap.under_draws(_descending(scored), statistic) for scored in draws], axis=1)
        return [
            Replicates(value, _deviations(of_share), None, known.n_groups if n_real >= n - 1e-9 else 0, known.n_pairs)
            for value, of_share, n in zip(values, drawn, least, strict=True)
        ]

    def share(self, replicates: Replicates) -> Interval:
        """Return a mean share with its interval; see `share_interval`."""
        return share_interval(replicates, self._overlap)


def _descending(scored: Scored) -> Scored:
    """Sort by score, once for all bootstrap draws."""
    order = np.argsort(-scored.scores, kind="stable")
    return Scored(scored.labels[order], scored.scores[order], scored.groups[order])


def _deviations(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Deviations from the mean over bootstrap draws, whose products are covariances, (n_training_draws, n_draws)."""
    kept = np.flatnonzero(np.isfinite(drawn).all(axis=0))
    if len(kept) < drawn.shape[1] / 2:
        return np.full(drawn.shape, np.nan)
    # Draws that lost a class are replaced by others, so that those of several domains still belong together.
    filled = np.where(np.isfinite(drawn).all(axis=0), drawn, drawn[:, np.resize(kept, drawn.shape[1])])
    return (filled - filled.mean(axis=1, keepdims=True)) / np.sqrt(drawn.shape[1] - 1)


def auc_interval(draws: Sequence[Scored], overlap: float = 0.0) -> Interval:
    """
    Mean AUC over training draws, with its interval.

    Parameters
    ----------
    draws : sequence of Scored
        One per fitted detector.
    overlap : float
        See `replicates.training_share`.

    Returns
    -------
    Interval
        Without bounds if there are fewer than two groups of either class.
    """
    codes = GroupCodes(np.unique(np.concatenate([scored.groups for scored in draws])))
    return auc_interval_of(auc_replicates(draws, codes), overlap)


def auc_interval_of(replicates: Replicates, overlap: float = 0.0) -> Interval:
    """Return the interval of `auc_interval` for replicates that are at hand."""
    if replicates.n_groups < 2:
        return Interval(replicates.value, np.nan, np.nan, np.nan)
    error = replicates.error(overlap)
    low, high = _auc_bounds(replicates, error)
    return Interval(replicates.value, low, high, max(error.variance**0.5, 1 / replicates.n_groups))


def _auc_bounds(replicates: Replicates, error: MeanError, tail: float = TAIL) -> tuple[float, float]:
    """Return `logit_bounds` of a mean AUC, which span those of the single draws where there are few."""
    each = [(replicates, error), *((single, single.error()) for single in replicates.few())]
    bounds = [logit_bounds(one.value, of_one, one.n_pairs, tail) for one, of_one in each]
    return min(low for low, _ in bounds), max(high for _, high in bounds)


def _spanning(interval: Interval, singles: Sequence[Interval]) -> Interval:
    """Widen the interval of few draws so that it spans those of the single draws."""
    each = [interval, *singles]
    return Interval(interval.value, min(one.low for one in each), max(one.high for one in each), interval.error)


def logit_bounds(value: float, error: MeanError, n_pairs: int, tail: float = TAIL) -> tuple[float, float]:
    """
    Bounds of a number between 0 and 1: Student's interval on the logit scale, no surer than perfect separation.

    Parameters
    ----------
    value : float
    error : MeanError
    n_pairs : int
        Independent pairs of the test pictures, see `Replicates`.
    tail : float
        Chance of a value beyond either bound.

    Returns
    -------
    low, high : float
        `unseen_bounds` at 0 and 1, and where nothing varies.
    """
    from scipy.special import expit, logit

    if not 0 < value < 1 or error.variance < NO_VARIANCE:
        return unseen_bounds(value, n_pairs, 0.0, tail)
    reach = error.reach(tail) / (value * (1 - value))
    surest = tail ** (1 / n_pairs) if n_pairs else 0.0
    return min(float(expit(logit(value) - reach)), surest), max(float(expit(logit(value) + reach)), 1 - surest)


def difference_interval(
    first: Replicates, second: Replicates, overlap: float = 0.0, unchanged: bool = False, tail: float = TAIL
) -> Interval:
    """
    Mean AUC less another one on the same test pictures and from the same training draws, with its paired interval.

    Parameters
    ----------
    first, second : Replicates
        Of the same groups.
    overlap : float
        See `replicates.training_share`.
    unchanged : bool
        Every item has the same score on both sides: the difference is exactly zero.
    tail : float
        Chance of a value beyond either bound.

    Returns
    -------
    Interval
        Without bounds if there are fewer than two groups of either class. Student's, united with `unseen_bounds` where
        evidence is `scarce` for both AUCs or the difference does not vary.
    """
    apart = first - second
    if apart.n_groups < 2 or not np.isfinite(apart.value):
        return Interval(apart.value, np.nan, np.nan, np.nan)
    if unchanged:
        return Interval(0.0, 0.0, 0.0, 0.0)
    value, error = apart.value, apart.error(overlap)
    low, high = value - error.reach(tail), value + error.reach(tail)
    if error.variance < NO_VARIANCE or all(scarce(one.value, apart.n_pairs) for one in (first, second)):
        unseen = unseen_bounds(value, apart.n_pairs, -1.0, tail)
        low, high = min(low, unseen[0]), max(high, unseen[1])
    whole = Interval(value, max(-1.0, low), min(1.0, high), error.variance**0.5)
    singles = zip(first.few(), second.few(), strict=True)
    return _spanning(whole, [difference_interval(*pair, tail=tail) for pair in singles])


def worst_interval(parts: Sequence[Replicates], overlap: float = 0.0) -> Interval:
    """
    Smallest of several mean AUCs, with an interval of the smallest true one.

    Parameters
    ----------
    parts : sequence of Replicates
        One per test domain.
    overlap : float
        See `replicates.training_share`.

    Returns
    -------
    Interval
        Without bounds where one AUC has none. The smallest of several estimates lies below the smallest true value, on average,
        and the value is not corrected for that. The interval is: its lower end is the smallest lower bound, its upper end the
        smallest of the upper bounds that hold for all domains together (Bonferroni). A bootstrap of the minimum repeats its
        bias, and covers far less where domains are alike (docs/explanation/coverage.md).
    """
    each = [(part, part.error(overlap)) for part in parts]
    worst, error = min(each, key=lambda pair: pair[0].value)
    if any(part.n_groups < 2 for part in parts):
        return Interval(worst.value, np.nan, np.nan, np.nan)
    low = min(_auc_bounds(part, of_part)[0] for part, of_part in each)
    high = min(_auc_bounds(part, of_part, TAIL / len(parts))[1] for part, of_part in each)
    return Interval(worst.value, low, high, error.variance**0.5)


def least_groups(false_alarm_rate: float) -> float:
    """
    Return the number of groups of reals from which on a detection rate has an interval.

    With fewer than two over the false-alarm rate, single groups decide the threshold, and no method covered
    (docs/explanation/coverage.md).
    """
    return 2 / false_alarm_rate


def share_interval(replicates: Replicates, overlap: float = 0.0) -> Interval:
    """
    Mean of a share over training draws (a detection rate, an error rate), with its interval.

    Parameters
    ----------
    replicates : Replicates
        Of `Intervals.shares`.
    overlap : float
        See `replicates.training_share`.

    Returns
    -------
    Interval
        Without bounds where there are too few groups. Else the wider of two on either side: `logit_bounds`, and the
        percentiles of the bootstrap, stretched by the ratio of the whole error to that over groups. The first fails where a
        share near 0 moves in steps, the second near 1.
    """
    value = replicates.value
    if replicates.n_groups < 2 or not np.isfinite(value) or not np.isfinite(replicates.influences).all():
        return Interval(value, np.nan, np.nan, np.nan)
    error = replicates.error(overlap)
    low, high = logit_bounds(value, error, replicates.n_pairs)
    if error.over_groups >= NO_VARIANCE:
        deviations = replicates.influences.mean(axis=0) * np.sqrt(replicates.influences.shape[1] - 1)
        stretch = error.reach() / (NORMAL * error.over_groups**0.5)
        below, above = np.quantile(deviations, [TAIL, 1 - TAIL]) * stretch
        low, high = min(low, value + below), max(high, value + above)
    whole = Interval(value, max(0.0, float(low)), min(1.0, float(high)), error.variance**0.5)
    return _spanning(whole, [share_interval(single) for single in replicates.few()])


def same_scores(first: Sequence[Scored], second: Sequence[Scored]) -> bool:
    """Return True if every item has the same score on both sides."""
    return len(first) == len(second) and all(
        np.array_equal(a.labels, b.labels) and np.array_equal(a.scores, b.scores) and np.array_equal(a.groups, b.groups)
        for a, b in zip(first, second, strict=True)
    )


def scarce(value: float, n_pairs: int) -> bool:
    """Test for too few groups, or too few that rank wrong (or right), for a variance to tell the error of an AUC."""
    return n_pairs < FEW_GROUPS or n_pairs * min(value, 1 - value) < FEW_ERRORS


def unseen_bounds(value: float, n_pairs: int, least: float, tail: float = TAIL) -> tuple[float, float]:
    """
    Bounds that groups of a kind that none of the pictures came from leave open.

    Parameters
    ----------
    value : float
        What was found on all independent pairs.
    n_pairs : int
    least : float
        Least possible value; the largest is 1.
    tail : float
        Chance of a value beyond either bound.

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
    met = tail ** (1 / n_pairs) if n_pairs else 0.0
    return met * value + (1 - met) * least, met * value + (1 - met)
