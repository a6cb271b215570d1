"""The shard of a run is what was asked for, or the place of a task in its SLURM array."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import bandbench as bb
from bandbench.api.shards import as_shard, settled_shard
from bandbench.benchmark.errors import StudyError
from bandbench.benchmark.records import Shard

ARRAY = {"ID": "2", "COUNT": "3", "MIN": "0", "MAX": "2", "STEP": "1"}


def array(**changes: str) -> dict[str, str]:
    """Variables that SLURM sets in a task of an array."""
    return {f"SLURM_ARRAY_TASK_{name}": value for name, value in (ARRAY | changes).items()}


def test_a_shard_is_read_as_it_is_written() -> None:
    assert as_shard("0/4") == Shard(0, 4)
    assert as_shard(" 3 / 4 ") == Shard(3, 4)
    assert str(as_shard("3/4")) == "3/4"
    assert as_shard(Shard(1, 2)) == Shard(1, 2)
    assert (as_shard("none"), as_shard(None)) == (None, None)


@pytest.mark.parametrize(
    "text", ["3/3", "-1/4", "a/b", "1/0", "0/0", "", "1", "1/2/3", "1/2 3", "+1/4", "٣/٤", "9" * 5000 + "/1"]
)
def test_what_is_no_shard_is_refused_with_the_form_that_is_wanted(text: str) -> None:
    with pytest.raises(StudyError, match=r"--shard takes I/N, .* \(0/4 is the first of four\), or none; got '"):
        as_shard(text)


def test_a_number_is_no_shard() -> None:
    with pytest.raises(ValueError, match="got 3"):
        as_shard(3)  # pyright: ignore[reportArgumentType] (what a user may type)


def test_outside_of_an_array_all_cells_are_computed() -> None:
    assert settled_shard(None, {}) == (None, "")
    assert settled_shard(None, {"SLURM_JOB_ID": "7"}) == (None, "")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Shard(2, 3)),
        ({"ID": "1", "MIN": "1", "MAX": "3"}, Shard(0, 3)),
        ({"ID": "10", "MIN": "2", "MAX": "14", "STEP": "4", "COUNT": "4"}, Shard(2, 4)),
        ({"ID": "5", "MIN": "5", "MAX": "5", "COUNT": "1"}, Shard(0, 1)),
    ],
)
def test_the_task_of_an_array_is_a_shard_and_that_is_said(changes: dict[str, str], expected: Shard) -> None:
    shard, note = settled_shard(None, array(**changes))
    assert shard == expected
    assert f"Shard {expected}, of SLURM_ARRAY_TASK_ID=" in note
    assert "--shard none" in note


def test_least_and_step_may_be_missing() -> None:
    environment = {"SLURM_ARRAY_TASK_ID": "1", "SLURM_ARRAY_TASK_COUNT": "4"}
    assert settled_shard(None, environment)[0] == Shard(1, 4)


@pytest.mark.parametrize(
    "changes", [{"ID": "7", "MIN": "1", "MAX": "7"}, {"ID": "1", "MIN": "1", "MAX": "7"}, {"ID": "3", "STEP": "2", "MAX": "4"}]
)
def test_tasks_that_are_not_evenly_spaced_are_refused(changes: dict[str, str]) -> None:
    """``--array=1,3,7`` has three tasks with the step 1: the place of a task among them is not known."""
    with pytest.raises(StudyError, match="not evenly spaced .*number them 0 to N - 1, or give --shard I/N or --shard none"):
        settled_shard(None, array(**changes))


def test_variables_that_are_no_numbers_are_named() -> None:
    with pytest.raises(StudyError, match="not known from SLURM_ARRAY_TASK_ID=x"):
        settled_shard(None, array(ID="x"))


def test_what_is_asked_for_goes_before_the_array() -> None:
    assert settled_shard("0/2", array()) == (Shard(0, 2), "")
    assert settled_shard("none", array()) == (None, "")


def test_the_python_function_takes_it_from_the_array_too(
    picture_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: dict[str, Any] = {"name": "small", "detectors": ["coin_flip"], "train": ["mine"], "test": ["mine"], "seeds": 1}
    keys |= {"sweep": None, "search": {"trials": 0}, "crop": {"side": 64}, "controls": True, "bootstrap": 200}
    for name, value in array(ID="0").items():
        monkeypatch.setenv(name, value)
    options: dict[str, Any] = {"data": {"mine": picture_folder(n=24)}, "jobs": 1, "progress": False}
    part = bb.run(keys, **options)
    assert [row.detector for row in part.rows] == ["coin_flip"]
    assert any(note.startswith("Shard 0/3, of SLURM_ARRAY_TASK_ID=0") for note in part.notes)
    assert part.notes[-1].startswith("1 of 1 cell of shard 0/3 recorded; when all shards have ended: ")
    whole = bb.run(keys, shard="none", **options)
    assert {row.detector for row in whole.rows} == {"coin_flip", "file_facts", "permuted_labels"}
    assert whole.computed == 2
    with pytest.raises(ValueError, match=r"^fresh begins a new attempt .*bench submit --fresh"):
        bb.run(keys, shard="0/3", fresh=True, **options)
