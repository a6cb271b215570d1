"""
The faces of a data set, cut out once, in a folder that a kill leaves usable.

What is there already, made of the same file with the same settings, is not done again.
"""

import contextlib
import copy
import csv
import gc
import hashlib
import importlib.metadata
import inspect
import itertools
import shlex
import shutil
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from ...benchmark.contracts import LABEL_NAMES
from ...benchmark.domains.catalogue import DatasetSpec
from ...benchmark.errors import BenchError, DataError, unknown_name
from ...benchmark.registry import datasets
from ...benchmark.reporting import Reporter, Silence
from ...benchmark.store.files import atomic_path
from ...benchmark.store.locks import LockHeldError, holding
from ...benchmark.workers import one_thread, running_workers
from ..copies.losses import SELECTION, Losses, unequal_losses
from ..copies.prepared import ERROR, LOCK, NO_FACE, OK, PROBLEMS, WORK, Preparation, default_folder, note_place
from ..copies.settings import Settings
from ..copies.sources import SourceDataset
from ..copies.survey import Source, Survey
from ..copies.tree import Trouble
from .contact_sheet import write_contact_sheets
from .cut import UNREAD, Done, Workshop, stop_sign, writing
from .estimate import Estimate, estimate

PRELOAD = ["bandbench.datasets.faces.cut", "cv2", "av"]
IN_FLIGHT = 4  # sources per worker that are on their way


# --- settings --------------------------------------------------------------------------------------------------------


def merge_settings(dataset: SourceDataset, given: Mapping[str, Any]) -> Settings:
    """
    Settings of a data set: the defaults, what the adapter wants otherwise, and what the user said, in this order.

    Parameters
    ----------
    dataset : SourceDataset
    given : dict
        Fields of `Settings`; None counts as not given. Of ``frames`` and ``every``, one given takes the place of the other.

    Raises
    ------
    DataError
        If a value makes no sense.
    """
    values: dict[str, Any] = {}
    for layer in (dataset.preparation, given):
        said = {name: value for name, value in layer.items() if value is not None}
        if said.get("every") and "frames" not in said:
            said["frames"] = 0
        elif said.get("frames") and "every" not in said:
            said["every"] = 0
        values |= said
    return Settings(**values)


def with_weights(settings: Settings, weights: Path | None) -> Settings:
    """
    Put the SHA-256 of the finder's weights into the settings, as other weights find other faces.

    Raises
    ------
    DataError
        If the file cannot be read, or the finder takes none.
    """
    if weights is None:
        return settings
    if settings.faces in ("haar", "none"):
        raise DataError(f"faces={settings.faces} takes no weights; leave them out, or choose yunet or retinaface.")
    try:
        with weights.open("rb") as file:
            return replace(settings, weights=hashlib.file_digest(file, "sha256").hexdigest())
    except OSError as error:
        raise DataError(f"cannot read the weights {weights} ({error.strerror}); check the path.") from error


# --- workers ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Order:
    """
    What a worker has to know, as it can be sent there.

    Attributes
    ----------
    dataset : DatasetSpec
    settings : Settings
    weights : str
        Empty for none.
    folder : str
    """

    dataset: DatasetSpec
    settings: Settings
    weights: str
    folder: str

    @classmethod
    def of(cls, workshop: Workshop, folder: Path) -> "Order":
        """Have the work of a workshop done elsewhere."""
        weights = str(workshop.weights.absolute()) if workshop.weights else ""
        return cls(spec_of(workshop.dataset), workshop.settings, weights, str(folder))

    @cached_property
    def workshop(self) -> Workshop:
        """Opened where it is used."""
        dataset = self.dataset.open(0, 0)
        assert isinstance(dataset, SourceDataset)
        return Workshop(dataset, self.settings, Path(self.weights) if self.weights else None)

    @cached_property
    def preparation(self) -> Preparation:
        """Where crops go; its manifest, which can be long, is not needed for that."""
        return Preparation(Path(self.folder), {})


_orders: list[Order] = []  # the one that this process works on


def run_order(order: Order, source: Source) -> Done:
    """Make the crops of one source, in a worker."""
    if _orders != [order]:
        _orders[:] = [order]
        gc.freeze()  # looking through what was imported before the fork would copy all of it, page by page
    with one_thread():
        return _orders[0].workshop.publish(source, _orders[0].preparation)


def spec_of(dataset: SourceDataset) -> DatasetSpec:
    """Say how a worker can open the same data set."""
    plugin = type(dataset)
    shared = ("root", "seed", "replicate")
    options = {name: value for name, value in dataset.parameters().items() if name not in shared}
    registered = datasets.found.classes.get(plugin.name) is plugin
    reference = plugin.name if registered else f"{inspect.getfile(plugin)}:{plugin.__qualname__}"
    return DatasetSpec(reference, str(dataset.folder.absolute()), options)


def _run_all(workshop: Workshop, preparation: Preparation, sources: Sequence[Source], jobs: int) -> Generator[Done, None, None]:
    """Do sources one after the other in this process, or with a few per worker on their way."""
    if jobs == 1 or len(sources) < 2:
        with one_thread():
            yield from (workshop.publish(source, preparation) for source in sources)
        return
    order = Order.of(workshop, preparation.folder)
    waiting: dict[Future[Done], Source] = {}
    queue = iter(sources)
    with running_workers(jobs, PRELOAD) as workers, _stopping_at_once(preparation.folder):
        while True:
            for source in itertools.islice(queue, IN_FLIGHT * jobs - len(waiting)):
                waiting[workers.submit(run_order, order, source)] = source
            if not waiting:
                return
            # Short waits keep Ctrl-C quick and the clock of the progress display moving.
            for future in wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED).done:
                yield _result(future, waiting)


def _result(future: "Future[Done]", waiting: "dict[Future[Done], Source]") -> Done:
    """What a worker returned; if one died, it was while it read one of those that are waited for."""
    try:
        done = future.result()
    except BrokenProcessPool as error:
        names = ", ".join(source.id for source in waiting.values())
        raise BenchError(
            f"a worker process died while it read one of these: {names}. Either memory is short (--jobs 1 needs less), or one "
            f"of them breaks the decoder (move it away). What was finished is kept: the same command continues."
        ) from error
    del waiting[future]
    return done


@contextlib.contextmanager
def _stopping_at_once(folder: Path) -> Iterator[None]:
    """Workers ignore Ctrl-C and end what they have begun; tell them to leave it when this block is left early."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            stop_sign(folder).touch()
        raise


# --- the whole -------------------------------------------------------------------------------------------------------


@dataclass
class Count:
    """
    What was made of the sources of one class in one domain.

    Attributes
    ----------
    domain : str
        Variant of the data set; empty if it is one domain.
    label : int
    sources, crops, no_face, errors, left : int
        `left`: not done, because they could not be read or the run was stopped.
    frames, lost : int
        Frames that were looked at, and those that gave no crop.
    """

    domain: str
    label: int
    sources: int = 0
    crops: int = 0
    no_face: int = 0
    errors: int = 0
    left: int = 0
    frames: int = 0
    lost: int = 0


class Tally:
    """Counts per domain and class, while sources come in."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._sources = {source.id: source for source in sources}
        self._counts: dict[tuple[str, int], Count] = {}
        for source in self._sources.values():
            for count in self._of(source):
                count.sources += 1
                count.left += 1

    def _of(self, source: Source) -> list[Count]:
        """Counts of the domains that a source belongs to."""
        keys = [(domain, source.label) for domain in source.domains]
        return [self._counts.setdefault(key, Count(*key)) for key in keys]

    def add(self, done: Done) -> None:
        """Count what became of one source."""
        for count in self._of(self._sources[done.id]):
            count.crops += done.n_crops
            count.no_face += done.status == NO_FACE
            count.errors += done.status == ERROR
            count.left -= done.status != UNREAD
            count.frames += done.losses.frames
            count.lost += done.losses.lost

    @property
    def counts(self) -> list[Count]:
        """Sorted by domain, reals first."""
        return [self._counts[key] for key in sorted(self._counts)]


@dataclass
class PreparationOutcome:
    """
    What a preparation leaves.

    Attributes
    ----------
    preparation : Preparation
    counts : list of Count
        Per domain and class, of everything that was asked for, whenever it was done; a source counts in each of its domains.
    done : int
        Sources that were done now.
    known : int
        Sources that had been done before.
    vanished : tuple of str
        Ids of sources that were done once and are no longer below the root.
    problems : list of Trouble
        Sources without crops, then sources with fewer than asked for (status ``ok``), then what the survey passed over.
    missing, notes : tuple of str
        What the survey says of the copy.
    sheets : tuple of Path
        Contact sheets.
    """

    preparation: Preparation
    counts: list[Count] = field(default_factory=list)
    done: int = 0
    known: int = 0
    vanished: tuple[str, ...] = ()
    problems: list[Trouble] = field(default_factory=list)
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    sheets: tuple[Path, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every source gave crops."""
        return not any(count.no_face or count.errors or count.left for count in self.counts)

    @property
    def warnings(self) -> list[str]:
        """Domains of which one class lost many more of its frames than the other, a sentence each."""
        found = {count.domain: {} for count in self.counts}
        for count in self.counts:
            found[count.domain][count.label] = Losses(count.frames, count.lost)
        said = {domain: unequal_losses(losses) for domain, losses in found.items()}
        return [f"{domain}: {text}; {SELECTION}" if domain else f"{text}; {SELECTION}" for domain, text in said.items() if text]

    @property
    def n_crops(self) -> int:
        """Crops that are there, those of several domains counted more than once."""
        return sum(count.crops for count in self.counts)

    def as_dict(self) -> dict[str, Any]:
        """JSON-like."""
        manifest = self.preparation.manifest
        return {
            "folder": str(self.preparation.folder),
            **{name: manifest[name] for name in ("dataset", "root", "options", "settings", "command")},
            "digest": self.preparation.settings.digest,
            "complete": self.complete,
            "done": self.done,
            "known": self.known,
            "domains": [asdict(count) | {"label": LABEL_NAMES[count.label]} for count in self.counts],
            "problems": [asdict(problem) for problem in self.problems],
            "missing": list(self.missing),
            "notes": list(self.notes),
            "warnings": self.warnings,
            "vanished": list(self.vanished),
            "contact_sheets": [str(path) for path in self.sheets],
        }


def prepare_dataset(
    dataset: SourceDataset,
    settings: Settings,
    out: Path | None = None,
    *,
    jobs: int = 1,
    reporter: Reporter | None = None,
    weights: Path | None = None,
    domains: Sequence[str] = (),
    retry: bool = False,
) -> PreparationOutcome:
    """
    Cut the faces out of every source of a data set, or of those that are left.

    Parameters
    ----------
    dataset : SourceDataset
        Its root is the folder of the distribution.
    settings : Settings
        See `merge_settings`.
    out : Path, optional
        Folder of the crops; if there is none, one among the results, for each data set, root and settings.
    jobs : int
        Worker processes; with one the work is done in this process.
    reporter : Reporter, optional
    weights : Path, optional
        File of the face finder.
    domains : sequence of str
        Variants whose sources are wanted; all if empty. What other runs did of other variants stays.
    retry : bool
        Do sources again that gave no crop.

    Returns
    -------
    PreparationOutcome
        Sources that give no crop do not raise.

    Raises
    ------
    DataError
        If nothing of the data set is there, the folder belongs to something else or to other settings, or another process
        is working on it.
    DiskError
        If the folder cannot be written any more.
    """
    reporter = reporter or Silence()
    reporter.stage(f"looking at {dataset.root}", None)
    settings = with_weights(settings, weights)
    workshop = Workshop(dataset, settings, weights)
    folder = checked_place(dataset, settings, out)
    survey = checked_survey(dataset)
    wanted = choose_sources(dataset, survey, domains)
    workshop.check(wanted)
    if all(source.kind == "still" for source in wanted):
        reporter.note(
            f"{dataset.name} consists of pictures, which can be used as they are. Once cut, the faces are used instead."
        )
    with _only_process(folder):
        preparation, vanished = _begin(dataset, settings, folder, survey, weights)
        outcome = PreparationOutcome(preparation, vanished=vanished, missing=survey.missing, notes=survey.notes)
        try:
            _work(workshop, wanted, jobs, retry, outcome, reporter)
        finally:  # after Ctrl-C and on a full disk too, what is there can be used
            reporter.stage("writing the index", None)
            shutil.rmtree(folder / WORK, ignore_errors=True)
            with writing(folder):
                preparation.write_index()
        outcome.problems += survey.troubles
        reporter.stage("drawing contact sheets", None)
        with writing(folder):
            write_problems(outcome)
            outcome.sheets = tuple(write_contact_sheets(preparation, survey.sources))
    return outcome


def preview(
    dataset: SourceDataset,
    settings: Settings,
    out: Path | None = None,
    *,
    reporter: Reporter | None = None,
    weights: Path | None = None,
    domains: Sequence[str] = (),
    retry: bool = False,
) -> list[Estimate]:
    """
    Say how much `prepare_dataset` would do, from a few sources that are prepared in a temporary folder; keep nothing.

    Parameters
    ----------
    dataset, settings, out, reporter, weights, domains, retry
        As in `prepare_dataset`.

    Returns
    -------
    list of Estimate
        See `estimate`.

    Raises
    ------
    DataError
        As `prepare_dataset`, but for a folder that cannot be written.
    """
    reporter = reporter or Silence()
    reporter.stage(f"looking at {dataset.root}", None)
    settings = with_weights(settings, weights)
    workshop = Workshop(dataset, settings, weights)
    known = Preparation.at(checked_place(dataset, settings, out))
    wanted = choose_sources(dataset, checked_survey(dataset), domains)
    workshop.check(wanted)
    reporter.stage("trying a few sources", None)
    return estimate(workshop, wanted, known, retry, reporter.advance)


def checked_survey(dataset: SourceDataset) -> Survey:
    """
    What is below the root, if it can be prepared.

    Raises
    ------
    DataError
        If nothing is there, or the root is a prepared folder.
    """
    known = Preparation.at(dataset.folder)
    if known:
        raise DataError(
            f"{dataset.root} holds crops of {known.dataset} already; give the folder that they were made from "
            f"({known.manifest['root']}), or use them: --data {known.dataset}={dataset.root}."
        )
    survey = dataset.survey_now()
    ids = {source.id for source in survey.sources}
    for source in survey.sources:
        above = next((str(place) for place in PurePosixPath(source.id).parents if str(place) in ids), None)
        if above:
            raise DataError(f"{dataset.name} lists {above}, and {source.id} in it, as two sources; mend its adapter.")
    return survey


def choose_sources(dataset: SourceDataset, survey: Survey, domains: Sequence[str]) -> list[Source]:
    """
    Sources of some domains, each once; all if none is named.

    Parameters
    ----------
    dataset : SourceDataset
    survey : Survey
        What is there now.
    domains : sequence of str
        Variants, or what stands for several (`Dataset.find_variants`).

    Raises
    ------
    DataError
        If there is no such variant.
    """
    if not domains:
        return list(survey.sources)
    present = copy.copy(dataset)
    present.__dict__["surveyed"] = survey  # and not what was found when it was prepared
    meant: set[str] = set()
    for domain in domains:
        text = domain.removeprefix(f"{dataset.name}/")
        found = present.find_variants(text)
        if not found:
            raise DataError(unknown_name(f"domain of {dataset.name}", text, present.variants()))
        meant |= set(found)
    return [source for source in survey.sources if meant & set(source.domains)]


def checked_place(dataset: SourceDataset, settings: Settings, out: Path | None) -> Path:
    """
    Where the crops go, if they may.

    Raises
    ------
    DataError
        If something else is there, crops that were made otherwise among it, or the place and the root lie in each other, so
        that crops would be taken for a part of the data set.
    """
    folder = (out or default_folder(dataset.origin, settings)).expanduser().absolute()
    place, data = folder.resolve(), dataset.folder.resolve()
    if place.is_relative_to(data) or data.is_relative_to(place):
        raise DataError(
            f"{folder} and the data in {dataset.root} lie one inside the other; give a folder elsewhere with --out."
        )
    Preparation.check(folder, dataset.origin, dataset.version, settings)
    return folder


@contextlib.contextmanager
def _only_process(folder: Path) -> Iterator[None]:
    """Hold the folder: two processes would do everything twice, and delete what the other one is working on."""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(holding(folder / LOCK, patience=0))
        except LockHeldError as error:
            raise DataError(f"another `bench data prepare` is working on {folder}; wait for it to end.") from error
        except OSError as error:
            raise DataError(
                f"cannot write to {folder} ({error.strerror}); make it writable or give another folder with --out."
            ) from error
        yield


def _begin(
    dataset: SourceDataset, settings: Settings, folder: Path, survey: Survey, weights: Path | None
) -> tuple[Preparation, tuple[str, ...]]:
    """Write the manifest, or the next state of it; sources that were done once and are gone stay in it."""
    known = Preparation.at(folder)
    vanished: list[Source] = []
    if known:
        there = {source.id for source in survey.sources}
        before = Survey.from_dict(known.survey).sources
        vanished = [source for source in before if source.id not in there and known.record(source.id)]
    whole = replace(survey, sources=tuple(sorted((*survey.sources, *vanished), key=lambda source: source.id)))
    with writing(folder):
        preparation = Preparation.create(
            folder,
            dataset.origin,
            dataset.version,
            settings,
            whole.as_dict(),
            command=command_of(dataset, settings, folder, weights),
            made_with=_libraries(),
        )
        note_place(dataset.origin, settings, folder)
        shutil.rmtree(folder / WORK, ignore_errors=True)  # of runs that were killed
    return preparation, tuple(source.id for source in vanished)


def command_of(dataset: SourceDataset, settings: Settings, folder: Path, weights: Path | None) -> str:
    """Say what continues a preparation."""
    parts = ["bench", "data", "prepare", spec_of(dataset).reference, "--root", str(dataset.folder.absolute())]
    defaults = dataset.parameter_defaults()
    for name, value in dataset.parameters().items():
        if name not in ("root", "seed", "replicate") and value != defaults[name]:
            parts += ["--param", f"{name}={value}"]
    parts += settings.as_options(merge_settings(dataset, {}))
    if weights:
        parts += ["--weights", str(weights.absolute())]
    if folder.resolve() != default_folder(dataset.origin, settings).resolve():
        parts += ["--out", str(folder)]
    return shlex.join(parts)


def _libraries() -> dict[str, str]:
    """Versions of what decodes and finds faces: another one may give other crops."""
    found = {}
    for name in ("av", "opencv-python-headless", "numpy", "pillow", "onnxruntime", "torch"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def _work(
    workshop: Workshop, wanted: Sequence[Source], jobs: int, retry: bool, outcome: PreparationOutcome, reporter: Reporter
) -> None:
    """Do what is left, and count everything that is there."""
    preparation, tally = outcome.preparation, Tally(wanted)

    def count(done: Done) -> None:
        tally.add(done)
        outcome.counts = tally.counts
        if done.detail:
            outcome.problems.append(Trouble(done.id, done.status, done.detail))

    reporter.stage("looking at what is done", len(wanted))
    left = []
    for source in wanted:
        record = preparation.record(source.id)
        if record and not (retry and record.status != OK) and workshop.is_fresh(record, source, preparation):
            count(Done.of(record))
        else:
            left.append(source)
            if record:
                preparation.drop_index()
        reporter.advance()
    outcome.known = len(wanted) - len(left)
    reporter.stage("cutting faces", len(wanted))
    reporter.advance(outcome.known)
    with contextlib.closing(_run_all(workshop, preparation, left, jobs)) as results:
        for done in results:
            count(done)
            outcome.done += done.status != UNREAD
            reporter.advance()
    outcome.problems.sort(key=lambda problem: (problem.status == OK, problem.path))


def write_problems(outcome: PreparationOutcome) -> None:
    """Write one line for everything that is not as it should be, beside the crops; what other runs did included."""
    path = outcome.preparation.folder / PROBLEMS
    known = {problem_id for problem_id, _, _ in outcome.preparation.iter_problems()}
    others = [(p.path, p.status, p.detail) for p in outcome.problems if p.path not in known]
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("path", "status", "detail"))
        writer.writerows(outcome.preparation.iter_problems())
        writer.writerows(others)
