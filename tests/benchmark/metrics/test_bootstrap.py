"""Intervals: what is ordinary stays a bootstrap, what is scarce gets bounds that hold, and nothing is certain."""

import math

import numpy as np
import pytest
from scipy.stats import beta, norm
from sklearn.metrics import roc_auc_score

from bandbench.benchmark.metrics.bootstrap import (
    GroupBootstrap,
    Measured,
    auc_interval,
    difference,
    independent_pairs,
    scarce,
    unseen_bounds,
)
from bandbench.benchmark.metrics.detection import Scored, roc_auc

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 2, 300)
SCORES = RNG.normal(size=300) + 0.8 * LABELS
TIED = np.round(SCORES, 0)


def scored(labels: np.ndarray, scores: np.ndarray, groups: np.ndarray | None = None) -> Scored:
    return Scored(labels, scores, np.arange(len(labels)).astype(str) if groups is None else groups)


def perfect(n_reals: int, n_fakes: int, n_frames: int = 1) -> Scored:
    labels = np.repeat([0, 1], [n_reals * n_frames, n_fakes * n_frames])
    groups = np.repeat(np.arange(n_reals + n_fakes), n_frames).astype(str)
    return scored(labels, labels.astype(float), groups)


def turned(one: Scored) -> Scored:
    return Scored(one.labels, -one.scores, one.groups)


def test_weighted_draws_equal_repeated_items() -> None:
    """One bootstrap draw is the AUC of the data with groups repeated as often as they were drawn."""
    groups = np.repeat(np.arange(60), 5).astype(str)
    items = scored(LABELS, TIED, groups)
    drawn = GroupBootstrap([items], 200, seed=3).aucs(items)
    counts = np.random.default_rng(3).multinomial(60, np.full(60, 1 / 60), size=200)
    names = np.unique(groups)
    for draw, auc in zip(counts, drawn, strict=True):
        times = draw[np.searchsorted(names, groups)]
        assert auc == pytest.approx(roc_auc_score(np.repeat(LABELS, times), np.repeat(TIED, times)), abs=1e-12)
    interval = auc_interval([items], 200, seed=3)
    np.testing.assert_allclose((interval.low, interval.high), np.quantile(drawn, [0.025, 0.975]))
    assert interval.error == pytest.approx(np.std(drawn, ddof=1))


def test_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    truth = 0.7602  # normal scores one standard deviation apart: Phi(1 / sqrt 2)
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(200):
        labels = np.repeat([0, 1], 60)
        interval = auc_interval([scored(labels, rng.normal(size=120) + labels)], 300, seed=1)
        hits += interval.low <= truth <= interval.high
    assert 0.89 <= hits / 200 <= 0.99


def test_dependent_items_widen_the_interval() -> None:
    """Twenty copies of an item are no more evidence than one."""
    labels, scores = np.repeat(LABELS[:40], 20), np.repeat(SCORES[:40], 20)
    alone = auc_interval([scored(LABELS[:40], SCORES[:40])])
    grouped = auc_interval([scored(labels, scores, np.repeat(np.arange(40), 20).astype(str))])
    naive = auc_interval([scored(labels, scores)])
    assert grouped.error == pytest.approx(alone.error, rel=0.1)
    assert naive.error < 0.4 * grouped.error


def test_replicates_on_the_same_items_are_drawn_together() -> None:
    one = auc_interval([scored(LABELS, SCORES)])
    twice = auc_interval([scored(LABELS, SCORES), scored(LABELS, SCORES)])
    assert twice == one
    apart = auc_interval([scored(LABELS, SCORES), scored(LABELS, SCORES, np.arange(300, 600).astype(str))])
    assert apart.error < 0.85 * one.error


def test_interval_is_undefined_with_one_group_of_a_class() -> None:
    interval = auc_interval([scored(np.array([0, 0, 1]), np.array([0.1, 0.2, 0.3]))])
    assert interval.value == 1.0
    assert math.isnan(interval.low)


# --- scarce evidence ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n_reals", "n_fakes", "n_frames"), [(3, 3, 1), (6, 9, 1), (6, 6, 10), (100, 40, 1), (2000, 3000, 1)])
def test_perfect_separation_is_no_certainty(n_reals: int, n_fakes: int, n_frames: int) -> None:
    """The bound of Clopper and Pearson for so many trials without a failure, whatever the number of frames."""
    one = perfect(n_reals, n_fakes, n_frames)
    n = min(n_reals, n_fakes)
    best, worst = auc_interval([one, one], 200), auc_interval([turned(one)], 200)
    assert (best.value, best.high) == (1.0, 1.0)
    assert best.low == pytest.approx(beta.ppf(0.025, n, 1))
    assert best.error == pytest.approx(1 / n)
    assert (worst.value, worst.low) == (0.0, 0.0)
    assert worst.high == pytest.approx(1 - best.low)


def test_a_mean_that_is_perfect_is_as_sure_as_its_smallest_domain() -> None:
    small, large = perfect(4, 4), perfect(300, 300)
    large = scored(large.labels, large.scores, np.char.add("other", large.groups))
    assert auc_interval([large, small], 200).low == pytest.approx(auc_interval([small], 200).low)


def test_scores_that_say_nothing_leave_the_auc_open() -> None:
    flat = scored(np.repeat([0, 1], 5), np.zeros(10))
    interval = auc_interval([flat])
    assert interval.value == 0.5
    assert (interval.low, interval.high) == pytest.approx((0.5 * 0.025**0.2, 1 - 0.5 * 0.025**0.2))


def test_nearly_perfect_is_no_surer_than_perfect() -> None:
    """One frame of hundreds ranks wrong: the variance hardly sees it, but there are still six groups of a class."""
    one = perfect(6, 6, 50)
    scores = one.scores.copy()
    scores[-1] = -1.0
    nearly = auc_interval([Scored(one.labels, scores, one.groups)])
    assert 0.99 < nearly.value < 1
    assert nearly.low < auc_interval([one]).low
    assert 0.999 < nearly.high < 1


def test_ordinary_intervals_are_percentiles_of_the_draws() -> None:
    """Enough groups, and enough of them on either side: to the last digit what the bootstrap says."""
    for level in (-0.8, 0.0, 0.8):
        items = scored(LABELS, SCORES + level * LABELS)
        drawn = GroupBootstrap([items], 300).aucs(items)
        interval = auc_interval([items], 300)
        assert (interval.low, interval.high) == tuple(np.quantile(drawn, [0.025, 0.975]))


def test_groups_that_hold_both_classes_make_half_as_many_pairs() -> None:
    labels = np.tile([0, 1], 10)
    assert independent_pairs([scored(labels, labels.astype(float))]) == 10
    assert independent_pairs([scored(labels, labels.astype(float), np.repeat(np.arange(10), 2).astype(str))]) == 5
    assert independent_pairs([perfect(3, 8), perfect(9, 2, 4)]) == 2


def test_what_is_scarce() -> None:
    assert scarce(0.5, 11)
    assert not scarce(0.5, 12)
    assert scarce(0.96, 100)
    assert scarce(0.04, 100)
    assert not scarce(0.95, 101)


def test_unseen_groups_leave_less_open_the_more_were_seen() -> None:
    widths = [np.diff(unseen_bounds(0.7, n, 0.0))[0] for n in (0, 1, 5, 50, 5000)]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] == 1.0
    assert widths[-1] < 0.001


@pytest.mark.parametrize("n_frames", [1, 10])
@pytest.mark.parametrize("n_groups", [6, 12, 40])
@pytest.mark.parametrize("truth", [0.9, 0.97, 1.0])
def test_scarce_intervals_cover_the_truth(truth: float, n_groups: int, n_frames: int) -> None:
    """Normal scores, nine tenths of their variance the group's; at least 95 %, less two standard errors of 150 trials."""
    rng = np.random.default_rng(7)
    apart = np.sqrt(2) * norm.ppf(min(truth, 1 - 1e-12))
    hits = 0
    for _ in range(150):
        one = perfect(n_groups, n_groups, n_frames)
        shared = rng.normal(size=2 * n_groups)[np.repeat(np.arange(2 * n_groups), n_frames)]
        scores = apart * one.labels + np.sqrt(0.9) * shared + np.sqrt(0.1) * rng.normal(size=len(shared))
        interval = auc_interval([Scored(one.labels, scores, one.groups)], 100)
        hits += interval.low - 1e-9 <= truth <= interval.high + 1e-9
    assert hits / 150 >= 0.915


# --- differences -------------------------------------------------------------------------------------------------------


def lost(first: Scored, second: Scored) -> tuple[float, float, float]:
    bootstrap = GroupBootstrap([first, second], 300)
    drawn = bootstrap.aucs(first) - bootstrap.aucs(second)
    found = difference(*(Measured(bootstrap.interval([one]), [one]) for one in (first, second)), drawn)
    return found.value, found.low, found.high


def test_a_difference_is_never_certain() -> None:
    one = perfect(6, 6)
    open_share = 1 - 0.025 ** (1 / 6)
    other = Scored(one.labels, 2 * one.scores, one.groups)
    assert lost(one, other) == pytest.approx((0.0, -open_share, open_share))
    value, low, high = lost(one, turned(one))
    assert (value, high) == (1.0, 1.0)
    assert low == pytest.approx(1 - 2 * open_share)
    value, low, high = lost(scored(LABELS, SCORES), scored(LABELS, 2 * SCORES))
    assert value == 0.0
    assert 0 < high == -low < 0.03


def test_what_changes_no_score_changes_nothing() -> None:
    one = perfect(6, 6)
    assert lost(one, one) == (0.0, 0.0, 0.0)


def test_an_ordinary_difference_is_paired() -> None:
    first, second = scored(LABELS, SCORES), scored(LABELS, SCORES + 0.3 * RNG.normal(size=300))
    bootstrap = GroupBootstrap([first, second], 300)
    value, low, high = lost(first, second)
    assert value == pytest.approx(roc_auc(LABELS, SCORES) - roc_auc(LABELS, second.scores))
    assert (low, high) == tuple(np.quantile(bootstrap.aucs(first) - bootstrap.aucs(second), [0.025, 0.975]))


def test_a_difference_without_intervals_has_none() -> None:
    alone = scored(np.array([0, 0, 1]), np.array([0.1, 0.2, 0.3]))
    value, low, high = lost(alone, alone)
    assert value == 0.0
    assert math.isnan(low)
    assert math.isnan(high)
