"""Detection and error rates by training draw: the numbers of a single draw, and no interval with few reals."""

import numpy as np
import pytest

from bandbench.benchmark.metrics.detection import detection_rate_at
from bandbench.benchmark.metrics.intervals import Intervals
from bandbench.benchmark.metrics.roc import Scored
from bandbench.benchmark.results.columns import ERROR_RATES
from bandbench.benchmark.results.rates import error_rates


def scored(seed: int, n: int) -> Scored:
    rng, labels = np.random.default_rng(seed), np.arange(n) % 2
    return Scored(labels, rng.normal(size=n) + 1.5 * labels, np.array([f"g{i}" for i in range(n)]))


def test_values_are_those_of_every_draw() -> None:
    draws = [scored(0, 120), scored(1, 120)]
    rates = error_rates(Intervals(draws, 50), draws)
    assert tuple(rates) == ERROR_RATES
    assert rates["pd10"].values == pytest.approx([detection_rate_at(one.labels, one.scores, 0.1) for one in draws])
    assert rates["pd10"].influences.shape == (2, 50)


def test_rates_that_are_known_are_taken_as_they_are() -> None:
    draws = [scored(0, 60)]
    known = [dict.fromkeys(ERROR_RATES, 0.25)]
    assert [one.value for one in error_rates(Intervals(draws, 20), draws, known).values()] == [0.25] * len(ERROR_RATES)


def test_a_rate_of_too_few_reals_has_no_interval() -> None:
    draws = [scored(0, 100)]  # 50 reals: enough for 10 % and 5 % false alarms
    intervals = Intervals(draws, 50)
    bounds = {name: intervals.share(one).low for name, one in error_rates(intervals, draws).items()}
    assert [name for name, low in bounds.items() if np.isnan(low)] == ["pd1"]
