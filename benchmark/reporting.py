"""Progress of a run, as the engine reports it."""

import re
from typing import Any, Protocol

from .frequency.bands import Band


class Reporter(Protocol):
    """Receiver of the progress of a run."""

    def stage(self, text: str, total: int | None) -> None:
        """Begin a stage of `total` steps (None: unknown)."""
        ...

    def advance(self, steps: int = 1) -> None:
        """Report finished steps."""
        ...

    def cells(self, done: int, total: int) -> None:
        """Report the number of finished cells."""
        ...

    def best(self, label: str, band: Band, auc: float) -> None:
        """Report the best band of a cell so far."""
        ...

    def note(self, text: str) -> None:
        """Report a line that the user should read."""
        ...


def folded_name(name: str, width: int) -> str:
    """
    Break the name of a domain or training where its parts meet, so that a narrow column shows it whole.

    Parameters
    ----------
    name : str
        ``procedural/blend+jpeg:quality=50``, for example.
    width : int
        Characters of a line.

    Returns
    -------
    str
        Lines; all but the first are indented. A part that is longer than a line stays as it is.
    """
    lines = [""]
    for part in re.split(r"(?<=[/,:]) ?|(?=\+)|(?<= )", name):
        if lines[-1].strip() and len(lines[-1]) + len(part) > width:
            lines.append("  ")
        lines[-1] += part
    return "\n".join(line.rstrip() for line in lines)


class Silence:
    """Reporter that discards everything."""

    def stage(self, text: str, total: int | None) -> None:
        """Nothing."""

    def advance(self, steps: int = 1) -> None:
        """Nothing."""

    def cells(self, done: int, total: int) -> None:
        """Nothing."""

    def best(self, label: str, band: Any, auc: float) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""


class Relay:
    """
    Reporter that hands everything on to another one; base of those that change a part of it.

    Parameters
    ----------
    reporter : Reporter
    """

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    def stage(self, text: str, total: int | None) -> None:
        """Begin a stage of `total` steps (None: unknown)."""
        self._reporter.stage(text, total)

    def advance(self, steps: int = 1) -> None:
        """Report finished steps."""
        self._reporter.advance(steps)

    def cells(self, done: int, total: int) -> None:
        """Report the number of finished cells."""
        self._reporter.cells(done, total)

    def best(self, label: str, band: Band, auc: float) -> None:
        """Report the best band of a cell so far."""
        self._reporter.best(label, band, auc)

    def note(self, text: str) -> None:
        """Report a line that the user should read."""
        self._reporter.note(text)


class OneStage(Relay):
    """
    Reporter that shows several pieces of work, each with stages of its own, as one stage.

    Parameters
    ----------
    reporter : Reporter
    text : str
    total : int
        Steps of all of the work.
    """

    def __init__(self, reporter: Reporter, text: str, total: int) -> None:
        super().__init__(reporter)
        reporter.stage(text, total)

    def stage(self, text: str, total: int | None) -> None:
        """Pass nothing on: the stage has begun."""
