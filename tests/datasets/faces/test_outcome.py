"""Outcomes: counts per domain and class, completeness, warnings, and the list of problems."""

import csv
import json
from dataclasses import asdict
from pathlib import Path

import pytest

from bandbench.benchmark.store.files import write_json
from bandbench.datasets.copies.losses import Losses
from bandbench.datasets.copies.prepared import PROBLEMS, SOURCE, Crop, Origin, Preparation, SourceRecord
from bandbench.datasets.copies.settings import Settings
from bandbench.datasets.copies.survey import Source, Survey
from bandbench.datasets.copies.tree import Trouble
from bandbench.datasets.faces.outcome import (
    UNREAD,
    ClassCounts,
    OutcomeCounter,
    PreparationOutcome,
    SourceOutcome,
    write_problems,
)

CROP = Crop("000000.png", 0, 0.0, (0, 0, 8, 8), 0.5, (), "", 8, 8)
SOURCES = [
    Source("r0", "clip", 0, ("a", "b")),
    Source("r1", "clip", 0, ("b",)),
    Source("f0", "clip", 1, ("a",)),
    Source("f1", "clip", 1, ("a",)),
]


def empty_preparation(folder: Path, sources: list[Source] = SOURCES) -> Preparation:
    survey = Survey(tuple(sources)).as_dict()
    return Preparation.create(folder, Origin("clips", folder.parent), 1, Settings(), survey, command="again", made_with={})


def test_an_outcome_is_a_record_without_its_crops() -> None:
    record = SourceRecord("r0", "ok", "1 of 5 frames", 10, 20, 5, (CROP, CROP))
    assert SourceOutcome.of(record) == SourceOutcome("r0", "ok", "1 of 5 frames", 2, Losses(5, 3))


def test_a_source_counts_in_each_of_its_domains() -> None:
    counter = OutcomeCounter(SOURCES)
    assert [(c.domain, c.label, c.sources, c.left) for c in counter.counts] == [("a", 0, 1, 1), ("a", 1, 2, 2), ("b", 0, 2, 2)]
    counter.add(SourceOutcome("r0", "ok", "", 3, Losses(4, 1)))
    real_a, fake_a, real_b = counter.counts
    assert real_a == ClassCounts("a", 0, sources=1, crops=3, left=0, frames=4, lost=1)
    assert fake_a == ClassCounts("a", 1, sources=2, left=2)
    assert real_b == ClassCounts("b", 0, sources=2, crops=3, left=1, frames=4, lost=1)


def test_every_status_has_its_count() -> None:
    counter = OutcomeCounter(SOURCES[2:])
    counter.add(SourceOutcome("f0", "no_face", "", 0, Losses(4, 4)))
    counter.add(SourceOutcome("f1", UNREAD, "cannot be read now", 0))
    assert counter.counts == [ClassCounts("a", 1, sources=2, no_face=1, left=1, frames=4, lost=4)]
    counter = OutcomeCounter(SOURCES[2:3])
    counter.add(SourceOutcome("f0", "error", "", 0))
    assert counter.counts == [ClassCounts("a", 1, sources=1, errors=1)]


@pytest.mark.parametrize("name", ["no_face", "errors", "left"])
def test_a_source_without_crops_makes_it_incomplete(tmp_path: Path, name: str) -> None:
    outcome = PreparationOutcome(Preparation(tmp_path, {}), [ClassCounts("", 0, sources=2, crops=9)])
    assert outcome.complete
    outcome.counts.append(ClassCounts("", 1, sources=1, **{name: 1}))
    assert not outcome.complete and outcome.n_crops == 9


def test_a_domain_whose_classes_lose_unlike_shares_of_their_frames_is_named(tmp_path: Path) -> None:
    counts = [
        ClassCounts("a", 0, frames=100, lost=2),
        ClassCounts("a", 1, frames=100, lost=31),
        ClassCounts("b", 0, frames=100, lost=2),
        ClassCounts("b", 1, frames=100, lost=3),
    ]
    (warning,) = PreparationOutcome(Preparation(tmp_path, {}), counts).warnings
    assert warning.startswith("a: no face in 2 % of the real and 31 % of the fake frames; ")
    whole = [ClassCounts("", 0, frames=10), ClassCounts("", 1, frames=10, lost=5)]
    (warning,) = PreparationOutcome(Preparation(tmp_path, {}), whole).warnings
    assert warning.startswith("no face in 0 % of the real and 50 % of the fake frames; ")


def test_the_report_can_be_written_as_json(tmp_path: Path) -> None:
    preparation = empty_preparation(tmp_path / "out")
    outcome = PreparationOutcome(preparation, [ClassCounts("a", 1, sources=2, left=1)], done=1, sheets=(tmp_path / "s.png",))
    outcome.problems.append(Trouble("f1", UNREAD, "cannot be read now"))
    report = json.loads(json.dumps(outcome.as_dict(), default=str))
    assert report["domains"][0]["label"] == "fake" and report["domains"][0]["left"] == 1
    assert report["problems"] == [{"path": "f1", "status": "unread", "detail": "cannot be read now"}]
    assert (report["complete"], report["done"], report["command"]) == (False, 1, "again")
    assert report["contact_sheets"] == [str(tmp_path / "s.png")]
    assert set(report) == {
        *("folder", "dataset", "root", "options", "settings", "command", "digest", "complete", "done", "known", "domains"),
        *("problems", "missing", "notes", "warnings", "vanished", "contact_sheets"),
    }


def test_problems_of_earlier_runs_stay_in_the_list(tmp_path: Path) -> None:
    preparation = empty_preparation(tmp_path / "out")
    for record in (SourceRecord("r0", "ok", crops=(CROP,)), SourceRecord("r1", "error", "damaged")):
        place = preparation.source_folder(record.id)
        place.mkdir(parents=True)
        write_json(place / SOURCE, asdict(record))
    preparation.write_index()
    outcome = PreparationOutcome(preparation)
    outcome.problems += [Trouble("r1", "error", "damaged"), Trouble("link", "outside", "leads out of the root")]
    write_problems(outcome)
    with (preparation.folder / PROBLEMS).open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["path", "status", "detail"],
        ["r1", "error", "damaged"],
        ["link", "outside", "leads out of the root"],
    ]
