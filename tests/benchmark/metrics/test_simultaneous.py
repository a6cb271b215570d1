"""Simultaneous tests: their errors hold together, and they find more than Bonferroni's."""

from statistics import NormalDist

import numpy as np
import pytest

from bandbench.benchmark.metrics.roc import Scored
from bandbench.benchmark.metrics.simultaneous import ERROR, clearly_above_chance, clearly_different, step_down

N_BANDS = 46


def scored(rng: np.random.Generator, shifts: list[float], n_groups: int, shared: float = 0.7) -> list[list[Scored]]:
    """Scores of `n_groups` reals and as many fakes by bands, neighbours correlated; fakes are higher by `shifts`."""
    labels = np.repeat([0, 1], n_groups)
    groups = np.arange(2 * n_groups).astype(str)
    noise = rng.standard_normal((len(shifts), 2 * n_groups))
    for k in range(1, len(shifts)):
        noise[k] = shared * noise[k - 1] + np.sqrt(1 - shared**2) * noise[k]
    return [[Scored(labels, noise[k] + shift * labels, groups)] for k, shift in enumerate(shifts)]


@pytest.mark.parametrize("n_groups", [12, 50])
def test_a_sweep_without_evidence_names_a_band_in_few_of_a_hundred(n_groups: int) -> None:
    rng = np.random.default_rng(n_groups)
    named = [any(clearly_above_chance(scored(rng, [0.0] * N_BANDS, n_groups)).clear) for _ in range(60)]
    assert np.mean(named) < 0.1  # 2.5 % are wanted


def test_bands_without_a_difference_are_named_in_few_of_a_hundred() -> None:
    rng = np.random.default_rng(3)
    named = []
    for _ in range(60):
        *bands, reference = scored(rng, [1.0] * (N_BANDS + 1), 20)
        named.append(any(clearly_different(bands, reference[0:1], -1).clear))
    assert np.mean(named) < 0.1


def test_the_limit_is_below_that_of_bonferroni_and_falls_with_every_band_that_is_found() -> None:
    n = 40
    correlation = 0.9 ** np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    bonferroni = NormalDist().inv_cdf(1 - ERROR / n)
    effects = np.zeros(n)
    effects[7] = bonferroni - 0.1
    assert step_down(effects, correlation, 0.0).clear[7]
    effects[:] = bonferroni + 0.1
    effects[7] = 2.3
    assert step_down(effects, correlation, 0.0).clear[7]
    effects[:] = 0
    effects[7] = 2.3
    assert not step_down(effects, correlation, 0.0).clear[7]


def test_the_effect_is_measured_in_standard_errors_of_at_least_one_group() -> None:
    clarity = step_down(np.array([0.2, 0.2, 0.2]), np.diag([0.04**2, 0.0, 0.4**2]), 0.05)
    assert clarity.statistic == pytest.approx((4, 4, 0.5))
    assert clarity.clear == (True, True, False)


def test_an_unknown_error_is_not_clear() -> None:
    one = [[Scored(np.array([0, 1]), np.array([0.0, 1.0]), np.array(["a", "b"]))]]
    assert clearly_above_chance(one).clear == (False,)
    clarity = step_down(np.array([np.nan, 9.0]), np.eye(2), 0.1)
    assert clarity.clear == (False, True)


def test_a_loss_is_paired() -> None:
    """A small loss in every group is clear where the two AUCs alone would not differ."""
    rng = np.random.default_rng(1)
    labels, groups = np.repeat([0, 1], 200), np.arange(400).astype(str)
    noise = rng.standard_normal(400)
    reference, worse, other = (
        [Scored(labels, noise + shift * labels + extra, groups)]
        for shift, extra in ((1.0, 0), (0.8, 0), (0.8, 3 * rng.standard_normal(400)))
    )
    assert clearly_different([worse], reference, -1).clear == (True,)
    assert clearly_different([worse], reference, 1).clear == (False,)
    assert clearly_different([reference], reference, -1).clear == (False,)
    assert clearly_different([worse, other], reference, -1).statistic[0] > 5


def test_the_separation_of_classes_has_no_upper_end() -> None:
    """It is the statistic near chance, and proportional to the distance of the classes, which the statistic is not."""
    rng = np.random.default_rng(4)
    labels, groups = np.repeat([0, 1], 2000), np.arange(4000).astype(str)
    noise = rng.standard_normal(4000)
    bands = [[Scored(labels, noise + shift * labels, groups)] for shift in (0.1, 1.0, 3.0)]
    clarity = clearly_above_chance(bands)
    assert clarity.separation is not None
    small, middle, large = clarity.separation
    assert small == pytest.approx(clarity.statistic[0], rel=0.01)
    assert large / middle == pytest.approx(3, rel=0.05)
    assert clarity.statistic[2] / clarity.statistic[1] < 2


def test_the_separation_of_perfectly_separated_classes_is_finite_and_that_of_chance_is_none() -> None:
    labels, groups = np.repeat([0, 1], 20), np.arange(40).astype(str)
    clarity = clearly_above_chance([[Scored(labels, labels * 1.0, groups)], [Scored(labels, np.zeros(40), groups)]])
    assert clarity.separation is not None
    assert np.isfinite(clarity.separation[0])
    assert clarity.separation[0] > clarity.statistic[0]


def test_a_loss_has_no_separation() -> None:
    bands = scored(np.random.default_rng(5), [1.0, 1.0], 20)
    assert clearly_different(bands[:1], bands[1], -1).separation is None
