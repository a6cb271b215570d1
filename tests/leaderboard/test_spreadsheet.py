"""CSV whose text cells are no formulas."""

import csv
import io
import math

import pytest

from bandbench.benchmark.store.cells import as_text, from_text
from bandbench.leaderboard.spreadsheet import lines_as_csv


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''=1"])
def test_a_formula_gets_one_apostrophe_that_is_taken_away_again(cell: str) -> None:
    assert as_text(cell) == f"'{cell}"
    assert from_text(as_text(cell)) == cell


@pytest.mark.parametrize("cell", ["", "plain", "'plain", "a=b", "1-2", " =1"])
def test_plain_text_is_not_changed(cell: str) -> None:
    assert as_text(cell) == cell
    assert from_text(cell) == cell


def test_lines_may_have_different_columns() -> None:
    text = lines_as_csv([{"name": "a", "auc": 0.5}, {"name": "b", "n": 3}])
    assert text == "name,auc,n\na,0.5,\nb,,3\n"


def test_undefined_values_are_empty_and_negative_numbers_stay_numbers() -> None:
    assert lines_as_csv([{"a": None, "b": math.nan, "c": -0.5, "d": "-0.5"}]) == "a,b,c,d\n,,-0.5,'-0.5\n"


def test_column_names_are_text_too_and_stand_without_lines() -> None:
    assert lines_as_csv([{"=x": "=y"}]) == "'=x\n'=y\n"
    assert lines_as_csv([], ["detector"]) == "detector\n"


def test_a_carriage_return_does_not_end_a_line() -> None:
    """The csv writer leaves it unquoted by itself; a reader would then see two lines."""
    (line,) = csv.DictReader(io.StringIO(lines_as_csv([{"a": "x\ry", "b": "z"}]), newline=""))
    assert line == {"a": "x\ry", "b": "z"}
