"""Intervals hold the truth about as often as they say, and nothing is certain."""

import math

import numpy as np
import pytest
from scipy.stats import beta

from bandbench.benchmark.metrics.intervals import (
    Intervals,
    auc_interval,
    least_groups,
    logit_bounds,
    same_scores,
    scarce,
    unseen_bounds,
)
from bandbench.benchmark.metrics.replicates import MeanError
from bandbench.benchmark.metrics.roc import Interval, Scored, roc_auc
from bandbench.benchmark.metrics.weighted import weighted_detection_rates

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 2, 300)
SCORES = RNG.normal(size=300) + 0.8 * LABELS


def scored(labels: np.ndarray, scores: np.ndarray, groups: np.ndarray | None = None) -> Scored:
    return Scored(labels, scores, np.arange(len(labels)).astype(str) if groups is None else groups)


def perfect(n_reals: int, n_fakes: int, n_frames: int = 1) -> Scored:
    labels = np.repeat([0, 1], [n_reals * n_frames, n_fakes * n_frames])
    groups = np.repeat(np.arange(n_reals + n_fakes), n_frames).astype(str)
    return scored(labels, labels.astype(float), groups)


def turned(one: Scored) -> Scored:
    return Scored(one.labels, -one.scores, one.groups)


# --- AUC ---------------------------------------------------------------------------------------------------------------


def test_the_interval_is_students_on_the_logit_scale() -> None:
    low, high = logit_bounds(0.8, MeanError(0.0016, 0.0009, 8.0, math.nan), 10_000)
    reach = 2.306004 * 0.05 / (0.8 * 0.2)
    logit = np.log(0.8 / 0.2)
    assert (low, high) == pytest.approx([1 / (1 + np.exp(-x)) for x in (logit - reach, logit + reach)])


def test_dependent_items_widen_the_interval() -> None:
    """Twenty copies of an item are no more evidence than one."""
    labels, scores = np.repeat(LABELS[:40], 20), np.repeat(SCORES[:40], 20)
    alone = auc_interval([scored(LABELS[:40], SCORES[:40])])
    grouped = auc_interval([scored(labels, scores, np.repeat(np.arange(40), 20).astype(str))])
    naive = auc_interval([scored(labels, scores)])
    assert grouped.error == pytest.approx(alone.error, rel=1e-6)
    assert naive.error < 0.4 * grouped.error


def test_draws_on_the_same_items_are_no_new_evidence() -> None:
    one = auc_interval([scored(LABELS, SCORES)])
    twice = auc_interval([scored(LABELS, SCORES), scored(LABELS, SCORES)])
    assert (twice.low, twice.high, twice.error) == pytest.approx((one.low, one.high, one.error))
    apart = auc_interval([scored(LABELS, SCORES), scored(LABELS, SCORES, np.arange(300, 600).astype(str))])
    assert apart.error < 0.85 * one.error


def test_interval_is_undefined_with_one_group_of_a_class() -> None:
    interval = auc_interval([scored(np.array([0, 0, 1]), np.array([0.1, 0.2, 0.3]))])
    assert interval.value == 1.0
    assert math.isnan(interval.low)


@pytest.mark.parametrize(("n_reals", "n_fakes", "n_frames"), [(3, 3, 1), (6, 9, 1), (6, 6, 10), (100, 40, 1), (2000, 3000, 1)])
def test_perfect_separation_is_no_certainty(n_reals: int, n_fakes: int, n_frames: int) -> None:
    """The bound of Clopper and Pearson for so many trials without a failure, whatever the number of frames."""
    one = perfect(n_reals, n_fakes, n_frames)
    n = min(n_reals, n_fakes)
    best, worst = auc_interval([one, one]), auc_interval([turned(one)])
    assert (best.value, best.high) == (1.0, 1.0)
    assert best.low == pytest.approx(beta.ppf(0.025, n, 1))
    assert best.error == pytest.approx(1 / n)
    assert (worst.value, worst.low) == (0.0, 0.0)
    assert worst.high == pytest.approx(1 - best.low)


def test_a_mean_that_is_perfect_is_as_sure_as_its_smallest_domain() -> None:
    small, large = perfect(4, 4), perfect(300, 300)
    large = scored(large.labels, large.scores, np.char.add("other", large.groups))
    assert auc_interval([large, small]).low == pytest.approx(auc_interval([small]).low)


def test_scores_that_say_nothing_leave_the_auc_open() -> None:
    interval = auc_interval([scored(np.repeat([0, 1], 5), np.zeros(10))])
    assert interval.value == 0.5
    assert (interval.low, interval.high) == pytest.approx((0.5 * 0.025**0.2, 1 - 0.5 * 0.025**0.2))


def test_nearly_perfect_is_no_surer_than_perfect() -> None:
    """One frame of hundreds ranks wrong: the variance hardly sees it, but there are still six groups of a class."""
    one = perfect(6, 6, 50)
    scores = one.scores.copy()
    scores[-1] = -1.0
    nearly = auc_interval([Scored(one.labels, scores, one.groups)])
    assert 0.99 < nearly.value < 1
    assert nearly.low <= auc_interval([one]).low
    assert 0.999 < nearly.high < 1


def test_unseen_groups_leave_less_open_the_more_were_seen() -> None:
    widths = [np.diff(unseen_bounds(0.7, n, 0.0))[0] for n in (0, 1, 5, 50, 5000)]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] == 1.0
    assert widths[-1] < 0.001


def test_what_is_scarce() -> None:
    assert scarce(0.5, 11)
    assert not scarce(0.5, 12)
    assert scarce(0.96, 100)
    assert scarce(0.04, 100)
    assert not scarce(0.95, 101)


# --- differences -------------------------------------------------------------------------------------------------------


def lost(first: Scored, second: Scored) -> Interval:
    intervals = Intervals([first, second])
    one, other = (intervals.replicates([sets]) for sets in (first, second))
    return intervals.difference(one, other, same_scores([first], [second]))


def test_a_difference_is_never_certain() -> None:
    one = perfect(6, 6)
    open_share = 1 - 0.025 ** (1 / 6)
    same = lost(one, Scored(one.labels, 2 * one.scores, one.groups))
    assert (same.value, same.low, same.high) == pytest.approx((0.0, -open_share, open_share))
    worst = lost(one, turned(one))
    assert (worst.value, worst.high) == (1.0, 1.0)
    assert worst.low == pytest.approx(1 - 2 * open_share)
    scaled = lost(scored(LABELS, SCORES), scored(LABELS, 2 * SCORES))
    assert scaled.value == 0.0
    assert 0 < scaled.high == -scaled.low < 0.03


def test_what_changes_no_score_changes_nothing() -> None:
    one = perfect(6, 6)
    assert lost(one, one) == Interval(0.0, 0.0, 0.0, 0.0)


def test_an_ordinary_difference_is_paired() -> None:
    first, second = scored(LABELS, SCORES), scored(LABELS, SCORES + 0.3 * RNG.normal(size=300))
    found = lost(first, second)
    assert found.value == pytest.approx(roc_auc(LABELS, SCORES) - roc_auc(LABELS, second.scores))
    assert found.high - found.value == pytest.approx(found.value - found.low)
    assert found.error < 0.6 * auc_interval([first]).error


def test_a_difference_without_intervals_has_none() -> None:
    alone = scored(np.array([0, 0, 1]), np.array([0.1, 0.2, 0.3]))
    found = lost(alone, alone)
    assert found.value == 0.0
    assert math.isnan(found.low)
    assert math.isnan(found.high)


# --- the worst domain, and shares ------------------------------------------------------------------------------------------


def test_the_worst_of_one_domain_is_that_domain() -> None:
    intervals = Intervals([scored(LABELS, SCORES)])
    one = intervals.replicates([scored(LABELS, SCORES)])
    found, alone = intervals.worst([one]), intervals.auc(one)
    assert (found.value, found.low, found.high) == (alone.value, alone.low, alone.high)


def shares(draws: list[Scored], rates: tuple[float, ...], n_draws: int = 300) -> list[Interval]:
    intervals = Intervals(draws, n_draws)
    values = np.array([[weighted_detection_rates(s, np.ones((1, len(s.labels))), (x,))[0, 0] for s in draws] for x in rates])

    def statistic(one: Scored, weights: np.ndarray) -> np.ndarray:
        return weighted_detection_rates(one, weights, rates)

    return [intervals.share(share) for share in intervals.shares(draws, statistic, values, [least_groups(x) for x in rates])]


def test_a_detection_rate_needs_groups_of_reals_for_an_interval() -> None:
    labels = np.repeat([0, 1], 60)
    one = scored(labels, RNG.normal(size=120) + labels)
    tenth, hundredth = shares([one], (0.1, 0.01))
    assert 0 < tenth.low < tenth.value < tenth.high < 1
    assert math.isfinite(hundredth.value)
    assert math.isnan(hundredth.low)


def test_a_perfect_detection_rate_is_no_certainty() -> None:
    (found,) = shares([perfect(60, 60)], (0.1,))
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.025 ** (1 / 60))


def test_a_share_counts_training_draws() -> None:
    labels = np.repeat([0, 1], 60)
    common = RNG.normal(size=120)
    alike = [scored(labels, common + labels)] * 4
    unlike = [scored(labels, common + labels * shift) for shift in (0.2, 0.8, 1.4, 2.0)]
    (one,), (other,) = (shares(draws, (0.1,)) for draws in (alike, unlike))
    assert other.high - other.low > 1.3 * (one.high - one.low)


def test_the_interval_of_few_draws_spans_those_of_the_single_draws() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 60)
    good, poor = (Scored(labels, labels * shift + rng.normal(size=120), np.arange(120).astype(str)) for shift in (2.5, 0.8))
    both, single = auc_interval([good, poor]), [auc_interval([one]) for one in (good, poor)]
    assert both.low == min(one.low for one in single)
    assert both.high == max(one.high for one in single)
    assert single[0].low > single[1].high


def shifted(shift: float, seed: int, n: int = 80) -> Scored:
    labels = np.repeat([0, 1], n)
    return scored(labels, np.random.default_rng(seed).standard_normal(2 * n) + shift * labels)


def test_bounds_of_an_auc_are_wider_for_a_smaller_tail() -> None:
    intervals = Intervals([one := shifted(1.0, 0)])
    replicates = intervals.replicates([one])
    interval = intervals.auc(replicates)
    assert intervals.bounds(replicates, 0.025) == (interval.low, interval.high)
    low, high = intervals.bounds(replicates, 0.001)
    assert low < interval.low
    assert high > interval.high


def test_the_share_of_an_auc_is_that_of_what_it_has_above_chance() -> None:
    whole, part, little = (shifted(shift, seed) for seed, shift in enumerate((3.0, 2.5, 0.2)))
    intervals = Intervals([whole, part, little])
    of_whole, most, rest = (intervals.replicates([one]) for one in (whole, part, little))
    assert intervals.share_bounds(most, of_whole, 0.001)[0] > 0
    assert intervals.share_bounds(rest, of_whole, 0.001)[1] < 0
    low, high = intervals.share_bounds(rest, of_whole, 0.025)
    assert low < (rest.value - 0.5) - (of_whole.value - 0.5) / 2 < high


def test_a_difference_of_a_smaller_tail_is_wider() -> None:
    first, second = shifted(2.0, 0), shifted(1.0, 1)
    intervals = Intervals([first, second])
    pair = [intervals.replicates([one]) for one in (first, second)]
    usual, wide = intervals.difference(*pair), intervals.difference(*pair, tail=0.001)
    assert wide.low < usual.low < usual.value == wide.value < usual.high < wide.high
