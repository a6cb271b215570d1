"""Fits that are on record and are computed again are counted by cell, and the course of the cell stays as it is."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.records import Job, Record, Task
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.search.changed_records import WatchedRecords
from bandbench.benchmark.search.fit import record_path
from bandbench.benchmark.store.files import write_json
from bandbench.benchmark.store.folders import results_root
from bandbench.benchmark.study.study_file import Study
from bandbench.benchmark.workers import WorkLostError
from conftest import SilentReporter, run, small_study
from made_cells import item_set


@pytest.fixture
def jobs(tmp_path: Path) -> list[Job]:
    """Three fits, of which the last has no record."""
    train, val = item_set("home", "train"), item_set("home", "val")
    detector, records = DetectorSpec.parse("coin_flip"), str(tmp_path / "records")
    all_jobs = [Job(detector, Band("low", 0.1), draw, train, val, (), records) for draw in range(3)]
    for job in all_jobs[:2]:
        write_json(record_path(records, job.key), {"key": job.key})
    return all_jobs


def test_only_what_was_on_record_and_was_computed_in_this_run_counts_once(jobs: list[Job]) -> None:
    answers = [Record(job.key) for job in jobs]

    def course() -> Generator[Any, Any, Any]:
        first = yield jobs
        second = yield jobs
        yield [Task(len, ())]
        return first, second

    watched = WatchedRecords()
    watching = watched.of_cell("detector on mine", course())
    assert next(watching) is jobs
    for job in jobs[1:]:  # the first is taken from its record
        write_json(record_path(job.records, job.key), {"key": job.key})
    assert watching.send(answers) is jobs
    for job in jobs:
        write_json(record_path(job.records, job.key), {"key": job.key})
    watching.send(answers)
    with pytest.raises(StopIteration) as stop:
        watching.send([0.5])
    assert stop.value.value == (answers, answers)
    assert dict(watched.changed) == {"detector on mine": 1}
    assert watched.text == (
        "1 recorded fit was computed again, as files of its record had been changed or damaged, or are of an earlier version: "
        "detector on mine (1)."
    )


def test_lost_work_reaches_the_cell(jobs: list[Job]) -> None:
    def course() -> Generator[Any, Any, Any]:
        try:
            yield jobs
        except WorkLostError as error:
            yield [str(error)]
        return "done"

    watched = WatchedRecords()
    watching = watched.of_cell("cell", course())
    next(watching)
    assert watching.throw(WorkLostError("lost")) == ["lost"]
    with pytest.raises(StopIteration, match="done"):
        watching.send([None])
    assert not watched.changed


def test_a_run_tells_how_many_records_it_computed_again(picture_folder: Callable[..., Path]) -> None:
    data, study = {"mine": picture_folder()}, small_study()
    assert not any("computed again" in note for note in _notes(study, data))
    for record in sorted((results_root() / "records").rglob("*.json"))[:2]:
        for path in record.parent.glob(f"{record.stem}*.parquet"):
            path.write_bytes(path.read_bytes() + b"x")
    for path in (results_root() / "cells").glob("*/rows.json"):
        path.unlink()
    (note,) = [note for note in _notes(study, data) if "computed again" in note]
    assert note.startswith("2 recorded fits were computed again, as files of their records had been changed or damaged, or ")
    assert not any("computed again" in note for note in _notes(study, data))


def _notes(study: Study, data: dict[str, Path]) -> list[str]:
    reporter = SilentReporter()
    run(study, data, reporter=reporter)
    return reporter.notes
