"""Rules of selection, each alone: the chosen band, the bands of the evidence, the oracle."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from bandbench.benchmark.frequency.bands import MAX_FREQUENCY, Band
from bandbench.benchmark.metrics.roc import Interval
from bandbench.benchmark.metrics.simultaneous import Clarity
from bandbench.benchmark.records import MOST_EVIDENCE_BANDS, Record, Trial
from bandbench.benchmark.results.evidence import EvidenceStretch
from bandbench.benchmark.search.selection import (
    choose,
    clearly_above_chance,
    evidence_bands,
    oracles,
    plateau,
    swept_bands,
)
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


# --- the choice by the evidence of a sweep ---------------------------------------------------------------------------

EVIDENCE = (EvidenceStretch(0.1, 0.3),)
EDGE = Band.between(0.285, 0.315)


def test_the_band_that_passes_the_evidence_is_chosen_and_not_the_narrow_one_across_its_edge() -> None:
    whole = Band.between(0.1, 0.3)
    trials = [trial(ALL, 1.0, 0.02), trial(EDGE, 1.0, 0.02), trial(whole, 0.99, 0.02)]
    assert choose(trials, EVIDENCE).band == whole
    assert choose(trials).band == EDGE
    assert choose(trials, ()).band == EDGE


def test_agreement_does_not_make_up_for_a_lower_auc() -> None:
    half = Band.between(0.2, 0.3)
    assert choose([trial(ALL, 0.9), trial(half, 0.9), trial(Band.between(0.1, 0.3), 0.8)], EVIDENCE).band == half


def test_where_the_evidence_is_everywhere_all_pass_agrees_best() -> None:
    trials = [trial(ALL, 0.9), trial(Band("high", 0.15), 0.9), trial(EDGE, 0.9)]
    assert choose(trials, (EvidenceStretch(0.0, MAX_FREQUENCY),)).band == ALL


def test_a_narrow_band_of_the_sweep_outside_the_evidence_is_not_chosen_but_a_band_of_the_search_may_be() -> None:
    trials = [trial(ALL, 0.6, 0.05), trial(EDGE, 0.7, 0.03, "sweep")]
    assert choose(trials, ()).band == choose(trials, (EvidenceStretch(0.5, 0.6),)).band == ALL
    assert choose(trials, None).band == choose(trials, (EvidenceStretch(0.28, 0.32),)).band == EDGE
    assert choose([trials[0], trial(EDGE, 0.7, 0.03, "search")], ()).band == EDGE


def test_a_stop_is_never_the_narrowest() -> None:
    """It keeps nearly all, so it ties with all-pass by noise; it has to be clearly better."""
    stop = Band.between(0.525, 0.555, "stop")
    assert choose([trial(ALL, 0.9), trial(stop, 0.905)]).band == ALL
    assert choose([trial(ALL, 0.9), trial(stop, 0.95)]).band == ALL
    assert choose([trial(ALL, 0.9), trial(stop, 0.95)], better=[stop]).band == stop


def test_a_stop_that_is_better_by_luck_does_not_raise_the_bar() -> None:
    stop = Band.between(0.525, 0.555, "stop")
    assert choose([trial(ALL, 0.9), trial(NARROW, 0.895), trial(stop, 0.94)]).band == NARROW


def test_the_plateau_is_the_stretch_of_bands_that_tie_are_no_wider_and_overlap() -> None:
    chosen = trial(NARROW, 0.9)
    tied = [trial(Band.between(0.15, 0.25), 0.9), trial(Band.between(0.28, 0.36), 0.895)]
    far, wide, worse = trial(Band.between(0.5, 0.6), 0.9), trial(WIDE, 0.9), trial(Band.between(0.29, 0.39), 0.8)
    trials = [trial(ALL, 0.9), chosen, *tied, far, wide, worse]
    assert plateau(chosen, trials) == pytest.approx((0.15, 0.36))
    assert plateau(chosen, [trial(ALL, 0.9), chosen]) == pytest.approx(NARROW.edges)


def test_all_pass_and_a_stop_have_no_plateau() -> None:
    trials = [trial(ALL, 0.9), trial(Band.between(0.2, 0.3, "stop"), 0.9)]
    assert [plateau(one, trials) for one in trials] == [None, None]


# --- the evidence of a sweep -----------------------------------------------------------------------------------------


def test_bands_of_a_sweep_keep_their_edges_and_the_outcome_of_their_tests() -> None:
    bands = [trial(Band.between(0.1, 0.13), 0.5), trial(Band.between(0.115, 0.145), 0.9)]
    swept = swept_bands(bands, Clarity((False, True), (0.0, 9.0)))
    assert swept.edges == pytest.approx(np.array([[0.1, 0.13], [0.115, 0.145]]))
    assert (swept.clear.tolist(), swept.statistic.tolist()) == ([False, True], [0.0, 9.0])


def test_the_bands_of_the_evidence_are_tried() -> None:
    one, two, three = EvidenceStretch(0.0, 0.05), EvidenceStretch(0.2, 0.3), EvidenceStretch(0.6, MAX_FREQUENCY)
    wider = Band.between(0.18, 0.32)
    assert evidence_bands((two,), 0.02, "keep") == [Band.between(0.2, 0.3), wider]
    assert evidence_bands((one, two), 0.02, "keep") == [
        *(Band.between(0.2, 0.3), wider),
        *(Band("low", 0.05), Band("low", 0.07)),
        Band("low", 0.3),
    ]
    assert evidence_bands((two, three), 0.02, "pixels") == [
        *(Band("high", 0.6, mode="pixels"), Band("high", 0.58, mode="pixels")),
        *(Band.between(0.2, 0.3, mode="pixels"), Band.between(0.18, 0.32, mode="pixels")),
        Band("high", 0.2, mode="pixels"),
    ]


def test_of_many_stretches_the_widest_are_tried_and_of_evidence_everywhere_none() -> None:
    many = tuple(EvidenceStretch(0.01 + i / 20, 0.011 + i / 20 + 0.001 * i) for i in range(10))
    assert len(evidence_bands(many, 0.015, "keep")) == MOST_EVIDENCE_BANDS
    assert evidence_bands((EvidenceStretch(0.01, MAX_FREQUENCY),), 0.015, "keep") == []
    assert evidence_bands((), 0.015, "keep") == evidence_bands(None, 0.015, "keep") == []


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


# --- combs -----------------------------------------------------------------------------------------------------------

COMB, ANTICOMB = Band("comb", period=2), Band("anticomb", period=2)


def test_a_comb_that_ties_is_as_narrow_as_its_share_of_the_plane() -> None:
    assert choose([trial(ALL, 0.9, 0.02), trial(NARROW, 0.9, 0.02), trial(COMB, 0.89, 0.02)]).band == COMB
    dense = Band("comb", period=16, halfwidth=0.025)  # half of the plane
    assert choose([trial(ALL, 0.9, 0.02), trial(NARROW, 0.89, 0.02), trial(dense, 0.9, 0.02)]).band == NARROW


def test_an_anticomb_is_chosen_only_if_it_is_clearly_better_than_all_pass() -> None:
    trials = [trial(ALL, 0.9, 0.02), trial(ANTICOMB, 0.92, 0.02)]
    assert choose(trials).band == ALL
    assert choose(trials, better=[ANTICOMB]).band == ANTICOMB


def test_evidence_of_a_sweep_goes_before_a_comb_that_ties_and_not_before_one_that_is_better() -> None:
    found = (EvidenceStretch(0.2, 0.3),)
    tied = [trial(ALL, 0.9, 0.02), trial(NARROW, 0.9, 0.02), trial(COMB, 0.9, 0.02)]
    assert choose(tied, found).band == NARROW
    assert choose([trial(ALL, 0.7, 0.02), trial(NARROW, 0.8, 0.02), trial(COMB, 0.9, 0.02)], found).band == COMB


def test_a_comb_is_on_no_plateau_and_has_none() -> None:
    trials = [trial(ALL, 0.9), trial(NARROW, 0.9), trial(COMB, 0.9), trial(ANTICOMB, 0.9)]
    assert plateau(trials[2], trials) is None
    assert plateau(trials[3], trials) is None
    assert plateau(trials[1], trials) == pytest.approx(NARROW.edges)
