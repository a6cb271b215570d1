"""Errors of differences: other test pictures, other training draws, and both for many pairs at once."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from bandbench.benchmark.metrics.roc import Scored, roc_auc
from bandbench.leaderboard.ranking.comparison import (
    LEAST_P,
    Contestant,
    all_groups,
    compare,
    contestant,
    holm,
    mean_contestant,
    p_values,
    paired_interval,
)
from bandbench.leaderboard.ranking.entrants import Entrant

N_BOARDS = 300
DRAWS = 5


def learners(seed: int, n_pictures: int, n: int = 2, draw_sd: float = 0.35, shared: float = 0.0) -> list[Entrant]:
    """
    Return equal recipes, fitted on five draws: a fit's strength is that of its draw, and its mistakes on the pictures its own.

    `shared` is the share of a draw's effect that all recipes have in common, as their training sets are the same.
    """
    rng = np.random.default_rng([seed, n_pictures])
    labels = np.arange(n_pictures) % 2
    groups = np.char.mod("%04d", np.arange(n_pictures))
    pictures, common = rng.normal(size=n_pictures), rng.normal(size=DRAWS)
    entrants = []
    for name in "abcdefgh"[:n]:
        effects = np.sqrt(shared) * common + np.sqrt(1 - shared) * rng.normal(size=DRAWS)
        fits = [
            Scored(labels, (1 + draw_sd * effect) * labels + 0.8 * pictures + 0.6 * rng.normal(size=n_pictures), groups)
            for effect in effects
        ]
        entrants.append(Entrant(name, {"d": fits}, {"d": "items"}, training="same" if shared else ""))
    return entrants


def compared(entrants: Sequence[Entrant], training: bool = True) -> float:
    """Return the smallest corrected p-value of a board; without `training`, as if there was a single draw."""
    codes = all_groups(entrants)
    contestants = [contestant(entrant, codes) for entrant in entrants]
    if not training:
        contestants = [_of_these_fits(one) for one in contestants]
    return float(np.nanmin(compare(contestants).p_holm))


def _of_these_fits(one: Contestant) -> Contestant:
    """Return the mean of these fitted detectors, as if there was a single draw."""
    mean = one.replicates
    single = type(mean)(
        mean.values.mean(keepdims=True),
        mean.influences.mean(axis=0, keepdims=True),
        mean.kinds,
        mean.n_groups,
        mean.n_pairs,
    )
    return Contestant(one.name, single)


@pytest.mark.parametrize("shared", [0.0, 0.8])
@pytest.mark.parametrize("n_pictures", [40, 250])
def test_equal_recipes_are_seldom_called_different(n_pictures: int, shared: float) -> None:
    """At most 5 % of the boards, and three standard errors of that; without the draws it is several times as many."""
    boards = [learners(seed, n_pictures, shared=shared) for seed in range(N_BOARDS)]
    wrong = np.mean([compared(board) <= 0.05 for board in boards])
    assert wrong <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / N_BOARDS)
    if not shared and n_pictures == 250:
        assert np.mean([compared(board, training=False) <= 0.05 for board in boards]) > 0.2


def test_a_board_of_eight_equal_recipes_has_no_leader() -> None:
    """Holm's correction asks for p-values in the far tail, where Satterthwaite's approximation calls too many different."""
    wrong = np.mean([compared(learners(seed, 250, n=8, shared=0.5)) <= 0.05 for seed in range(100)])
    assert wrong <= 0.05


def test_pairing_by_draw_finds_what_unpaired_draws_hide() -> None:
    """A lucky draw is lucky for both recipes: between them the draws hardly vary."""
    one, other = learners(3, 250, draw_sd=0.8, shared=0.98)
    codes = all_groups([one, other])
    paired = [contestant(entrant, codes) for entrant in (one, other)]
    unpaired = [Contestant(p.name, p.replicates) for p in paired]
    assert compare(paired).errors[0, 1] < 0.5 * compare(unpaired).errors[0, 1]


def test_draws_that_overlap_vary_less_than_new_ones_would() -> None:
    entrants = learners(4, 250)
    codes = all_groups(entrants)
    fresh = [contestant(entrant, codes) for entrant in entrants]
    again = [Contestant(p.name, p.replicates, overlap=0.5) for p in fresh]
    assert compare(again).errors[0, 1] > compare(fresh).errors[0, 1]


def test_one_fit_has_the_error_of_the_test_pictures_alone() -> None:
    """Equal to the analytic variance of the difference, which a bootstrap over pictures approaches."""
    entrants = [Entrant(one.name, {"d": one.tests["d"][:1]}, one.items) for one in learners(5, 250)]
    codes = all_groups(entrants)
    found = compare([contestant(entrant, codes) for entrant in entrants])
    a, b = (entrant.tests["d"][0] for entrant in entrants)
    rng, drawn = np.random.default_rng(0), []
    for _ in range(800):
        take = rng.integers(250, size=250)
        drawn.append(roc_auc(a.labels[take], a.scores[take]) - roc_auc(b.labels[take], b.scores[take]))
    assert found.errors[0, 1] == pytest.approx(np.std(drawn), rel=0.1)


def test_a_mean_over_training_domains_counts_shared_pictures_once_more() -> None:
    """The same scores twice are no more evidence than once."""
    (one, _) = learners(6, 100)
    codes = all_groups([one])
    alone = contestant(one, codes)
    twice = mean_contestant("a", [alone, alone])
    assert twice.interval == alone.interval
    assert twice.training == ()


def test_equal_scores_do_not_differ() -> None:
    one, other = learners(7, 40)
    twin = Entrant("twin", one.tests, one.items, one.training)
    codes = all_groups([one, other])
    found = compare([contestant(entrant, codes) for entrant in (one, twin, other)])
    assert found.p[found.order.index(0), found.order.index(1)] == 1.0


def test_p_values_of_one_part_are_those_of_student() -> None:
    """And of two parts between those of either alone."""
    alone = p_values(np.array([2.776, 0.0]), np.array([[1.0, 1.0]]), np.array([[4.0, 4.0]]))
    np.testing.assert_allclose(alone, [0.05, 1.0], atol=1e-4)
    (both,) = p_values(np.array([2.776]), np.array([[0.5], [0.5]]), np.array([[4.0], [100.0]]))
    assert 0.0066 < both < 0.05
    (certain,) = p_values(np.array([0.1]), np.array([[0.0], [0.0]]), np.array([[4.0], [4.0]]))
    assert certain == pytest.approx(LEAST_P)


def test_holm() -> None:
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03, 0.005])), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm(np.array([0.5, math.nan, 0.9])), [1, 1, 1])
    assert holm(np.array([])).shape == (0,)


def test_holm_is_no_weaker_than_bonferroni_and_no_stronger_than_nothing() -> None:
    p = np.random.default_rng(0).random(50) ** 4
    corrected = holm(p)
    assert (corrected >= p).all()
    assert (corrected <= np.minimum(p * 50, 1) + 1e-12).all()
    np.testing.assert_array_equal(np.argsort(corrected[np.argsort(p)], kind="stable"), np.arange(50))


@pytest.mark.parametrize("shared", [0.0, 0.9], ids=["other training", "same training"])
def test_the_interval_of_a_pair_ends_at_zero_where_its_p_value_is_the_level(shared: float) -> None:
    """A difference that is moved to the end of its interval has a p-value of 5 %."""
    entrants = learners(3, 60, shared=shared)
    codes = all_groups(entrants)
    first, second = (contestant(entrant, codes) for entrant in entrants)
    comparison, interval = compare([first, second]), paired_interval(first, second)
    assert interval.value == pytest.approx(first.replicates.value - second.replicates.value)
    assert interval.error == pytest.approx(comparison.errors[0, 1])
    assert interval.low < interval.value < interval.high
    moved = replace(first, replicates=replace(first.replicates, values=first.replicates.values - interval.low))
    assert paired_interval(moved, second).low == pytest.approx(0, abs=1e-9)
    assert compare([moved, second]).p[0, 1] == pytest.approx(0.05, rel=1e-6)
    back = paired_interval(second, first)
    assert (back.low, back.high) == pytest.approx((-interval.high, -interval.low))
