"""``bench run`` and ``bench submit`` without options leave everything to the study."""

import dataclasses
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from bandbench.benchmark.cli.commands import Entry
from bandbench.benchmark.cli.requests.study import RunRequest, StudyRequest, SubmitRequest, words_of


@pytest.mark.parametrize("request_type", [RunRequest, SubmitRequest])
def test_an_option_that_is_not_given_changes_nothing(request_type: type[StudyRequest]) -> None:
    values = dataclasses.asdict(request_type())
    flags = {"drop_leaks", "allow_lookalikes", "fresh", "dry_run", "strict", "no_controls"} & set(values)
    assert {name: values[name] for name in flags} == dict.fromkeys(flags, False)
    assert {value for name, value in values.items() if name not in flags} == {None}


EVERY: dict[str, Any] = {
    "reference": "my study.yaml",
    "study": "s",
    "name": "a name",
    "data": ["mine=/a folder", "mine.depth=3"],
    "groups": ["g.csv"],
    "group_by": ["mine=(id\\d+)_"],
    "released": ["mine=2024"],
    "detector": ["spectral_svm", "file.py:Class"],
    "train": ["mine"],
    "test": ["mine", "yours"],
    "reals": ["./photos"],
    "trials": 0,
    "seeds": 2,
    "seed": 0,
    "mode": "keep",
    "crop": 64,
    "clips": "vote",
    "tracking_uri": "http://server:5000",
    "storage": "postgresql://u:p@host/db",
    "drop_leaks": True,
    "strict": True,
    "no_controls": True,
    "allow_lookalikes": True,
}


def test_the_words_of_a_request_give_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(EVERY) == {field.name for field in dataclasses.fields(StudyRequest)}
    got: list[RunRequest] = []
    monkeypatch.setattr(Entry, "_function", lambda self: got.append)
    app = typer.Typer()
    app.command()(Entry("run", "run", "", "study:RunRequest").callback())
    assert words_of(RunRequest()) == []
    words = words_of(SubmitRequest(**EVERY, shards=3, fresh=True, dry_run=True))
    assert CliRunner().invoke(app, words, catch_exceptions=False).exit_code == 0
    assert got == [RunRequest(**EVERY)]
