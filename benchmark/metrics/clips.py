"""
Frame scores to clip scores, and the detection metrics of clips.

The verdict on a video is one answer, however many frames were scored. Scores of frames are pooled clip by clip; then the
metrics, the threshold and the bootstrap over identities are those of single pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, StudyError, unknown_name
from .detection import balanced_accuracy as balanced_accuracy_at
from .detection import best_threshold, detection_rate_at
from .intervals import Intervals, least_groups
from .roc import Interval, Scored
from .weighted import weighted_balanced_accuracy, weighted_detection_rates

MAJORITY = float(np.nextafter(0.5, 1))  # least share of votes that is a majority: a tie is none
RATES = {"pd10": 0.10, "pd5": 0.05, "pd1": 0.01}  # detection rates of clips, with their false-alarm rates
Counts = TypeVar("Counts", int, NDArray[np.intp])
UNKNOWN = Interval(np.nan, np.nan, np.nan, np.nan)


class ClipRule(StrEnum):
    """
    Pooling rule from frame scores to the score of a clip.

    ``mean`` of the scores. ``vote``: share of the frames that are called fake, and the clip is fake where that is more than
    half, as in the program of arXiv 1911.00686. ``top_third``: mean of the highest third of the scores, as in the program of
    arXiv 1811.00656; a fake that shows in some frames only is not averaged away.
    """

    MEAN = "mean"
    VOTE = "vote"
    TOP_THIRD = "top_third"

    def describe(self) -> str:
        """Return the rule in words."""
        return RULE_TEXTS[self]


RULE_TEXTS = {
    ClipRule.MEAN: "mean score of its frames",
    ClipRule.VOTE: "share of its frames that are called fake",
    ClipRule.TOP_THIRD: "mean of the highest third of its frames' scores",
}


def clip_rule(name: str) -> ClipRule:
    """
    Return a pooling rule by its name.

    Raises
    ------
    StudyError
        With the rules that there are.
    """
    try:
        return ClipRule(name)
    except ValueError:
        raise StudyError(unknown_name("rule for clips", name, list(ClipRule))) from None


@dataclass(frozen=True)
class Frames:
    """
    Scored frames of one item set by one fitted detector.

    Attributes
    ----------
    scored : Scored
    clips : array of str (n_frames,)
        Clip of each frame; a picture that is no frame is a clip of its own.
    """

    scored: Scored
    clips: NDArray


@dataclass(frozen=True)
class ClipMetrics:
    """
    Detection metrics of the clips of one test domain, means over the fitted detectors.

    Attributes
    ----------
    rule : ClipRule
    n : int
        Clips that have a scored frame.
    auc, balanced_accuracy : Interval
    rates : dict of str to Interval
        By the names of `RATES`; NaN with too few real clips.
    """

    rule: ClipRule
    n: int
    auc: Interval
    balanced_accuracy: Interval
    rates: dict[str, Interval]

    def numbers(self) -> dict[str, float]:
        """Return the numbers of a test result: ``n_clips``, ``clip_auc``, ``clip_auc_lo`` and so on."""
        intervals = {"auc": self.auc, "balanced_accuracy": self.balanced_accuracy, **self.rates}
        numbers: dict[str, float] = {"n_clips": self.n}
        for name, interval in intervals.items():
            numbers |= {f"clip_{name}": interval.value, f"clip_{name}_lo": interval.low, f"clip_{name}_hi": interval.high}
        return numbers


# --- pooling ----------------------------------------------------------------------------------------------------------


def n_highest_third(n_frames: Counts) -> Counts:
    """Return the number of frames that the rule ``top_third`` takes of clips of `n_frames` frames: a third, rounded up."""
    return -(-n_frames // 3)


def clip_scores(frames: Frames, rule: ClipRule, threshold: float) -> Scored:
    """
    Pool the scores of each clip.

    Parameters
    ----------
    frames : Frames
    rule : ClipRule
    threshold : float
        From which score on a frame is called fake (`vote` only): chosen on the validation frames of the training domain.

    Returns
    -------
    Scored
        Clips in the order of their names, each in the group of its frames. The scores do not depend on the order of frames.
        Votes are NaN where the threshold is.

    Raises
    ------
    DataError
        If frames of one clip differ in their label or their group.
    """
    scored = frames.scored
    names, first, clip_of = np.unique(frames.clips, return_index=True, return_inverse=True)
    for what, values in (("label", scored.labels), ("group", scored.groups)):
        if (odd := values != values[first][clip_of]).any():
            clip, pair = names[clip_of[odd][0]], sorted({str(values[odd][0]), str(values[first][clip_of[odd][0]])})
            raise DataError(f"the frames of clip {clip} have more than one {what}: {' and '.join(pair)}; a clip has one.")
    # Clip by clip, highest score first: sums do not depend on the order of frames.
    order = np.lexsort((-scored.scores, clip_of))
    scores, clip = scored.scores[order], clip_of[order]
    sizes = np.bincount(clip, minlength=len(names))
    if rule is ClipRule.VOTE:
        scores = (scores >= threshold).astype(np.float64) if np.isfinite(threshold) else np.full(len(scores), np.nan)
    elif rule is ClipRule.TOP_THIRD:
        rank = np.arange(len(clip)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        highest = rank < n_highest_third(sizes)[clip]
        scores, clip = scores[highest], clip[highest]
    means = np.bincount(clip, scores, len(names)) / np.bincount(clip, minlength=len(names))
    return Scored(scored.labels[first], means, scored.groups[first])


def clip_threshold(validation: Frames, rule: ClipRule, threshold: float) -> float:
    """
    Threshold from which a clip is called fake.

    Parameters
    ----------
    validation : Frames
        Validation items of the training domain.
    rule : ClipRule
    threshold : float
        Of frames.

    Returns
    -------
    float
        A majority for `vote`; else the one with the best balanced accuracy on the validation clips (`best_threshold`), since
        pooled scores spread less than those of frames, and those of the highest third lie above them.
    """
    if rule is ClipRule.VOTE:
        return MAJORITY
    clips = clip_scores(validation, rule, threshold)
    return best_threshold(clips.labels, clips.scores)


# --- metrics ----------------------------------------------------------------------------------------------------------


def clip_metrics(
    draws: Sequence[Frames],
    rule: ClipRule,
    frame_thresholds: Sequence[float],
    clip_thresholds: Sequence[float],
    intervals: Intervals,
) -> ClipMetrics:
    """
    Compute the detection metrics of the clips of one test domain.

    Parameters
    ----------
    draws : sequence of Frames
        One per fitted detector.
    rule : ClipRule
    frame_thresholds, clip_thresholds : sequence of float
        Of each detector, chosen on its validation items; see `clip_threshold`.
    intervals : Intervals
        Of all frames, whose groups are identities.

    Returns
    -------
    ClipMetrics
        NaN where a class is missing.

    Raises
    ------
    DataError
        See `clip_scores`.
    """
    clips = [clip_scores(frames, rule, threshold) for frames, threshold in zip(draws, frame_thresholds, strict=True)]
    n_clips = len(clips[0].labels)
    if not all(np.isfinite(scored.scores).all() for scored in clips):
        return ClipMetrics(rule, n_clips, UNKNOWN, UNKNOWN, dict.fromkeys(RATES, UNKNOWN))
    accuracies = [balanced_accuracy_at(s.labels, s.scores, t) for s, t in zip(clips, clip_thresholds, strict=True)]
    # Every draw has a threshold of its own: scores relative to it have theirs at 0.
    centred = [Scored(s.labels, s.scores - t, s.groups) for s, t in zip(clips, clip_thresholds, strict=True)]
    (accuracy,) = intervals.shares(centred, _balanced_accuracy, np.array([accuracies]), [0])
    values = np.array([[detection_rate_at(s.labels, s.scores, x) for s in clips] for x in RATES.values()])
    rates = intervals.shares(clips, _detection_rates, values, [least_groups(x) for x in RATES.values()])
    return ClipMetrics(
        rule,
        n_clips,
        intervals.auc(intervals.replicates(clips)),
        intervals.share(accuracy),
        {name: intervals.share(rate) for name, rate in zip(RATES, rates, strict=True)},
    )


def _balanced_accuracy(centred: Scored, weights: NDArray) -> NDArray[np.float64]:
    return weighted_balanced_accuracy(centred, weights, 0.0)[np.newaxis]


def _detection_rates(scored: Scored, weights: NDArray) -> NDArray[np.float64]:
    return weighted_detection_rates(scored, weights, tuple(RATES.values()))
