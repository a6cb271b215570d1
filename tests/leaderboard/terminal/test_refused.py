"""Refused runs in the terminal: one line each, whose names are no markup."""

import io

from rich.console import Console

from bandbench.benchmark.results.refusals import Refusal, RefusedBecause
from bandbench.leaderboard.terminal.refused import MOST_SHOWN, print_refused


def printed(refusals: list[Refusal], width: int = 100) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    print_refused(refusals, console)
    return console.export_text()


def test_nothing_is_printed_where_nothing_was_refused() -> None:
    assert printed([]) == ""


def test_each_has_its_run_and_its_reason() -> None:
    text = printed([Refusal(RefusedBecause.EDITED, "another digest.", "run1", "s", "[bold]svm[/bold]", "mine")])
    assert "run1" in text
    assert "[bold]svm[/bold]" in text
    assert "edited: another digest." in text


def test_a_narrow_terminal_has_room_and_many_are_counted() -> None:
    many = [Refusal(RefusedBecause.INVALID, "a sentence of some words. " * 5, f"{n:032x}") for n in range(MOST_SHOWN + 3)]
    text = printed(many, 79)
    assert max(map(len, text.splitlines())) <= 79
    assert "and 3 more, in --json" in text
