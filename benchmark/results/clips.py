"""Numbers per clip of one row: for every test domain whose items are frames of clips, and as means over domains."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..errors import DataError
from ..metrics.clips import ClipMetrics, ClipRule, clip_metrics, clip_scores, clip_threshold
from ..metrics.detection import best_threshold
from ..metrics.intervals import Intervals
from ..metrics.replicates import mean_of
from ..metrics.roc import Interval, Scored
from .rows import TestResult
from .scores import DomainScores


@dataclass(frozen=True)
class RowClips:
    """
    Clips of the test domains of one row.

    Attributes
    ----------
    intervals : Intervals
        Of all test items.
    metrics : dict of str to ClipMetrics
        By test domain, of those that have clips.
    pooled : dict of str to list of Scored
        Their clips, one item set per draw.
    problems : dict of str to str
        By test domain, the reason why frames could not be pooled to clips.
    """

    intervals: Intervals
    metrics: dict[str, ClipMetrics] = field(default_factory=dict)
    pooled: dict[str, list[Scored]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def added_to(self, test: TestResult) -> TestResult:
        """Add the numbers of `columns.CLIP_COLUMNS` to a test result; it stays as it is where the domain has no clips."""
        if test.domain in self.problems:
            return replace(test, clip_problem=self.problems[test.domain])
        if test.domain not in self.metrics:
            return test
        clips = self.metrics[test.domain]
        return replace(test, clips=clips.rule.value, metrics={**test.metrics, **clips.numbers()})

    def headline(self, home: Sequence[str], abroad: Sequence[str]) -> dict[str, float]:
        """
        Compute the AUCs of a row per clip, by the names of `columns.CLIP_ROW_COLUMNS`.

        Parameters
        ----------
        home, abroad : sequence of str
            Test domains that are training domains, and others.

        Returns
        -------
        dict
            Without what was not measured: a mean over domains takes clips in all of them.
        """
        aucs: dict[str, Interval] = {}
        for name, domains in (("in_domain_clip_auc", home), ("cross_domain_clip_auc", abroad)):
            if domains and all(domain in self.pooled for domain in domains):
                by_domain = [self.intervals.replicates(self.pooled[domain]) for domain in domains]
                aucs[name] = self.intervals.auc(mean_of(by_domain))
        return {
            f"{name}{end}": value
            for name, auc in aucs.items()
            for end, value in (("", auc.value), ("_lo", auc.low), ("_hi", auc.high))
        }


def row_clips(
    rule: ClipRule,
    validation: Sequence[DomainScores | None],
    tested: Mapping[str, Sequence[DomainScores]],
    intervals: Intervals,
) -> RowClips:
    """
    Pool frames to clips, domain by domain.

    Parameters
    ----------
    rule : ClipRule
    validation : sequence of DomainScores or None
        Of every draw; None where it has no validation items, and nothing that takes a threshold is known.
    tested : mapping of str to sequence of DomainScores
        By test domain, one entry per draw.
    intervals : Intervals
        Of all test items.

    Returns
    -------
    RowClips
        Empty for domains whose items are no frames of clips.
    """
    clips = RowClips(intervals)
    in_clips = {domain: entries for domain, entries in tested.items() if any(entry.clips is not None for entry in entries)}
    if not in_clips:
        return clips
    try:
        thresholds = [_thresholds(entry, rule) for entry in validation]
    except DataError as error:
        clips.problems.update(dict.fromkeys(in_clips, f"validation: {error}"))
        return clips
    of_frames, of_clips = [pair[0] for pair in thresholds], [pair[1] for pair in thresholds]
    for domain, entries in in_clips.items():
        draws = [entry.frames for entry in entries]
        try:
            clips.metrics[domain] = clip_metrics(draws, rule, of_frames, of_clips, intervals)
        except DataError as error:
            clips.problems[domain] = str(error)
        else:
            clips.pooled[domain] = [clip_scores(frames, rule, t) for frames, t in zip(draws, of_frames, strict=True)]
    return clips


def pooled_clips(
    rule: ClipRule, validation: Sequence[DomainScores | None], tested: Mapping[str, Sequence[DomainScores]]
) -> dict[str, list[Scored]]:
    """Return the clips of `row_clips` by test domain, one item set per draw, without their metrics."""
    in_clips = {domain: entries for domain, entries in tested.items() if any(entry.clips is not None for entry in entries)}
    try:
        of_frames = [_thresholds(entry, rule)[0] for entry in validation] if in_clips else []
    except DataError:
        return {}
    pooled = {}
    for domain, entries in in_clips.items():
        try:
            pooled[domain] = [clip_scores(entry.frames, rule, t) for entry, t in zip(entries, of_frames, strict=True)]
        except DataError:
            continue
    return pooled


def _thresholds(validation: DomainScores | None, rule: ClipRule) -> tuple[float, float]:
    """Thresholds of frames and of clips; NaN without validation items."""
    if validation is None:
        return math.nan, math.nan
    of_frames = best_threshold(validation.scored.labels, validation.scored.scores)
    return of_frames, clip_threshold(validation.frames, rule, of_frames)
