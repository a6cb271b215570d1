"""A run on the screen: a moving bar in a terminal, a line now and then elsewhere."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from ..bands import Band

SECONDS_PER_LINE = 10.0


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
        self._last_line = 0.0
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(compact=True),
            console=console,
        )
        self._task = self._progress.add_task("starting", total=None)
        self._live = Live(get_renderable=self._render, console=console, refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def _render(self) -> Group:
        lines: list[RenderableType] = [self._progress]
        if self._best:
            label, (auc, band) = max(self._best.items(), key=lambda entry: entry[1][0])
            lines.append(
                Text(f"  best validation AUC so far: {auc:.3f} with {band}, {label}", style="dim", overflow="ellipsis")
            )
        return Group(*lines)

    def stage(self, text: str, total: int | None) -> None:
        self._text = text
        self._progress.reset(self._task, total=total, description=text, start=True)
        self._line(force=True)

    def advance(self, steps: int = 1) -> None:
        self._progress.advance(self._task, steps)
        self._line()

    def cells(self, done: int, total: int) -> None:
        self._cells = f"{done} of {total} cells"
        self._progress.update(self._task, description=f"{self._text} · {self._cells}")
        self._line()

    def best(self, label: str, band: Band, auc: float) -> None:
        self._best[label] = (auc, str(band))

    def note(self, text: str) -> None:
        self._console.print(Text(text, style="yellow"))

    def _line(self, force: bool = False) -> None:
        """Where nothing can move, say a line every few seconds."""
        if self._console.is_terminal or not (force or time.monotonic() - self._last_line > SECONDS_PER_LINE):
            return
        self._last_line = time.monotonic()
        task = self._progress.tasks[0]
        of = f" of {task.total:.0f}" if task.total else ""
        best = max(self._best.values(), default=None)
        tail = f"; best validation AUC so far {best[0]:.3f} ({best[1]})" if best else ""
        done = f": {task.completed:.0f}{of}" if task.completed else ""
        self._console.print(Text(f"{task.description}{done}{tail}"))
