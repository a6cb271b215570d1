"""Text cells that a spreadsheet does not take for formulas."""

import pytest

from bandbench.benchmark.store.cells import as_text, from_text


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", "\uff0b1", "'=1", "''=1"])
def test_a_formula_gets_one_apostrophe_that_is_taken_away_again(cell: str) -> None:
    assert as_text(cell) == f"'{cell}"
    assert from_text(as_text(cell)) == cell


@pytest.mark.parametrize("cell", ["", "plain", "'plain", "a=b", "1-2", " =1"])
def test_plain_text_is_not_changed(cell: str) -> None:
    assert as_text(cell) == cell
    assert from_text(cell) == cell
