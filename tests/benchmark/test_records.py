"""Records of a study: what names a fit, and what a plan adds up to."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bandbench.benchmark.contracts import Item
from bandbench.benchmark.domains.catalogue import DatasetSpec, OpenDomain
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.records import MOST_EVIDENCE_BANDS, Job, Plan, Record, Trial
from bandbench.benchmark.registry import DetectorSpec
from conftest import small_study
from made_cells import interval, item_set, made_cell


@pytest.fixture
def job() -> Job:
    """A fit of which no picture exists."""
    train, val, test = item_set("home", "train"), item_set("home", "val"), item_set("away", "test")
    return Job(DetectorSpec.parse("spectral_logreg"), Band("low", 0.2), 0, train, val, (test,), "records")


# --- the key of a fit ---------------------------------------------------------------------------------------

CHANGES: dict[str, Callable[[Job], Job]] = {
    "detector": lambda job: replace(job, detector=DetectorSpec.parse("spectral_svm")),
    "parameter": lambda job: replace(job, detector=replace(job.detector, params={"C": 3.0})),
    "kind of band": lambda job: replace(job, band=Band("high", 0.2)),
    "cut-off": lambda job: replace(job, band=Band("low", 0.21)),
    "mode": lambda job: replace(job, band=replace(job.band, mode="pixels")),
    "training pictures": lambda job: replace(job, train=replace(job.train, digest="other")),
    "validation pictures": lambda job: replace(job, val=replace(job.val, digest="other")),
    "test pictures": lambda job: replace(job, tests=(replace(job.tests[0], digest="other"),)),
    "name of a test domain": lambda job: replace(job, tests=(replace(job.tests[0], domain="other"),)),
    "one test domain more": lambda job: replace(job, tests=(*job.tests, replace(job.tests[0], domain="other"))),
    "no test domain": lambda job: replace(job, tests=()),
    "order of test domains": lambda job: replace(job, tests=(replace(job.tests[0], domain="other"), *job.tests)),
    "attempt": lambda job: replace(job, attempt=1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_all_that_can_change_a_score_changes_the_key(change: str, job: Job) -> None:
    assert CHANGES[change](job).key != job.key


def test_the_keys_of_all_changes_differ(job: Job) -> None:
    assert len({make(job).key for make in CHANGES.values()}) == len(CHANGES)


def test_the_seed_of_a_stochastic_detector_is_in_the_key(job: Job) -> None:
    seeded = replace(job, detector=DetectorSpec.parse("coin_flip"))
    assert replace(seeded, replicate=1).key != seeded.key


def test_places_and_costs_do_not_change_the_key(job: Job, tmp_path: Path) -> None:
    moved = replace(job, records=str(tmp_path / "elsewhere"), train=replace(job.train, table="elsewhere", seconds_per_item=9.0))
    assert moved.key == job.key


# --- plans, trials and sizes -----------------------------------------------------------------------------------------


def plan(**changes: Any) -> Plan:
    """A plan of two detectors and three draws; nothing of it can be run."""
    study = small_study(**({"train": ["home"], "test": ["home", "away"], "seeds": 3, "search": {"trials": 4}} | changes))
    return Plan(study, (DetectorSpec.parse("spectral_svm"), DetectorSpec.parse("dct_ridge")), {})


def test_a_cell_tries_all_pass_the_sweep_the_evidence_fixed_bands_and_the_search() -> None:
    made = plan(sweep=None, bands=[{"kind": "high", "low": 0.3}])
    assert (made.n_cells, made.n_bands) == (2, 1 + 1 + 4)
    assert plan().n_bands == 1 + len(plan().study.sweep_bands) + MOST_EVIDENCE_BANDS + 4


def test_without_the_oracle_the_chosen_band_is_fitted_once_more() -> None:
    assert plan(sweep=None).n_fits == 2 * 3 * 5
    assert plan(sweep=None, oracle=False).n_fits == 2 * 3 * 6


def test_dropped_pictures_are_those_of_the_draw_that_lost_most() -> None:
    counts = {("home", 0): {"train": 1, "val": 0}, ("home", 1): {"train": 0, "val": 3}, ("away", 0): {"train": 2, "val": 0}}
    assert replace(plan(), dropped=counts).dropped_leaks == {"home": {"train": 0, "val": 3}, "away": {"train": 2, "val": 0}}


def test_sizes_are_of_the_first_draw_by_split_and_class() -> None:
    home = OpenDomain("home", DatasetSpec("home"), 0, 0)
    home.__dict__["items"] = [Item("a", 0, "train"), Item("b", 0, "train"), Item("c", 1, "test")]  # a cached property
    away = OpenDomain("away", DatasetSpec("away"), 0, 0)
    away.__dict__["items"] = []
    first, second = replace(plan(), domains={("home", 0): home, ("away", 0): away}).sizes()
    assert (first.roles, second.roles) == (("train", "test"), ("test",))
    assert (first.count("train", 0), first.count("train", 1), first.count("test", 1)) == (2, 0, 1)
    assert second.to_json() == {
        "domain": "away", "roles": ["test"], "train_real": 0, "train_fake": 0, "val_real": 0, "val_fake": 0,
        "test_real": 0, "test_fake": 0,
    }  # fmt: skip


def test_a_trial_is_empty_if_one_of_its_fits_was() -> None:
    fits = (Record("a"), Record("b", error="keeps 1 frequency", empty=True))
    assert Trial(Band("low", 0.2), "search", interval(0.5, 0.1), fits).empty
    assert not Trial(Band("low", 0.2), "search", interval(0.5, 0.1), fits[:1]).empty


def test_the_title_of_a_cell_has_the_short_name_of_a_pool_and_its_label_the_whole() -> None:
    cell = replace(made_cell(("a", "b", "c", "away")), train="a & b & c")
    assert (cell.train_label, cell.title) == ("all but away", "spectral_svm on all but away")
    assert cell.label == "spectral_svm on a & b & c"


def test_a_plan_forgets_the_items_of_its_domains_and_of_what_they_are_parts_of() -> None:
    plain = OpenDomain("home", DatasetSpec("home"), 0, 0)
    part = replace(plain, plain=plain)
    for domain in (plain, part):
        domain.__dict__["items"] = [Item("a", 0, "train")]  # a cached property
    Plan(small_study(), (), domains={("home", 0): part}).forget_items()
    assert [vars(domain).get("items") for domain in (plain, part)] == [None, None]
