"""The steps of ``bench run``: options make a plan, an outcome becomes text."""

import io
from typing import Any

import pytest
import typer
from rich.console import Console

from bandbench.benchmark.cli import study_run
from bandbench.benchmark.errors import DataError, StudyError, TrackingError
from bandbench.benchmark.search.run import Outcome
from conftest import SilentReporter

UNCHANGED = {"name": None}


def plan(data: list[str], train: tuple[str, ...] = (), changes: dict[str, Any] | None = None) -> tuple[Any, list[str]]:
    reporter: Any = SilentReporter()
    return study_run.plan_study("band_search", data, train, (), UNCHANGED | (changes or {}), reporter), reporter.notes


def test_options_change_the_study_and_its_board() -> None:
    changed, _ = plan([], changes={"search.trials": 3, "seeds": 1})
    assert (changed.study.search.trials, changed.study.seeds) == (3, 1)
    assert changed.study.name.startswith("band_search~")
    unchanged, notes = plan([], changes={"search.trials": None, "detectors": []})
    assert (unchanged.study.name, notes) == ("band_search", [])


def test_a_name_of_ones_own_is_taken_as_it_stands() -> None:
    named, _ = plan([], changes={"name": "mine", "seeds": 1})
    assert named.study.name == "mine"


def test_data_that_no_domain_uses_are_refused(picture_folder: Any) -> None:
    with pytest.raises(DataError, match="--data mine is not used by this run; add --train mine or --test mine"):
        plan([f"mine={picture_folder()}"], train=("procedural/planted",))


def test_ones_own_data_take_the_place_of_the_studys(picture_folder: Any) -> None:
    changed, notes = plan([f"mine={picture_folder()}"])
    assert (changed.study.train, changed.study.test) == (("mine",), ("mine",))
    assert notes[0].startswith("mine is no data set of the study band_search: this run trains and tests on nothing else")


def test_a_stated_date_is_recorded_and_moves_no_board(picture_folder: Any) -> None:
    reporter: Any = SilentReporter()
    data = [f"mine={picture_folder()}"]
    dated = study_run.plan_study("band_search", data, (), (), UNCHANGED, reporter, {"mine": "2024-03"})
    assert dated.released == {"mine": "2024-03"}
    assert dated.study.name == plan(data)[0].study.name
    with pytest.raises(DataError, match=r"--released: unknown domain or data set of this run 'yours'"):
        study_run.plan_study("band_search", data, (), (), UNCHANGED, reporter, {"yours": "2024-03"})
    with pytest.raises(StudyError, match="a date is written 2022"):
        study_run.plan_study("band_search", data, (), (), UNCHANGED, reporter, {"mine": "soon"})


def test_a_store_that_does_not_answer_is_no_reason_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(uri: str) -> None:
        raise TrackingError(f"{uri} does not answer.")

    reporter: Any = SilentReporter()
    monkeypatch.setattr(study_run, "check_tracking_store", refuse)
    assert not study_run.stores_answer("http://127.0.0.1:1", None, reporter)
    assert reporter.notes == ["http://127.0.0.1:1 does not answer. Until then results would be kept here."]


def test_ctrl_c_keeps_what_was_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> Outcome:
        raise KeyboardInterrupt

    reporter: Any = SilentReporter()
    monkeypatch.setattr(study_run, "run_study", stop)
    empty: Any = None
    with pytest.raises(typer.Exit) as ended:
        study_run.run_plan(empty, 1, "", None, False, reporter)
    assert ended.value.exit_code == 130
    assert reporter.notes == ["Stopped. What was finished is kept; the same command continues."]


def test_gaps_failures_and_unsent_results_are_named() -> None:
    stream = io.StringIO()
    outcome = Outcome(
        unsent=2,
        tracking_problem="The store does not answer.",
        failures={"svm on mine": "one class only"},
        gaps={"svm on mine": ("empty band", "empty band")},
    )
    study_run._report_gaps(outcome, Console(file=stream, width=40))
    assert stream.getvalue().splitlines() == [
        "no result for svm on mine: one class only",
        "svm on mine: 2 bands could not be scored, the first: empty band",
        "The store does not answer.",
        "The results are kept here; `bench sync` sends them once the store answers.",
    ]
