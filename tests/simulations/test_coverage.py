"""A small part of ``make coverage``: intervals hold the truth where those of earlier versions did not."""

import numpy as np
import pytest

from bandbench.benchmark.metrics.intervals import Intervals, auc_interval
from simulations import coverage
from simulations.coverage import auc_coverage, draw_coverage, gain_coverage, holds, oracle_gap, share_coverage, worst_coverage
from simulations.methods import Wins, all_bounds
from simulations.populations import LEARNERS, Scores, expected_auc, repetitions


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize(
    ("auc", "n_groups", "n_frames"), [(0.5, 12, 1), (0.8, 12, 20), (0.98, 12, 1), (0.98, 12, 20), (0.98, 40, 20), (0.8, 40, 1)]
)
def test_the_interval_of_an_auc_covers(auc: float, n_groups: int, n_frames: int, both: bool) -> None:
    """At least 95 %, less two and a half standard errors of 150 data sets."""
    found = auc_coverage(Scores(auc, n_groups, n_frames, both), 150, methods=False)
    assert found["ours"] >= 0.95 - 2.5 * np.sqrt(0.95 * 0.05 / 150)


def test_with_many_groups_the_interval_is_not_too_wide() -> None:
    found = auc_coverage(Scores(0.8, 150), 400, methods=False)["ours"]
    assert 0.92 <= found <= 0.98


def test_few_clips_near_one_are_where_others_fail() -> None:
    found = auc_coverage(Scores(0.98, 12, 20), 150)
    assert found["ours"] >= 0.93
    assert max(found["percentile"], found["logit t"], found["BCa"]) < 0.9


@pytest.mark.parametrize(("n_groups", "overlap"), [(40, False), (250, False), (250, True)])
def test_the_interval_covers_the_mean_over_training_draws(n_groups: int, overlap: bool) -> None:
    """What is learned does not transfer, and every draw has another AUC: the groups of test pictures cannot know that."""
    found = draw_coverage("learns what does not transfer", 5, n_groups, overlap, 200)
    assert found["ours"] >= 0.92
    assert found["groups alone"] < found["ours"] - 0.04


def test_what_learns_nothing_has_no_variance_between_draws_of_its_own() -> None:
    found = draw_coverage("nothing to learn", 5, 40, False, 60)
    assert found["ours"] >= 0.93
    assert expected_auc("nothing to learn") == 0.5


def test_the_gain_covers() -> None:
    found = gain_coverage("learns", 5, 100, False, 50)
    assert found["ours"] >= 0.9


def test_detection_rates_cover() -> None:
    found = share_coverage(Scores(0.8, 60), 100, 200)
    assert min(found["PD@10"], found["PD@5"], found["EER"]) >= 0.88
    assert np.isnan(found["PD@1"])


def test_the_worst_domain_covers_where_the_bootstrap_of_the_minimum_does_not() -> None:
    found = worst_coverage("all .75", 6, 40, 60)
    assert found["ours"] >= 0.92
    assert found["bootstrap of the minimum"] < 0.8
    assert found["error of the minimum"] < -0.02


def test_the_oracles_gap_is_too_large() -> None:
    found = oracle_gap(20, 60, 60)
    assert found["mean gap"] > 0.01


# --- the simulation itself --------------------------------------------------------------------------------------------------


def test_wins_give_the_auc_and_its_error() -> None:
    for population in (Scores(0.8, 15, 3), Scores(0.8, 15, 3, both=True)):
        (rng,) = repetitions(1, population)
        scored = population.draw(rng)
        wins = Wins.of(scored)
        auc, error = wins.under(np.ones((1, len(wins.fakes))))
        ours = Intervals([scored]).replicates([scored])
        assert auc[0] == pytest.approx(ours.value)
        assert error[0] == pytest.approx(ours.error().variance ** 0.5, rel=0.05)
        assert set(all_bounds(scored, rng)) == set(coverage.METHODS)


@pytest.mark.parametrize("both", [False, True])
def test_populations_have_the_auc_that_they_say(both: bool) -> None:
    for outliers in (False, True):
        (rng,) = repetitions(1, both, outliers)
        found = auc_interval([Scores(0.9, 4000, 1, both, outliers).draw(rng)])
        assert holds(found, 0.9)


def test_learners_have_the_auc_that_they_say() -> None:
    (rng,) = repetitions(1, "learner")
    made = LEARNERS["learns"]
    weights = made.fits(1, False, rng)
    (scored,) = made.test(weights, 20_000, rng)
    assert auc_interval([scored]).value == pytest.approx(made.true_auc(weights[0]), abs=0.006)


def test_the_page_has_every_table() -> None:
    results = [(line, {"ours": 0.95}) for line in coverage.lines()]
    text = coverage.page(results)
    assert text.count("| 0.950 |") == len(results)
    assert "{" not in text
