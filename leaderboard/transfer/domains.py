"""
What becomes abroad of what was set at home: a threshold, a probability, a choice.

A threshold is set for a false-alarm rate on validation pictures of the training domain; on every test domain it gives what it
gives. Rates come with intervals that know that pictures of one group depend on each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...benchmark.metrics.calibration import Calibration
from ...benchmark.metrics.roc import Interval, Scored

FALSE_ALARM_RATE = 0.01
BINS = 10
LEAST_PER_BIN = 10
UNKNOWN = Interval(np.nan, np.nan, np.nan, np.nan)


@dataclass(frozen=True)
class Transfer:
    """
    A threshold and a calibration from home on one test domain, means over replicates.

    Attributes
    ----------
    domain : str
    false_alarms, detections : Interval
        Share of reals, and of fakes, that are called fake.
    calibration_error : float
        See `calibration_error`.
    brier : float
        Mean square error of the probability of fake, classes counting alike; 0.25 for always saying one half.
    n_real, n_fake : int
        Scored pictures.
    reason : str
        Why rates are undefined; empty if they are not.
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
        """JSON-like; bounds of an interval as ``_lo`` and ``_hi``."""
        found = {name: value for name, value in asdict(self).items() if not isinstance(value, dict)}
        for name in ("false_alarms", "detections"):
            rate: Interval = getattr(self, name)
            found |= {name: rate.value, f"{name}_lo": rate.low, f"{name}_hi": rate.high}
        return found


def transferred(
    validation: Sequence[Scored], tests: Mapping[str, Sequence[Scored]], false_alarm_rate: float = FALSE_ALARM_RATE
) -> list[Transfer]:
    """
    Carry threshold and calibration from validation pictures of the training domain to test domains.

    Parameters
    ----------
    validation : sequence of Scored
        One per fitted detector.
    tests : mapping of str to sequence of Scored
        By test domain, the detectors in the order of `validation`.
    false_alarm_rate : float
        Meant at home.

    Returns
    -------
    list of Transfer
        In the order of `tests`. Rates are NaN where a detector has fewer than one over the rate validation reals.
    """
    thresholds = [threshold_at(one.labels, one.scores, false_alarm_rate) for one in validation]
    calibrations = [_calibration(one) for one in validation]
    needed = int(np.ceil(1 / false_alarm_rate - 1e-9))
    n_real = min(int((one.labels == 0).sum()) for one in validation)
    reason = (
        ""
        if np.isfinite(thresholds).all()
        else (f"{n_real} real validation pictures; a threshold for {100 * false_alarm_rate:g} % false alarms takes {needed}")
    )
    return [_on_domain(domain, each, thresholds, calibrations, reason) for domain, each in tests.items()]


def threshold_at(labels: ArrayLike, scores: ArrayLike, false_alarm_rate: float = FALSE_ALARM_RATE) -> float:
    """
    Least threshold whose false alarms do not exceed a rate, halfway to the next real score above it.

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
) -> Transfer:
    first = replicates[0]
    n_real, n_fake = (int((first.labels == label).sum()) for label in (0, 1))
    errors, briers = zip(*map(_calibration_on, replicates, calibrations), strict=True)
    if not reason and not all(np.isfinite(one.scores).all() for one in replicates):
        reason = "scores are not finite"
    false_alarms, detections = (UNKNOWN if reason else _called_fake(replicates, thresholds, label) for label in (0, 1))
    absent = [f"no {name} test pictures" for name, n in (("real", n_real), ("fake", n_fake)) if not n]
    why = reason or "; ".join(absent)
    return Transfer(domain, false_alarms, detections, float(np.mean(errors)), float(np.mean(briers)), n_real, n_fake, why)


# --- rates -------------------------------------------------------------------------------------------------------------


def _called_fake(replicates: Sequence[Scored], thresholds: Sequence[float], label: int) -> Interval:
    """Share of the items of one class that are called fake, over all replicates."""
    groups, hits = [], []
    for scored, threshold in zip(replicates, thresholds, strict=True):
        mine = scored.labels == label
        groups.append(scored.groups[mine])
        hits.append(scored.scores[mine] >= threshold)
    return rate_interval(np.concatenate(hits), np.concatenate(groups), len(replicates))


def rate_interval(hits: ArrayLike, groups: ArrayLike, copies: int = 1) -> Interval:
    """
    Share of hits with a 95 % interval where hits of one group depend on each other.

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
    from scipy.stats import t

    values, (names, member) = np.asarray(hits, dtype=np.float64), np.unique(np.asarray(groups), return_inverse=True)
    if not values.size:
        return UNKNOWN
    rate, n_groups, n_items = float(values.mean()), len(names), values.size / copies
    if n_groups < 2:
        return Interval(rate, np.nan, np.nan, np.nan)
    deviations = np.bincount(member, values - rate)
    variance = n_groups / (n_groups - 1) * float(deviations @ deviations) / values.size**2
    worth = n_groups if variance <= 0 else min(rate * (1 - rate) / variance, n_items)
    quantile = float(t.ppf(0.975, n_groups - 1))
    low, high = _wilson(rate, worth, quantile)
    return Interval(rate, low, high, max(variance**0.5, 1 / n_groups if variance <= 0 else 0.0))


def _wilson(rate: float, n: float, quantile: float) -> tuple[float, float]:
    """Wilson's interval (JASA 22, 1927) of a share of `n` items."""
    square = quantile**2 / n
    middle = (rate + square / 2) / (1 + square)
    half = quantile / (1 + square) * ((rate * (1 - rate) + square / 4) / n) ** 0.5
    return max(middle - half, 0.0), min(middle + half, 1.0)


# --- probabilities -----------------------------------------------------------------------------------------------------


def _calibration(validation: Scored) -> Calibration | None:
    """Scores to probabilities as `bench train` makes them; None where that cannot be learned."""
    if len(np.unique(validation.labels)) < 2 or not np.isfinite(validation.scores).all():
        return None
    return Calibration.of(validation.scores[:, np.newaxis], validation.labels)


def _calibration_on(scored: Scored, calibration: Calibration | None) -> tuple[float, float]:
    if calibration is None or not scored.labels.size:
        return np.nan, np.nan
    probabilities = calibration.probabilities(scored.scores[:, np.newaxis])[:, 1]
    return calibration_error(scored.labels, probabilities), brier_score(scored.labels, probabilities)


def _even_weights(labels: NDArray) -> NDArray[np.float64]:
    """Item weights that sum to one, classes counting alike: calibrated probabilities are meant for even odds."""
    counts = np.bincount(labels, minlength=2)
    return 0.5 / counts[labels]


def brier_score(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """
    Mean square error of the probability of fake, classes counting alike.

    Returns
    -------
    float
        From 0; NaN if a class is missing or a probability is not finite.
    """
    y, p = np.asarray(labels), np.asarray(probabilities, dtype=np.float64)
    if len(np.unique(y)) < 2 or not np.isfinite(p).all():
        return float("nan")
    return float(_even_weights(y) @ (p - y) ** 2)


def calibration_error(labels: ArrayLike, probabilities: ArrayLike, bins: int = BINS) -> float:
    """
    Mean distance of probabilities from what they promise, over bins of equal mass (expected calibration error).

    Parameters
    ----------
    labels : array of int (n_items,)
    probabilities : array of float (n_items,)
        Of fake.
    bins : int

    Returns
    -------
    float
        Classes count alike. Equal probabilities stay in one bin. By chance it is above 0, the more the fewer pictures a bin
        has; NaN with fewer than ten for each, if a class is missing, or a probability is not finite.
    """
    y, p = np.asarray(labels), np.asarray(probabilities, dtype=np.float64)
    if len(np.unique(y)) < 2 or y.size < bins * LEAST_PER_BIN or not np.isfinite(p).all():
        return float("nan")
    weights, (_, place) = _even_weights(y), np.unique(p, return_inverse=True)
    mass = np.bincount(place, weights)
    # A value belongs to the bin that the middle of its mass falls in.
    of_value = np.minimum((bins * (np.cumsum(mass) - mass / 2)).astype(int), bins - 1)
    gaps = np.bincount(of_value[place], weights * (p - y), bins)
    return float(np.abs(gaps).sum())


# --- choices -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SelectionGaps:
    """
    Mean test AUC by how the candidate was chosen.

    Attributes
    ----------
    selected : float
        By validation at home: what one gets.
    left_out : float
        For every domain, by the mean over the *other* test domains: what one would get with several domains to choose on.
    oracle : float
        For every domain, by that domain: what could not have been known.
    """

    selected: float
    left_out: float
    oracle: float


def selection_gaps(validation: ArrayLike, tests: ArrayLike) -> SelectionGaps:
    """
    Compare what is chosen at home, on other domains, and by the oracle.

    Parameters
    ----------
    validation : array of float (n_candidates,)
        AUC on source validation; of the one candidate that was chosen in another way, any number above the rest.
    tests : array of float (n_candidates, n_domains)
        AUC of every candidate on every test domain.

    Returns
    -------
    SelectionGaps
        Where several candidates are equally good, their mean. Without candidates, or with a missing AUC, NaN: a mean over other
        domains is another number. `left_out` takes two domains.
    """
    val, auc = np.asarray(validation, dtype=np.float64), np.atleast_2d(np.asarray(tests, dtype=np.float64))
    if not auc.size or not (np.isfinite(auc).all() and np.isfinite(val).all()):
        return SelectionGaps(np.nan, np.nan, np.nan)
    selected = float(auc.mean(axis=1)[val == val.max()].mean())
    return SelectionGaps(selected, _left_out(auc), float(auc.max(axis=0).mean()))


def _left_out(auc: NDArray[np.float64]) -> float:
    n_domains = auc.shape[1]
    if n_domains < 2:
        return float("nan")
    found = []
    for domain in range(n_domains):
        others = np.delete(auc, domain, axis=1).mean(axis=1)
        found.append(auc[others >= others.max() - 1e-12, domain].mean())
    return float(np.mean(found))
