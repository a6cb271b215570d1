"""The study of peaks or continuum on domains whose answer is known: it names the right part, and nothing where none is seen."""

import pytest

from bandbench.benchmark.results.carriers import Carrier, CarrierResult
from bandbench.benchmark.study.study_file import load_study, override
from bandbench.leaderboard.carriers import carrier_lines
from conftest import run

AMPLITUDES, SIGNED = "dct_ridge", "dct_ridge(transform=dct)"
SIDE = 96  # pixels: a comb of the study is as wide as the peaks that the window of the DCT leaves
SMALL = {"side": SIDE, "n_train": 120, "n_val": 10, "n_test": 80, "strength": 0.7}


def results_on(domain: str) -> dict[str, CarrierResult]:
    """Run the study on one domain, with one draw of few and small pictures; return the results by detector."""
    small = {"train": [domain], "test": [domain], "seeds": 1, "crop.side": SIDE, "datasets": {"procedural": SMALL}}
    outcome = run(override(load_study("peaks_or_continuum"), small), jobs=2)
    assert outcome.complete
    return {line.row.detector: line.result for line in carrier_lines(outcome.rows)}


@pytest.mark.parametrize(
    ("domain", "amplitudes", "signed"),
    [
        # Magnitudes show no phase, and signed coefficients no change of amplitudes alone.
        ("procedural/lattice", Carrier.PEAKS, Carrier.NOTHING),
        ("procedural/slope", Carrier.CONTINUUM, Carrier.NOTHING),
        ("procedural/phase", Carrier.NOTHING, Carrier.PHASE),
    ],
)
def test_the_part_that_was_changed_is_named_and_the_others_read_chance(
    domain: str, amplitudes: Carrier, signed: Carrier
) -> None:
    results = results_on(domain)
    assert {name: result.carrier for name, result in results.items()} == {AMPLITUDES: amplitudes, SIGNED: signed}
    magnitudes, coefficients = results[AMPLITUDES], results[SIGNED]
    finest = magnitudes.lattices[-1]
    # What was not changed reads chance.
    unchanged = {
        "procedural/lattice": [finest.rest, finest.comb_depeaked, magnitudes.phase_only],
        "procedural/slope": [magnitudes.match_spectrum, magnitudes.phase_only],
        "procedural/phase": [coefficients.amplitude_only, magnitudes.whole],
    }[domain]
    assert all(one is not None and one.lo < 0.5 < one.hi for one in unchanged)
    if magnitudes.carrier is Carrier.PEAKS:
        assert magnitudes.peaks is finest
        assert finest.period == 8
