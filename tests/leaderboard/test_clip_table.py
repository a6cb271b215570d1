"""Numbers per clip in the terminal: only where there are clips, and legible at 60 columns."""

import io
from typing import Any

import pytest
from rich.console import Console

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.rows import Row, TestResult
from bandbench.leaderboard.clip_table import as_clip_table, print_clips

NUMBERS = {
    f"clip_{name}{end}": value + step
    for name, value in (("auc", 0.9), ("balanced_accuracy", 0.8), ("pd10", 0.7), ("pd5", 0.6), ("pd1", float("nan")))
    for end, step in (("", 0.0), ("_lo", -0.05), ("_hi", 0.05))
}


def result(domain: str, clips: str = "mean", **changes: Any) -> TestResult:
    metrics = {"n_clips": 140, **NUMBERS} if clips else {}
    return TestResult(domain, 0.8, 0.7, 0.9, 4480, 1.0, clips=clips, metrics=metrics, **changes)


def row(*tests: TestResult) -> Row:
    return Row("spectral_svm", "ffpp/Deepfakes@c23", "chosen", Band("low", 0.2), tests=tests)


def printed(rows: list[Row], width: int = 100) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    print_clips(rows, "made", console)
    return console.export_text()


def test_a_line_per_row_and_domain_of_clips() -> None:
    text = printed([row(result("ffpp/Deepfakes@c23"), result("ffpp/FaceSwap@c23"), result("faces", clips=""))])
    assert text.startswith("made: per clip (mean score of its frames)")
    assert "faces" not in text
    assert text.count("140") == 2
    assert [text.count(number) for number in ("0.900", ".850-.950", "0.800", "0.700", "–")] == [2, 2, 2, 2, 2]


def test_nothing_is_printed_without_clips() -> None:
    assert as_clip_table([row(result("faces", clips=""))], "made") is None
    assert printed([row(result("faces", clips=""))]) == ""
    assert printed([row(result("ffpp/Deepfakes@c23+jpeg:quality=50"))]) == ""  # the table of perturbations is another one


def test_rules_are_named_where_they_differ() -> None:
    text = printed([row(result("a", clips="vote"), result("b", clips="top_third"))])
    assert text.splitlines()[0].strip() == "made: per clip"
    assert "140, vote" in text
    assert "140, top_third" in text


def test_a_domain_without_numbers_says_why() -> None:
    text = printed([row(result("a", clips="", clip_problem="the frames of clip x have more than one label."))])
    assert "a has no numbers per clip: the frames of clip x have more than one label." in text


@pytest.mark.parametrize("width", [60, 80, 140])
def test_lines_fit_the_terminal(width: int) -> None:
    text = printed([row(result("ffpp/NeuralTextures@c23"))], width)
    assert max(map(len, text.splitlines())) <= width
    assert "0.900" in text
