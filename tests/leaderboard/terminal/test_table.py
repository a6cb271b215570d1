"""Tables, CSV and notes of boards with rows of several origins."""

import csv
import io
import math
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from bandbench.benchmark.results.rows import Row, SubmissionFacts
from bandbench.leaderboard.notes import SHOWN_PARTS, row_notes
from bandbench.leaderboard.spreadsheet import from_text
from bandbench.leaderboard.terminal.table import as_csv, as_table, as_tests_csv, print_table

Maker = Callable[..., Any]


@pytest.fixture
def mixed(row_maker: Maker) -> list[Row]:
    """A recorded row, then a submitted one, of which less is known."""
    told = SubmissionFacts("theirs", notes=("[red]a note[/red]",))
    unknown = {"fit_seconds": math.nan, "ms_per_picture": math.nan, "coverage": math.nan, "evidence": None}
    theirs = row_maker("[bold]theirs", source="submitted", verified=True, submission=told, **unknown)
    return [row_maker(), theirs]


def test_a_submitted_row_adds_columns_and_no_nested_cell(mixed: list[Row]) -> None:
    lines = list(csv.DictReader(io.StringIO(as_csv(mixed))))
    assert [line["source"] for line in lines] == ["recorded", "submitted"]
    assert lines[1]["ms_per_picture"] == ""
    assert not any("{" in str(value) for line in lines for value in line.values())


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1"])
def test_no_name_is_a_formula(text: str, row_maker: Maker, test_maker: Maker) -> None:
    """Of what a run recorded as of what others brought: the text is there, with an apostrophe that can be taken away."""
    about = {"study": text, "worst_domain": text, "gaps": [text], "gain": -0.5, "data": {"x": {"missing": [text]}}}
    row = row_maker(text, text, tests=[test_maker(text, 0.5)], **about)
    (line,) = csv.DictReader(io.StringIO(as_csv([row]), newline=""))
    (test,) = csv.DictReader(io.StringIO(as_tests_csv([row]), newline=""))
    told = [
        *(line[key] for key in ("detector", "train", "study", "worst_domain", "gaps")),
        test["detector"],
        test["test.domain"],
    ]
    assert told == ["'" + text] * 7
    assert [from_text(one) for one in told] == [text] * 7
    assert line["gain"] == "-0.5"


def test_without_rows_a_csv_has_a_header() -> None:
    assert as_csv([]) == "detector\n"
    assert as_tests_csv([]) == "detector,test.domain\n"


def test_the_table_says_what_was_submitted_and_shows_no_nan(mixed: list[Row]) -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(as_table(mixed, "made"))
    text = console.export_text()
    assert "[bold]theirs (theirs, submitted, verified)" in text
    assert "svm (" not in text
    assert "nan" not in text


def test_notes_call_rows_by_number_or_by_name(row_maker: Maker, test_maker: Maker) -> None:
    tests = [test_maker("set/a", 0.9), test_maker("set/b", 0.8, lookalikes=3)]
    rows = [row_maker(f"d{i}", tests=tests) for i in range(SHOWN_PARTS + 2)]
    ((numbered, mine),) = row_notes(rows)
    ((named, _),) = row_notes(rows, by_name=True)
    assert mine == list(range(len(rows)))
    assert numbered.endswith("(rows 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, and 2 more).")
    assert "(rows d0 ← set/a, d1 ← set/a, " in named


def test_without_rows_there_is_a_sentence_and_no_frame(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([], "made")
    assert capsys.readouterr().out == "No cell has been finished yet.\n"


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_the_table_fits_and_cuts_no_number(
    row_maker: Maker, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    row = row_maker(in_domain_auc=0.987, in_domain_auc_lo=0.912, in_domain_auc_hi=0.994, gain=-0.125, oracle_auc=0.876)
    print_table([row], "made")
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= width
    assert all(number in text for number in ("0.987", ".912-.994", "-0.125", "0.876"))


def test_computed_pictures_that_look_alike_are_no_note(row_maker: Maker, test_maker: Maker) -> None:
    row = row_maker(tests=[test_maker("procedural/blend", 0.8, lookalikes=3)])
    assert row_notes([row]) == []
