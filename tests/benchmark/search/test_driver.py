"""Several cells side by side: every question is answered in its own order, every fit is done once, and steps are counted."""

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.records import Assessment, CellResult, Job, Record, SimultaneousTest, Task
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.search import driver as driver_module
from bandbench.benchmark.search.driver import Driver
from bandbench.benchmark.search.fit import DIGEST, record_path
from bandbench.benchmark.store.files import write_json
from bandbench.benchmark.workers import WorkLostError
from conftest import SilentReporter
from made_cells import item_set

BANDS = [Band("low", 0.1 + i / 100) for i in range(8)]


class Progress(SilentReporter):
    """A reporter that also keeps how many cells were said to be done."""

    def __init__(self) -> None:
        super().__init__()
        self.finished: list[tuple[int, int]] = []

    def cells(self, done: int, total: int) -> None:
        self.finished.append((done, total))


class Desk:
    """Workers whose work is done when the driver waits for it, the last that was handed in first."""

    def __init__(self, jobs: int = 1) -> None:
        self.jobs = jobs
        self.submitted: list[Any] = []
        self.waiting: list[tuple[Future[Any], Callable[[], Any]]] = []
        self.most = 0

    def submit(self, function: Callable[..., Any], *work: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        self.submitted.append(work[0])
        self.waiting.append((future, lambda: function(*work)))
        self.most = max(self.most, len(self.waiting))
        return future

    def finish_one(self, *_: Any, **__: Any) -> None:
        future, work = self.waiting.pop()
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(work())
        except Exception as error:
            future.set_exception(error)


def failed(result: Any, reason: str) -> CellResult:
    return CellResult(result.cell, error=reason)


def fit(jobs: Sequence[Job]) -> list[Record]:
    return [Record(job.key, scores=str(job.band)) for job in jobs]


class Driven:
    """
    Cells that were driven to their ends.

    Attributes
    ----------
    fits : list of list of Job
        What was handed to workers.
    kept : list of (result, what `keep` made of it)
        In the order in which cells were finished.
    """

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        courses: Sequence[Generator[Any, Any, Any]],
        jobs: int = 1,
        n_cells: int | None = None,
        n_fits: int = 4,
        keep: Callable[[Any], Any] = lambda result: f"kept {result}",
        run: Callable[[Sequence[Job]], list[Record]] = fit,
    ) -> None:
        self.desk, self.progress = Desk(jobs), Progress()
        self.kept: list[tuple[Any, Any]] = []
        monkeypatch.setattr(driver_module, "run_jobs", run)
        monkeypatch.setattr(driver_module, "assess", lambda piece: f"assessed {piece.scores[0]}")
        monkeypatch.setattr(driver_module, "wait", self.desk.finish_one)
        finished = lambda result, kept: self.kept.append((result, kept))  # noqa: E731
        driver = Driver(self.desk, self.progress, keep, finished, n_cells or len(courses), n_fits, failed)  # type: ignore[arg-type]
        self.results = driver.run(courses)  # type: ignore[arg-type]

    @property
    def fits(self) -> list[list[Job]]:
        return [work for work in self.desk.submitted if isinstance(work, list)]


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    """Maker of a fit by its band and draw."""
    train, val = item_set("home", "train"), item_set("home", "val")
    detector = DetectorSpec.parse("coin_flip")
    return lambda band, draw=0: Job(detector, band, draw, train, val, (), str(tmp_path / "records"))


def asking(*questions: Sequence[Any], result: Any = "done") -> Generator[Any, Any, Any]:
    """A cell that asks questions one after the other; its result is all that it was answered."""
    answers = []
    for question in questions:
        answers.append((yield question))
    return (result, answers)


def test_answers_come_in_the_order_of_the_question(job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch) -> None:
    """The workers of this test finish what was handed in last first."""
    asked = [job(band) for band in BANDS[:3]]
    (driven,) = Driven(monkeypatch, [asking(asked, [Assessment(("x",)), Assessment(("y",))])]).results
    records, assessed = driven[1]
    assert [record.scores for record in records] == [str(band) for band in BANDS[:3]]
    assert assessed == ["assessed x", "assessed y"]


def test_results_come_in_the_order_of_the_cells_and_each_is_kept(
    job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    courses = [asking([job(BANDS[0])], [job(BANDS[1])], result="first"), asking([job(BANDS[2])], result="second")]
    driven = Driven(monkeypatch, courses, keep=lambda result: f"kept {result[0]}")
    assert [name for name, _ in driven.results] == ["first", "second"]
    assert {result[0]: kept for result, kept in driven.kept} == {"first": "kept first", "second": "kept second"}
    assert driven.progress.finished == [(1, 2), (2, 2)]


def test_cells_of_earlier_runs_count_as_done(job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch) -> None:
    assert Driven(monkeypatch, [asking([job(BANDS[0])])], n_cells=5).progress.finished == [(5, 5)]


def test_a_fit_that_is_asked_for_twice_is_done_once(job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch) -> None:
    driven = Driven(monkeypatch, [asking([job(BANDS[0]), job(BANDS[1]), job(BANDS[0])])])
    assert sorted(str(one.band) for part in driven.fits for one in part) == sorted(map(str, BANDS[:2]))
    (((_, (records,)),)) = driven.results
    assert [record.scores for record in records] == [str(BANDS[0]), str(BANDS[1]), str(BANDS[0])]


def test_the_record_of_an_earlier_run_is_taken_up(job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch) -> None:
    known = Record(job(BANDS[0]).key, n_train=77)
    path = record_path(job(BANDS[0]).records, known.key)
    write_json(
        path, {name: value for name, value in asdict(known).items() if name != "scores"} | {DIGEST: sha256(b"PAR1").hexdigest()}
    )
    path.with_suffix(".parquet").write_bytes(b"PAR1")
    driven = Driven(monkeypatch, [asking([job(BANDS[1]), job(BANDS[0])])])
    assert [one.band for part in driven.fits for one in part] == [BANDS[1]]
    ((_, ((other, taken),)),) = driven.results
    assert (taken, other.scores) == (replace(known, scores=str(path.with_suffix(".parquet"))), str(BANDS[1]))


@pytest.mark.parametrize(("jobs", "together"), [(1, True), (4, False)])
def test_draws_of_a_band_stay_together_unless_workers_would_be_idle(
    jobs: int, together: bool, job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [job(band, draw) for band in BANDS[:4] for draw in (0, 1, 2)]
    driven = Driven(monkeypatch, [asking(asked)], jobs)
    assert [len(part) for part in driven.fits] == ([3] * 4 if together else [1] * 12)
    assert all(len({one.band for one in part}) == 1 for part in driven.fits)
    ((_, (records,)),) = driven.results
    assert [record.key for record in records] == [one.key for one in asked]


@pytest.mark.parametrize(
    ("jobs", "most", "sizes"),
    [(1, 16, [12, 9, 3]), (1, 3, [9, 9, 6]), (2, 16, [9, 9, 3, 3]), (4, 16, [6, 6, 3, 3, 3, 3]), (1, 1, [3] * 8)],
)
def test_bands_that_share_features_are_fitted_by_one_worker(
    jobs: int, most: int, sizes: list[int], job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In parts that become smaller, so that all workers end at about the same time."""
    monkeypatch.setattr(driver_module, "bands_together", lambda job: most)
    asked = [job(band, draw) for band in BANDS for draw in (0, 1, 2)]
    driven = Driven(monkeypatch, [asking(asked)], jobs)
    assert [len(part) for part in driven.fits] == sizes
    ((_, (records,)),) = driven.results
    assert [record.key for record in records] == [one.key for one in asked]


def test_tasks_are_done_by_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    ((_, (answers,)),) = Driven(monkeypatch, [asking([Task(max, (3, 5)), Task(min, (3, 5))])]).results
    assert answers == [5, 3]


def test_a_cell_begins_when_workers_would_soon_be_idle(job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch) -> None:
    courses = [asking([job(band)], result=i) for i, band in enumerate(BANDS)]
    driven = Driven(monkeypatch, courses, jobs=1)
    assert driven.desk.most <= 2 + 1  # fits, and a cell that is being kept
    assert [i for i, _ in driven.results] == list(range(8))


def test_steps_add_up_to_the_fits_of_all_cells_and_their_keeping(
    job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether a cell did all fits that it may do, fewer, or one twice."""
    courses = [
        asking([job(band) for band in BANDS[:4]], result="all"),
        asking([job(BANDS[4])], result="fewer"),
        asking([job(BANDS[5])], [job(BANDS[5])], result="twice"),
    ]
    assert Driven(monkeypatch, courses, n_fits=4).progress.done == 3 * (4 + 1)


def test_what_a_worker_raises_ends_the_run(job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(jobs: Sequence[Job]) -> list[Record]:
        raise MemoryError("all gone")

    with pytest.raises(MemoryError, match="all gone"):
        Driven(monkeypatch, [asking([job(BANDS[0])])], run=fail)
    with pytest.raises(MemoryError, match="all gone"):
        Driven(monkeypatch, [asking([job(BANDS[0])])], keep=fail)


def lose(jobs: Sequence[Job]) -> list[Record]:
    """A fit that kills every worker of a cluster, unless it is one of the first band."""
    if any(job.band != BANDS[0] for job in jobs):
        raise WorkLostError("its process died 3 times")
    return fit(jobs)


def test_a_fit_that_a_cluster_gave_up_is_a_record_with_the_reason(
    job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    driven = Driven(monkeypatch, [asking([job(BANDS[0]), job(BANDS[1])])], run=lose)
    (((_, ((kept, lost),)),)) = driven.results
    assert (kept.error, kept.scores) == ("", str(BANDS[0]))
    assert (lost.key, lost.error) == (job(BANDS[1]).key, "coin_flip: its process died 3 times")


def test_of_fits_that_were_lost_together_each_is_done_alone(job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_module, "bands_together", lambda job: 2)
    monkeypatch.setattr(driver_module, "MOST_LOST", len(BANDS))  # the desk begins with the last
    jobs = [job(BANDS[0]), *(job(band) for band in BANDS[1:])]
    driven = Driven(monkeypatch, [asking(jobs)], run=lose)
    (((_, (records,)),)) = driven.results
    assert [record.error for record in records] == ["", *["coin_flip: its process died 3 times"] * (len(BANDS) - 1)]


def test_a_cell_of_which_all_fits_end_their_processes_is_given_up_and_no_other(
    job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver_module, "MOST_LOST", 2)
    others = [job(band, draw=1) for band in BANDS]
    lost = lambda jobs: fit(jobs) if jobs[0].replicate else lose(jobs)  # noqa: E731
    driven = Driven(monkeypatch, [asking([job(band) for band in BANDS]), asking(others)], run=lost)
    (_, (given_up,)), (_, (done,)) = driven.results
    assert [record.error for record in given_up[-2:]] == ["coin_flip: its process died 3 times"] * 2
    assert {record.error for record in given_up[:-2]} == {
        "coin_flip: not fitted, as 2 of its fits were lost and none was done; of the last, its process died 3 times"
    }
    assert {record.error for record in done} == {""}


def giving_up(question: Sequence[Any]) -> Generator[Any, Any, CellResult]:
    """A cell that ends with the reason why its question has no answer."""
    try:
        yield question
    except WorkLostError as error:
        return CellResult(None, error=str(error))  # type: ignore[arg-type]
    return CellResult(None)  # type: ignore[arg-type]


def test_a_question_that_a_cluster_gave_up_ends_its_cell_and_no_other(
    job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(piece: Assessment) -> None:
        raise WorkLostError("its process died 3 times")

    courses = [giving_up([SimultaneousTest((("x",),))]), asking([job(BANDS[0])])]
    monkeypatch.setattr(driver_module, "compare", fail)
    lost, done = Driven(monkeypatch, courses).results
    assert lost.error == "its process died 3 times"
    assert [record.error for record in done[1][0]] == [""]


def test_a_result_that_could_not_be_kept_is_a_failure(job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(result: CellResult) -> None:
        raise WorkLostError("its process died 3 times")

    driven = Driven(monkeypatch, [giving_up([job(BANDS[0])])], keep=fail)
    ((result, rows),) = driven.kept
    assert (result.error, rows) == ("its process died 3 times", [])
    assert driven.progress.finished == [(1, 1)]
