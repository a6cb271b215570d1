"""The steps of ``bench run``: options make a plan, an outcome becomes text."""

import io
from dataclasses import fields
from typing import Any

from rich.console import Console

from bandbench.api.study import StudyOptions
from bandbench.benchmark.cli import study_run
from bandbench.benchmark.cli.requests.study import RunRequest
from bandbench.benchmark.search.run import Outcome


def test_every_option_of_the_study_reaches_it() -> None:
    values: dict[str, Any] = {
        "name": "mine",
        "detector": ["coin_flip"],
        "train": ["procedural/blend"],
        "test": ["procedural/upconv"],
        "reals": ["procedural"],
        **{"trials": 3, "seeds": 2, "seed": 7, "mode": "pixels", "crop": 64, "clips": "vote"},
        **{"drop_leaks": True, "no_controls": True, "allow_lookalikes": True, "released": ["mine=2024-03"]},
    }
    options = study_run._options_of(RunRequest(**values), "band_search", [])
    usual = StudyOptions(options.study)
    same = [field.name for field in fields(options) if getattr(options, field.name) == getattr(usual, field.name)]
    assert same[:2] == ["study", "data"]
    assert set(same[2:]) <= {"released"}
    assert options.detectors == ({"name": "coin_flip"},)
    assert options.changes["search.trials"] == 3


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
