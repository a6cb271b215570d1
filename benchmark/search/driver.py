"""Run the cells of a study side by side."""

import math
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from typing import Any

from ..frequency.bands import Band
from ..records import Assessment, Job, Record, SimultaneousTest, Task
from ..reporting import Reporter
from ..workers import Workers, WorkLostError
from .cell import Course, Work
from .fit import assess, bands_together, compare, find_record, run_jobs

MOST_LOST = 3  # fits of one stage of a cell that end their processes, each twice; if none is done, no other is begun
FEWEST_TOGETHER = 3  # bands of a part, unless workers would be idle; alone each would pay for what they share


def _is_answered(future: "Future[Any]") -> bool:
    """Return True if a future has a result: it was neither cancelled nor has its worker died."""
    return future.done() and not future.cancelled() and future.exception() is None


class _Answer:
    """
    Answer to one piece of work: a value, or of a job number `index` of the records that a worker is going to return.

    Where a worker had several jobs at once and they are lost, each is done by itself (`alone`), as only one may be to blame.
    """

    def __init__(
        self,
        value: Any = None,
        future: "Future[Any] | None" = None,
        index: int = 0,
        job: Job | None = None,
        alone: "Callable[[Job], Future[Any]] | None" = None,
    ) -> None:
        self._value, self._future, self._index, self._job, self._alone = value, future, index, job, alone

    @property
    def future(self) -> "Future[Any] | None":
        """Future to wait for; None if the answer is there."""
        if self._future is None or not self._future.done():
            return self._future
        if self._alone is None or self._job is None or self._future.cancelled():
            return None
        if not isinstance(self._future.exception(), WorkLostError):
            return None
        self._future, self._index, self._alone = self._alone(self._job), 0, None
        return self._future

    def result(self, last_loss: str) -> Any:
        """Return the answer, or raise the exception of the worker; `last_loss` is the reason why fits of the cell were lost."""
        if self._future is None:
            return self._value
        if self._job is None:
            return self._future.result()
        try:
            return self._future.result()[self._index]
        except WorkLostError as error:  # the band has no score, the study goes on
            return Record(self._job.key, error=f"{self._job.detector.label}: {error}")
        except CancelledError:
            reason = f"not fitted, as {MOST_LOST} of its fits were lost and none was done; of the last, {last_loss}"
            return Record(self._job.key, error=f"{self._job.detector.label}: {reason}")


def _results(answers: Sequence[_Answer], last_loss: str) -> tuple[list[Any], WorkLostError | None]:
    """Return the results of all answers, or the reason why one of them is lost."""
    try:
        return [answer.result(last_loss) for answer in answers], None
    except WorkLostError as error:
        return [], error


class Driver:
    """
    Driver of several cells side by side; each gets the answers to its work in the order of the work.

    Parameters
    ----------
    workers : Workers
    reporter : Reporter
    keep : callable
        Called in a worker with every result; its value goes to `finished`.
    finished : callable
        Called in this process with a result and the value of `keep`.
    n_cells : int
        Of the study, those of earlier runs included.
    n_fits : int
        Of one cell at most. A cell is as many steps of the stage, and one more for keeping it.
    lost : callable
        Takes a result whose keeping is lost, and the reason; returns the result instead.

    Attributes
    ----------
    n_finished : int
        Cells that `run` has finished.
    """

    def __init__(
        self,
        workers: Workers,
        reporter: Reporter,
        keep: Callable[[Any], Any],
        finished: Callable[[Any, Any], None],
        n_cells: int,
        n_fits: int,
        lost: Callable[[Any, str], Any],
    ) -> None:
        self._workers, self._reporter, self._n_cells, self._n_fits = workers, reporter, n_cells, n_fits
        self._keep, self._finished, self._lost = keep, finished, lost
        self.n_finished = 0
        self._counted: set[str] = set()
        self._steps: dict[int, int] = {}
        # Of the fits that a cell has asked for last.
        self._lost_fits: Counter[int] = Counter()
        self._last_loss: dict[int, str] = {}
        self._answered: set[int] = set()
        self._futures: dict[int, list[Future[Any]]] = {}
        self._counting = threading.Lock()  # futures call back from threads of their own

    def run(self, courses: Sequence[Course]) -> list[Any]:
        """Run the cells to their end; return their results in the order of `courses`."""
        results: dict[int, Any] = {}
        pending: dict[int, list[_Answer]] = {}
        begun, done = 0, self._n_cells - len(courses)
        while pending or begun < len(courses):
            awaited = {i: [f for answer in answers if (f := answer.future)] for i, answers in pending.items()}
            # Cells begin when workers would soon be idle: the first ones are kept before the last ones are fitted.
            if begun < len(courses) and len({f for futures in awaited.values() for f in futures}) < 2 * self._workers.jobs:
                pending[begun] = self._begin(begun, next(courses[begun]))
                begun += 1
                continue
            ready = [i for i, futures in awaited.items() if not futures]
            for i in ready:
                answers, lost = _results(pending.pop(i), self._last_loss.get(i, ""))
                if i in results:
                    if lost:
                        results[i] = self._lost(results[i], str(lost))
                    self._finished(results[i], [] if lost else answers[0])
                    done += 1
                    self.n_finished += 1
                    self._reporter.cells(done, self._n_cells)
                    self._count(i, self._n_fits + 1)  # fits that the cell did without count, too
                    continue
                try:
                    pending[i] = self._begin(i, courses[i].throw(lost) if lost else courses[i].send(answers))
                except StopIteration as stop:
                    results[i] = stop.value
                    pending[i] = [_Answer(future=self._workers.submit(self._keep, stop.value))]
            if not ready:
                # Short waits keep Ctrl-C quick.
                wait([f for futures in awaited.values() for f in futures], timeout=0.2, return_when=FIRST_COMPLETED)
        return [results[i] for i in range(len(courses))]

    @property
    def n_fits_open(self) -> int:
        """Fits of unfinished cells that are on record."""
        with self._counting:
            return sum(steps for steps in self._steps.values() if steps <= self._n_fits)

    def _begin(self, cell: int, work: Work) -> list[_Answer]:
        """Answer work from the records of earlier runs, and hand the rest to the workers."""
        self._futures[cell] = []
        self._lost_fits[cell] = 0
        self._answered.discard(cell)
        answers: dict[str, _Answer] = {}
        groups: dict[Band, list[Job]] = {}
        assessments = []
        for piece in work:
            if isinstance(piece, Assessment):
                assessments.append(_Answer(future=self._workers.submit(assess, piece)))
            elif isinstance(piece, SimultaneousTest):
                assessments.append(_Answer(future=self._workers.submit(compare, piece)))
            elif isinstance(piece, Task):
                assessments.append(_Answer(future=self._workers.submit(piece.function, *piece.args)))
            elif piece.key not in answers:
                record = find_record(piece)
                answers[piece.key] = _Answer(record)
                if record is None:
                    groups.setdefault(piece.band, []).append(piece)
                else:
                    self._count_fits(cell, [piece])
        for part in self._parts(list(groups.values())):
            future = self._fits(cell, part)
            alone = (lambda job: self._fits(cell, [job])) if len(part) > 1 else None
            answers |= {job.key: _Answer(future=future, index=i, job=job, alone=alone) for i, job in enumerate(part)}
        return assessments or [answers[piece.key] for piece in work if isinstance(piece, Job)]

    def _fits(self, cell: int, part: list[Job]) -> "Future[list[Record]]":
        """Let a worker do fits of a cell, which are counted when they are done."""
        future = self._workers.submit(run_jobs, part)
        self._futures[cell].append(future)
        future.add_done_callback(lambda done: self._take_note(cell, part, done))
        return future

    def _take_note(self, cell: int, part: Sequence[Job], done: "Future[Any]") -> None:
        """Count fits of a cell that are done; where all end their processes, cancel those that have not begun."""
        if _is_answered(done):
            self._answered.add(cell)
            self._count_fits(cell, part)
        elif not done.cancelled() and isinstance(done.exception(), WorkLostError) and len(part) == 1:
            with self._counting:
                self._lost_fits[cell] += 1
                self._last_loss[cell] = str(done.exception())
                too_many = self._lost_fits[cell] >= MOST_LOST and cell not in self._answered
            for future in list(self._futures[cell]) if too_many else ():
                future.cancel()

    def _parts(self, groups: Sequence[Sequence[Job]]) -> list[list[Job]]:
        """Divide the fits of several bands, one group of draws each, among the workers."""
        # The draws of one band share features. They stay together unless that would leave workers idle.
        if len(groups) < 2 * self._workers.jobs:
            return [[job] for jobs in groups for job in jobs]
        parts: list[list[Job]] = []
        room = n_sets = 0
        for i, jobs in enumerate(groups):
            most, others = bands_together(jobs[0]), n_sets
            n_sets = len(jobs[0].tests) + len(jobs[0].sources)  # a part prepares all sets of all its bands
            if room <= 0 or most < 2 or n_sets != others:
                # Parts become smaller towards the end, so that all workers end at about the same time.
                left, jobs_at_once = len(groups) - i, self._workers.jobs
                room = min(most, max(left // (2 * jobs_at_once), min(FEWEST_TOGETHER, math.ceil(left / jobs_at_once))))
                parts.append([])
            parts[-1] += jobs
            room -= 1
        return parts

    def _count_fits(self, cell: int, jobs: Sequence[Job]) -> None:
        """Count fits of a cell as done, each once."""
        with self._counting:
            new = {job.key for job in jobs} - self._counted
            self._counted |= new
            reached = min(self._steps.get(cell, 0) + len(new), self._n_fits)
        self._count(cell, reached)

    def _count(self, cell: int, reached: int) -> None:
        """Report the steps that a cell has done since the last report."""
        with self._counting:
            new = reached - self._steps.get(cell, 0)
            self._steps[cell] = max(reached, self._steps.get(cell, 0))
        if new > 0:
            self._reporter.advance(new)
