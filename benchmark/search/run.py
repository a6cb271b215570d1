"""The run of a study, from its plan to its results: prepare the pictures, run the cells, keep and record what they gave."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from optuna.storages import BaseStorage

from ..domains.names import REALS
from ..errors import BenchError
from ..features.audits import PlanAudits, ambiguous_notes, audit_plan, refuse_shortcuts
from ..features.chunks import Places
from ..features.item_sets import iter_problems
from ..features.plan_sets import Prepared, prepare_sets
from ..features.prepare import scratch_places
from ..models.trained_model import add_mlflow_model
from ..pictures.lookalikes import Lookalikes
from ..recording.cell_folder import cell_folder, keep_cell
from ..recording.discrepancy import compare, comparisons, keep_discrepancies
from ..recording.keys import cell_key
from ..recording.recorder import Recorder
from ..recording.study_folder import has_rows, keep_split_lists, keep_study, study_folder, study_rows
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
from .optuna_history import History, lost_trials, open_storage, storage_errors
from .storage_lock import storage_lock

JOURNAL = "optuna.journal"  # of all searches, among the results
NO_AUDITS = PlanAudits()
MOST_TRAIN = 200  # characters of a training in the name of a search, for which a database has room for 512


@dataclass
class Outcome:
    """
    Results of a run, and everything that it could not do.

    Attributes
    ----------
    rows : list of Row
        Leaderboard rows of all cells that could be finished.
    computed : int
        Fits that were done now and not taken from records.
    plan : Plan
        As it was run: with data sets that were grouped by look-alikes and split again.
    unsent : int
        Documents that the tracking store has not got yet.
    tracking_problem : str
        Reason why it has not; empty if it has got all.
    failures : dict of str to str
        Reason by cell without a result.
    gaps : dict of str to tuple of str
        Bands that could not be scored, by cell.
    problems : list of (data set, item, status, detail)
        Pictures that could not be used.
    """

    rows: list[Row] = field(default_factory=list)
    computed: int = 0
    plan: Plan | None = None
    unsent: int = 0
    tracking_problem: str = ""
    failures: dict[str, str] = field(default_factory=dict)
    gaps: dict[str, tuple[str, ...]] = field(default_factory=dict)
    problems: list[tuple[str, str, str, str]] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """True if every band, cell, picture and document is there."""
        return not (self.unsent or self.failures or self.gaps or self.problems)


def run_study(
    plan: Plan,
    *,
    jobs: int,
    tracking_uri: str,
    storage: str | None,
    fresh: bool,
    reporter: Reporter,
    strict: bool = False,
) -> Outcome:
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
    strict : bool
        Fit nothing if the files of a domain, or of a source of reals, give the classes away by what no generator leaves.

    Returns
    -------
    Outcome

    Raises
    ------
    BenchError
        If `strict` finds a shortcut, the study is being run by another process, or nothing of it can be done. A cell, a band
        or a picture that fails does not raise.
    """
    end_if_imported_by_a_worker()
    home = ensure_writable(results_root(), "BANDBENCH_HOME")
    with (
        _only_run(plan.study.name),
        storage_lock(plan.study.name, storage, _searched(plan)) as still_held,
        storage_errors(storage),
        scratch_places(str(home / "records")) as places,
    ):
        searches = open_storage(storage, home / JOURNAL, still_held)
        attempt = _attempt(plan.study, fresh)
        outbox = Outbox(tracking_uri)
        exporter = Exporter(outbox, tracking_uri, add_mlflow_model, reporter.note)
        exporter.start()
        try:
            with running_workers(jobs) as workers:
                outcome = _run(plan, places, workers, searches, attempt, outbox, reporter, strict)
        except BaseException:
            exporter.close(patience=2)  # what is left waits in the outbox for the next run
            raise
        reporter.stage("sending to MLflow", None)
        outcome.unsent = exporter.close()
        outcome.tracking_problem = exporter.problem
        return outcome


def _searched(plan: Plan) -> list[str]:
    """Return the labels of the cells that a plan searches: controls try all frequencies only."""
    return [f"{detector.label} on {train}" for train in plan.study.train for detector in plan.detectors]


@contextlib.contextmanager
def _only_run(name: str) -> Iterator[None]:
    """Hold the lock of a study: two processes that run one search would do everything twice."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(holding(results_root() / "locks" / f"{name}.lock", patience=0))
        except LockHeldError as error:
            raise BenchError(
                f"another `bench run` is working on the study '{name}' in {results_root()}; "
                f"wait for it, or set BANDBENCH_HOME to another folder."
            ) from error
        yield


def _attempt(study: Study, fresh: bool) -> int:
    """Return the number of the present attempt at a study; ``--fresh`` begins the next one."""
    path = results_root() / "attempts.json"
    attempts = read_json(path) or {}
    if fresh:
        attempts[study.name] = attempts.get(study.name, 0) + 1
        write_json(path, attempts)
    return attempts.get(study.name, 0)


def _run(
    plan: Plan,
    places: Places,
    workers: Workers,
    searches: BaseStorage,
    attempt: int,
    outbox: Outbox,
    reporter: Reporter,
    strict: bool,
) -> Outcome:
    """Take the steps of a study in their order."""
    prepared = prepare_sets(plan, places, workers, reporter)
    plan = prepared.plan
    audits = audit_plan(plan, prepared, places.cache, workers, reporter)
    if strict:
        for note in ambiguous_notes(audits):
            reporter.note(note)
        refuse_shortcuts(audits)
    cells = make_cells(plan, prepared, places.records, attempt, audits)
    recorder = Recorder(outbox, reporter)
    unfinished = _unfinished_cells(cells, searches, recorder, reporter)
    n_computed = _run_cells(plan, cells, unfinished, searches, recorder, workers, reporter)
    rows = _keep_study(plan, cells, recorder, workers, reporter)
    _compare(cells, workers, reporter)
    recorder.study_finished(cells, study_folder(cells[0]), rows)
    problems = list(iter_problems(list(prepared.sets.values())))
    return Outcome(recorder.rows, n_computed, plan=plan, failures=recorder.failures, gaps=recorder.gaps, problems=problems)


def make_cells(plan: Plan, prepared: Prepared, records: str, attempt: int, audits: PlanAudits = NO_AUDITS) -> list[Cell]:
    """Return every detector and control with every training domain, grouped by domain."""
    return [
        Cell(
            plan.study,
            detector,
            train,
            _replicates(plan.study, train, prepared),
            records,
            attempt,
            not_counted=plan.not_counted.get(train, ()),
            released=plan.released,
            shortcuts=audits.domains,
            reals_shortcuts=audits.reals,
        )
        for train in plan.study.train
        for detector in (*plan.detectors, *plan.controls_on(train))
    ]


def _replicates(study: Study, train: str, prepared: Prepared) -> tuple[Replicate, ...]:
    sets = prepared.sets
    return tuple(
        Replicate(
            draw,
            sets[train, "train", draw],
            sets[train, "val", draw],
            tuple(_with_lookalikes(sets[test, "test", draw], prepared.lookalikes[train, test]) for test in study.test),
            # The same pictures in every draw.
            tuple(_with_lookalikes(sets[name, REALS, 0], prepared.reals_lookalikes[train, name]) for name in study.reals),
        )
        for draw in range(study.seeds)
    )


def _with_lookalikes(items: ItemSet, lookalikes: Lookalikes) -> ItemSet:
    return replace(items, provenance=replace(items.provenance, lookalikes=lookalikes))


def _unfinished_cells(cells: Sequence[Cell], searches: BaseStorage, recorder: Recorder, reporter: Reporter) -> list[Cell]:
    """Let the recorder take up the cells that earlier runs finished; return the others."""
    unfinished = [cell for cell in cells if _lost_trials(cell, searches) or not recorder.take_up(cell)]
    if recorder.incomplete:
        reporter.note(
            f"MLflow has not got all of {len(recorder.incomplete)} finished cells (never sent, deleted, or files are gone): "
            "they are sent again."
        )
    return unfinished


def _lost_trials(cell: Cell, searches: BaseStorage) -> bool:
    """Return True if the search of a finished cell lacks trials, as its journal was damaged."""
    document = find_cell(cell_folder(cell))
    searched = sum(trial.stage == "search" for trial in document.trials) if document else 0
    return lost_trials(results_root() / JOURNAL, searches, search_name(cell), searched)


def _run_cells(
    plan: Plan,
    cells: Sequence[Cell],
    unfinished: Sequence[Cell],
    searches: BaseStorage,
    recorder: Recorder,
    workers: Workers,
    reporter: Reporter,
) -> int:
    """Run the unfinished of all cells; return the number of fits that were computed and not taken from records."""
    courses = [run_cell(cell, _history(cell, searches), recorder) for cell in unfinished]
    n_fits = plan.n_fits_of_cell
    reporter.stage("searching bands" if plan.n_bands > 1 else "fitting", (n_fits + 1) * len(unfinished))
    reporter.cells(len(cells) - len(unfinished), len(cells))
    start = time.time()
    results = Driver(workers, reporter, keep_cell, recorder.finished, len(cells), n_fits).run(courses)
    records = {r.key: r for result in results for group in (*result.trials, *result.tested) for r in group.records}
    return sum(record.finished >= start for record in records.values())


def _history(cell: Cell, searches: BaseStorage) -> History:
    # Of the names of the cell and not of its pictures and settings, so that a repeated attempt asks for the same bands.
    seed = int(digest([cell.study.name.partition(MARK)[0], cell.study.seed, cell.label])[:8], 16)
    return History(searches, search_name(cell), cell.study.search, cell.study.mode, seed)


def search_name(cell: Cell) -> str:
    """Return the name of a cell's Optuna study: readable parts, then as much of its key as tells variants apart."""
    train = cell.train.replace("/", "-")[:MOST_TRAIN]
    return f"{cell.study.name}/{cell.detector.label}/{train}/{cell_key(cell)[:SHORT]}"


def _keep_study(plan: Plan, cells: Sequence[Cell], recorder: Recorder, workers: Workers, reporter: Reporter) -> list[Row]:
    """Write the folder of the study; return its rows, those of earlier runs included."""
    reporter.stage("keeping the study", None)
    folder = study_folder(cells[0])
    rows = study_rows(folder, recorder.rows)
    if not has_rows(folder, rows):
        workers.submit(keep_study, plan.study.name, rows, folder).result()
    keep_split_lists(cells, plan.domains, folder)
    return rows


def _compare(cells: Sequence[Cell], workers: Workers, reporter: Reporter) -> None:
    """Compare sets of test pictures in the embeddings of the detectors, if the study asks for it."""
    pairs = comparisons(cells)
    if not pairs:
        return
    reporter.stage("comparing embeddings", len(pairs))
    futures = {workers.submit(compare, comparison): i for i, comparison in enumerate(pairs)}
    entries: list[dict[str, Any]] = [{}] * len(pairs)
    for future in as_completed(futures):
        entries[futures[future]] = future.result()
        reporter.advance(1)
    compared = list(zip(pairs, entries, strict=True))
    workers.submit(keep_discrepancies, cells[0].study.name, compared, study_folder(cells[0])).result()
