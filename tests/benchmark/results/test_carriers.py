"""What a detector lives on: one decision from clear answers, and the words for it."""

from dataclasses import replace

import pytest

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.carriers import (
    Answers,
    Carrier,
    CarrierResult,
    Decision,
    Doubt,
    Estimate,
    LatticeAnswers,
    LatticeResult,
    Level,
    Share,
    decide,
    sentences,
)

MOST, LITTLE, UNCLEAR, NOT_ASKED = Share.MOST, Share.LITTLE, Share.UNCLEAR, Share.NOT_ASKED
# A lattice whose comb holds everything, and one whose comb holds nothing of its own.
CARRIES = LatticeAnswers(comb_finds=True, comb=MOST, rest=LITTLE, depeaked=LITTLE)
IDLE = LatticeAnswers(comb_finds=False, comb=LITTLE, rest=MOST, depeaked=UNCLEAR)
SPECTRAL = {"phase_only": LITTLE, "amplitude_only": MOST}


def answers(*lattices: LatticeAnswers, whole: Level = Level.ABOVE, **attacks: Share) -> Answers:
    return Answers(whole, lattices, **{"match_spectrum": UNCLEAR, **SPECTRAL, **attacks})


def test_peaks_are_those_of_the_coarsest_lattice_that_carries_them() -> None:
    assert decide(answers(CARRIES, CARRIES, CARRIES)) == Decision(Carrier.PEAKS, 0)
    partly = replace(
        CARRIES, rest=MOST
    )  # points of period 2 are among those of period 8, and most of the evidence is elsewhere
    assert decide(answers(partly, partly, CARRIES)) == Decision(Carrier.PEAKS, 2)


def test_peaks_need_a_comb_that_finds_something_by_itself() -> None:
    silent = replace(CARRIES, comb_finds=False, comb=UNCLEAR)
    assert decide(answers(silent)) == Decision(Carrier.UNDECIDED, doubt=Doubt.SHARES)


def test_what_is_left_after_the_peaks_are_gone_was_not_in_the_peaks() -> None:
    assert decide(answers(replace(CARRIES, depeaked=MOST))).carrier is Carrier.UNDECIDED
    assert decide(answers(replace(CARRIES, depeaked=NOT_ASKED))).carrier is Carrier.PEAKS


def test_peaks_that_suffice_and_without_which_the_auc_falls_are_named_where_half_is_unclear() -> None:
    needed = LatticeAnswers(comb_finds=True, comb=MOST, rest=UNCLEAR, depeaked=UNCLEAR, falls=True)
    assert decide(answers(needed, needed)) == Decision(Carrier.PEAKS, 0, alone=False)
    for name, value in (("falls", False), ("comb", UNCLEAR), ("depeaked", MOST), ("more_in_finer", True)):
        assert decide(answers(replace(needed, **{name: value}))).carrier is Carrier.UNDECIDED
    assert decide(answers(needed, CARRIES)) == Decision(Carrier.PEAKS, 1)


def test_continuum_is_what_is_left_without_the_finest_lattice() -> None:
    assert decide(answers(IDLE, IDLE, match_spectrum=LITTLE)) == Decision(Carrier.CONTINUUM)


def test_a_rest_that_keeps_part_of_the_peaks_shows_no_continuum() -> None:
    """A peak lies between coefficients of a crop whose side is no multiple of the period."""
    mixed = replace(IDLE, separates=False)
    assert decide(answers(IDLE, mixed, match_spectrum=LITTLE)) == Decision(Carrier.UNDECIDED, doubt=Doubt.SIDE)
    assert decide(answers(IDLE, replace(CARRIES, separates=False))) == Decision(Carrier.PEAKS, 1)


def test_continuum_near_lattice_points_is_no_peak() -> None:
    """A slope is seen through a comb, too; the depeaked comb still shows it."""
    sloped = LatticeAnswers(comb_finds=True, comb=MOST, rest=MOST, depeaked=MOST)
    assert decide(answers(sloped, sloped)) == Decision(Carrier.CONTINUUM)


def test_either_is_peaks_that_suffice_and_a_rest_that_suffices() -> None:
    both = LatticeAnswers(comb_finds=True, comb=MOST, rest=MOST, depeaked=LITTLE)
    assert decide(answers(both, both)) == Decision(Carrier.EITHER, 0)
    assert decide(answers(replace(both, comb=UNCLEAR), both)) == Decision(Carrier.EITHER, 1)


def test_both_is_that_neither_part_suffices() -> None:
    assert decide(answers(LatticeAnswers(True, LITTLE, LITTLE, MOST))) == Decision(Carrier.BOTH, 0)
    assert decide(answers(LatticeAnswers(True, UNCLEAR, LITTLE, MOST))).carrier is Carrier.UNDECIDED


def test_phases_are_named_where_they_suffice_and_amplitudes_do_not() -> None:
    assert decide(answers(IDLE, phase_only=MOST, amplitude_only=LITTLE)) == Decision(Carrier.PHASE)
    assert decide(answers(IDLE, phase_only=UNCLEAR, amplitude_only=LITTLE)).carrier is Carrier.UNDECIDED
    assert decide(answers(IDLE, phase_only=MOST, amplitude_only=MOST)).carrier is Carrier.CONTINUUM


def test_without_attacks_combs_alone_tell_peaks_from_the_rest() -> None:
    asked_nothing = {"match_spectrum": NOT_ASKED, "phase_only": NOT_ASKED, "amplitude_only": NOT_ASKED}
    assert decide(answers(IDLE, **asked_nothing)).carrier is Carrier.CONTINUUM


@pytest.mark.parametrize(
    ("level", "decision"),
    [
        (Level.NEAR, Decision(Carrier.NOTHING)),
        (Level.UNKNOWN, Decision(Carrier.UNDECIDED, doubt=Doubt.WIDE)),
        (Level.BELOW, Decision(Carrier.UNDECIDED, doubt=Doubt.REVERSED)),
    ],
)
def test_nothing_is_named_without_evidence(level: Level, decision: Decision) -> None:
    assert decide(answers(CARRIES, whole=level)) == decision


@pytest.mark.parametrize("part", ["rest", "depeaked", "comb"])
def test_an_unclear_answer_is_never_enough_for_either(part: str) -> None:
    both = LatticeAnswers(comb_finds=True, comb=MOST, rest=MOST, depeaked=LITTLE)
    assert decide(answers(replace(both, **{part: UNCLEAR}))).carrier is not Carrier.EITHER


# --- words -----------------------------------------------------------------------------------------------------------

HIGH, LOW = Estimate(0.99, 0.98, 1.0), Estimate(0.53, 0.45, 0.61)
LATTICE = LatticeResult(Band("comb", period=2), Estimate(0.97, 0.95, 0.99), LOW, LOW, Estimate(0.51, 0.44, 0.58))


def result(carrier: Carrier, lattice: int | None = None, doubt: Doubt | None = None, **changes: object) -> CarrierResult:
    made = CarrierResult("procedural/zeroinsert", carrier, lattice, doubt, HIGH, (LATTICE,), HIGH, LOW, HIGH)
    return replace(made, **changes)  # type: ignore[arg-type]


def test_the_sentence_about_peaks_has_the_auc_with_and_without_them() -> None:
    first, second = sentences(result(Carrier.PEAKS, 0), "dct_ridge", "procedural/zeroinsert")
    assert first == (
        "on procedural/zeroinsert dct_ridge lives on the peaks of period 2: 0.99 (0.98-1.00) with, 0.53 (0.45-0.61) without."
    )
    assert second == (
        "The peaks alone have 0.97 (0.95-0.99), after depeak 0.53 (0.45-0.61); it has with the ring means of training reals "
        "0.99 (0.98-1.00), from phases alone 0.53 (0.45-0.61) and from amplitudes alone 0.99 (0.98-1.00)."
    )


def test_the_sentence_says_where_peaks_are_not_clearly_all() -> None:
    first, _ = sentences(replace(result(Carrier.PEAKS, 0), alone=False), "d", "procedural/zeroinsert")
    assert " lives on the peaks of period 2, though not clearly on them alone: 0.99" in first


def test_every_carrier_has_a_sentence_of_its_own() -> None:
    results = [result(carrier, 0, Doubt.SHARES) for carrier in Carrier]
    firsts = [sentences(one, "dct_ridge", "procedural/zeroinsert")[0] for one in results]
    assert len(set(firsts)) == len(Carrier)
    assert all(text.startswith("on procedural/zeroinsert dct_ridge ") and text.endswith(".") for text in firsts)


def test_the_fall_of_the_spectrum_is_named_only_where_matching_it_takes_the_evidence() -> None:
    texts = [
        sentences(result(Carrier.CONTINUUM, match_share=share), "d", "procedural/zeroinsert")[1]
        for share in (LITTLE, MOST, UNCLEAR)
    ]
    assert [("so it is the fall" in text, "so it is not the fall" in text) for text in texts] == [
        (True, False), (False, True), (False, False),
    ]  # fmt: skip


def test_the_training_domain_is_named_where_it_is_another() -> None:
    first, _ = sentences(result(Carrier.NOTHING, whole=LOW), "dct_ridge", "procedural/blend")
    assert first == (
        "on procedural/zeroinsert dct_ridge (trained on procedural/blend) lives on nothing: 0.53 (0.45-0.61), "
        "and 0.5 is chance."
    )


@pytest.mark.parametrize("doubt", Doubt)
def test_a_doubt_is_told_by_its_reason(doubt: Doubt) -> None:
    first, _ = sentences(result(Carrier.UNDECIDED, None, doubt), "d", "procedural/zeroinsert")
    reasons = {
        **{Doubt.WIDE: "neither clear of 0.5", Doubt.REVERSED: "ranks fakes below reals", Doubt.SHARES: "no part"},
        Doubt.SIDE: "the side of the crop is no multiple of each period",
    }
    assert "is undecided" in first
    assert reasons[doubt] in first


def test_the_json_form_is_read_back() -> None:
    made = result(Carrier.PEAKS, 0, match_share=MOST)
    assert CarrierResult.from_json(made.to_json()) == made
    assert made.to_json()["period"] == 2
