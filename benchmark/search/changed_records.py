"""Fits that are computed again although they are on record: its files were changed or damaged, or an earlier version's."""

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import listed
from ..records import CellResult, Job
from ..workers import WorkLostError
from .cell import Work
from .fit import record_path

SHOWN = 3  # cells in a message


class WatchedRecords:
    """
    Watch over the records of the cells of a run.

    A record that is written again is another file. Times that records state are no measure, as machines have clocks of their
    own.

    Attributes
    ----------
    changed : Counter
        By label of a cell: its fits that were on record and were computed again.
    """

    def __init__(self) -> None:
        self.changed: Counter[str] = Counter()
        self._asked: set[str] = set()  # keys of the fits that cells have asked for

    def of_cell(self, label: str, course: Generator[Work, list[Any], CellResult]) -> Generator[Work, list[Any], CellResult]:
        """
        Pass on the work of a cell and the answers to it, and count.

        Parameters
        ----------
        label : str
            Of the cell.
        course : generator
            See `cell.run_cell`.
        """
        resume: Callable[[], Work] = partial(next, course)
        while True:
            try:
                work = resume()
            except StopIteration as stop:
                return stop.value
            found = {path: file for piece in work if isinstance(piece, Job) for path, file in self._record_of(piece)}
            try:
                answers = yield work
            except WorkLostError as error:
                resume = partial(course.throw, error)
            else:
                if again := sum(_file(path) != file for path, file in found.items()):
                    self.changed[label] += again
                resume = partial(course.send, answers)

    def _record_of(self, job: Job) -> Iterator[tuple[Path, tuple[int, int]]]:
        """Yield the record of a fit that is asked for for the first time, if there is one; later it may be that of this run."""
        if job.key in self._asked:
            return
        self._asked.add(job.key)
        path = record_path(job.records, job.key)
        if file := _file(path):
            yield path, file

    @property
    def text(self) -> str:
        """Sentence on the fits that were computed again."""
        n = self.changed.total()
        fits, were, records = ("fit", "was", "its record") if n == 1 else ("fits", "were", "their records")
        cells = listed([f"{label} ({count})" for label, count in self.changed.items()], SHOWN)
        reason = f"as files of {records} had been changed or damaged, or are of an earlier version"
        return f"{n} recorded {fits} {were} computed again, {reason}: {cells}."


def _file(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from one that is written in its place; None where there is none."""
    try:
        facts = path.stat()
    except FileNotFoundError:
        return None
    return facts.st_ino, facts.st_mtime_ns
