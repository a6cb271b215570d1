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


def swept(shares: np.ndarray, full: float = 8.0, limit: float = 3.1) -> Swept:
    """A sweep whose statistic is `full` for a band full of evidence; information, its square, is proportional to the share."""
    statistic = full * np.sqrt(shares)
    return Swept(EDGES, statistic > limit, statistic)


@pytest.mark.parametrize("full", [3.5, 5.0, 8.0, 30.0])
@pytest.mark.parametrize(
    "planted", [[(0.10, 0.14)], [(0.33, 0.40)], [(0.10, 0.30)], [(0.08, 0.12), (0.32, 0.38)], [(0.2, 0.26)]]
)
def test_ends_are_where_planted_energy_ends_however_strong_it_is(planted: list[tuple[float, float]], full: float) -> None:
    found = stretches(swept(overlaps(*planted), full))
    assert np.array(found) == pytest.approx(np.array(planted), abs=STEP)


def test_the_contrast_across_an_edge_does_not_narrow_the_stretch_to_the_edge() -> None:
    """A band across an edge sees both sides, several times what the level within shows."""
    statistic = 4 * np.sqrt(overlaps((0.10, 0.30)))
    statistic[np.abs(EDGES.mean(axis=1) - 0.30) < 0.01] = 20.0
    assert stretches(Swept(EDGES, statistic > 3.1, statistic)) == [pytest.approx((0.10, 0.30), abs=STEP)]
    weak = 2.9 * np.sqrt(overlaps((0.2, 0.26)))
    weak[np.abs(EDGES.mean(axis=1) - 0.255) < 0.001] = 9.0
    few = Swept(EDGES, weak > 3.1, weak)  # the band across the edge alone is clear, the others in a single look
    assert few.clear.sum() == 1
    assert stretches(few) == [pytest.approx((0.2, 0.26), abs=STEP)]


def test_clear_bands_that_touch_are_one_stretch_and_those_apart_are_two() -> None:
    assert len(stretches(swept(np.isin(np.arange(46), [10, 12]) * 1.0))) == 1
    assert len(stretches(swept(np.isin(np.arange(46), [10, 11, 14, 15]) * 1.0))) == 2


def test_bands_that_are_clear_in_a_single_look_join_two_that_are_clear_together() -> None:
    clear = np.isin(np.arange(46), [10, 11, 18, 19])
    between = (np.arange(46) > 11) & (np.arange(46) < 18)
    assert len(stretches(Swept(EDGES, clear, np.where(clear, 9.0, 2.1 * between)))) == 1
    assert len(stretches(Swept(EDGES, clear, np.where(clear, 9.0, 1.9 * between)))) == 2


def test_evidence_reaches_the_ends_of_the_axis() -> None:
    assert stretches(swept(np.ones(46))) == [(0.0, round(MAX_FREQUENCY, 6))]
    ((low, high),) = stretches(swept(overlaps((0.0, 0.06))))
    assert (low, high) == pytest.approx((0, 0.06), abs=STEP)


def alone(statistic: float) -> Swept:
    """A sweep of which one band is clear; its neighbours have a statistic."""
    clear = np.arange(46) == 10
    return Swept(EDGES, clear, np.where(clear, 9.0, statistic))


def test_a_clear_band_without_a_neighbour_that_supports_it_is_no_location() -> None:
    """Half of it is in either neighbour, and one of them would see what it holds."""
    assert stretches(alone(1.9)) == stretches(alone(np.nan)) == []
    assert len(stretches(alone(2.0))) == 1
    apart = Swept(np.array([[0.1, 0.2], [0.2, 0.3], [0.3, 0.4]]), np.array([0, 1, 0], bool), np.array([0.0, 9.0, 0.0]))
    assert stretches(apart) == [pytest.approx((0.2, 0.3))]  # nothing is in two of its bands
    only = Swept(np.array([[0.0, 0.3], [0.3, 0.6]]), np.array([False, True]), np.array([0.0, 9.0]))
    assert stretches(only) == [pytest.approx((0.3, MAX_FREQUENCY), abs=1e-5)]


def test_a_stretch_goes_on_over_bands_that_are_clear_in_a_single_look() -> None:
    clear = np.isin(np.arange(46), [10, 11])
    beside = np.abs(np.arange(46) - 10.5) < 3
    short, long = (stretches(Swept(EDGES, clear, np.where(clear, 5.0, look * beside)))[0] for look in (1.9, 2.0))
    assert long[0] < short[0] - STEP
    assert long[1] > short[1] + STEP
    strong = Swept(EDGES, clear, np.where(clear, 20.0, 2.5 * beside))  # of which the neighbours hold a sixtieth
    assert stretches(strong)[0] == pytest.approx(short, abs=STEP / 2)


def test_nothing_clear_is_nothing_found_and_no_sweep_is_not_asked() -> None:
    nothing = swept(np.zeros(46))
    assert evidence_stretches(nothing, None) == evidence_stretches(nothing, nothing) == evidence_stretches(None, nothing) == ()
    assert evidence_stretches(None, None) is None


def flags(kept: Swept | None, removed: Swept | None) -> list[tuple[bool | None, bool | None]]:
    evidence = evidence_stretches(kept, removed)
    assert evidence is not None
    assert [s.low for s in evidence] == sorted(s.low for s in evidence)
    return [(s.sufficient, s.necessary) for s in evidence]


def test_stretches_say_what_suffices_and_what_is_necessary() -> None:
    kept, removed = swept(overlaps((0.1, 0.2), (0.4, 0.5))), swept(overlaps((0.12, 0.16), (0.6, 0.65)))
    assert flags(kept, None) == [(True, None), (True, None)]
    assert flags(kept, removed) == [(True, True), (True, False), (False, True)]
    assert flags(None, removed) == [(None, True), (None, True)]


TWO = (EvidenceStretch(0.1, 0.2), EvidenceStretch(0.4, 0.5))


@pytest.mark.parametrize(
    ("band", "share"),
    [
        (Band.between(0.1, 0.2), 0.5),
        (Band.between(0.1, 0.5), 0.5),
        (Band("low", 0.3), 0.1 / 0.4),
        (Band.between(0.2, 0.4, "stop"), 0.2 / (MAX_FREQUENCY - 0.2)),
        (Band("high", 0.5), 0.0),
        (Band("comb", period=4), 0.0),
        (Band("anticomb", period=4), 0.0),
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
    for evidence in (TWO, (), None):  # a lattice has points in every stretch
        assert not lies_outside(Band("comb", period=4), evidence)


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
