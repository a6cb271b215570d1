"""A run on the screen: a moving bar in a terminal, a line now and then elsewhere."""

import threading
import time
from types import TracebackType
from typing import Self

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

from ..frequency.bands import Band
from .report import duration

SECONDS_PER_LINE, SECONDS_OF_SILENCE = 10.0, 60.0
SPEED_PERIOD = 600.0  # seconds over which the time left is estimated: a fit may take minutes
BAR_WIDTH, WIDE = 24, 100


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
            text = f"  best validation AUC so far: {auc:.3f} with {band}, {label}"
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
            self._console.print(Text(text, style="yellow"), soft_wrap=True)

    def _line(self, force: bool = False) -> None:
        """Print a line every few seconds where the output is no terminal."""
        if self._console.is_terminal or not (force or time.monotonic() - self._last_line > SECONDS_PER_LINE):
            return
        self._last_line = time.monotonic()
        task = self._progress.tasks[0]
        best = max(self._best.values(), default=None) if task.fields["cells"] else None
        tail = f"; best validation AUC so far {best[0]:.3f} ({best[1]})" if best else ""
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
