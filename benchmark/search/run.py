"""A study from plan to results: prepare the pictures, run the cells, hand everything to the outbox."""

import contextlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..frequency.bands import Band
from ..domains.catalogue import Catalogue, OpenDomain
from ..results.cell_document import find_cell
from ..contracts import FAKE, REAL, Framing, Split, ViewSpec
from ..recording.discrepancy import compare, comparisons, keep_discrepancies
from ..errors import BenchError, DataError, StudyError
from .optuna_history import History, lost_trials, open_storage
from ..locks import LockHeldError, holding
from ..pictures.lookalikes import Lookalikes, lookalike_of
from ..pictures.perturbations import dataset_name, identity, unperturbed
from ..features.prepare import (
    Chunk,
    ChunkTask,
    ItemSet,
    Outcomes,
    Places,
    chunk_tasks,
    guarded,
    item_set,
    iter_problems,
    known_chunk,
    outcomes,
    prepare_together,
    whole,
    without_copies,
)
from ..domains.guard import Fitted, all_names, drop_leaks, missing_classes, refuse_leaks, split_digest
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
from ..registry import DetectorSpec, missing_extra
from ..reporting import Reporter
from ..results.rows import Row
from ..results.cells import SHORT, cell_key
from .fit import Assessment, Job, assess, find_record, run_jobs
from .cell import Cell, CellResult, Course, Replicate, Work, run_cell
from ..store import cache_root, digest, ensure_writable, read_json, results_root, write_json
from ..study.study_file import MARK, Study, override
from ..tracking import Exporter, Outbox
from ..workers import Workers, end_if_imported_by_a_worker, running_workers

JOURNAL = "optuna.journal"  # of all searches, among the results


# --- plan ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """
    A study with every name resolved.

    Attributes
    ----------
    study : Study
        Its ``train`` and ``test`` are domains, the perturbed ones among them.
    detectors : tuple of DetectorSpec
    domains : dict of (domain, replicate) to OpenDomain
        Without what the guard left out.
    left_out : dict of str to str
        Optional detectors that cannot be used here, and what they need.
    dropped : dict of (domain, replicate) to dict of str to int
        How many training and validation items the guard left out, where it left out any.
    facts : dict of str to dict
        `Dataset.facts` by name of the data set, of those that have any.
    unusable : dict of str to str
        Domains of whole data sets that a partial copy has not got, or not all of, and what they lack.
    """

    study: Study
    detectors: tuple[DetectorSpec, ...]
    domains: dict[tuple[str, int], OpenDomain]
    left_out: dict[str, str] = field(default_factory=dict)
    dropped: dict[tuple[str, int], dict[str, int]] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    unusable: dict[str, str] = field(default_factory=dict)

    @property
    def dropped_leaks(self) -> dict[str, dict[str, int]]:
        """How many items the guard left out, by training domain and split, in the draw that lost most."""
        found: dict[str, dict[str, int]] = {}
        for (name, _), counts in self.dropped.items():
            found[name] = max(counts, found.get(name, counts), key=lambda c: sum(c.values()))
        return found

    @property
    def n_cells(self) -> int:
        return len(self.detectors) * len(self.study.train)

    @property
    def n_bands(self) -> int:
        """Bands that one cell tries at most."""
        sweep = len(self.study.sweep_bands)
        return 1 + sweep + len(self.study.bands) + self.study.search.trials

    @property
    def n_fits(self) -> int:
        """Fits of the whole study at most; without the oracle, chosen bands are fitted once more for the test domains."""
        again = 0 if self.study.oracle else 1
        return self.n_cells * self.study.seeds * (self.n_bands + again)

    def sizes(self) -> list[dict[str, Any]]:
        """Pictures per domain, split and class, of the first replicate."""
        found = []
        for name in dict.fromkeys((*self.study.train, *self.study.test)):
            items = self.domains[name, 0].items
            counts = {
                f"{split}_{label_name}": sum(i.split == split and i.label == label for i in items)
                for split in ("train", "val", "test")
                for label, label_name in enumerate(("real", "fake"))
            }
            roles = [role for role in ("train", "test") if name in getattr(self.study, role)]
            found.append({"domain": name, "roles": roles, **counts})
        return found


def make_plan(study: Study, catalogue: Catalogue) -> Plan:
    """
    Resolve names, list items, refuse what leaks or lacks a class.

    Raises
    ------
    BenchError
        Of the kind that fits, for anything that cannot work.
    """
    entries = [entry for entry in study.detectors if not (entry.optional and missing_extra(entry.name))]
    detectors = tuple(DetectorSpec.parse(entry.name, entry.params) for entry in entries)
    labels = [spec.label for spec in detectors]
    if len(set(labels)) < len(labels):
        raise StudyError(f"detector '{next(x for x in labels if labels.count(x) > 1)}' is named twice.")
    for spec in detectors:
        _ = spec.build().view  # what the constructor and the view refuse is refused now
    learned = (REAL,) if reals_suffice(study, detectors) else (REAL, FAKE)
    opened: dict[tuple[str, int], OpenDomain] = {}

    def at(name: str, r: int) -> OpenDomain:
        if (name, r) not in opened:
            plain = at(unperturbed(name), r) if unperturbed(name) != name else None
            opened[name, r] = catalogue.domain(name, study.seed, r, plain)
        return opened[name, r]

    def lacks(name: str, splits: Sequence[Split], labels: Sequence[int]) -> str:
        missing = (missing_classes(at(name, r).items, splits, labels) for r in range(study.seeds))
        return next(filter(None, missing), "")

    trained = catalogue.choose(study.train, study.seed, lambda name: lacks(name, ("train", "val"), learned))
    tested = catalogue.choose(study.test, study.seed, lambda name: lacks(name, ("test",), (REAL, FAKE)))
    train, test = trained.domains, tested.domains
    test += [f"{name}+{chain}" for name in test for chain in study.perturbations]
    test = list(dict.fromkeys(test))
    study = override(study, {"train": train, "test": test, "perturbations": []})
    domains = {(name, r): at(name, r) for r in range(study.seeds) for name in dict.fromkeys((*train, *test))}
    for r in range(study.seeds):
        for name in train:
            _require_classes(domains[name, r], ("train", "val"), learned, detectors)
        for name in test:
            _require_classes(domains[name, r], ("test",))
    dropped = {}
    for r in range(study.seeds):
        for name, counts in _guard(train, test, domains, r, study.drop_leaks).items():
            dropped[name, r] = counts
    left_out = {entry.name: missing_extra(entry.name) for entry in study.detectors if entry not in entries}
    unusable = trained.left_out | tested.left_out
    return Plan(study, detectors, domains, left_out, dropped, data_facts(domains.values()), unusable)


def reals_suffice(study: Study, detectors: Sequence[DetectorSpec]) -> bool:
    """Whether training domains may lack fakes: every detector makes its own, and no band is chosen on validation pictures."""
    return not study.sweep_bands and not study.search.trials and _learn_from_reals(detectors)


def _learn_from_reals(detectors: Sequence[DetectorSpec]) -> bool:
    return bool(detectors) and all(spec.plugin.learns_from == "real" for spec in detectors)


def _require_classes(
    domain: OpenDomain, splits: tuple[Any, ...], labels: Sequence[int] = (REAL, FAKE), detectors: Sequence[DetectorSpec] = ()
) -> None:
    missing = missing_classes(domain.items, splits, labels)
    if missing:
        raise DataError(f"{domain.name} cannot be used here: {missing}. {_more_pictures(domain, detectors)}")


def _more_pictures(domain: OpenDomain, detectors: Sequence[DetectorSpec]) -> str:
    """What to do about a class that a domain lacks."""
    if not _learn_from_reals(detectors):
        return domain.remedy
    names = ", ".join(spec.label for spec in detectors)
    way = "set sweep: null and search.trials: 0."
    return f"{names} learns from reals alone, but a band is chosen on fakes, too: {way} Or: {domain.remedy}"


def _guard(
    train: Sequence[str], test: Sequence[str], domains: dict[tuple[str, int], OpenDomain], replicate: int, drop: bool
) -> dict[str, dict[str, int]]:
    """Refuse what leaks in one draw, or leave it out of `domains` and say how many items of each split that were."""
    held_out = {name: all_names(domains[name, replicate].split("test")) for name in test}
    dropped = {}
    for name in train:
        domain = domains[name, replicate]
        fitted = Fitted(name, domain.split("train"), domain.split("val"), domain.regrouping)
        related = {other: names for other, names in held_out.items() if same_data(domains[other, replicate], domain)}
        (drop_leaks if drop else refuse_leaks)([fitted], related)
        if any(fitted.dropped.values()):
            domains[name, replicate] = guarded(domain, [item for items in fitted.dropped.values() for item in items])
            dropped[name] = {split: len(items) for split, items in fitted.dropped.items()}
    return dropped


def same_data(one: OpenDomain, other: OpenDomain) -> bool:
    """Whether two domains are of one data set, under one name or two, so that equal names in them mean the same."""
    return dataset_name(one.name) == dataset_name(other.name) or one.spec.identity() == other.spec.identity()


def framing_of(domains: Iterable[OpenDomain]) -> Framing:
    """What the pictures of some domains show, as far as they have it in common."""
    return Framing.common(domain.dataset.framing() if domain.dataset else Framing() for domain in domains)


def data_facts(domains: Iterable[OpenDomain]) -> dict[str, dict[str, Any]]:
    """`Dataset.facts` by name of the data set, of those that have any."""
    opened = {dataset_name(domain.name): domain.dataset for domain in domains if domain.dataset is not None}
    facts = {name: dataset.facts() for name, dataset in opened.items()}
    return {name: {key: value for key, value in found.items() if value} for name, found in facts.items() if any(found.values())}


# --- preparation -----------------------------------------------------------------------------------------------------


def prepare_chunks(tasks: Sequence[ChunkTask], workers: Workers, reporter: Reporter) -> dict[str, Chunk]:
    """Prepare pictures that are not in the cache yet, each once; return the chunks by `task_key`."""
    wanted = {task_key(task): task for task in tasks}
    reporter.stage("preparing pictures", sum(len(task.items) for task in wanted.values()))
    chunks = {key: chunk for key, task in wanted.items() if (chunk := known_chunk(task))}
    reporter.advance(sum(len(wanted[key].items) for key in chunks))
    groups: dict[str, list[str]] = {}
    for key, task in wanted.items():
        if key not in chunks:
            groups.setdefault(_pictures_key(task), []).append(key)
    # What is made of the same pictures stays together, so that they are read once, unless that would leave workers idle.
    alone = len(groups) < 2 * workers.jobs
    parts = [[key] for keys in groups.values() for key in keys] if alone else list(groups.values())
    futures = {workers.submit(prepare_together, [wanted[key] for key in keys]): keys for keys in parts}
    for future in _as_completed(futures):
        chunks |= zip(futures[future], future.result(), strict=True)
        reporter.advance(sum(len(wanted[key].items) for key in futures[future]))
    return chunks


@dataclass(frozen=True)
class Prepared:
    """
    The item sets of a plan.

    Attributes
    ----------
    sets : dict of (domain, split, replicate) to ItemSet
    lookalikes : dict of (training domain, test domain) to Lookalikes
        Test pictures that look like training or validation pictures of any draw.
    """

    sets: dict[tuple[str, str, int], ItemSet]
    lookalikes: dict[tuple[str, str], Lookalikes]


def prepare_sets(plan: Plan, places: Places, workers: Workers, reporter: Reporter) -> Prepared:
    """Prepare every item set of a plan; pictures that several sets share are handled once."""
    views: list[ViewSpec] = [ViewSpec("profile")]  # for the spectrum pictures
    for spec in plan.detectors:
        view = spec.build().view
        if view not in views:
            views.append(view)
    crop = plan.study.crop.spec()
    pools: list[tuple[str, tuple[str, ...]]] = [(name, ("train", "val")) for name in plan.study.train]
    pools += [(name, ("test",)) for name in plan.study.test]
    wanted = {
        (name, splits, r): chunk_tasks(plan.domains[name, r], splits, crop, views, places)
        for name, splits in pools
        for r in range(plan.study.seeds)
    }
    chunks = prepare_chunks([task for tasks in wanted.values() for task in tasks], workers, reporter)
    return _item_sets(plan, wanted, chunks)


def _item_sets(
    plan: Plan, wanted: dict[tuple[str, tuple[str, ...], int], list[ChunkTask]], chunks: dict[str, Chunk]
) -> Prepared:
    """Item sets out of prepared chunks; a picture that is on two sides, under whatever name, is scored on neither test side."""
    pools = {key: (tasks, [chunks[task_key(task)] for task in tasks]) for key, tasks in wanted.items()}
    found = {
        (name, split, r): outcomes(plan.domains[name, r], split, *pool)
        for (name, splits, r), pool in pools.items()
        for split in splits
    }
    seen: dict[str, str] = {}
    for (name, split, r), outcome in list(found.items()):
        if split == "val":
            trained = dict.fromkeys(found[name, "train", r].contents, f"the training pictures of {name}")
            found[name, split, r] = without_copies(outcome, trained)
        if split in ("train", "val"):
            seen |= dict.fromkeys(outcome.contents, f"the training or validation pictures of {name}")
    seen.pop("", None)
    sets = {}
    digests = _split_digests(plan)
    for (name, splits, r), pool in pools.items():
        domain = plan.domains[name, r]
        for split in splits:
            if split == "test":
                found[name, split, r] = without_copies(found[name, split, r], seen)
            made = item_set(domain, split, found[name, split, r], *pool)
            known = replace(
                made.provenance,
                split_list=digests[unperturbed(name), r][0],
                test_list=digests[unperturbed(name), r][1],
                n_dropped=plan.dropped.get((name, r), {}).get(split, 0),
                facts=plan.facts.get(dataset_name(name), {}),
                may_be_shown=domain.dataset is not None and domain.dataset.may_be_shown,
                framing=framing_of([domain]),
            )
            sets[name, split, r] = replace(made, provenance=known)
    return Prepared(sets, _lookalikes(plan, found))


def _split_digests(plan: Plan) -> dict[tuple[str, int], tuple[str, str]]:
    """Digests of all items and of the test items, by domain without its perturbation, and draw."""
    found = {}
    for (name, r), domain in plan.domains.items():
        if (unperturbed(name), r) not in found:
            found[unperturbed(name), r] = split_digest(whole(domain).items), split_digest(whole(domain).split("test"))
    return found


def _lookalikes(plan: Plan, found: dict[tuple[str, str, int], Outcomes]) -> dict[tuple[str, str], Lookalikes]:
    """What test pictures look like in every training domain; of perturbed domains as they are without the perturbation."""
    alike: dict[tuple[str, str], dict[str, str]] = {}
    shown = {key: outcome.shown() for key, outcome in found.items()}
    known: dict[tuple[str, int, bytes], NDArray[np.intp]] = {}  # perturbed pictures have the hashes of the plain ones
    for train in plan.study.train:
        for r in range(plan.study.seeds):
            ids = [name for split in ("train", "val") for name in shown[train, split, r][0]]
            hashes = np.concatenate([shown[train, split, r][1] for split in ("train", "val")])
            for test in plan.study.test:
                names, tested = shown[test, "test", r]
                key = train, r, tested.tobytes()
                if key not in known:
                    known[key] = lookalike_of(tested, hashes)
                pairs = alike.setdefault((train, test), {})
                for i in np.flatnonzero(known[key] >= 0):
                    pairs.setdefault(names[i], ids[known[key][i]])
    return {key: Lookalikes.of(pairs) for key, pairs in alike.items()}


def task_key(task: ChunkTask) -> str:
    """Equal for tasks that would make the same of the same pictures, of whatever domain or replicate they are."""
    return digest([_pictures_key(task), identity(task.perturbation)])


def _pictures_key(task: ChunkTask) -> str:
    """Equal for tasks that would read the same pictures."""
    items = [[i.id, i.fingerprint] for i in task.items]
    return digest([task.dataset.identity(), items, task.colour])


def _as_completed(futures: Any) -> Iterator[Future]:
    waiting = set(futures)
    while waiting:
        # Short waits keep Ctrl-C quick and the clock of the progress display moving.
        done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
        yield from done


# --- cells -----------------------------------------------------------------------------------------------------------


class _Answer:
    """What comes of one piece of work: known already, or number `index` of what a worker is going to return."""

    def __init__(self, known: Any = None, future: "Future[Any] | None" = None, index: int | None = None) -> None:
        self._known, self._future, self._index = known, future, index

    @property
    def future(self) -> "Future[Any] | None":
        """What to wait for, if it is not there yet."""
        return None if self._future is None or self._future.done() else self._future

    def result(self) -> Any:
        """Return it, or raise what the worker raised."""
        if self._future is None:
            return self._known
        value = self._future.result()
        return value if self._index is None else value[self._index]


class Driver:
    """
    Runs several cells side by side; each gets its answers in the order in which it asked.

    Parameters
    ----------
    workers : Workers
    reporter : Reporter
    keep : callable
        Run in a worker on every result; what it returns goes to `finished`.
    finished : callable
        Called here with a result and what `keep` returned.
    n_cells : int
        Of the study, those of earlier runs included.
    n_fits : int
        Of one cell at most. A cell is as many steps of the stage, and one more for keeping it.
    """

    def __init__(
        self,
        workers: Workers,
        reporter: Reporter,
        keep: Callable[[CellResult], Any],
        finished: Callable[[CellResult, Any], None],
        n_cells: int,
        n_fits: int,
    ) -> None:
        self._workers, self._reporter, self._n_cells, self._n_fits = workers, reporter, n_cells, n_fits
        self._keep, self._finished = keep, finished
        self._counted: set[str] = set()
        self._steps: dict[int, int] = {}
        self._counting = threading.Lock()  # futures tell from threads of their own

    def run(self, courses: Sequence[Course]) -> list[CellResult]:
        """Run the cells to their end; return their results in the order of `courses`."""
        results: dict[int, CellResult] = {}
        pending: dict[int, list[_Answer]] = {}
        begun, done = 0, self._n_cells - len(courses)
        while pending or begun < len(courses):
            awaited = {i: [f for answer in mine if (f := answer.future)] for i, mine in pending.items()}
            # Cells begin when workers would soon be idle: the first ones are kept before the last ones are fitted.
            if begun < len(courses) and len({f for futures in awaited.values() for f in futures}) < 2 * self._workers.jobs:
                pending[begun] = self._begin(begun, next(courses[begun]))
                begun += 1
                continue
            ready = [i for i, futures in awaited.items() if not futures]
            for i in ready:
                answers = [answer.result() for answer in pending.pop(i)]
                if i in results:
                    self._finished(results[i], answers[0])
                    done += 1
                    self._reporter.cells(done, self._n_cells)
                    self._count(i, self._n_fits + 1)  # also what it did without
                    continue
                try:
                    pending[i] = self._begin(i, courses[i].send(answers))
                except StopIteration as stop:
                    results[i] = stop.value
                    pending[i] = [_Answer(future=self._workers.submit(self._keep, stop.value))]
            if not ready:
                # Short waits keep Ctrl-C quick.
                wait([f for futures in awaited.values() for f in futures], timeout=0.2, return_when=FIRST_COMPLETED)
        return [results[i] for i in range(len(courses))]

    def _begin(self, cell: int, work: Work) -> list[_Answer]:
        """Take up what earlier runs left, and hand the rest to the workers."""
        answers: dict[str, _Answer] = {}
        groups: dict[Band, list[Job]] = {}
        assessments = []
        for piece in work:
            if isinstance(piece, Assessment):
                assessments.append(_Answer(future=self._workers.submit(assess, piece)))
            elif piece.key not in answers:
                record = find_record(piece)
                answers[piece.key] = _Answer(record)
                if record is None:
                    groups.setdefault(piece.band, []).append(piece)
                else:
                    self._count_fits(cell, [piece])
        for jobs in groups.values():
            # The draws of one band share features. They stay together unless that would leave workers idle.
            parts = [jobs] if len(groups) >= 2 * self._workers.jobs else [[job] for job in jobs]
            for part in parts:
                future = self._workers.submit(run_jobs, part)
                future.add_done_callback(lambda _, part=part: self._count_fits(cell, part))
                answers |= {job.key: _Answer(future=future, index=i) for i, job in enumerate(part)}
        return assessments or [answers[piece.key] for piece in work if isinstance(piece, Job)]

    def _count_fits(self, cell: int, jobs: Sequence[Job]) -> None:
        """Tell that fits of a cell are done, each once."""
        with self._counting:
            new = {job.key for job in jobs} - self._counted
            self._counted |= new
            reached = min(self._steps.get(cell, 0) + len(new), self._n_fits)
        self._count(cell, reached)

    def _count(self, cell: int, reached: int) -> None:
        """Tell how many steps of a cell are done."""
        with self._counting:
            new = reached - self._steps.get(cell, 0)
            self._steps[cell] = max(reached, self._steps.get(cell, 0))
        if new > 0:
            self._reporter.advance(new)


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
    cache = ensure_writable(cache_root(), "BANDBENCH_CACHE")
    with _only_run(plan.study.name), tempfile.TemporaryDirectory(prefix="scratch-", dir=cache) as scratch:
        places = Places(str(cache), scratch, str(home / "records"))
        history_storage = open_storage(storage, home / JOURNAL)
        attempt = _attempt(plan.study, fresh)
        outbox = Outbox(tracking_uri)
        exporter = Exporter(outbox, tracking_uri, reporter.note)
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
    for future in _as_completed(futures):
        entries[futures[future]] = future.result()
        reporter.advance(1)
    workers.submit(keep_discrepancies, cells[0].study.name, entries, study_folder(cells[0])).result()


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
