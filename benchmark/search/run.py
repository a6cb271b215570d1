"""A study from plan to results: prepare the pictures, run the cells, hand everything to the outbox."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import BenchError
from ..features.chunks import Places
from ..features.item_sets import iter_problems
from ..features.prepare import Prepared, prepare_sets, scratch_places
from ..models.trained_model import add_mlflow_model
from ..recording.discrepancy import compare, comparisons, keep_discrepancies
from ..recording.keys import cell_key
from ..recording.recorder import (
    Recorder,
    cell_folder,
    has_rows,
    keep_cell,
    keep_split_lists,
    keep_study,
    study_folder,
    study_rows,
)
from ..records import Cell, ItemSet, Plan, Replicate
from ..reporting import Reporter
from ..results.cell_document import SHORT, find_cell
from ..results.rows import Row
from ..store.files import digest, read_json, write_json
from ..store.folders import ensure_writable, results_root
from ..store.locks import LockHeldError, holding
from ..study.study_file import Study
from ..tracking.exporter import Exporter
from ..tracking.names import MARK
from ..tracking.outbox import Outbox
from ..workers import Workers, as_completed, end_if_imported_by_a_worker, running_workers
from .cell import run_cell
from .driver import Driver
from .optuna_history import History, lost_trials, open_storage

JOURNAL = "optuna.journal"  # of all searches, among the results


# --- the whole -------------------------------------------------------------------------------------------------------


@dataclass
class Outcome:
    """
    What a run leaves.

    Attributes
    ----------
    rows : list of Row
        Leaderboard rows of all cells that could be finished.
    computed : int
        Fits that were done now and not taken from records.
    unsent : int
        Documents that the tracking store has not got yet.
    tracking_problem : str
    failures : dict of str to str
        Cells without a result, and why.
    gaps : dict of str to tuple of str
        Bands that could not be scored, by cell.
    problems : list of (data set, item, status, detail)
        Pictures that could not be used.
    """

    rows: list[Row] = field(default_factory=list)
    computed: int = 0
    unsent: int = 0
    tracking_problem: str = ""
    failures: dict[str, str] = field(default_factory=dict)
    gaps: dict[str, tuple[str, ...]] = field(default_factory=dict)
    problems: list[tuple[str, str, str, str]] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return not (self.unsent or self.failures or self.gaps or self.problems)


@contextlib.contextmanager
def _only_run(name: str) -> Iterator[None]:
    """Hold the study: two processes asking one search would ask everything twice."""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(holding(results_root() / "locks" / f"{name}.lock", patience=0))
        except LockHeldError as error:
            raise BenchError(
                f"another `bench run` is working on the study '{name}' in {results_root()}; "
                f"wait for it, or set BANDBENCH_HOME to another folder."
            ) from error
        yield


def _attempt(study: Study, fresh: bool) -> int:
    """Number of the present attempt at a study; ``--fresh`` begins the next."""
    path = results_root() / "attempts.json"
    attempts = read_json(path) or {}
    if fresh:
        attempts[study.name] = attempts.get(study.name, 0) + 1
        write_json(path, attempts)
    return attempts.get(study.name, 0)


def run_study(plan: Plan, *, jobs: int, tracking_uri: str, storage: str | None, fresh: bool, reporter: Reporter) -> Outcome:
    """
    Run a plan, or what is left of it.

    Parameters
    ----------
    plan : Plan
    jobs : int
        Worker processes.
    tracking_uri : str
        Absolute.
    storage : str or None
        Address of Optuna's storage; None for a journal file among the results.
    fresh : bool
        Compute everything again.
    reporter : Reporter

    Returns
    -------
    Outcome

    Raises
    ------
    BenchError
        If nothing can be done. A cell, a band or a picture that fails does not raise.
    """
    end_if_imported_by_a_worker()
    home = ensure_writable(results_root(), "BANDBENCH_HOME")
    with _only_run(plan.study.name), scratch_places(str(home / "records")) as places:
        history_storage = open_storage(storage, home / JOURNAL)
        attempt = _attempt(plan.study, fresh)
        outbox = Outbox(tracking_uri)
        exporter = Exporter(outbox, tracking_uri, add_mlflow_model, reporter.note)
        exporter.start()
        try:
            with running_workers(jobs) as workers:
                outcome = _run(plan, places, workers, history_storage, attempt, outbox, reporter)
        except BaseException:
            exporter.close(patience=2)  # what is left waits in the outbox for the next run
            raise
        reporter.stage("sending to MLflow", None)
        outcome.unsent = exporter.close()
        outcome.tracking_problem = exporter.problem
        return outcome


def _run(
    plan: Plan, places: Places, workers: Workers, storage: Any, attempt: int, outbox: Outbox, reporter: Reporter
) -> Outcome:
    prepared = prepare_sets(plan, places, workers, reporter)
    outcome = Outcome(problems=list(iter_problems(list(prepared.sets.values()))))
    cells = make_cells(plan, prepared, places.records, attempt)
    recorder = Recorder(outbox, reporter)
    left = [cell for cell in cells if _lost_trials(cell, storage) or not recorder.take_up(cell)]
    if recorder.incomplete:
        reporter.note(
            f"MLflow has not got all of {len(recorder.incomplete)} finished cells (never sent, deleted, or files are gone): "
            "they are sent again."
        )
    courses = []
    for cell in left:
        # Of what the cell is called and not of what it holds, so that a repeated attempt asks for the same bands.
        search_seed = int(digest([cell.study.name.partition(MARK)[0], cell.study.seed, cell.label])[:8], 16)
        history = History(storage, search_name(cell), cell.study.search, cell.study.mode, search_seed)
        courses.append(run_cell(cell, history, recorder))
    n_fits = plan.n_fits // plan.n_cells
    reporter.stage("searching bands" if plan.n_bands > 1 else "fitting", (n_fits + 1) * len(left))
    reporter.cells(len(cells) - len(left), len(cells))
    before = time.time()
    results = Driver(workers, reporter, keep_cell, recorder.finished, len(cells), n_fits).run(courses)
    reporter.stage("keeping the study", None)
    records = {r.key: r for result in results for group in (*result.trials, *result.tested) for r in group.records}
    outcome.computed = sum(record.finished >= before for record in records.values())
    rows = study_rows(study_folder(cells[0]), recorder.rows)
    if not has_rows(study_folder(cells[0]), rows):
        workers.submit(keep_study, plan.study.name, rows, study_folder(cells[0])).result()
    keep_split_lists(cells, plan.domains, study_folder(cells[0]))
    _compare(cells, workers, reporter)
    recorder.study_finished(cells, study_folder(cells[0]), rows)
    outcome.rows, outcome.failures, outcome.gaps = recorder.rows, recorder.failures, recorder.gaps
    return outcome


def search_name(cell: Cell) -> str:
    """Name of a cell's Optuna study: readable parts, then as much of its key as tells variants apart."""
    train = cell.train.replace("/", "-")
    return f"{cell.study.name}/{cell.detector.label}/{train}/{cell_key(cell)[:SHORT]}"


def _lost_trials(cell: Cell, storage: Any) -> bool:
    """Whether the search of a finished cell has to be told again, as its journal was damaged."""
    document = find_cell(cell_folder(cell))
    searched = sum(trial.stage == "search" for trial in document.trials) if document else 0
    return lost_trials(results_root() / JOURNAL, storage, search_name(cell), searched)


def _compare(cells: Sequence[Cell], workers: Workers, reporter: Reporter) -> None:
    """Compare sets of test pictures in the embeddings of the detectors, where the study asks for it."""
    wanted = comparisons(cells)
    if not wanted:
        return
    reporter.stage("comparing embeddings", len(wanted))
    futures = {workers.submit(compare, comparison): i for i, comparison in enumerate(wanted)}
    entries: list[dict[str, Any]] = [{}] * len(wanted)
    for future in as_completed(futures):
        entries[futures[future]] = future.result()
        reporter.advance(1)
    compared = list(zip(wanted, entries, strict=True))
    workers.submit(keep_discrepancies, cells[0].study.name, compared, study_folder(cells[0])).result()


def make_cells(plan: Plan, prepared: Prepared, records: str, attempt: int) -> list[Cell]:
    """Every detector with every training domain."""
    sets = prepared.sets

    def tested(train: str, test: str, r: int) -> ItemSet:
        known = replace(sets[test, "test", r].provenance, lookalikes=prepared.lookalikes[train, test])
        return replace(sets[test, "test", r], provenance=known)

    return [
        Cell(
            plan.study,
            detector,
            train,
            tuple(
                Replicate(
                    r,
                    sets[train, "train", r],
                    sets[train, "val", r],
                    tuple(tested(train, test, r) for test in plan.study.test),
                )
                for r in range(plan.study.seeds)
            ),
            records,
            attempt,
        )
        for train in plan.study.train
        for detector in plan.detectors
    ]
