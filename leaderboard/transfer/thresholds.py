"""
Transfer of a threshold, set in-domain for a false-alarm rate, to test domains.

The threshold is set on validation pictures of the training domain. On every test domain its false-alarm rate and its detection
rate are measured, with intervals over groups of test pictures and over training draws.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...benchmark.metrics.calibration import Calibration
from ...benchmark.metrics.replicates import MIN_DRAWS, MeanError, mean_error
from ...benchmark.metrics.roc import Interval, Scored
from .calibration import calibration_on, fitted_calibration

FALSE_ALARM_RATE = 0.01
UNKNOWN = Interval(np.nan, np.nan, np.nan, np.nan)


@dataclass(frozen=True)
class Transfer:
    """
    Result of the in-domain threshold and calibration on one test domain, means over replicates.

    Attributes
    ----------
    domain : str
    false_alarms, detections : Interval
        Share of reals, and of fakes, that are called fake.
    calibration_error : float
        See `calibration.calibration_error`.
    brier : float
        Mean square error of the probability of fake, classes counting alike; 0.25 for always saying one half.
    n_real, n_fake : int
        Scored pictures.
    reason : str
        Reason why the rates are undefined; empty if they are defined.
    """

    domain: str
    false_alarms: Interval
    detections: Interval
    calibration_error: float
    brier: float
    n_real: int
    n_fake: int
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name; bounds of an interval end in ``_lo`` and ``_hi``."""
        fields = {name: value for name, value in asdict(self).items() if not isinstance(value, dict)}
        for name in ("false_alarms", "detections"):
            rate: Interval = getattr(self, name)
            fields |= {name: rate.value, f"{name}_lo": rate.low, f"{name}_hi": rate.high}
        return fields


def transferred(
    validation: Sequence[Scored],
    tests: Mapping[str, Sequence[Scored]],
    false_alarm_rate: float = FALSE_ALARM_RATE,
    overlap: float = 0.0,
) -> list[Transfer]:
    """
    Set threshold and calibration on validation pictures of the training domain, and apply them to test domains.

    Parameters
    ----------
    validation : sequence of Scored
        One per fitted detector.
    tests : mapping of str to sequence of Scored
        By test domain, the detectors in the order of `validation`.
    false_alarm_rate : float
        Wanted in-domain, on validation pictures.
    overlap : float
        Share of training pictures that two draws have in common, see `metrics.replicates.training_share`.

    Returns
    -------
    list of Transfer
        In the order of `tests`. Rates are NaN where a detector has fewer than one over the rate validation reals.
    """
    thresholds = [threshold_at(scored.labels, scored.scores, false_alarm_rate) for scored in validation]
    calibrations = [fitted_calibration(scored) for scored in validation]
    needed = int(np.ceil(1 / false_alarm_rate - 1e-9))
    n_real = min(int((scored.labels == 0).sum()) for scored in validation)
    reason = (
        ""
        if np.isfinite(thresholds).all()
        else (f"{n_real} real validation pictures; a threshold for {100 * false_alarm_rate:g} % false alarms takes {needed}")
    )
    return [_on_domain(domain, each, thresholds, calibrations, reason, overlap) for domain, each in tests.items()]


def threshold_at(labels: ArrayLike, scores: ArrayLike, false_alarm_rate: float = FALSE_ALARM_RATE) -> float:
    """
    Return the least threshold whose false alarms do not exceed a rate, halfway to the next real score above it.

    Parameters
    ----------
    labels, scores : arrays (n_items,)
        Of validation pictures; fakes are not looked at.
    false_alarm_rate : float

    Returns
    -------
    float
        An item is called fake where its score is >= it. NaN with fewer than one over the rate reals, where such a rate cannot
        be told from zero, or where a score is not finite.
    """
    reals = np.sort(np.asarray(scores, dtype=np.float64)[np.asarray(labels) == 0])
    if reals.size * false_alarm_rate < 1 - 1e-9 or not np.isfinite(reals).all():
        return float("nan")
    # The highest real score that may not be called fake: with all that tie with it, it lies below the threshold.
    passed = reals[reals.size - int(reals.size * false_alarm_rate + 1e-9) - 1]
    above = reals[np.searchsorted(reals, passed, "right") :]
    return float((passed + above[0]) / 2) if above.size else float(np.nextafter(passed, np.inf))


def _on_domain(
    domain: str,
    replicates: Sequence[Scored],
    thresholds: Sequence[float],
    calibrations: Sequence[Calibration | None],
    reason: str,
    overlap: float,
) -> Transfer:
    first = replicates[0]
    n_real, n_fake = (int((first.labels == label).sum()) for label in (0, 1))
    errors, briers = zip(*map(calibration_on, replicates, calibrations), strict=True)
    if not reason and not all(np.isfinite(scored.scores).all() for scored in replicates):
        reason = "scores are not finite"
    false_alarms, detections = (UNKNOWN if reason else _called_fake(replicates, thresholds, label, overlap) for label in (0, 1))
    absent = [f"no {name} test pictures" for name, n in (("real", n_real), ("fake", n_fake)) if not n]
    why = reason or "; ".join(absent)
    return Transfer(domain, false_alarms, detections, float(np.mean(errors)), float(np.mean(briers)), n_real, n_fake, why)


def _called_fake(replicates: Sequence[Scored], thresholds: Sequence[float], label: int, overlap: float) -> Interval:
    """
    Return the share of the items of one class that are called fake, over all replicates.

    The interval counts groups of test pictures and, from `MIN_DRAWS` replicates on, training draws, each of which has a
    threshold of its own; of fewer it spans those of the single draws.
    """
    groups, hits = [], []
    for scored, threshold in zip(replicates, thresholds, strict=True):
        of_class = scored.labels == label
        groups.append(scored.groups[of_class])
        hits.append(scored.scores[of_class] >= threshold)
    over_groups = rate_interval(np.concatenate(hits), np.concatenate(groups), len(replicates))
    if not np.isfinite(over_groups.low):
        return over_groups
    if len(replicates) < MIN_DRAWS:
        singles = [rate_interval(of_draw, named) for of_draw, named in zip(hits, groups, strict=True)]
        return replace(over_groups, low=min(one.low for one in singles), high=max(one.high for one in singles))
    error = _error(hits, groups, overlap)
    if not error.over_training > 0:
        return over_groups
    rate, deviation = over_groups.value, error.variance**0.5
    low, high = _wilson(rate, rate * (1 - rate) / error.variance, error.reach() / deviation)
    return Interval(rate, low, high, deviation)


def _error(hits: Sequence[NDArray], groups: Sequence[NDArray], overlap: float) -> MeanError:
    """Return the error of a share, the mean over draws, over groups of test pictures and over training draws."""
    names = np.unique(np.concatenate(groups))
    scale = (len(names) / max(len(names) - 1, 1)) ** 0.5
    rates = np.array([of_draw.mean() for of_draw in hits])
    influences = np.stack(
        [
            scale * np.bincount(np.searchsorted(names, named), of_draw - rate, len(names)) / len(of_draw)
            for of_draw, named, rate in zip(hits, groups, rates, strict=True)
        ]
    )
    return mean_error(rates, influences @ influences.T, len(names) - 1.0, overlap)


def rate_interval(hits: ArrayLike, groups: ArrayLike, copies: int = 1) -> Interval:
    """
    Return the share of hits with a 95 % interval, where hits of one group depend on each other.

    Parameters
    ----------
    hits : array of bool (n_items,)
    groups : array (n_items,)
    copies : int
        How often each item is there (one for every fitted detector): copies are no further evidence.

    Returns
    -------
    Interval
        Wilson's, with the number of items that would tell as much if they were independent, and Student's quantile for the
        number of groups (Dean and Pagano, Journal of Survey Statistics and Methodology 3, 2015). Without any hit, or without
        any miss, every group counts as one item. Without bounds for a single group; NaN for no item.
    """
    from scipy.special import stdtrit

    values, (names, member) = np.asarray(hits, dtype=np.float64), np.unique(np.asarray(groups), return_inverse=True)
    if not values.size:
        return UNKNOWN
    rate, n_groups, n_items = float(values.mean()), len(names), values.size / copies
    if n_groups < 2:
        return Interval(rate, np.nan, np.nan, np.nan)
    deviations = np.bincount(member, values - rate)
    variance = n_groups / (n_groups - 1) * float(deviations @ deviations) / values.size**2
    worth = n_groups if variance <= 0 else min(rate * (1 - rate) / variance, n_items)
    quantile = float(stdtrit(n_groups - 1, 0.975))
    low, high = _wilson(rate, worth, quantile)
    return Interval(rate, low, high, max(variance**0.5, 1 / n_groups if variance <= 0 else 0.0))


def _wilson(rate: float, n: float, quantile: float) -> tuple[float, float]:
    """Return Wilson's interval (JASA 22, 1927) of a share of `n` items."""
    square = quantile**2 / n
    middle = (rate + square / 2) / (1 + square)
    half = quantile / (1 + square) * ((rate * (1 - rate) + square / 4) / n) ** 0.5
    return max(middle - half, 0.0), min(middle + half, 1.0)
