"""Detection metrics with items counted by weight, many weightings at once: those of bootstrap draws."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .roc import Scored


def weighted_balanced_accuracy(scored: Scored, weights: NDArray, threshold: float) -> NDArray[np.float64]:
    """
    Balanced accuracy with items counted by weight.

    Parameters
    ----------
    scored : Scored
    weights : array (n_draws, n_items)
    threshold : float

    Returns
    -------
    array of float64 (n_draws,)
        NaN where a class has no weight.
    """
    fake = scored.labels == 1
    right = ((scored.scores >= threshold) == fake).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = [weights[:, members] @ right[members] / weights[:, members].sum(axis=1) for members in (fake, ~fake)]
    return np.asarray((shares[0] + shares[1]) / 2, dtype=np.float64)


def weighted_detection_rates(scored: Scored, weights: NDArray, false_alarm_rates: Sequence[float]) -> NDArray[np.float64]:
    """
    PD@x (`detection_rate_at`) with items counted by weight.

    Parameters
    ----------
    scored : Scored
    weights : array (n_draws, n_items)
    false_alarm_rates : sequence of float
        Values of x, between 0 and 1.

    Returns
    -------
    array of float64 (n_rates, n_draws)
        NaN where a class has no weight.
    """
    return _detection_rates(_weighted_roc(scored, weights), false_alarm_rates)


def weighted_error_rates(scored: Scored, weights: NDArray, false_alarm_rates: Sequence[float]) -> NDArray[np.float64]:
    """
    PD@x as `weighted_detection_rates`, and the equal error rate in the last row, from one ROC curve.

    Returns
    -------
    array of float64 (n_rates + 1, n_draws)
        NaN where a class has no weight.
    """
    curve = _weighted_roc(scored, weights)
    return np.concatenate([_detection_rates(curve, false_alarm_rates), _equal_error(curve)[np.newaxis]])


@dataclass(frozen=True, eq=False)
class _Class:
    """
    Weights of the items of one class above each threshold, in every draw.

    Attributes
    ----------
    running : array of int32 (n_members + 1, n_draws)
        Weights of the first members, highest score first. Draws lie side by side: a sum over items adds all draws of one item
        at once.
    above : array of int (n_thresholds + 1,)
        How many members lie above each threshold, highest first, from none on.
    """

    running: NDArray[np.int32]
    above: NDArray[np.intp]

    @property
    def total(self) -> NDArray[np.int32]:
        """Weight of all members, (n_draws,)."""
        return self.running[-1]

    def at(self, thresholds: NDArray[np.intp]) -> NDArray[np.int32]:
        """Return the weight above one threshold for each draw."""
        return self.running[self.above[thresholds], np.arange(len(thresholds))]


@dataclass(frozen=True, eq=False)
class _Curve:
    """ROC curves of many draws, over `n_thresholds` + 1 thresholds, highest first; the first of them passes nothing."""

    reals: _Class
    fakes: _Class

    @property
    def n_thresholds(self) -> int:
        return len(self.reals.above) - 1

    @property
    def n_draws(self) -> int:
        return self.reals.running.shape[1]


def _weighted_roc(scored: Scored, weights: NDArray) -> _Curve:
    descending = -scored.scores
    if np.any(descending[1:] < descending[:-1]):
        order = np.argsort(descending, kind="stable")
        scored, weights = Scored(scored.labels[order], scored.scores[order], scored.groups), weights.T[order].T
    last = np.r_[scored.scores[1:] != scored.scores[:-1], True]  # of equal scores: a threshold passes all of them or none
    classes = []
    for label in (0, 1):
        members = scored.labels == label
        running = np.zeros((np.count_nonzero(members) + 1, len(weights)), dtype=np.int32)
        running[1:] = weights.T[members]
        np.add.accumulate(running, axis=0, out=running)
        classes.append(_Class(running, np.r_[0, np.cumsum(members)[last]]))
    return _Curve(*classes)


def _first(is_past: Callable[[NDArray[np.intp]], NDArray[np.bool_]], n_draws: int, n: int) -> NDArray[np.intp]:
    """Return by draw the first of `n` thresholds at which a condition holds that stays true; bisection, all draws at once."""
    low, high = np.zeros(n_draws, dtype=np.intp), np.full(n_draws, n)
    for _ in range(int(n).bit_length()):
        middle = (low + high) // 2
        past = is_past(np.minimum(middle, n - 1))
        low, high = np.where(past, low, np.minimum(middle + 1, high)), np.where(past, middle, high)
    return low


def _detection_rates(curve: _Curve, false_alarm_rates: Sequence[float]) -> NDArray[np.float64]:
    reals, fakes = curve.reals.total, curve.fakes.total
    rates = []
    for rate in false_alarm_rates:
        most = np.floor((rate + 1e-12) * reals).astype(reals.dtype)
        beyond = _first(lambda at, most=most: curve.reals.at(at) > most, curve.n_draws, curve.n_thresholds + 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            rates.append(np.where(reals > 0, curve.fakes.at(beyond - 1) / fakes, np.nan))
    return np.array(rates)


def _equal_error(curve: _Curve) -> NDArray[np.float64]:
    """Error rate where false alarms are as frequent as misses, linear between ROC points, (n_draws,)."""
    reals, fakes = (one.total.astype(np.int64) for one in (curve.reals, curve.fakes))

    def passed(at: NDArray[np.intp]) -> NDArray[np.int64]:
        """Share of reals above the threshold plus that of fakes, times both numbers: from 0 to twice their product."""
        return curve.reals.at(at) * fakes + curve.fakes.at(at) * reals

    first = _first(lambda at: passed(at) >= reals * fakes, curve.n_draws, curve.n_thresholds + 1)
    after = np.clip(first, 1, curve.n_thresholds)
    below, above = passed(after - 1), passed(after)
    before, beyond = curve.reals.at(after - 1), curve.reals.at(after)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (before + (reals * fakes - below) / (above - below) * (beyond - before)) / reals
