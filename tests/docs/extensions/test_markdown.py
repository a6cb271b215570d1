"""Pieces of Markdown."""

from extensions.markdown import code, escape, table


def test_markup_is_escaped_outside_of_code() -> None:
    assert escape("group[, target] <int> `a_b` c_d") == r"group\[, target\] \<int\> `a_b` c\_d"


def test_a_bar_in_code_does_not_end_a_cell() -> None:
    assert code("a|b") == r"`a\|b`"
    assert code("") == ""


def test_a_table_has_a_line_for_each_row() -> None:
    assert table(("a", "b"), [("1", "two\nlines")]) == "| a | b |\n| --- | --- |\n| 1 | two lines |\n"
