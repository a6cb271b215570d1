"""Published numbers in the terminal: those that are compared in a table, the others counted."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rich.console import Console

from bandbench.benchmark.contracts import HowKnown, Reported
from bandbench.benchmark.results.reported_tests import compared
from bandbench.benchmark.results.rows import Row
from bandbench.benchmark.views.kernel import ALL_PASS
from bandbench.leaderboard.terminal.reported import print_reported

Maker = Callable[..., Any]
AUC = Reported(0.79, "auc", "set/b", "A paper", HowKnown.SECOND_HAND, "frames")
ACCURACY = Reported(0.9, "accuracy", "set/b", "A paper", HowKnown.READ)


def printed(row: Row, *published: Reported) -> str:
    console = Console(width=120, file=io.StringIO(), record=True)
    print_reported([replace(row, reported=compared(published, row))], console)
    return console.export_text()


def test_both_numbers_their_difference_and_the_answer(row_maker: Maker) -> None:
    text = printed(row_maker("svm", band=ALL_PASS), AUC, ACCURACY)
    assert "0.790" in text
    assert "0.800" in text
    assert "0.780-0.820" in text
    assert "+0.010" in text
    assert "the interval holds it" in text
    assert "A paper (second-hand)" in text
    assert "1 published number of svm has no measured one beside it here; the page and `bench show DETECTOR` list them." in text


def test_without_published_numbers_nothing_is_printed(row_maker: Maker) -> None:
    assert printed(row_maker("svm")) == ""


def test_what_is_not_compared_makes_no_table(row_maker: Maker) -> None:
    text = printed(row_maker("svm"), ACCURACY, replace(ACCURACY, value=0.8))
    start, _, end = text.strip().partition(" here; ")
    assert start == "2 published numbers of svm have no measured one beside them"
    assert end == "the page and `bench show DETECTOR` list them."
