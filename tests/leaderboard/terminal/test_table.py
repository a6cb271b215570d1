"""Tables of boards with rows of several origins."""

import io
import math
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from bandbench.benchmark.results.rows import Row, SubmissionFacts
from bandbench.leaderboard.terminal.table import as_table, print_table

Maker = Callable[..., Any]


@pytest.fixture
def mixed(row_maker: Maker) -> list[Row]:
    """A recorded row, then a submitted one, of which less is known."""
    told = SubmissionFacts("theirs", notes=("[red]a note[/red]",))
    unknown = {"fit_seconds": math.nan, "ms_per_picture": math.nan, "coverage": math.nan, "evidence": None}
    theirs = row_maker("[bold]theirs", source="submitted", verified=True, submission=told, **unknown)
    return [row_maker(), theirs]


def test_the_table_says_what_was_submitted_and_shows_no_nan(mixed: list[Row]) -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(as_table(mixed, "made"))
    text = console.export_text()
    assert "[bold]theirs (theirs, submitted, verified)" in text
    assert "svm (" not in text
    assert "nan" not in text


def test_without_rows_there_is_a_sentence_and_no_frame(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([], "made")
    text = " ".join(capsys.readouterr().out.split())
    assert (
        text == "There are no rows yet: a study that still runs sends them, and the command of an interrupted one continues it."
    )


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


def test_a_gain_has_its_interval_where_there_is_room(
    row_maker: Maker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The ends of a difference have signs; a difference that is exactly zero has no interval to show."""
    gained = row_maker(gain=0.0125, gain_lo=-0.0694, gain_hi=0.0944)
    unchanged = row_maker(gain=0.0, gain_lo=0.0, gain_hi=0.0)
    monkeypatch.setenv("COLUMNS", "130")
    print_table([gained], "made")
    assert "-.069 +.094" in capsys.readouterr().out
    print_table([unchanged], "made")
    assert "+.000" not in capsys.readouterr().out.replace("+0.000", "")
    monkeypatch.setenv("COLUMNS", "90")
    print_table([gained], "made")
    assert "+.094" not in capsys.readouterr().out


def test_every_line_has_the_digits_that_tell_its_row(row_maker: Maker) -> None:
    rows = [row_maker(name) for name in "abc"]
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(as_table(rows, "made"))
    text = console.export_text()
    assert [text.count(row.id[:4]) for row in rows] == [1, 1, 1]
