"""What a run tells of itself on a screen and in a log."""

import io
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from bandbench.api.progress import NotebookReporter, ScreenReporter, duration, reporting
from bandbench.benchmark.frequency.bands import Band


def log(width: int = 60) -> tuple[ScreenReporter, io.StringIO]:
    file = io.StringIO()
    return ScreenReporter(Console(file=file, width=width)), file


def test_a_log_has_a_line_per_stage_and_no_control_characters() -> None:
    reporter, file = log()
    with reporter:
        reporter.stage("reading", None)
        reporter.stage("searching bands", 4)
        reporter.cells(0, 2)
        reporter.best("a ← b", Band("low", 0.25), 0.9)
        reporter.advance(4)
        reporter.note("[red]said[/red] " + "x" * 80)
    lines = file.getvalue().splitlines()
    assert lines == ["reading", "searching bands", "[red]said[/red] " + "x" * 80]
    assert all(line.isprintable() for line in lines)


def test_a_note_is_said_once() -> None:
    reporter, file = log()
    with reporter:
        for text in ("mine was split again", "other was split again", "mine was split again"):
            reporter.note(text)
    assert file.getvalue().splitlines() == ["mine was split again", "other was split again"]


def test_work_that_is_not_counted_yet_is_no_zero_of_many() -> None:
    reporter, file = log()
    reporter.stage("cutting faces", 70)
    assert "70 to do" in shown(reporter)
    reporter.advance()
    assert "1 of 70" in shown(reporter)
    assert "0 of 70" not in file.getvalue()


def test_a_stage_of_cells_tells_its_share() -> None:
    reporter, _ = log()
    reporter.stage("searching bands", 200)
    reporter.cells(1, 3)
    reporter.advance(199)
    text = shown(reporter)
    assert "searching bands · 1 of 3 cells" in text
    assert "99 %" in text


def shown(reporter: ScreenReporter, width: int = 120) -> str:
    console = Console(file=io.StringIO(), width=width, record=True)
    console.print(reporter._render())
    return console.export_text()


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (89, "89 s"), (90, "2 min"), (5399, "90 min"), (5400, "1.5 h")])
def test_a_duration_has_the_unit_that_people_use(seconds: float, text: str) -> None:
    assert duration(seconds) == text


class Handle:
    """A cell of a notebook that keeps what it showed."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def display(self, thing: Any, display_id: bool = False) -> "Handle":
        assert display_id
        self.update(thing)
        return self

    def update(self, thing: Any) -> None:
        self.shown.append(thing._repr_html_())
        assert repr(thing) == ""


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> Handle:
    handle = Handle()
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=handle.display))
    return handle


def test_a_notebook_has_a_bar_of_which_the_notes_are_left(cell: Handle) -> None:
    with NotebookReporter() as reporter:
        reporter.stage("searching <bands>", 4)
        reporter.cells(1, 2)
        reporter.best("a ← b", Band("low", 0.25), 0.9)
        reporter.best("worse", Band("low", 0.25), 0.8)
        reporter.advance(3)
        reporter.note("mine & yours")
        reporter.note("mine & yours")
        last = cell.shown[-1]
    assert '<progress value="3" max="4"></progress> searching &lt;bands&gt; · 75 %, 1 of 2 cells' in last
    assert "best validation AUC so far: 0.900 with low" in last
    assert last.count("<div>mine &amp; yours</div>") == 1
    assert cell.shown[-1] == "<div>mine &amp; yours</div>"


def test_a_stage_without_a_length_has_no_end(cell: Handle) -> None:
    with NotebookReporter() as reporter:
        reporter.stage("reading", None)
        assert cell.shown[-1].startswith("<progress></progress> reading · 0 s")
    assert cell.shown[-1] == ""


def test_notes_are_taken_whatever_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    with reporting(progress=False) as silent:
        silent.stage("reading", None)
        silent.note("left out")
        silent.note("left out")
    assert silent.notes == ["left out"]
    assert capfd.readouterr() == ("", "")
    with reporting(progress=True) as shown:
        shown.note("left out")
    assert shown.notes == ["left out"]
    assert capfd.readouterr().err == "left out\n"
