"""
Detection metrics: detection and error rates, average precision, and balanced accuracy at a threshold.

Everywhere ``labels`` is 0 real, 1 fake and a higher score means more fake. A number that cannot be known from the data at
hand is NaN, never a guess.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

FALSE_ALARM_RATES = (0.10, 0.05, 0.01)


def detection_rate_at(labels: ArrayLike, scores: ArrayLike, false_alarm_rate: float) -> float:
    """
    PD@x: the largest true positive rate whose false positive rate does not exceed x.

    Returns
    -------
    float
        NaN with fewer than 1/x real items, where such a rate cannot be told from zero.
    """
    return _detection_rate(np.asarray(labels), _roc(labels, scores), false_alarm_rate)


Roc = tuple[NDArray, NDArray, NDArray]


def _roc(labels: ArrayLike, scores: ArrayLike) -> Roc | None:
    """False and true positive rates and thresholds, from (0, 0) to (1, 1); None if a class is missing."""
    counts = _counts(labels, scores)
    if counts is None:
        return None
    reals, fakes, thresholds = counts
    fpr, tpr = (np.concatenate([[0.0], count / count[-1]]) for count in (reals, fakes))
    return fpr, tpr, np.concatenate([[np.inf], thresholds])


def _counts(labels: ArrayLike, scores: ArrayLike) -> Roc | None:
    """
    Count reals and fakes at or above each threshold, which are the scores from the highest on; None if a class is missing.

    The counts of scikit-learn, whose checks of its input take ten times as long as the counts of a thousand items.
    """
    fake, values = np.asarray(labels) == 1, np.asarray(scores)
    if fake.all() or not fake.any():
        return None
    if not np.isfinite(values).all():
        raise ValueError("scores must be finite")
    order = np.argsort(-values, kind="stable")
    values = values[order]
    last = np.append(np.flatnonzero(values[1:] != values[:-1]), len(values) - 1)  # a threshold passes all equal scores
    fakes = np.cumsum(fake[order], dtype=np.float64)[last]
    return 1.0 + last - fakes, fakes, values[last]


def _detection_rate(labels: NDArray, roc: Roc | None, false_alarm_rate: float) -> float:
    n_real = int((labels == 0).sum())
    if roc is None or n_real * false_alarm_rate < 1 - 1e-9:
        return float("nan")
    fpr, tpr, _ = roc
    return float(tpr[fpr <= false_alarm_rate + 1e-12].max())


def _nearest_detection_rate(roc: Roc | None, false_alarm_rate: float) -> float:
    if roc is None:
        return float("nan")
    fpr, tpr, _ = roc
    return float(tpr[np.argmin(np.abs(fpr - false_alarm_rate))])


def _equal_error(roc: Roc | None) -> float:
    if roc is None:
        return float("nan")
    fpr, tpr, _ = roc
    gap = fpr - (1 - tpr)  # ascending from -1 to 1
    i = int(np.searchsorted(gap, 0.0))
    if gap[i] == 0 or i == 0:
        return float(fpr[i])
    t = -gap[i - 1] / (gap[i] - gap[i - 1])
    return float(fpr[i - 1] + t * (fpr[i] - fpr[i - 1]))


def average_precision(labels: ArrayLike, scores: ArrayLike) -> float:
    """Average precision of the fake class; NaN if a class is missing."""
    counts = _counts(labels, scores)
    if counts is None:
        return float("nan")
    reals, fakes, _ = counts
    gained = np.diff(fakes / fakes[-1], prepend=0.0)
    return float((gained * (fakes / (fakes + reals))).sum())


def best_threshold(labels: ArrayLike, scores: ArrayLike) -> float:
    """
    Threshold with the largest balanced accuracy, halfway between two neighbouring scores.

    Meant for validation scores; an item is called fake where its score is >= the threshold.
    """
    roc = _roc(labels, scores)
    if roc is None:
        return float("nan")
    fpr, tpr, thresholds = roc
    best = int(np.argmax(tpr - fpr))
    below = np.asarray(scores)[np.asarray(scores) < thresholds[best]]
    if not below.size:
        return float(thresholds[best])
    if not np.isfinite(thresholds[best]):
        return float(np.max(scores) + 1.0)
    return float((thresholds[best] + below.max()) / 2)


def balanced_accuracy(labels: ArrayLike, scores: ArrayLike, threshold: float) -> float:
    """Mean of the two classes' accuracies at a threshold that was fixed beforehand; NaN if a class is missing."""
    y, called_fake = np.asarray(labels), np.asarray(scores) >= threshold
    if len(np.unique(y)) < 2 or not np.isfinite(threshold):
        return float("nan")
    return float((called_fake[y == 1].mean() + (~called_fake[y == 0]).mean()) / 2)


@dataclass(frozen=True, eq=False)
class Verdicts:
    """
    Scores and labels of one item set with a threshold that was fixed beforehand.

    Attributes
    ----------
    labels, scores : arrays (n_items,)
    threshold : float
        Chosen on the validation items of the training domain (`best_threshold`).
    """

    labels: NDArray
    scores: NDArray
    threshold: float

    @cached_property
    def roc(self) -> Roc | None:
        """ROC curve, computed once for all metrics; None if a class is missing."""
        return _roc(self.labels, self.scores)


def average_precision_of(verdicts: Verdicts) -> float:
    """See `average_precision`."""
    return average_precision(verdicts.labels, verdicts.scores)


def equal_error_rate_of(verdicts: Verdicts) -> float:
    """Error rate where false alarms are as frequent as misses, linear between ROC points; NaN if a class is missing."""
    return _equal_error(verdicts.roc)


def balanced_accuracy_of(verdicts: Verdicts) -> float:
    """See `balanced_accuracy`."""
    return balanced_accuracy(verdicts.labels, verdicts.scores, verdicts.threshold)


def detection_rate_of(verdicts: Verdicts, false_alarm_rate: float) -> float:
    """See `detection_rate_at`."""
    return _detection_rate(np.asarray(verdicts.labels), verdicts.roc, false_alarm_rate)


def nearest_detection_rate_of(verdicts: Verdicts, false_alarm_rate: float) -> float:
    """
    PD@x as published: the true positive rate of the ROC point whose false positive rate is nearest to x.

    Parameters
    ----------
    verdicts : Verdicts
    false_alarm_rate : float
        x, between 0 and 1.

    Returns
    -------
    float
        NaN if one class is missing.

    Notes
    -----
    The rule of the programs of arXiv 2210.14571 and of a master's thesis on middle frequencies (2024). Every threshold is a
    point, and of equally near points the first counts, which has the highest threshold. So the rate may exceed x; where a
    rise of the curve lies at the nearest rate, its lower end counts; and with fewer than 1/(2x) real items the nearest rate
    is 0, whose first point detects nothing: such a number is 0 even for a perfect detector. The thesis takes it of batches
    of 128 items and averages; here it is of all items.
    """
    return _nearest_detection_rate(verdicts.roc, false_alarm_rate)
