"""
``make coverage``: simulate how often intervals hold the truth, and write docs/explanation/coverage.md.

Every cell of a table is the share of simulated data sets whose 95 % interval holds the true value. A part of it runs in
``test_coverage.py``.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1]))

from bandbench.benchmark.metrics.detection import FALSE_ALARM_RATES
from bandbench.benchmark.metrics.intervals import Intervals, auc_interval, auc_interval_of, least_groups, logit_bounds
from bandbench.benchmark.metrics.replicates import Replicates, training_share
from bandbench.benchmark.metrics.roc import Interval, Scored
from bandbench.benchmark.metrics.weighted import weighted_error_rates
from simulations.methods import all_bounds
from simulations.populations import (
    LEARNERS,
    N_TRAIN,
    OVERLAP,
    Scores,
    expected_auc,
    in_band,
    repetitions,
)

DOCS = Path(__file__).parents[2] / "docs" / "explanation" / "coverage.md"
GROUPS = (12, 40, 250)
AUCS = (0.5, 0.8, 0.98)
METHODS = ("ours", "logit t", "logit z", "percentile", "BCa", "studentised", "earlier rule")


def holds(bounds: tuple[float, float] | Interval, truth: float) -> bool:
    """Return True if an interval holds a value, up to rounding."""
    low, high = (bounds.low, bounds.high) if isinstance(bounds, Interval) else bounds
    return low - 1e-9 <= truth <= high + 1e-9


# --- AUC of one fit ------------------------------------------------------------------------------------------------------


def auc_coverage(population: Scores, n: int, methods: bool = True) -> dict[str, float]:
    """Return the coverage of the true AUC by method; of ours alone without `methods`."""
    held: Counter[str] = Counter()
    for rng in repetitions(n, population):
        scored = population.draw(rng)
        bounds = all_bounds(scored, rng) if methods else {"ours": auc_interval([scored])}
        held.update(name for name, one in bounds.items() if holds(one, population.auc))
    return {name: held[name] / n for name in (METHODS if methods else ("ours",))}


# --- AUC over training draws ----------------------------------------------------------------------------------------------


def draw_coverage(learner: str, n_draws: int, n_groups: int, overlap: bool, n: int) -> dict[str, float]:
    """
    Return the coverage of the AUC that a learner has on average over training draws.

    ``groups alone`` takes the draws as given. ``counted twice`` adds the whole variance between draws, with what the test
    pictures have to do with it.
    """
    made, truth, share = LEARNERS[learner], expected_auc(learner), OVERLAP * overlap
    held: Counter[str] = Counter()
    for rng in repetitions(n, learner, n_draws, n_groups, overlap):
        draws = made.test(made.fits(n_draws, overlap, rng), n_groups, rng)
        replicates = Intervals(draws).replicates(draws)
        alone = auc_interval_of(_as_one_draw(replicates))
        held["groups alone"] += holds(alone, truth)
        held["ours"] += holds(auc_interval_of(replicates, share), truth)
        held["counted twice"] += holds(_twice(replicates, share), truth)
    return {name: held[name] / n for name in ("groups alone", "ours", "counted twice")}


def _as_one_draw(replicates: Replicates) -> Replicates:
    """Return the mean as if it were one draw: what is left is the variance over groups."""
    influences = replicates.influences.mean(axis=0, keepdims=True)
    return replace(replicates, values=np.array([replicates.value]), influences=influences)


def _twice(replicates: Replicates, overlap: float) -> tuple[float, float]:
    error, n_draws = replicates.error(overlap), len(replicates.values)
    if n_draws == 1 or error.variance == 0:
        return logit_bounds(replicates.value, error, replicates.n_pairs)
    between = training_share(n_draws, overlap) * error.draw_sd**2
    total = error.over_groups + between
    uncertainty = error.over_groups**2 / replicates.freedom + between**2 / (n_draws - 1)
    freedom = total**2 / uncertainty if uncertainty > 0 else replicates.freedom
    both = replace(error, over_training=between, freedom=max(1.0, freedom))
    return logit_bounds(replicates.value, both, replicates.n_pairs)


# --- gain, shares, worst domain ---------------------------------------------------------------------------------------------


def gain_coverage(learner: str, n_draws: int, n_groups: int, overlap: bool, n: int) -> dict[str, float]:
    """Return the coverage of the gain of a band, with and without the variance between training draws."""
    made = LEARNERS[learner]
    truth = expected_auc(learner, band=True) - expected_auc(learner)
    held: Counter[str] = Counter()
    for rng in repetitions(n, learner, n_draws, n_groups, overlap):
        fits = made.fits(n_draws, overlap, rng)
        state = rng.bit_generator.state
        sets = []
        for weights in ([in_band(of_draw) for of_draw in fits], fits):
            rng.bit_generator.state = state  # the same pictures
            sets.append(made.test(weights, n_groups, rng))
        intervals = Intervals([*sets[0], *sets[1]], overlap=OVERLAP * overlap)
        first, second = (intervals.replicates(draws) for draws in sets)
        held["ours"] += holds(intervals.difference(first, second), truth)
        held["groups alone"] += holds(intervals.difference(_as_one_draw(first), _as_one_draw(second)), truth)
    return {name: held[name] / n for name in ("ours", "groups alone")}


def share_coverage(population: Scores, n: int, n_draws: int = 300) -> dict[str, float]:
    """Return the coverage of detection rates and of the equal error rate; NaN where there is no interval."""
    apart = np.sqrt(2) * norm.ppf(population.auc)
    truths = [*(float(norm.sf(norm.isf(x) - apart)) for x in FALSE_ALARM_RATES), float(norm.sf(apart / 2))]
    names = [*(f"PD@{round(100 * x)}" for x in FALSE_ALARM_RATES), "EER"]
    least = [*map(least_groups, FALSE_ALARM_RATES), 0]
    held: Counter[str] = Counter()
    for rng in repetitions(n, "shares", population):
        scored = population.draw(rng)
        intervals = Intervals([scored], n_draws)
        values = _rates(scored, np.ones((1, len(scored.labels)), dtype=np.int16))
        shares = intervals.shares([scored], _rates, values, least)
        held.update(name for name, one, x in zip(names, shares, truths, strict=True) if holds(intervals.share(one), x))
    told = [population.n_groups >= needed for needed in least]
    return {name: held[name] / n if has else float("nan") for name, has in zip(names, told, strict=True)}


def _rates(scored: Scored, weights: NDArray) -> NDArray[np.float64]:
    return weighted_error_rates(scored, weights, FALSE_ALARM_RATES)


WORST = {
    "all .75": lambda k: np.full(k, 0.75),
    ".6 to .9": lambda k: np.linspace(0.6, 0.9, k),
    "one .6, others .9": lambda k: np.r_[0.6, np.full(k - 1, 0.9)],
    "all .97": lambda k: np.full(k, 0.97),
}


def worst_coverage(case: str, n_domains: int, n_groups: int, n: int) -> dict[str, float]:
    """
    Return the coverage of the lowest true AUC of several domains, and the mean error of the lowest estimate.

    Compared with the percentiles of a bootstrap of the minimum, and with these reflected (basic bootstrap). Domains have
    their reals in common.
    """
    aucs = WORST[case](n_domains)
    truth, held, excess = float(aucs.min()), Counter[str](), 0.0
    labels = np.repeat([0, 1], n_groups)
    for rng in repetitions(n, case, n_domains, n_groups):
        reals = rng.normal(size=n_groups)
        sets = []
        for number, auc in enumerate(aucs):
            fakes = rng.normal(size=n_groups) + np.sqrt(2) * norm.ppf(auc)
            groups = np.r_[np.arange(n_groups), np.arange(n_groups) + n_groups * (number + 1)].astype(str)
            sets.append(Scored(labels, np.r_[reals, fakes], groups))
        intervals = Intervals(sets)
        parts = [intervals.replicates([scored]) for scored in sets]
        found = intervals.worst(parts)
        estimates = np.array([part.value for part in parts])
        influences = np.array([part.influences[0] for part in parts])
        lowest = _lowest_under_draws(estimates, influences, rng)
        low, high = np.quantile(lowest, [0.025, 0.975])
        held["ours"] += holds(found, truth)
        held["bootstrap of the minimum"] += holds((low, high), truth)
        held["the same, basic"] += holds((2 * found.value - high, 2 * found.value - low), truth)
        held["debiased"] += 2 * found.value - lowest.mean() - truth
        excess += found.value - truth
    names = ("ours", "bootstrap of the minimum", "the same, basic")
    return {name: held[name] / n for name in names} | {"error of the minimum": excess / n, "debiased": held["debiased"] / n}


def _lowest_under_draws(
    estimates: NDArray[np.float64], influences: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the minimum under multiplier draws of groups, which have the covariance of a bootstrap over groups."""
    moved = estimates + rng.normal(size=(400, influences.shape[1])) @ influences.T
    return np.clip(moved, 0, 1).min(axis=1)


def oracle_gap(n_bands: int, n_groups: int, n: int) -> dict[str, float]:
    """Return the mean gap of the best of several equally good bands to one of them, whose true gap is 0, and its coverage."""
    held, total = 0, 0.0
    population = Scores(0.8, n_groups)
    for rng in repetitions(n, "oracle", n_bands, n_groups):
        base = population.draw(rng)
        bands = [Scored(base.labels, base.scores + rng.normal(size=2 * n_groups) * 0.5, base.groups) for _ in range(n_bands)]
        intervals = Intervals(bands)
        each = [intervals.replicates([scored]) for scored in bands]
        gap = intervals.difference(max(each, key=lambda one: one.value), each[0], False)
        total += gap.value
        held += holds(gap, 0.0)
    return {"mean gap": total / n, "coverage": held / n}


# --- tables ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One line of a table: its heads, and the simulation that fills it."""

    table: str
    heads: tuple[Any, ...]
    simulate: Callable[..., dict[str, float]]
    arguments: tuple[Any, ...]


def lines() -> Iterator[Line]:
    """Yield everything that is simulated, in the order of the tables."""
    for both, frames, n_groups, auc in product((False, True), (1, 20), GROUPS, AUCS):
        heads = ("both classes" if both else "one class", frames, n_groups, auc)
        n = 400 if n_groups == 250 else 1000
        yield Line("auc", heads, auc_coverage, (Scores(auc, n_groups, frames, both), n))
    for n_groups in GROUPS:
        population = Scores(0.98, n_groups, 1, False, True)
        yield Line(
            "auc", ("one class, outliers", 1, n_groups, 0.98), auc_coverage, (population, 400 if n_groups == 250 else 1000)
        )
    for learner, overlap, n_draws, n_groups in product(LEARNERS, (False, True), (1, 2, 5, 10), (40, 250)):
        heads = (learner, f"{OVERLAP * overlap:g}", n_draws, n_groups)
        yield Line("draws", heads, draw_coverage, (learner, n_draws, n_groups, overlap, 400))
    for learner, overlap, n_groups in product(("learns", "learns well", "nothing to learn"), (False, True), (40, 250)):
        heads = (learner, f"{OVERLAP * overlap:g}", 5, n_groups)
        yield Line("gain", heads, gain_coverage, (learner, 5, n_groups, overlap, 400))
    for n_groups, frames, auc in product(GROUPS, (1, 20), AUCS):
        n = 200 if frames * n_groups < 2000 else 60
        yield Line("shares", (n_groups, frames, auc), share_coverage, (Scores(auc, n_groups, frames), n))
    for case, n_domains, n_groups in product(WORST, (3, 6), (40, 250)):
        yield Line("worst", (case, n_domains, n_groups), worst_coverage, (case, n_domains, n_groups, 400))
    for n_bands in (10, 75):
        yield Line("oracle", (n_bands, 120), oracle_gap, (n_bands, 120, 300))


def run_line(line: Line) -> dict[str, float]:
    """Fill a line, in a worker process."""
    return line.simulate(*line.arguments)


def main() -> None:
    """Simulate everything on all cores, and write the docs."""
    started, all_lines = time.perf_counter(), list(lines())
    with ProcessPoolExecutor(os.cpu_count(), initializer=threadpool_limits, initargs=(1,)) as workers:
        results = []
        for line, found in zip(all_lines, workers.map(run_line, all_lines), strict=True):
            results.append((line, found))
            seconds = time.perf_counter() - started
            numbers = " ".join(f"{name} {value:.3f}" for name, value in found.items())
            print(f"{len(results)}/{len(all_lines)} {seconds:4.0f} s  {line.table}: {line.heads}  {numbers}", flush=True)
    DOCS.write_text(page(results), encoding="utf-8")
    print(f"wrote {DOCS}")


HEADS = {
    "auc": ("groups hold", "frames", "groups", "AUC"),
    "draws": ("learner", "overlap", "draws", "pictures a class"),
    "gain": ("learner", "overlap", "draws", "pictures a class"),
    "shares": ("groups a class", "frames", "AUC"),
    "worst": ("true AUCs", "domains", "pictures a class"),
    "oracle": ("bands", "pictures a class"),
}


def table(name: str, results: Sequence[tuple[Line, dict[str, float]]]) -> str:
    """Return a table in Markdown; shares outside 93 to 97 % stand out."""
    chosen = [(line, found) for line, found in results if line.table == name]
    names = list(chosen[0][1])
    rows = [" | ".join([*HEADS[name], *names]), "|".join(["---"] * (len(HEADS[name]) + len(names)))]
    for line, found in chosen:
        rows.append(" | ".join([*map(str, line.heads), *(_cell(key, value) for key, value in found.items())]))
    return "\n".join(f"| {row} |" if i != 1 else f"|{row}|" for i, row in enumerate(rows))


def _cell(name: str, value: float) -> str:
    if np.isnan(value):
        return "none"
    if name in ("error of the minimum", "debiased", "mean gap"):
        return f"{value:+.3f}"
    return f"{value:.3f}" if 0.93 <= value <= 0.97 else f"**{value:.3f}**"


def page(results: Sequence[tuple[Line, dict[str, float]]]) -> str:
    """Return docs/explanation/coverage.md."""
    text = (Path(__file__).parent / "coverage.md").read_text(encoding="utf-8")
    for name in HEADS:
        text = text.replace(f"{{{name}}}", table(name, results))
    return text.replace("{n_train}", str(N_TRAIN))


if __name__ == "__main__":
    main()
