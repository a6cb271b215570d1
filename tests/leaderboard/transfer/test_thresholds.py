"""Thresholds and probabilities carried to other domains, and their intervals."""

import json
import math

import numpy as np
import pytest
from scipy.stats import norm

from bandbench.benchmark.metrics.roc import Scored
from bandbench.leaderboard.transfer.thresholds import rate_interval, threshold_at, transferred

RNG = np.random.default_rng(0)


def drawn(n_real: int, n_fake: int, shift: float = 0.0, strength: float = 2.0, seed: int = 0) -> Scored:
    """Normal scores, fakes `strength` above reals, all of them moved by `shift`."""
    labels = np.repeat([0, 1], [n_real, n_fake])
    scores = np.random.default_rng(seed).normal(size=labels.size) + strength * labels + shift
    return Scored(labels, scores, np.char.mod("%04d", np.arange(labels.size)))


# --- threshold ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.1])
@pytest.mark.parametrize("decimals", [9, 1])
def test_threshold_gives_the_most_false_alarms_that_are_allowed(rate: float, decimals: int) -> None:
    scores = np.round(RNG.normal(size=331), decimals)
    threshold = threshold_at(np.zeros(331, int), scores, rate)
    assert (scores >= threshold).mean() <= rate
    assert threshold not in scores
    next_lower = scores[scores < threshold].max()
    assert (scores >= next_lower).mean() > rate


@pytest.mark.parametrize(("n_real", "defined"), [(99, False), (100, True)])
def test_threshold_takes_one_over_the_rate_reals(n_real: int, defined: bool) -> None:
    labels = np.repeat([0, 1], [n_real, 500])
    assert math.isfinite(threshold_at(labels, RNG.normal(size=labels.size))) == defined


def test_threshold_ignores_fakes_and_order_and_lies_above_ties() -> None:
    reals, fakes = RNG.normal(size=200), RNG.normal(size=50) + 9
    alone = threshold_at(np.zeros(200), reals)
    order = RNG.permutation(250)
    mixed = threshold_at(np.repeat([0, 1], [200, 50])[order], np.r_[reals, fakes][order])
    assert alone == mixed
    flat = threshold_at(np.zeros(200), np.full(200, 3.0))
    assert 3.0 < flat < 3.0 + 1e-9  # none of the equal scores may be called fake
    assert math.isnan(threshold_at(np.zeros(200), np.r_[reals[1:], np.nan]))


# --- transfer ----------------------------------------------------------------------------------------------------------


def test_a_threshold_keeps_its_word_at_home_and_breaks_it_abroad() -> None:
    tests = {"home": [drawn(4000, 4000, seed=1)], "brighter": [drawn(4000, 4000, shift=1.0, seed=2)]}
    home, abroad = transferred([drawn(4000, 10, seed=3)], tests)
    assert (home.domain, abroad.domain) == ("home", "brighter")
    assert home.false_alarms.low < 0.01 < home.false_alarms.high
    assert home.detections.value == pytest.approx(0.372, abs=0.03)  # Phi(2 - 2.326)
    assert abroad.false_alarms.value == pytest.approx(0.0923, abs=0.02)  # Phi(1 - 2.326)
    assert abroad.false_alarms.low > 0.05
    assert home.reason == abroad.reason == ""
    assert abroad.brier > home.brier
    assert abroad.calibration_error > home.calibration_error + 0.05


def test_too_few_validation_reals_are_refused_with_a_reason() -> None:
    found = transferred([drawn(200, 50), drawn(64, 50)], {"x": [drawn(300, 300), drawn(300, 300)]})[0]
    assert math.isnan(found.false_alarms.value)
    assert math.isnan(found.detections.low)
    assert found.reason == "64 real validation pictures; a threshold for 1 % false alarms takes 100"
    assert math.isfinite(found.brier)
    assert transferred([drawn(64, 50)], {"x": [drawn(300, 300)]}, 0.1)[0].reason == ""


def test_replicates_are_averaged_and_are_no_further_evidence() -> None:
    validation, test = drawn(400, 100), drawn(500, 500, seed=1)
    one = transferred([validation], {"x": [test]})[0]
    three = transferred([validation] * 3, {"x": [test] * 3})[0]
    for name in ("false_alarms", "detections"):
        for bound in ("value", "low", "high", "error"):
            assert getattr(getattr(three, name), bound) == pytest.approx(getattr(getattr(one, name), bound))
    assert three.brier == pytest.approx(one.brier)
    mixed = transferred([validation, drawn(400, 100, shift=-9)], {"x": [test, test]})[0]
    assert mixed.detections.value == pytest.approx((one.detections.value + 1) / 2)  # the second calls everything fake


def of_draws(n: int, sd: float, seed: int) -> tuple[float, float, float]:
    """Rate of false alarms and its bounds; each draw moves all test scores by a normal number of its own."""
    shifts = np.random.default_rng(seed).normal(size=n) * sd
    test = drawn(400, 400, seed=seed)
    moved = [Scored(test.labels, test.scores + shift, test.groups) for shift in shifts]
    found = transferred([drawn(2000, 10, seed=3)] * n, {"x": moved}, 0.1)[0].false_alarms
    return found.value, found.low, found.high


def test_training_draws_count_in_the_intervals_of_rates() -> None:
    """The interval holds the rate over all draws: in 93 % of 200 simulations, and in 58 % where groups alone are counted."""
    truth = norm.sf(norm.isf(0.1) / np.hypot(1, 0.5))  # false alarms over all draws
    covered = [low <= truth <= high for _, low, high in (of_draws(6, 0.5, seed) for seed in range(60))]
    assert np.mean(covered) > 0.85


def test_draws_that_do_not_differ_are_no_error() -> None:
    rate, low, high = of_draws(1, 0.0, 1)
    assert of_draws(6, 0.0, 1) == pytest.approx((rate, low, high))


def test_few_draws_span_those_of_the_single_ones() -> None:
    validation, test = drawn(400, 100), drawn(500, 500, seed=1)
    moved = Scored(test.labels, test.scores + 1, test.groups)
    first, second = (transferred([validation], {"x": [one]})[0].detections for one in (test, moved))
    both = transferred([validation] * 2, {"x": [test, moved]})[0].detections
    assert (both.low, both.high) == (first.low, second.high)
    assert both.value == pytest.approx((first.value + second.value) / 2)


def test_draws_of_much_the_same_pictures_differ_less_than_others() -> None:
    test = drawn(400, 400, seed=1)
    moved = [Scored(test.labels, test.scores + shift, test.groups) for shift in (-0.4, -0.2, 0.0, 0.2, 0.4)]
    apart, joint = (transferred([drawn(400, 100)] * 5, {"x": moved}, overlap=overlap)[0].detections for overlap in (0.0, 0.5))
    assert joint.low < apart.low < apart.high < joint.high


def test_one_class_abroad_leaves_the_other_rate() -> None:
    found = transferred([drawn(200, 50)], {"x": [drawn(0, 80)], "y": [drawn(80, 0)], "z": [drawn(0, 0)]})
    assert [one.reason for one in found] == [
        "no real test pictures", "no fake test pictures", "no real test pictures; no fake test pictures"
    ]  # fmt: skip
    assert math.isnan(found[0].false_alarms.value)
    assert found[0].detections.value > 0
    assert math.isnan(found[1].detections.value)
    assert all(math.isnan(one.brier) and math.isnan(one.calibration_error) for one in found)


def test_scores_that_are_not_finite_or_all_equal() -> None:
    test = drawn(200, 200)
    broken = Scored(test.labels, np.where(test.labels == 1, np.nan, test.scores), test.groups)
    flat = Scored(test.labels, np.zeros(400), test.groups)
    bad, equal = transferred([drawn(200, 50)], {"x": [broken], "y": [flat]})
    assert (bad.reason, math.isnan(bad.detections.value)) == ("scores are not finite", True)
    assert equal.false_alarms.value == equal.detections.value == 0
    assert equal.false_alarms.low == 0
    assert 0 < equal.false_alarms.high < 0.05
    told = transferred([flat], {"x": [flat]})[0]
    assert (told.false_alarms.value, told.brier) == (0, pytest.approx(0.25))


def test_one_class_of_validation_fakes_leaves_rates_without_probabilities() -> None:
    found = transferred([drawn(200, 0)], {"x": [drawn(300, 300)]})[0]
    assert math.isfinite(found.detections.value)
    assert math.isnan(found.brier)


def test_as_dict_is_flat() -> None:
    found = transferred([drawn(200, 50)], {"x": [drawn(300, 300)]})[0].as_dict()
    assert found["detections_lo"] < found["detections"] < found["detections_hi"]
    assert json.loads(json.dumps(found)) == found


# --- intervals of rates ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rate", "n_frames"), [(0.02, 1), (0.3, 1), (0.1, 8), (0.3, 8)])
def test_intervals_cover_the_true_rate(rate: float, n_frames: int) -> None:
    """400 samples of 60 clips whose own rates scatter (beta); 95 % is meant, and frames taken for independent fall short."""
    rng, clips, held, naive = np.random.default_rng(4), np.repeat(np.arange(60), n_frames), 0, 0
    for _ in range(400):
        own = rng.beta(2 * rate, 2 * (1 - rate), 60)
        hits = rng.random(clips.size) < own[clips]
        found = rate_interval(hits, clips)
        held += found.low <= rate <= found.high
        single = rate_interval(hits, np.arange(clips.size))
        naive += single.low <= rate <= single.high
    assert 0.92 <= held / 400 <= 0.99
    if n_frames > 1:
        assert naive / 400 < 0.85


def test_wilson_for_single_items() -> None:
    """With many items the quantile is the normal one: 7 of 400 by the formula of the textbook."""
    found = rate_interval(np.arange(4000) < 70, np.arange(4000))
    centre, half, square = 70 / 4000, 1.96, 1.96**2 / 4000
    middle = (centre + square / 2) / (1 + square)
    width = half / (1 + square) * math.sqrt(centre * (1 - centre) / 4000 + square / 4 / 4000)
    assert found.low == pytest.approx(middle - width, rel=2e-3)
    assert found.high == pytest.approx(middle + width, rel=2e-3)


def test_rates_at_the_edge_and_without_groups() -> None:
    none, every = rate_interval(np.zeros(80), np.arange(80) // 4), rate_interval(np.ones(80), np.arange(80) // 4)
    assert (none.value, none.low, every.high) == (0, 0, 1)
    assert none.high == pytest.approx(1 - every.low)
    assert 0.1 < none.high < 0.25  # 20 clips, not 80 pictures
    assert none.error == 1 / 20
    single = rate_interval([True, False], ["a", "a"])
    assert (single.value, math.isnan(single.low)) == (0.5, True)
    assert math.isnan(rate_interval([], []).value)
