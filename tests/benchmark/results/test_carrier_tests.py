"""Answers about carriers, from scores whose evidence is known."""

import numpy as np
import pytest

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.metrics.intervals import Intervals
from bandbench.benchmark.metrics.roc import Scored
from bandbench.benchmark.results.carrier_tests import carriers_of
from bandbench.benchmark.results.carriers import Carrier, CarrierResult

N = 100  # pictures of each class
ALL, COMB, ANTICOMB = Band(), Band("comb", period=8), Band("anticomb", period=8)
DRAWS = 3
CHAINS = {"depeak": "d+depeak:period=8", "match": "d+match_spectrum", "phase": "d+phase_only", "amplitude": "d+amplitude_only"}


def scored(shift: float, seed: int, n: int = N) -> Scored:
    """Scores of fakes that lie `shift` standard deviations above those of reals."""
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1], n)
    return Scored(labels, rng.standard_normal(2 * n) + shift * labels, np.arange(2 * n).astype(str))


def carrier(shifts: dict[Band, dict[str, float]], n: int = N, seed: int = 0, side: int = 128) -> CarrierResult:
    """Name the carrier from the distance of the classes by band and domain."""
    seeds = iter(range(seed, seed + 1000))
    draws = {
        band: {name: [scored(shift, next(seeds), n) for _ in range(DRAWS)] for name, shift in of_band.items()}
        for band, of_band in shifts.items()
    }
    intervals = Intervals([one for of_band in draws.values() for each in of_band.values() for one in each])
    by_band = {b: {name: intervals.replicates(each) for name, each in of_band.items()} for b, of_band in draws.items()}
    (found,) = carriers_of(by_band, intervals, side)
    return found


def distances(whole: float, comb: float, rest: float, depeak: float, match: float, phase: float, amplitude: float) -> dict:
    """Distances of the classes: `depeak` is that of the comb, the attacks are those of all frequencies."""
    attacked = dict(zip(CHAINS.values(), (depeak, match, phase, amplitude), strict=True))
    return {ALL: {"d": whole, **attacked}, COMB: {"d": comb, CHAINS["depeak"]: depeak}, ANTICOMB: {"d": rest}}


@pytest.mark.parametrize(
    ("shifts", "named"),
    [
        (distances(3, 3, 0, 0, 3, 0, 3), Carrier.PEAKS),
        (distances(3, 2, 3, 2, 0, 0, 3), Carrier.CONTINUUM),
        (distances(3, 3, 3, 0, 3, 0, 3), Carrier.EITHER),
        (distances(3, 0.2, 0.2, 0.2, 0, 0, 0.5), Carrier.BOTH),
        (distances(3, 0, 3, 0, 3, 3, 0), Carrier.PHASE),
        (distances(0, 0, 0, 0, 0, 0, 0), Carrier.NOTHING),
        (distances(-2, 0, 0, 0, 0, 0, 0), Carrier.UNDECIDED),
    ],
)
@pytest.mark.parametrize("seed", range(2))
def test_the_carrier_that_was_planted_is_named(shifts: dict, named: Carrier, seed: int) -> None:
    assert carrier(shifts, seed=1000 * seed).carrier is named


def test_continuum_takes_crops_whose_side_is_a_multiple_of_the_period() -> None:
    shifts = distances(3, 2, 3, 2, 0, 0, 3)
    assert [carrier(shifts, side=side).carrier for side in (96, 100)] == [Carrier.CONTINUUM, Carrier.UNDECIDED]


def test_few_pictures_leave_it_undecided() -> None:
    found = carrier(distances(1.2, 1.2, 0.2, 0.2, 1.2, 0, 1.2), n=12)
    assert found.carrier is Carrier.UNDECIDED


def test_parts_of_half_the_evidence_are_not_decided() -> None:
    """On the comb, and without it, exactly half of what the AUC has above 0.5 is left."""
    half = carrier(distances(1.6, 0.68, 0.68, 0, 1.6, 0, 1.6))
    assert half.whole.auc - 0.5 == pytest.approx(2 * (half.lattices[0].rest.auc - 0.5), abs=0.1)
    assert half.carrier is Carrier.UNDECIDED


def test_peaks_that_suffice_are_named_where_something_is_left_without_them() -> None:
    found = carrier(distances(1.6, 2.5, 0.68, 0, 1.6, 0, 1.6))
    assert found.carrier is Carrier.PEAKS
    assert found.lattices[0].rest.lo > 0.5


def test_peaks_are_seldom_found_where_there_are_none() -> None:
    named = [carrier(distances(0, 0, 0, 0, 0, 0, 0), n=30, seed=1000 * seed).carrier for seed in range(40)]
    assert set(named) <= {Carrier.NOTHING, Carrier.UNDECIDED}


def test_an_attack_of_another_period_or_in_a_chain_is_no_answer() -> None:
    shifts = distances(3, 3, 0, 0, 3, 0, 3)
    for name in ("d+depeak:period=4", "d+depeak:period=8+jpeg:quality=50"):
        renamed = {
            band: {name if domain == CHAINS["depeak"] else domain: shift for domain, shift in of_band.items()}
            for band, of_band in shifts.items()
        }
        (lattice,) = carrier(renamed).lattices
        assert lattice.comb_depeaked is None


def test_without_an_anticomb_there_is_no_answer() -> None:
    intervals = Intervals([scored(3, 0)])
    aucs = {"d": intervals.replicates([scored(3, 0)])}
    assert carriers_of({ALL: aucs, COMB: aucs}, intervals, 128) == ()
