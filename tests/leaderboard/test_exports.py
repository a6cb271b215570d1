"""JSON and CSV of boards with rows of several origins."""

import csv
import io
import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.rows import Row, SubmissionFacts
from bandbench.benchmark.store.cells import from_text
from bandbench.leaderboard.exports import as_csv, as_tests_csv

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


def test_a_comb_has_its_lattice_and_no_cut_off(row_maker: Maker) -> None:
    comb = Band("comb", period=4, halfwidth=0.03)
    rows = [row_maker(), row_maker("b", band=comb)]
    plain, lattice = csv.DictReader(io.StringIO(as_csv(rows)))
    names = ("kind", "cutoff", "width", "period", "halfwidth", "points")
    assert [lattice[f"band.{name}"] for name in names] == ["comb", "", "", "4", "0.03", "all"]
    assert [plain[f"band.{name}"] for name in names[3:]] == ["", "", ""]
    assert "band.period" not in as_csv(rows[:1])
    assert Row.from_json(json.loads(json.dumps(rows[1].to_json()))).band == comb
