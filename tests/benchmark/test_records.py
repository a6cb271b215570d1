"""Records of a study: what names a fit, and what a plan adds up to."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from made_cells import item_set

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.records import Job
from bandbench.benchmark.registry import DetectorSpec


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
