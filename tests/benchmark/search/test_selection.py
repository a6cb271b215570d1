"""Rules of selection, each alone: the chosen band, the evidence interval, the oracle."""

from collections.abc import Mapping, Sequence

import pytest

from bandbench.benchmark.frequency.bands import MAX_FREQUENCY, Band
from bandbench.benchmark.metrics.roc import Interval
from bandbench.benchmark.records import Record, Trial
from bandbench.benchmark.search.selection import choose, clearly_above_chance, evidence_interval, oracles
from made_cells import made_cell, trial

ALL, LOW = Band(), Band("low", 0.2)
WIDE = Band.between(0.1, 0.4)
NARROW = Band.between(0.2, 0.3)


# --- the rule of choice ----------------------------------------------------------------------------------------------


def test_the_narrowest_band_within_one_standard_error_of_the_best_is_chosen() -> None:
    trials = [trial(ALL, 0.90, 0.02), trial(WIDE, 0.895, 0.02), trial(NARROW, 0.885, 0.02)]
    assert choose(trials).band == NARROW


def test_one_standard_error_is_the_limit() -> None:
    best = trial(ALL, 0.875, 0.03125)  # numbers that are exact in binary
    assert choose([best, trial(NARROW, 0.84375)]).band == NARROW
    assert choose([best, trial(NARROW, 0.84)]).band == ALL


def test_the_standard_error_is_that_of_the_best_band() -> None:
    assert choose([trial(ALL, 0.9, 0.01), trial(NARROW, 0.88, 0.05)]).band == ALL
    assert choose([trial(ALL, 0.9, 0.05), trial(NARROW, 0.88, 0.01)]).band == NARROW


def test_of_bands_that_are_best_alike_the_narrower_one_gives_the_standard_error() -> None:
    trials = [trial(ALL, 0.9, 0.1), trial(WIDE, 0.9, 0.01), trial(NARROW, 0.85, 0.01)]
    assert choose(trials).band == WIDE


def test_a_band_without_evidence_of_its_own_is_not_chosen() -> None:
    """With few pictures one standard error is wide; a narrow band may lie within it by chance."""
    assert choose([trial(ALL, 0.8, 0.1), trial(NARROW, 0.72, 0.1)]).band == ALL
    assert choose([trial(ALL, 0.8, 0.1), trial(NARROW, 0.72, 0.05)]).band == NARROW


def test_all_pass_is_chosen_where_no_band_has_evidence() -> None:
    assert choose([trial(ALL, 0.51, 0.05), trial(NARROW, 0.58, 0.05), trial(WIDE, 0.55, 0.05)]).band == ALL


def test_evidence_of_many_bands_is_held_to_a_higher_bar() -> None:
    """2.5 standard errors above 0.5 are evidence for one band of two, and not for one of fifty."""
    two = [trial(ALL, 0.65, 0.05), trial(NARROW, 0.625, 0.05)]
    more = [trial(Band("low", 0.2 + i / 100), 0.5, 0.05) for i in range(48)]
    assert choose(two).band == NARROW
    assert choose([*two, *more]).band == ALL  # 3 standard errors are none either: nothing is clear, so all-pass


def test_equal_widths_go_to_the_higher_auc_and_then_to_the_band_that_sorts_first() -> None:
    first, second = Band("low", 0.2), Band.between(0.1, 0.3)
    assert first.passed_width == pytest.approx(second.passed_width)
    best = trial(ALL, 0.9, 0.05)
    assert choose([best, trial(first, 0.87), trial(second, 0.88)]).band == second
    assert choose([best, trial(first, 0.88), trial(second, 0.87)]).band == first
    tied = [trial(first, 0.88), trial(second, 0.88)]
    assert choose([best, *tied]).band == choose([best, *tied[::-1]]).band == min(first, second)


def test_an_auc_without_a_standard_error_ties_with_its_equals_alone() -> None:
    unknown = Trial(ALL, "allpass", Interval(0.9, *[float("nan")] * 3), ())
    assert choose([unknown, trial(NARROW, 0.9)]).band == NARROW
    assert choose([unknown, trial(NARROW, 0.89)]).band == ALL


# --- the evidence interval -------------------------------------------------------------------------------------------

STEP = 0.02


def sweep(aucs: Sequence[float], error: float = 0.05) -> list[Trial]:
    """Neighbouring narrow bands from 0.1 cycles/pixel on."""
    return [trial(Band.between(0.1 + i * STEP, 0.12 + i * STEP), auc, error, "sweep") for i, auc in enumerate(aucs)]


def test_the_evidence_is_the_run_of_clear_bands_around_the_best() -> None:
    assert evidence_interval(sweep([0.9, 0.5, 0.8, 0.95, 0.8, 0.5, 0.9]), STEP) == pytest.approx((0.14, 0.20))


def test_neighbours_touch_and_do_not_overlap() -> None:
    assert evidence_interval(sweep([0.5, 0.9, 0.5]), STEP) == pytest.approx((0.12, 0.14))
    assert evidence_interval(sweep([0.9, 0.9, 0.9]), STEP) == pytest.approx((0.10, 0.16))


def test_the_evidence_ends_where_the_axis_ends() -> None:
    corner = MAX_FREQUENCY - 0.02
    ends = [trial(Band.between(low, low + 0.02), 0.9, 0.01, "sweep") for low in (0.0, corner)]
    assert evidence_interval(ends[:1], 0.03) == pytest.approx((0, 0.025))
    assert evidence_interval(ends[1:], 0.03) == pytest.approx((corner - 0.005, MAX_FREQUENCY))


def test_no_band_above_chance_is_no_evidence() -> None:
    assert evidence_interval([], STEP) is None
    assert evidence_interval(sweep([0.5, 0.55, 0.45]), STEP) is None
    assert evidence_interval(sweep([0.1, 0.05]), STEP) is None  # below chance on the validation pictures of home is none


def test_an_interval_that_ends_above_one_half_is_evidence() -> None:
    """1.96 standard errors, the two-sided 95 % of a single look."""
    assert evidence_interval(sweep([0.5 + 1.95 * 0.05]), STEP) is None
    assert evidence_interval(sweep([0.5 + 1.97 * 0.05]), STEP) is not None


def test_the_intervals_of_a_sweep_hold_together() -> None:
    """Bonferroni: 2.5 standard errors are evidence in one look, and not in forty, of which one would be so by chance."""
    assert evidence_interval(sweep([0.625]), STEP) == pytest.approx((0.10, 0.12))
    assert evidence_interval(sweep([0.625, *[0.5] * 24]), STEP) is None
    # Of 25 looks the limit is the 0.001 quantile: 3.09 standard errors.
    assert evidence_interval(sweep([0.5 + 3.08 * 0.05, *[0.5] * 24]), STEP) is None
    assert evidence_interval(sweep([0.5 + 3.10 * 0.05, *[0.5] * 24]), STEP) is not None


def test_a_band_without_an_interval_is_no_evidence() -> None:
    assert evidence_interval(sweep([0.9], error=float("nan")), STEP) is None


def test_every_auc_is_judged_alone_and_at_the_level_of_all() -> None:
    trials = [trial(ALL, 0.9, 0.05), trial(LOW, 0.5, 0.05), trial(NARROW, 0.1, 0.05)]
    assert clearly_above_chance(trials) == [True, False, False]


# --- the oracle ------------------------------------------------------------------------------------------------------


def oracle_bands(aucs: Mapping[Band, Mapping[str, Sequence[float]]]) -> list[tuple[str, Band]]:
    """Oracle of each test domain; `aucs` are test AUCs by band, domain and draw, in the order in which bands were tried."""
    by_band = {
        band: tuple(Record("key", sealed=dict(zip(domains, draw, strict=True))) for draw in zip(*domains.values(), strict=True))
        for band, domains in aucs.items()
    }
    chosen = oracles(made_cell(), by_band)
    assert all((one.role, one.records) == ("oracle", by_band[one.band]) for one in chosen)
    return [(one.domain, one.band) for one in chosen]


def test_the_oracle_of_a_domain_is_the_band_that_scores_best_there() -> None:
    aucs = {
        ALL: {"home": [0.6], "away": [0.5]},
        LOW: {"home": [0.9], "away": [0.2]},
        NARROW: {"home": [0.7], "away": [0.8]},
    }
    assert oracle_bands(aucs) == [("home", LOW), ("away", NARROW)]


def test_of_oracles_that_tie_the_band_tried_first_is_taken() -> None:
    def equal(auc: float) -> dict[str, list[float]]:
        return {"home": [auc], "away": [auc]}

    assert oracle_bands({ALL: equal(0.7), LOW: equal(0.7), NARROW: equal(0.7)}) == [("home", ALL), ("away", ALL)]
    assert oracle_bands({ALL: equal(0.6), LOW: equal(0.7), NARROW: equal(0.7)}) == [("home", LOW), ("away", LOW)]


def test_an_oracle_is_best_on_the_mean_over_draws() -> None:
    draws = {ALL: [0.6, 0.6], LOW: [0.9, 0.2], NARROW: [0.6, 0.7]}
    assert oracle_bands({band: {"home": aucs, "away": aucs} for band, aucs in draws.items()}) == [
        ("home", NARROW),
        ("away", NARROW),
    ]
