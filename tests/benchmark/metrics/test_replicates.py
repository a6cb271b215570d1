"""The variance of a mean over training draws: groups of test pictures, and the draws themselves."""

import math

import numpy as np
import pytest

from bandbench.benchmark.metrics.delong import GroupCodes, auc_parts, covariance
from bandbench.benchmark.metrics.replicates import (
    MeanError,
    Replicates,
    auc_replicates,
    mean_error,
    mean_of,
    training_share,
)
from bandbench.benchmark.metrics.roc import Scored, roc_auc

RNG = np.random.default_rng(0)
LABELS = np.repeat([0, 1], 60)
GROUPS = np.arange(120).astype(str)


def draws(n: int, groups: np.ndarray = GROUPS, labels: np.ndarray = LABELS, seed: int = 0) -> list[Scored]:
    """Fits that agree in part."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=len(labels)) + labels
    return [Scored(labels, common + 0.5 * rng.normal(size=len(labels)), groups) for _ in range(n)]


def codes(*each: list[Scored]) -> GroupCodes:
    return GroupCodes(np.unique(np.concatenate([scored.groups for sets in each for scored in sets])))


@pytest.mark.parametrize("groups", [GROUPS, np.repeat(np.arange(40), 3).astype(str), np.tile(np.arange(60), 2).astype(str)])
def test_the_covariance_is_obuchowskis(groups: np.ndarray) -> None:
    """Groups of one class, of several pictures, and of both classes."""
    sets = draws(3, groups)
    names = codes(sets)
    member = names.of(groups)
    parts = [auc_parts(s.labels, s.scores, member, len(names.names)) for s in sets]
    stacked = type(parts[0])(*(np.concatenate([getattr(p, side) for p in parts]) for side in ("fakes", "reals")))
    holds = [np.bincount(member[label == LABELS], minlength=len(names.names)) > 0 for label in (1, 0)]
    found = auc_replicates(sets, names)
    np.testing.assert_allclose(found.covariance, covariance(stacked, *holds), rtol=1e-10)
    np.testing.assert_allclose(found.values, [roc_auc(s.labels, s.scores) for s in sets])


def test_freedom_is_that_of_the_class_that_varies() -> None:
    """Satterthwaite: reals that do not vary add no degree of freedom, classes that vary alike add theirs."""
    alike = auc_replicates(draws(1), codes(draws(1)))
    assert 90 < alike.freedom < 118
    scores = np.r_[np.zeros(100), RNG.normal(size=10)]
    uneven = [Scored(np.repeat([0, 1], [100, 10]), scores, np.arange(110).astype(str))]
    assert auc_replicates(uneven, codes(uneven)).freedom == pytest.approx(9)
    both = draws(1, np.tile(np.arange(60), 2).astype(str))
    assert auc_replicates(both, codes(both)).freedom == pytest.approx(59)


def test_one_draw_has_the_error_over_groups_alone() -> None:
    found = auc_replicates(draws(1), codes(draws(1)))
    error = found.error(0.5)
    assert error.variance == pytest.approx(found.covariance[0, 0])
    assert error.over_training == 0
    assert math.isnan(error.draw_sd)


def test_draws_that_agree_add_nothing() -> None:
    (one,) = draws(1)
    error = auc_replicates([one] * 5, codes([one])).error()
    alone = auc_replicates([one], codes([one])).error()
    assert error.variance == pytest.approx(alone.variance)
    assert error.freedom == pytest.approx(alone.freedom)
    assert error.draw_sd == 0


def test_own_mistakes_of_the_fits_are_counted_once() -> None:
    """Of a variance of .03 over groups .02 is common: the rest explains .01 between draws, and training what is beyond."""
    shared = np.full((5, 5), 0.02) + np.diag(np.full(5, 0.01))
    values = np.array([0.5, 0.6, 0.7, 0.8, 0.9])
    between = values.var(ddof=1)
    error = mean_error(values, shared, 50.0)
    assert error.over_groups == pytest.approx(0.02 + 0.01 / 5)
    assert error.over_training == pytest.approx((between - 0.01) / 5)
    assert error.draw_sd == pytest.approx(between**0.5)
    assert mean_error(values, shared + np.diag(np.full(5, 0.1)), 50.0).over_training == 0


def test_freedom_of_the_sum_lies_between_its_parts() -> None:
    values, none = np.array([0.5, 0.6, 0.7, 0.8, 0.9]), np.zeros((5, 5))
    assert mean_error(values, none, 100.0).freedom == pytest.approx(4)
    assert mean_error(values, none + 10.0, 100.0).freedom == pytest.approx(100, rel=0.1)
    assert 4 < mean_error(values, none + 0.01, 100.0).freedom < 100


def test_overlapping_draws_count_for_less() -> None:
    """Nadeau and Bengio (2003): with three quarters in common, five draws are worth less than one third of a draw."""
    assert training_share(5, 0.0) == pytest.approx(1 / 5)
    assert training_share(5, 0.75) == pytest.approx(1 / 5 + 3)
    assert training_share(5, 1.0) == training_share(5, 0.95) == pytest.approx(1 / 5)
    values = np.array([0.5, 0.6, 0.7, 0.8, 0.9])
    apart, overlapping = (mean_error(values, np.zeros((5, 5)), 9.0, o).over_training for o in (0.0, 0.75))
    assert overlapping == pytest.approx(16 * apart)


def test_reach_is_students() -> None:
    assert MeanError(0.04, 0.0, 1.0, math.nan).reach() == pytest.approx(12.706 * 0.2, rel=1e-3)
    assert MeanError(0.04, 0.0, 1e9, math.nan).reach() == pytest.approx(1.95996 * 0.2, rel=1e-3)


def test_differences_and_means_are_paired_by_group_and_draw() -> None:
    first = draws(3)
    second = [Scored(s.labels, s.scores + 0.1 * RNG.normal(size=120), s.groups) for s in first]
    names = codes(first)
    a, b = (auc_replicates(sets, names) for sets in (first, second))
    apart = a - b
    np.testing.assert_allclose(apart.values, a.values - b.values)
    assert apart.error().over_groups < 0.2 * a.error().over_groups
    assert (a - a).error().variance == 0
    same = mean_of([a, a])
    np.testing.assert_allclose(same.covariance, a.covariance)
    assert same.freedom == pytest.approx(a.freedom)


def test_domains_of_other_groups_are_more_evidence() -> None:
    first = draws(2)
    second = [Scored(s.labels, s.scores, np.char.add("other", s.groups)) for s in first]
    names = codes(first, second)
    a, b = (auc_replicates(sets, names) for sets in (first, second))
    both = mean_of([a, b])
    assert both.error().over_groups == pytest.approx(a.error().over_groups / 2)
    assert both.freedom == pytest.approx(2 * a.freedom, rel=0.05)
    assert both.n_pairs == 60


def test_independent_pairs_share_no_group() -> None:
    labels = np.repeat([0, 1], 10)
    apart = Scored(labels, labels.astype(float), np.arange(20).astype(str))
    paired = Scored(labels, labels.astype(float), np.tile(np.arange(10), 2).astype(str))
    assert auc_replicates([apart], GroupCodes(np.unique(apart.groups))).n_pairs == 10
    assert auc_replicates([paired], GroupCodes(np.unique(paired.groups))).n_pairs == 5


def test_few_draws_say_nothing_of_others():
    """Two to four draws have an error over test pictures alone, and are taken apart for an interval that spans theirs."""
    values = np.array([0.6, 0.9, 0.7, 0.8])
    error = mean_error(values, np.full((4, 4), 0.02), 30.0)
    assert (error.over_training, error.freedom) == (0.0, 30.0)
    assert error.draw_sd == pytest.approx(values.std(ddof=1))
    replicates = Replicates(values, np.eye(4), None, 10, 10)
    assert [float(single.value) for single in replicates.few()] == values.tolist()
    assert Replicates(np.full(5, 0.5), np.eye(5), None, 10, 10).few() == []
    assert Replicates(np.full(1, 0.5), np.eye(1), None, 10, 10).few() == []
