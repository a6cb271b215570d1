"""Rates of rows as the page holds them: exact variances, deviations of as many draws as there is room for."""

from typing import Any

import numpy as np
import pytest

from bandbench.benchmark.metrics.intervals import Intervals
from bandbench.benchmark.metrics.replicates import Replicates, mean_of
from bandbench.benchmark.metrics.roc import Scored
from bandbench.benchmark.results.columns import ERROR_RATES
from bandbench.benchmark.results.rates import error_rates
from bandbench.leaderboard.page.rates import RateWriter
from made_pages import block_of

N_BOOTSTRAP = 400


def made_rates(n_draws: int, n_sets: int = 2, n: int = 120) -> list[dict[str, Replicates]]:
    rng, labels = np.random.default_rng(n_draws), np.arange(n) % 2
    groups = np.array([f"g{i}" for i in range(n)])
    sets = [[Scored(labels, rng.normal(size=n) + labels, groups) for _ in range(n_draws)] for _ in range(n_sets)]
    intervals = Intervals([each[0] for each in sets], N_BOOTSTRAP)
    return [error_rates(intervals, each) for each in sets]


def packed(rates: list[dict[str, Replicates]], budget: int = 10**7, n_rows: int = 1) -> dict[str, Any]:
    writer = RateWriter(budget)
    for i in range(n_rows):
        writer.add(f"row {i}", rates)
    return block_of(writer.packed())


def test_the_variance_of_a_mean_over_sets_follows_from_what_is_packed() -> None:
    rates = made_rates(5)
    block = packed(rates)
    assert block["names"] == list(ERROR_RATES)
    products, traces = (block[name].reshape(len(ERROR_RATES), 3) for name in ("products", "traces"))
    for k, name in enumerate(ERROR_RATES[:2]):
        wanted = mean_of([one[name] for one in rates])
        assert (products[k] @ [1, 2, 1]) / 4 == pytest.approx(float(wanted.covariance.mean()), rel=1e-5)
        assert (traces[k] @ [1, 2, 1]) / 4 == pytest.approx(float(np.trace(wanted.covariance)), rel=1e-5)


def test_deviations_are_those_of_the_bootstrap_in_steps_of_their_scale() -> None:
    rates = made_rates(5)
    block = packed(rates)
    first = block["vectors"][:N_BOOTSTRAP] * float(block["scales"][0])
    away = np.abs(first - rates[0]["pd10"].influences.mean(axis=0))
    assert away.max() <= 0.5001 * float(block["scales"][0])


def test_few_draws_are_kept_one_by_one_and_a_rate_without_an_interval_not_at_all() -> None:
    block = packed(made_rates(3))
    (row,) = block["rows"]
    assert row["unbounded"] == [2, 6]  # 60 reals are too few for 1 % false alarms
    assert len(block["vectors"]) == 3 * 6 * N_BOOTSTRAP
    assert len(block["traces"]) == 0
    assert len(block["products"]) == (1 + 3) * len(ERROR_RATES) * 3  # of the mean, and of each draw


def test_a_page_without_room_keeps_fewer_draws_of_every_row_and_all_variances() -> None:
    rates, size = made_rates(5), 6 * N_BOOTSTRAP
    whole = packed(rates, 2 * size, 2)
    assert [row["kept"] for row in whole["rows"]] == [N_BOOTSTRAP] * 2
    fewer = packed(rates, 2 * size - 1, 2)
    assert ([row["kept"] for row in fewer["rows"]], len(fewer["vectors"])) == ([250] * 2, 2 * 6 * 250)
    none = packed(rates, 6 * 250, 2)
    assert ([row["kept"] for row in none["rows"]], len(none["vectors"])) == ([0] * 2, 0)
    assert np.array_equal(none["products"], whole["products"])


def test_without_rates_there_is_no_block() -> None:
    writer = RateWriter()
    writer.add("row", [])
    assert writer.packed() == ""
