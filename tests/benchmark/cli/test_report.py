"""Lines at the end of a command."""

import io

from rich.console import Console

from bandbench.api.notes import SHOWN_PROBLEMS
from bandbench.benchmark.cli.report import Step, print_problems, print_steps


def console() -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, width=40), stream


def test_the_first_problems_are_named_and_the_rest_is_counted() -> None:
    target, stream = console()
    print_problems([("mine", f"{i}.png", "error", "cannot be decoded") for i in range(SHOWN_PROBLEMS + 2)], target)
    lines = stream.getvalue().splitlines()
    assert lines[0].startswith(f"{SHOWN_PROBLEMS + 2} pictures could not be used")
    assert lines[1] == "  mine: 0.png: cannot be decoded"
    assert len(lines) == SHOWN_PROBLEMS + 2
    assert lines[-1] == "  … and 2 more"


def test_without_problems_or_steps_nothing_is_printed() -> None:
    target, stream = console()
    print_problems([], target)
    print_steps([], target)
    assert stream.getvalue() == ""


def test_a_step_is_one_line_however_narrow_the_terminal_is() -> None:
    target, stream = console()
    print_steps([Step("bench leaderboard --study band_search --html board.html", "the page [with] ranks")], target)
    assert stream.getvalue().splitlines() == [
        "",
        "Next steps:",
        "  bench leaderboard --study band_search --html board.html  # the page [with] ranks",
    ]
