"""Fits that are computed again although they are on record: its files were changed or damaged, or an earlier version's."""

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any

from ..errors import listed
from ..records import CellResult, Job, Record
from ..workers import WorkLostError
from .cell import Work
from .fit import record_path

SHOWN = 3  # cells in a message


class WatchedRecords:
    """
    Watch over the records of the cells of a run.

    Parameters
    ----------
    start : float
        Beginning of the run in seconds since the epoch: what was finished later was computed by it.

    Attributes
    ----------
    changed : Counter
        By label of a cell: its fits that were on record and were computed again.
    """

    def __init__(self, start: float) -> None:
        self.start = start
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
            on_record = [i for i, piece in enumerate(work) if isinstance(piece, Job) and self._is_on_record(piece)]
            try:
                answers = yield work
            except WorkLostError as error:
                resume = partial(course.throw, error)
            else:
                self._count(label, [answers[i] for i in on_record])
                resume = partial(course.send, answers)

    def _is_on_record(self, job: Job) -> bool:
        """Return True if a fit has a record when it is asked for the first time; later it has that of this run."""
        if job.key in self._asked:
            return False
        self._asked.add(job.key)
        return record_path(job.records, job.key).exists()

    def _count(self, label: str, records: Sequence[Record]) -> None:
        if again := sum(record.finished >= self.start for record in records):
            self.changed[label] += again

    @property
    def text(self) -> str:
        """Sentence on the fits that were computed again."""
        n = self.changed.total()
        fits, were, records = ("fit", "was", "its record") if n == 1 else ("fits", "were", "their records")
        cells = listed([f"{label} ({count})" for label, count in self.changed.items()], SHOWN)
        reason = f"as files of {records} had been changed or damaged, or are of an earlier version"
        return f"{n} recorded {fits} {were} computed again, {reason}: {cells}."
