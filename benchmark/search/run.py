"""The run of a study, from its plan to its results: prepare the pictures, run the cells, keep and record what they gave."""

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from optuna.storages import BaseStorage

from ..cluster.client import open_workers
from ..cluster.progress import reporter_of
from ..cluster.session import Probe
from ..domains.catalogue import lost_sources
from ..domains.files_probe import files_probe
from ..domains.names import REALS
from ..errors import listed
from ..features.audits import PlanAudits, ambiguous_notes, audit_plan, refuse_shortcuts
from ..features.chunks import Places
from ..features.item_sets import iter_problems
from ..features.plan_sets import Prepared, prepare_sets
from ..features.prepare import scratch_places
from ..models.trained_model import add_mlflow_model
from ..pictures.lookalikes import Lookalikes
from ..recording.cell_folder import CellParts, cell_folder, finish_cell, keep_parts
from ..recording.discrepancy import compare, comparisons, keep_discrepancies
from ..recording.keys import cell_key
from ..recording.recorder import Recorder
from ..recording.study_folder import has_rows, keep_split_lists, keep_study, remove_damaged, study_folder, study_rows
from ..records import Cell, CellResult, ItemSet, Plan, Replicate, Shard
from ..reporting import Reporter
from ..results.cell_document import SHORT, find_cell
from ..results.rows import Row
from ..store.files import digest, read_json, write_json
from ..store.folders import ensure_writable, results_root, was_begun
from ..store.seal import SEAL, break_seal, is_sealed, seal_folder
from ..study.study_file import Study
from ..tracking.exporter import Exporter
from ..tracking.names import MARK
from ..tracking.outbox import Outbox
from ..workers import Workers, WorkLostError, as_completed, end_if_imported_by_a_worker
from .cell import Work, run_cell
from .changed_records import WatchedRecords
from .driver import Driver
from .optuna_history import History, lost_trials, open_storage, storage_errors, take_over_journal
from .shards import begun_journals, cell_keys_path, cells_of, keep_cell_keys, refuse_sqlite, searched, shard_journal
from .storage_lock import storage_lock
from .study_lock import begun_shards, forget_shards, study_lock
from .waiting_jobs import forget_jobs, waiting_jobs, waiting_text

JOURNAL = "optuna.journal"  # of all searches, among the results
NO_AUDITS = PlanAudits()
SHOWN_CELLS = 3  # in a message
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
    lost : list of str
        Lines on sources that gave no picture, see `Dataset.lost_sources`.
    shard : Shard or None
        That was run; None for the whole study.
    n_cells, n_finished : int
        Cells of the study or shard, and those among them that have a result.
    """

    rows: list[Row] = field(default_factory=list)
    computed: int = 0
    plan: Plan | None = None
    unsent: int = 0
    tracking_problem: str = ""
    failures: dict[str, str] = field(default_factory=dict)
    gaps: dict[str, tuple[str, ...]] = field(default_factory=dict)
    problems: list[tuple[str, str, str, str]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    shard: Shard | None = None
    n_cells: int = 0
    n_finished: int = 0

    @property
    def complete(self) -> bool:
        """True if every band, cell, picture, source of pictures and document is there."""
        return not (self.unsent or self.failures or self.gaps or self.problems or self.lost)


def run_study(
    plan: Plan,
    *,
    jobs: int,
    tracking_uri: str,
    storage: str | None,
    fresh: bool,
    reporter: Reporter,
    strict: bool = False,
    cluster: str = "",
    shard: Shard | None = None,
    whole_command: str = "",
) -> Outcome:
    """
    Run a plan or one shard of it, or what is left of either.

    A shard computes its cells and keeps their records. What it has for the tracking store waits in an outbox of its own: the
    run of the whole study sends it, and makes what is made of all cells.

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
    cluster : str
        Address or file of a Dask scheduler, whose workers do the work; empty for `jobs` processes of this machine.
    shard : Shard, optional
        None for the whole study.
    whole_command : str
        Command line that runs the whole study, for whoever looks for the cells of a shard before; empty if there is none.

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
    if shard is not None:
        refuse_sqlite(storage)
    turn = shard.index / shard.count if shard else 0.0
    is_new = not was_begun(plan.study.name)
    with (
        study_lock(plan.study.name, shard),
        storage_lock(plan.study.name, storage, searched(plan, shard)) as still_held,
        storage_errors(storage),
        scratch_places(str(home / "records"), turn) as places,
    ):
        searches = open_storage(storage, _journal(plan.study, shard), still_held)
        attempt = attempt_number(plan.study, fresh)
        if shard is not None:
            # Nobody takes it over while the lock of the shard is held.
            outbox = Outbox(tracking_uri, shard.name_of(plan.study.name), whole_command)
            with open_workers(jobs, cluster, reporter, plan_files(plan)) as workers:
                means = _Means(places, workers, searches, outbox, reporter_of(workers, reporter), attempt, strict)
                return _run_shard(plan, shard, means)
        if waiting := waiting_jobs(plan.study.name):
            reporter.note(waiting_text(waiting))
        outbox = Outbox(tracking_uri)
        exporter = Exporter(outbox, tracking_uri, add_mlflow_model, reporter.note, ahead=is_new)
        exporter.start()
        try:
            with open_workers(jobs, cluster, reporter, plan_files(plan)) as workers:
                means = _Means(places, workers, searches, outbox, reporter_of(workers, reporter), attempt, strict)
                outcome = _run(plan, means)
        except KeyboardInterrupt:
            exporter.abandon()
            raise
        except BaseException:
            exporter.close(patience=2)  # what is left waits in the outbox for the next run
            raise
        reporter.stage("sending to MLflow", None)
        outcome.unsent = exporter.close()
        outcome.tracking_problem = exporter.problem
        forget_shards(plan.study.name)
        forget_jobs(plan.study.name)
        return outcome


def plan_files(plan: Plan) -> Probe:
    """Return the probe of everything that workers of a cluster read for a plan."""
    sources = [domain for source in plan.sources.values() for domain in source.domains]
    specs = {id(domain.spec): domain.spec for domain in (*plan.domains.values(), *sources)}
    return files_probe(specs.values(), (*plan.detectors, *plan.controls))


def _journal(study: Study, shard: Shard | None) -> Path:
    """Return the journal of the searches; a shard has its own, as a journal on a shared folder has one writer at a time."""
    return shard_journal(study.name, shard) if shard else results_root() / JOURNAL


def attempt_number(study: Study, fresh: bool = False) -> int:
    """Return the number of the present attempt at a study; `fresh` begins the next one."""
    path = results_root() / "attempts.json"
    attempts = read_json(path) or {}
    if fresh:
        attempts[study.name] = attempts.get(study.name, 0) + 1
        write_json(path, attempts)
    return attempts.get(study.name, 0)


@dataclass(frozen=True)
class _Means:
    """
    Means of a run, which its steps share.

    Attributes
    ----------
    places : Places
    workers : Workers
    searches : BaseStorage
        Of Optuna.
    outbox : Outbox
    reporter : Reporter
    attempt : int
        Number of the attempt at the study.
    strict : bool
        See `run_study`.
    """

    places: Places
    workers: Workers
    searches: BaseStorage
    outbox: Outbox
    reporter: Reporter
    attempt: int
    strict: bool


def _run(plan: Plan, means: _Means) -> Outcome:
    """Take the steps of a study in their order."""
    plan, prepared, cells = _prepare(plan, means)
    recorder = Recorder(means.outbox, means.reporter)
    _take_over_journals(plan.study, means)
    unfinished = _unfinished_cells(cells, recorder, means)
    _report_shards(plan, cells, unfinished, recorder, means.reporter)
    if unfinished:
        keep_split_lists(cells, plan.domains, Path(means.places.scratch))
        plan.forget_items()
    n_computed = _run_cells(plan, cells, unfinished, recorder, means)
    rows = _keep_study(plan, cells, recorder, means)
    _compare(cells, means)
    if rows:
        seal_folder(study_folder(cells[0]))
    recorder.study_finished(cells, study_folder(cells[0]), rows)
    return _outcome(plan, prepared, cells, recorder, n_computed)


def _run_shard(plan: Plan, shard: Shard, means: _Means) -> Outcome:
    """Take the steps of a study as far as they concern single cells, with those of a shard."""
    plan, prepared, cells = _prepare(plan, means)
    own = cells_of(plan, cells, shard)
    recorder = Recorder(means.outbox, means.reporter)
    unfinished = _unfinished_cells(own, recorder, means, _journal(plan.study, shard))
    plan.forget_items()
    n_computed = _run_cells(plan, own, unfinished, recorder, means)
    return replace(_outcome(plan, prepared, own, recorder, n_computed), shard=shard)


def _prepare(plan: Plan, means: _Means) -> tuple[Plan, Prepared, list[Cell]]:
    """Prepare and audit the pictures; return the plan as it then is, its item sets and all its cells."""
    keys_path = cell_keys_path(plan, means.attempt)
    prepared = prepare_sets(plan, means.places, means.workers, means.reporter)
    plan = prepared.plan
    audits = audit_plan(plan, prepared, means.places.cache, means.workers, means.reporter)
    if means.strict:
        for note in ambiguous_notes(audits):
            means.reporter.note(note)
        refuse_shortcuts(audits)
    cells = make_cells(plan, prepared, means.places.records, means.attempt, audits)
    keep_cell_keys(keys_path, cells)
    return plan, prepared, cells


def _outcome(plan: Plan, prepared: Prepared, cells: Sequence[Cell], recorder: Recorder, n_computed: int) -> Outcome:
    problems = list(iter_problems(list(prepared.sets.values())))
    return Outcome(
        recorder.rows,
        n_computed,
        plan=plan,
        failures=recorder.failures,
        gaps=recorder.gaps,
        problems=problems,
        lost=lost_sources(plan.read_domains),
        n_cells=len(cells),
        n_finished=len(cells) - len(recorder.failures),
    )


def _take_over_journals(study: Study, means: _Means) -> None:
    """Copy the searches of the shards to those of the whole study."""
    journals = begun_journals(study.name)
    if journals:
        means.reporter.stage("collecting the searches of the shards", len(journals))
    for journal in journals:
        take_over_journal(journal, means.searches)
        means.reporter.advance(1)


def _report_shards(
    plan: Plan, cells: Sequence[Cell], unfinished: Sequence[Cell], recorder: Recorder, reporter: Reporter
) -> None:
    """Report the cells that the shards of a study have left over."""
    n_left = len({cell.label for cell in unfinished} - {*recorder.incomplete, *recorder.changed, *recorder.damaged})
    if n_left and begun_shards(plan.study.name):
        reporter.note(f"The shards have recorded {len(cells) - n_left} of {len(cells)} cells; {n_left} are computed now.")


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


def _unfinished_cells(cells: Sequence[Cell], recorder: Recorder, means: _Means, journal: Path | None = None) -> list[Cell]:
    """Let the recorder take up the cells that earlier runs finished; return the others. `journal` is that of a shard."""
    journal = journal or results_root() / JOURNAL
    unfinished = [cell for cell in cells if _lost_trials(cell, means.searches, journal) or not recorder.take_up(cell)]
    if recorder.changed:
        means.reporter.note(
            f"The scores or the cell.json of {len(recorder.changed)} finished cells in {results_root()} are not those that "
            f"MLflow got (damaged, edited, or of another run): they are made again from the records and sent. "
            f"Cells: {listed(recorder.changed, SHOWN_CELLS)}."
        )
    if recorder.damaged:
        means.reporter.note(
            f"Files of {len(recorder.damaged)} finished cells in {results_root()} are damaged or were edited since they were "
            f"written: they are made again from the records. Cells: {listed(recorder.damaged, SHOWN_CELLS)}."
        )
    if recorder.incomplete:
        means.reporter.note(
            f"MLflow has not got all of {len(recorder.incomplete)} finished cells (never sent, deleted, or files are gone or "
            f"changed): they are sent again. Cells: {listed(recorder.incomplete, SHOWN_CELLS)}."
        )
    return unfinished


def _lost_trials(cell: Cell, searches: BaseStorage, journal: Path) -> bool:
    """Return True if the search of a finished cell lacks trials, as its journal was damaged."""
    document = find_cell(cell_folder(cell))
    searched = sum(trial.stage == "search" for trial in document.trials) if document else 0
    return lost_trials(journal, searches, search_name(cell), searched)


def _run_cells(plan: Plan, cells: Sequence[Cell], unfinished: Sequence[Cell], recorder: Recorder, means: _Means) -> int:
    """Run the unfinished of all cells; return the number of fits that were computed and not taken from records."""
    watched = WatchedRecords()
    courses = [_course(cell, _history(cell, means.searches), recorder, watched) for cell in unfinished]
    n_fits, reporter = plan.n_fits_of_cell, means.reporter
    reporter.stage("searching bands" if plan.n_bands > 1 else "fitting", (n_fits + 1) * len(unfinished))
    reporter.cells(len(cells) - len(unfinished), len(cells))
    start = time.time()
    driver = Driver(
        means.workers,
        reporter,
        finish_cell,
        lambda parts, rows: recorder.finished(parts.result, rows),
        len(cells),
        n_fits,
        _lost,
    )
    try:
        results = [parts.result for parts in driver.run(courses)]
    except KeyboardInterrupt:
        n_finished = len(cells) - len(unfinished) + driver.n_finished
        reporter.note(f"{n_finished} of {len(cells)} cells are finished; of the others {driver.n_fits_open} fits are recorded.")
        raise
    if watched.changed:
        reporter.note(watched.text)
    records = {r.key: r for result in results for group in (*result.trials, *result.tested) for r in group.records}
    return sum(record.finished >= start for record in records.values())


def _course(cell: Cell, history: History, recorder: Recorder, watched: WatchedRecords) -> Generator[Work, list[Any], CellParts]:
    """Run a cell, and keep the parts of its folder that workers can make side by side."""
    result = yield from watched.of_cell(cell.label, run_cell(cell, history, recorder))
    try:
        return (yield from keep_parts(result))
    except WorkLostError as error:
        return _lost(CellParts(result), str(error))


def _lost(parts: CellParts, reason: str) -> CellParts:
    return CellParts(CellResult(parts.result.cell, error=reason))


def _history(cell: Cell, searches: BaseStorage) -> History:
    # Of the names of the cell and not of its pictures and settings, so that a repeated attempt asks for the same bands.
    seed = int(digest([cell.study.name.partition(MARK)[0], cell.study.seed, cell.label])[:8], 16)
    return History(searches, search_name(cell), cell.study.search, cell.study.mode, seed)


def search_name(cell: Cell) -> str:
    """Return the name of a cell's Optuna study: readable parts, then as much of its key as tells variants apart."""
    train = cell.train.replace("/", "-")[:MOST_TRAIN]
    return f"{cell.study.name}/{cell.detector.label}/{train}/{cell_key(cell)[:SHORT]}"


def _keep_study(plan: Plan, cells: Sequence[Cell], recorder: Recorder, means: _Means) -> list[Row]:
    """Write the folder of the study; return its rows, those of earlier runs included."""
    means.reporter.stage("keeping the study", None)
    folder = study_folder(cells[0])
    damaged = remove_damaged(folder)
    if damaged:
        means.reporter.note(
            f"{len(damaged)} files of the study in {folder} are damaged or were edited since they were written: they are made "
            f"again; MLflow keeps those that it has. Files: {listed(damaged, SHOWN_CELLS)}."
        )
    # Without a seal, an earlier version wrote the split lists, or a run that did not end.
    unchecked = SEAL in damaged or not is_sealed(folder)
    break_seal(folder)
    rows = study_rows(folder, recorder.rows)
    if damaged or not has_rows(folder, rows):
        means.workers.submit(keep_study, plan.study.name, rows, folder).result()
    keep_split_lists(cells, plan.domains, folder, anew=unchecked, written=Path(means.places.scratch))
    return rows


def _compare(cells: Sequence[Cell], means: _Means) -> None:
    """Compare sets of test pictures in the embeddings of the detectors, if the study asks for it."""
    pairs = comparisons(cells)
    if not pairs:
        return
    means.reporter.stage("comparing embeddings", len(pairs))
    futures = {means.workers.submit(compare, comparison): i for i, comparison in enumerate(pairs)}
    entries: list[dict[str, Any]] = [{}] * len(pairs)
    for future in as_completed(futures):
        entries[futures[future]] = future.result()
        means.reporter.advance(1)
    compared = list(zip(pairs, entries, strict=True))
    means.workers.submit(keep_discrepancies, cells[0].study.name, compared, study_folder(cells[0])).result()
