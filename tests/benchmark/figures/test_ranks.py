"""Rank intervals: one line per row, one colour per tie group."""

import math

from bandbench.benchmark.figures.ranks import UNRANKED, RankedLine, RankedSet, draw_ranks

LINES = (
    RankedLine("a", 0.9, 0.85, 0.95, 1, 2, 1),
    RankedLine("b", 0.8, 0.75, 0.85, 1, 2, 1),
    RankedLine("c", 0.6, 0.55, 0.65, 3, 3, 2),
    RankedLine("coin", 0.5, math.nan, math.nan),
)


def test_rows_of_a_tie_group_share_a_colour_and_others_have_none() -> None:
    colours = [line.colour for line in LINES]
    assert colours[0] == colours[1]
    assert len(set(colours)) == 3
    assert colours[3] == UNRANKED


def test_intervals_are_where_the_numbers_are() -> None:
    figure = draw_ranks([RankedSet("set A", LINES), RankedSet("set B", LINES[:1])], "title")
    assert figure is not None
    values, ranks, *others = figure.axes
    assert len(others) == 2
    assert [label.get_text() for label in values.get_yticklabels()] == ["a", "b", "c", "coin"]
    assert [list(line.get_xdata()) for line in ranks.get_lines()] == [[1, 2], [1, 2], [3, 3]]
    assert [text.get_text() for text in ranks.texts] == ["no rank"]
    assert values.get_ylim()[0] > values.get_ylim()[1]  # the first row is on top
    assert ranks.get_lines()[2].get_marker() == "o"  # an interval of one rank is seen


def test_sets_without_an_auc_are_left_out() -> None:
    nothing = RankedSet("none", (RankedLine("a", math.nan, math.nan, math.nan),))
    assert draw_ranks([nothing], "title") is None
    figure = draw_ranks([nothing, RankedSet("set A", LINES)], "title")
    assert figure is not None
    assert len(figure.axes) == 2
