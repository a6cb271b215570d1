"""The study of peaks or continuum on domains whose answer is known: for five seeds it names the right part, and no other."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import optuna
import pytest

from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.domains.names import unperturbed
from bandbench.benchmark.features.plan_sets import prepare_sets
from bandbench.benchmark.features.prepare import scratch_places
from bandbench.benchmark.recording.cell_folder import write_cell
from bandbench.benchmark.records import Cell, CellResult, Trial
from bandbench.benchmark.results.carriers import Carrier, CarrierResult, Estimate
from bandbench.benchmark.results.cell_rows import cell_rows
from bandbench.benchmark.results.rows import Row
from bandbench.benchmark.search.cell import run_cell
from bandbench.benchmark.search.driver import Driver
from bandbench.benchmark.search.optuna_history import History
from bandbench.benchmark.search.plan import make_plan
from bandbench.benchmark.search.run import make_cells
from bandbench.benchmark.study.study_file import Study, load_study, override
from bandbench.leaderboard.carriers import carrier_lines
from conftest import Here, SilentReporter

MAGNITUDES, SIGNED = "dct_ridge", "dct_ridge(transform=dct)"
# Magnitudes show no phase, and signed coefficients no change of amplitudes alone.
TRUTH = {
    ("lattice", MAGNITUDES): Carrier.PEAKS,
    ("slope", MAGNITUDES): Carrier.CONTINUUM,
    ("planted", MAGNITUDES): Carrier.CONTINUUM,
    ("phase", SIGNED): Carrier.PHASE,
    ("lattice", SIGNED): Carrier.NOTHING,
    ("slope", SIGNED): Carrier.NOTHING,
    ("planted", SIGNED): Carrier.NOTHING,
    ("phase", MAGNITUDES): Carrier.NOTHING,
}
DOMAINS = ("lattice", "slope", "planted", "phase")
# A comb of the study is as wide as the peaks that the window of a 96-pixel DCT leaves. With a `planted_band`, `planted` has the
# reals of the other three domains, which are prepared once.
SIDE = 96
PICTURES = {"side": SIDE, "n_train": 120, "n_val": 4, "n_test": 120, "strength": 0.7, "planted_band": "0.20-0.26"}


class Unobserved:
    """An observer of cells that does nothing."""

    def tried(self, cell: Cell, trials: Sequence[Trial]) -> None:
        pass


def study_of(seed: int) -> Study:
    domains = [f"procedural/{name}" for name in DOMAINS]
    changes = {"train": domains, "test": domains, "seed": seed, "seeds": 1, "crop.side": SIDE, "bootstrap": 100}
    return override(load_study("peaks_or_continuum"), changes | {"datasets": {"procedural": PICTURES}})


def at_home(cell: Cell) -> Cell:
    """Return a cell that is tested on its training domain and its attacks alone."""
    (draw,) = cell.replicates
    return replace(cell, replicates=(replace(draw, tests=tuple(t for t in draw.tests if unperturbed(t.domain) == cell.train)),))


def rows_of(study: Study, folder: Path) -> list[Row]:
    """Return the rows of a study whose cells are run as `run_study` does, without figures, models and tracking."""
    rows: list[Row] = []

    def keep(result: CellResult) -> list[Row]:
        place = folder / result.cell.train / result.cell.detector.label
        write_cell(result, "key", place)
        return cell_rows(place)

    def lost(result: CellResult, reason: str) -> CellResult:
        return CellResult(result.cell, error=reason)

    plan, searches = make_plan(study, Catalogue({}, dict(study.datasets))), optuna.storages.InMemoryStorage()
    with scratch_places(str(folder / "records")) as places:
        prepared = prepare_sets(plan, places, Here(1), SilentReporter())
        cells = [at_home(cell) for cell in make_cells(plan, prepared, places.records, 0)]
        n_fits = plan.n_fits_of_cell
        driver = Driver(Here(1), SilentReporter(), keep, lambda _, of_cell: rows.extend(of_cell), len(cells), n_fits, lost)
        driver.run([run_cell(cell, History(searches, cell.label, study.search, study.mode, 0), Unobserved()) for cell in cells])
    return rows


def unchanged(results: dict[tuple[str, str], CarrierResult]) -> dict[str, Estimate | None]:
    """Return the AUCs on what the fakes of a domain have in common with its reals."""
    lattice, slope, planted = (results[name, MAGNITUDES] for name in ("lattice", "slope", "planted"))
    return {
        "lattice, without its points": lattice.lattices[-1].rest,
        "lattice, its points set to the continuum": lattice.lattices[-1].comb_depeaked,
        "lattice, phases": lattice.phase_only,
        "slope, with the ring means of reals": slope.match_spectrum,
        "slope, phases": slope.phase_only,
        "planted, points of period 2 alone": planted.lattices[0].comb,
        "phase, amplitudes": results["phase", SIGNED].amplitude_only,
        **{f"{at}, all": results[at].whole for at, carrier in TRUTH.items() if carrier is Carrier.NOTHING},
    }


@pytest.mark.parametrize("seed", range(5))
def test_the_part_that_was_changed_is_named_and_what_was_not_changed_reads_chance(seed: int, tmp_path: Path) -> None:
    lines = carrier_lines(rows_of(study_of(seed), tmp_path))
    results = {(line.result.domain.rpartition("/")[2], line.row.detector): line.result for line in lines}
    assert {at: result.carrier for at, result in results.items()} == TRUTH
    peaks = results["lattice", MAGNITUDES].peaks
    assert peaks is not None
    assert peaks.period == 8
    off_chance = [what for what, one in unchanged(results).items() if not (one and one.lo < 0.5 < one.hi)]
    assert len(off_chance) <= 1, off_chance  # of eleven intervals of 95 %
