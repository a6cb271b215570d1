"""Progress on the screen: a moving bar in a terminal or notebook, a line now and then elsewhere."""

import contextlib
import html
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from ..benchmark.errors import plain_text
from ..benchmark.frequency.bands import Band
from ..benchmark.metrics.digits import auc_text
from ..benchmark.reporting import Relay, Reporter, Silence
from .options import note_form

SECONDS_PER_LINE, SECONDS_OF_SILENCE = 10.0, 60.0
SPEED_PERIOD = 600.0  # seconds over which the time left is estimated: a fit may take minutes
BAR_WIDTH, WIDE = 24, 100
SECONDS_PER_UPDATE = 0.25  # of a notebook, to which each goes through the kernel's socket


def duration(seconds: float) -> str:
    """Format a duration in seconds, minutes or hours."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class NoteTaker(Relay):
    """
    Reporter that keeps the notes, each once, and hands everything on to another one; in Python, notes name parameters.

    Parameters
    ----------
    reporter : Reporter

    Attributes
    ----------
    notes : list of str
    """

    def __init__(self, reporter: Reporter) -> None:
        super().__init__(reporter)
        self.notes: list[str] = []
        self._form = note_form()  # now: other threads, which note things too, do not know who was called

    def note(self, text: str) -> None:
        text = self._form(text)
        if text not in self.notes:
            self.notes.append(text)
        super().note(text)


@contextlib.contextmanager
def reporting(progress: bool) -> Iterator[NoteTaker]:
    """
    Show progress during a block, where the caller is: in a terminal, in a notebook or in a log; or not at all.

    Parameters
    ----------
    progress : bool
        False: show nothing. The notes are taken all the same.
    """
    console = Console(stderr=True)
    if not progress:
        yield NoteTaker(Silence())
        return
    with NotebookReporter() if console.is_jupyter else ScreenReporter(console) as reporter:
        yield NoteTaker(reporter)


class ScreenReporter:
    """
    Reporter for people.

    Parameters
    ----------
    console : Console
        Of standard error, so that standard output stays clean for ``--json``.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._cells = ""
        self._best: dict[str, tuple[float, str]] = {}
        self._text = ""
        self._notes: set[str] = set()
        self._last_line = time.monotonic()
        self._over = threading.Event()
        narrow = console.width < WIDE
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=BAR_WIDTH // 2 if narrow else BAR_WIDTH),
            _Amount(),
            TimeElapsedColumn(),
            *([] if narrow else [TextColumn("left")]),
            TimeRemainingColumn(compact=True),
            console=console,
            speed_estimate_period=SPEED_PERIOD,
        )
        self._task = self._progress.add_task("starting", total=None, cells=False)
        self._live = Live(get_renderable=self._render, console=console, refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        else:
            threading.Thread(target=self._break_silence, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        if self._console.is_terminal:
            self._live.stop()

    def _render(self) -> Group:
        lines: list[RenderableType] = [self._progress]
        if self._best:
            label, (auc, band) = max(self._best.items(), key=lambda entry: entry[1][0])
            text = f"  best validation AUC so far: {auc_text(auc)} with {band}, {label}"
            lines.append(Text(text, style="dim", overflow="ellipsis", no_wrap=True))
        return Group(*lines)

    def stage(self, text: str, total: int | None) -> None:
        self._text = text
        self._progress.reset(self._task, total=total, description=text, start=True, cells=False)
        self._line(force=True)

    def advance(self, steps: int = 1) -> None:
        self._progress.advance(self._task, steps)
        self._line()

    def cells(self, done: int, total: int) -> None:
        self._cells = f"{done} of {total} cells"
        self._progress.update(self._task, description=f"{self._text} · {self._cells}", cells=True)
        self._line()

    def best(self, label: str, band: Band, auc: float) -> None:
        self._best[label] = (auc, str(band))

    def note(self, text: str) -> None:
        if text not in self._notes:  # a data set may be met several times in one command
            self._notes.add(text)
            self._console.print(Text(plain_text(text), style="yellow"), soft_wrap=True)

    def _line(self, force: bool = False) -> None:
        """Print a line every few seconds where the output is no terminal."""
        if self._console.is_terminal or not (force or time.monotonic() - self._last_line > SECONDS_PER_LINE):
            return
        self._last_line = time.monotonic()
        task = self._progress.tasks[0]
        best = max(self._best.values(), default=None) if task.fields["cells"] else None
        tail = f"; best validation AUC so far {auc_text(best[0])} ({best[1]})" if best else ""
        amount = _amount(task)
        remaining = f", {duration(task.time_remaining)} left" if amount and task.time_remaining else ""
        self._console.print(Text(f"{task.description}{': ' * bool(amount)}{amount}{remaining}{tail}"), soft_wrap=True)

    def _break_silence(self) -> None:
        """Print a line each minute while a single step takes long."""
        while not self._over.wait(1.0):
            if time.monotonic() - self._last_line > SECONDS_OF_SILENCE:
                self._last_line = time.monotonic()
                task = self._progress.tasks[0]
                amount = f": {_amount(task)}" if _amount(task) else ""
                text = f"{task.description}{amount}, at work for {duration(task.elapsed or 0)}"
                self._console.print(Text(text), soft_wrap=True)


class NotebookReporter:
    """
    Reporter for a notebook: a bar below the cell, of which nothing but the notes is left in the end.

    Rich's own display needs the widgets of Jupyter, which are lost in a stored notebook.
    """

    def __init__(self) -> None:
        from IPython.display import display

        self._display = display
        self._handle: Any = None
        self._text, self._cells, self._best = "starting", "", ""
        self._done, self._total = 0, 0
        self._auc = -1.0
        self._notes: list[str] = []
        self._shown, self._last, self._began = "", 0.0, time.monotonic()
        self._over = threading.Event()

    def __enter__(self) -> Self:
        self._handle = self._display(_Html(self._render()), display_id=True)
        threading.Thread(target=self._tick, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        self._handle.update(_Html(self._notes_html()))

    def stage(self, text: str, total: int | None) -> None:
        self._text, self._cells, self._done, self._total = text, "", 0, total or 0
        self._began = time.monotonic()
        self._update(force=True)

    def advance(self, steps: int = 1) -> None:
        self._done += steps
        self._update()

    def cells(self, done: int, total: int) -> None:
        self._cells = f"{done} of {total} cells"
        self._update()

    def best(self, label: str, band: Band, auc: float) -> None:
        if auc > self._auc:
            self._auc, self._best = auc, f"best validation AUC so far: {auc_text(auc)} with {band}, {label}"

    def note(self, text: str) -> None:
        if text not in self._notes:
            self._notes.append(text)
            self._update(force=True)

    def _tick(self) -> None:
        while not self._over.wait(1.0):
            self._update(force=True)

    def _update(self, force: bool = False) -> None:
        now = time.monotonic()
        if self._over.is_set() or not (force or now - self._last > SECONDS_PER_UPDATE):
            return
        self._last = now
        if (shown := self._render()) != self._shown:
            self._shown = shown
            self._handle.update(_Html(shown))

    def _render(self) -> str:
        if self._total and self._cells:
            amount = f"{int(100 * self._done / self._total)} %, {self._cells}"
        else:
            amount = f"{self._done} of {self._total}" if self._total else ""
        value = f' value="{self._done}" max="{self._total}"' if self._total else ""
        elapsed = duration(time.monotonic() - self._began)
        line = " · ".join(
            filter(None, [html.escape(self._text), amount, elapsed, html.escape(self._best if self._cells else "")])
        )
        return f"<progress{value}></progress> {line}{self._notes_html()}"

    def _notes_html(self) -> str:
        return "".join(f"<div>{html.escape(note)}</div>" for note in self._notes)


class _Html:
    """HTML for a notebook; nothing at all where only plain text is shown."""

    def __init__(self, text: str) -> None:
        self._text = text

    def _repr_html_(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return ""


class _Amount(ProgressColumn):
    """Progress of a stage."""

    def render(self, task: Task) -> Text:
        return Text(_amount(task) or (f"{task.total:.0f} to do" if task.total else ""), style="progress.download")


def _amount(task: Task) -> str:
    """Share of a stage of cells, whose steps are of several kinds; else steps of all steps; empty before the first."""
    if not (task.total and task.completed):
        return ""
    if task.fields["cells"]:
        return f"{int(100 * task.completed / task.total)} %"
    return f"{task.completed:.0f} of {task.total:.0f}"
