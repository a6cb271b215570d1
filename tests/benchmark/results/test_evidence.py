"""Evidence of a sweep: stretches with their ends, what suffices and what is necessary, agreement with a band, and words."""

import numpy as np
import pytest

from bandbench.benchmark.frequency.bands import MAX_FREQUENCY, Band
from bandbench.benchmark.results.evidence import (
    EvidenceStretch,
    Swept,
    agreement,
    evidence_stretches,
    evidence_text,
    information,
    lies_outside,
    stretches,
)

WIDTH, STEP = 0.03, 0.015
LOWS = np.arange(46) * STEP
EDGES = np.stack([LOWS, LOWS + WIDTH], axis=1)


def overlaps(*planted: tuple[float, float]) -> np.ndarray:
    """Share of every band of a sweep that lies in planted stretches."""
    shared = [np.clip(np.minimum(EDGES[:, 1], high) - np.maximum(EDGES[:, 0], low), 0, None) for low, high in planted]
    return np.sum(shared, axis=0) / WIDTH


def swept(effect: np.ndarray, limit: float = 0.1) -> Swept:
    return Swept(EDGES, effect, effect > limit, 8 * effect)


@pytest.mark.parametrize("limit", [0.1, 0.3, 0.6, 0.9])
@pytest.mark.parametrize(
    "planted", [[(0.10, 0.14)], [(0.33, 0.40)], [(0.10, 0.30)], [(0.08, 0.12), (0.32, 0.38)], [(0.2, 0.26)]]
)
def test_ends_are_where_planted_energy_ends_whatever_share_of_it_makes_a_band_clear(
    planted: list[tuple[float, float]], limit: float
) -> None:
    found = stretches(swept(overlaps(*planted), limit))
    assert np.array(found) == pytest.approx(np.array(planted), abs=STEP / 2)


def test_the_level_within_a_stretch_may_vary_and_its_ends_are_judged_by_their_neighbours() -> None:
    """An edge shows the contrast of both sides: twice the level within."""
    effect = overlaps((0.10, 0.30))
    effect[np.abs(EDGES.mean(axis=1) - 0.30) < 0.01] = 2.5
    ((low, high),) = stretches(swept(effect))
    assert (low, high) == pytest.approx((0.10, 0.30), abs=STEP)
    weak = overlaps((0.2, 0.26)) * 0.4
    weak[np.abs(EDGES.mean(axis=1) - 0.255) < 0.001] = 0.85
    few = Swept(EDGES, weak, weak > 0.8, 8 * weak)  # the band across the edge alone is clear, the others in a single look
    assert stretches(few) == [pytest.approx((0.2, 0.26), abs=STEP)]


def test_clear_bands_that_touch_are_one_stretch_and_those_apart_are_two() -> None:
    effect = np.zeros(46)
    effect[[10, 12]] = 1.0
    assert len(stretches(swept(effect))) == 1
    effect[[10, 11, 14, 15]] = 1.0
    effect[12] = 0.0
    assert len(stretches(swept(effect))) == 2


def test_bands_that_are_clear_in_a_single_look_join_two_that_are_clear_together() -> None:
    effect = np.zeros(46)
    effect[10:20] = 1.0
    clear = np.zeros(46, dtype=bool)
    clear[[10, 11, 18, 19]] = True
    weak, nothing = np.where(effect > 0, 2.1, 0), np.where(clear, 9.0, 0)
    assert len(stretches(Swept(EDGES, effect, clear, weak))) == 1
    assert len(stretches(Swept(EDGES, effect, clear, nothing))) == 2


def test_evidence_reaches_the_ends_of_the_axis() -> None:
    assert stretches(swept(np.ones(46))) == [(0.0, round(MAX_FREQUENCY, 6))]
    ((low, high),) = stretches(swept(overlaps((0.0, 0.06))))
    assert (low, high) == pytest.approx((0, 0.06), abs=STEP / 2)


def alone(statistic: float, effect: float = 0.0) -> Swept:
    """A sweep of which one band is clear; its neighbours have some effect and a statistic."""
    clear = np.arange(46) == 10
    return Swept(EDGES, np.where(clear, 1.0, effect), clear, np.where(clear, 9.0, statistic))


def test_a_clear_band_without_a_neighbour_that_supports_it_is_no_location() -> None:
    """Half of it is in either neighbour, and one of them would see what it holds."""
    assert stretches(alone(1.9, 0.4)) == []
    assert len(stretches(alone(2.0, 0.4))) == 1
    apart = Swept(np.array([[0.1, 0.2], [0.2, 0.3], [0.3, 0.4]]), np.array([0, 1.0, 0]), np.array([0, 1, 0], bool), np.zeros(3))
    assert stretches(apart) == [pytest.approx((0.2, 0.3))]  # nothing is in two of its bands


def test_a_stretch_goes_on_over_bands_that_are_clear_in_a_single_look() -> None:
    clear = np.isin(np.arange(46), [10, 11])
    effect = np.where(np.abs(np.arange(46) - 10.5) < 3, 1.0, 0.0)
    some = Swept(EDGES, effect, clear, np.where(clear, 9.0, 2 * effect))
    assert stretches(some) == [pytest.approx((EDGES[7].mean() + STEP / 2, EDGES[14].mean() - STEP / 2))]
    none = Swept(EDGES, effect, clear, np.where(clear, 9.0, effect))
    assert stretches(none) == [pytest.approx((EDGES[9].mean() + STEP / 2, EDGES[12].mean() - STEP / 2))]


def test_nothing_clear_is_nothing_found_and_no_sweep_is_not_asked() -> None:
    nothing = swept(np.zeros(46))
    assert evidence_stretches(nothing, None) == evidence_stretches(nothing, nothing) == evidence_stretches(None, nothing) == ()
    assert evidence_stretches(None, None) is None


def test_stretches_say_what_suffices_and_what_is_necessary() -> None:
    kept, removed = swept(overlaps((0.1, 0.2), (0.4, 0.5))), swept(overlaps((0.12, 0.16), (0.6, 0.65)))
    assert [(s.sufficient, s.necessary) for s in evidence_stretches(kept, None) or ()] == [(True, None), (True, None)]
    both = evidence_stretches(kept, removed) or ()
    assert [(s.sufficient, s.necessary) for s in both] == [(True, True), (True, False), (False, True)]
    assert [s.low for s in both] == sorted(s.low for s in both)
    assert [(s.sufficient, s.necessary) for s in evidence_stretches(None, removed) or ()] == [(None, True), (None, True)]


def test_information_is_zero_at_chance_negative_below_and_finite_at_one() -> None:
    assert information([0.5, 0.841345, 0.97725, 0.158655, float("nan")]) == pytest.approx([0, 1, 4, -1, 0], abs=1e-3)
    assert np.isfinite(information([1.0, 0.0])).all()


TWO = (EvidenceStretch(0.1, 0.2), EvidenceStretch(0.4, 0.5))


@pytest.mark.parametrize(
    ("band", "share"),
    [
        (Band.between(0.1, 0.2), 0.5),
        (Band.between(0.1, 0.5), 0.5),
        (Band("low", 0.3), 0.1 / 0.4),
        (Band.between(0.2, 0.4, "stop"), 0.2 / (MAX_FREQUENCY - 0.2)),
        (Band("high", 0.5), 0.0),
    ],
)
def test_agreement_is_intersection_over_union(band: Band, share: float) -> None:
    assert agreement(band, TWO) == pytest.approx(share)
    assert agreement(band, ()) == 0


def test_a_band_lies_outside_where_it_shares_less_than_half_of_the_narrower_one() -> None:
    assert [lies_outside(band, TWO) for band in (Band.between(0.1, 0.2), Band("low", 0.3), Band())] == [False, False, False]
    assert lies_outside(Band.between(0.25, 0.35), TWO)
    assert lies_outside(Band.between(0.1, 0.2, "stop"), TWO[:1])
    assert lies_outside(Band.between(0.1, 0.2), ())
    assert not lies_outside(Band(), ())
    assert not lies_outside(Band.between(0.1, 0.2), None)


@pytest.mark.parametrize(
    ("evidence", "text"),
    [
        (None, "not asked"),
        ((), "none found"),
        (TWO, "0.100-0.200, 0.400-0.500"),
        ((EvidenceStretch(0.0, 0.7),), "everywhere"),
        ((EvidenceStretch(0.0, 0.7, True, True),), "everywhere (all necessary)"),
        ((EvidenceStretch(0.1, 0.2, True, False),), "0.100-0.200 (none necessary)"),
        (
            (EvidenceStretch(0.1, 0.2, True, True), EvidenceStretch(0.3, 0.4, True, False)),
            "0.100-0.200, 0.300-0.400 (necessary: 0.100-0.200)",
        ),
        ((EvidenceStretch(0.1, 0.2, False, True),), "none sufficient (necessary: 0.100-0.200)"),
        ((EvidenceStretch(0.1, 0.2, None, True),), "necessary: 0.100-0.200"),
    ],
)
def test_evidence_in_words(evidence: tuple[EvidenceStretch, ...] | None, text: str) -> None:
    assert evidence_text(evidence) == text
