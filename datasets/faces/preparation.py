"""
Preparation of a data set: its faces are cut out once, into a folder that is usable even after a kill.

A source is not cut again if its file and the settings are the same and its crops are there.
"""

import contextlib
import importlib.metadata
import shlex
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ...benchmark.errors import DataError
from ...benchmark.reporting import OneStage, Reporter, Silence
from ...benchmark.store.locks import LockHeldError, holding
from ..copies.prepared import LOCK, OK, WORK, Preparation, default_folder, note_place
from ..copies.settings import Settings
from ..copies.sources import SourceDataset
from ..copies.survey import Source, Survey
from ..copies.tree import Trouble
from .contact_sheet import write_contact_sheets
from .cut import FaceCropper, writing
from .estimate import Estimate, estimate
from .jobs import iter_outcomes, spec_of
from .outcome import UNREAD, OutcomeCounter, PreparationOutcome, SourceOutcome, write_problems
from .request import checked_folder, checked_survey, choose_sources, merge_settings, with_weights

LIBRARIES = ("av", "opencv-python-headless", "numpy", "pillow", "onnxruntime", "torch")


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
    cluster: str = "",
) -> PreparationOutcome:
    """
    Cut the faces out of every source of a data set, or out of those that earlier runs have left.

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
        Variants whose sources are prepared; all if empty. Crops of other variants that earlier runs made stay.
    retry : bool
        Do sources again that gave no crop.
    cluster : str
        Address or file of a Dask scheduler, whose workers do the work; empty for this machine.

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
    reporter.stage(f"listing the sources in {dataset.root}", None)
    settings = with_weights(settings, weights)
    cropper = FaceCropper(dataset, settings, weights)
    folder = checked_folder(dataset, settings, out)
    survey = checked_survey(dataset)
    sources = choose_sources(dataset, survey, domains)
    cropper.check(sources)
    if all(source.kind == "still" for source in sources):
        reporter.note(
            f"{dataset.name} consists of pictures, which can be used as they are. Once cut, the faces are used instead."
        )
    with _holding_folder(folder):
        preparation, vanished = _write_manifest(dataset, settings, folder, survey, weights)
        outcome = PreparationOutcome(preparation, vanished=vanished, missing=survey.missing, notes=survey.notes)
        try:
            _cut_sources(cropper, sources, jobs, cluster, retry, outcome, reporter)
        finally:  # after Ctrl-C and on a full disk too, the finished sources can be used
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
    Estimate the work of `prepare_dataset` from a sample of sources that is prepared in a temporary folder and deleted.

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
    reporter.stage(f"listing the sources in {dataset.root}", None)
    settings = with_weights(settings, weights)
    cropper = FaceCropper(dataset, settings, weights)
    earlier = Preparation.at(checked_folder(dataset, settings, out))
    sources = choose_sources(dataset, checked_survey(dataset), domains)
    cropper.check(sources)
    reporter.stage("cutting a sample of the sources", None)
    return estimate(cropper, sources, earlier, retry, reporter.advance)


@contextlib.contextmanager
def _holding_folder(folder: Path) -> Iterator[None]:
    """Lock the folder: two processes would do everything twice and delete each other's unfinished work."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(holding(folder / LOCK, patience=0))
        except LockHeldError as error:
            raise DataError(f"another `bench data prepare` is working on {folder}; wait for it to end.") from error
        except OSError as error:
            raise DataError(
                f"cannot write to {folder} ({error.strerror}); make it writable or give another folder with --out."
            ) from error
        yield


def _write_manifest(
    dataset: SourceDataset, settings: Settings, folder: Path, survey: Survey, weights: Path | None
) -> tuple[Preparation, tuple[str, ...]]:
    """Write the manifest, or its next state, and return the ids of sources that were done once and have vanished."""
    earlier = Preparation.at(folder)
    vanished: list[Source] = []
    if earlier:
        present = {source.id for source in survey.sources}
        listed = Survey.from_dict(earlier.survey).sources
        vanished = [source for source in listed if source.id not in present and earlier.record(source.id)]
    # Crops of vanished sources are still of use, so their sources stay in the manifest.
    complete = replace(survey, sources=tuple(sorted((*survey.sources, *vanished), key=lambda source: source.id)))
    with writing(folder):
        preparation = Preparation.create(
            folder,
            dataset.origin,
            dataset.version,
            settings,
            complete.as_dict(),
            command=command_of(dataset, settings, folder, weights),
            made_with=_library_versions(),
        )
        note_place(dataset.origin, settings, folder)
        shutil.rmtree(folder / WORK, ignore_errors=True)  # of runs that were killed
    return preparation, tuple(source.id for source in vanished)


def command_of(dataset: SourceDataset, settings: Settings, folder: Path, weights: Path | None) -> str:
    """Return the command line that continues a preparation."""
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


def _library_versions() -> dict[str, str]:
    """Return the versions of the libraries that decode and find faces: another one may give other crops."""
    versions = {}
    for name in LIBRARIES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions


def _cut_sources(
    cropper: FaceCropper,
    sources: Sequence[Source],
    jobs: int,
    cluster: str,
    retry: bool,
    outcome: PreparationOutcome,
    reporter: Reporter,
) -> None:
    """Cut the sources that are not done yet; count them and those that earlier runs did in the outcome."""
    preparation, counter = outcome.preparation, OutcomeCounter(sources)

    def count(result: SourceOutcome) -> None:
        counter.add(result)
        outcome.counts = counter.counts
        if result.detail:
            outcome.problems.append(Trouble(result.id, result.status, result.detail))

    reporter.stage("checking which sources are done", len(sources))
    pending = []
    for source in sources:
        record = preparation.record(source.id)
        if record and not (retry and record.status != OK) and cropper.is_fresh(record, source, preparation):
            count(SourceOutcome.of(record))
        else:
            pending.append(source)
            if record:
                preparation.drop_index()
        reporter.advance()
    outcome.known = len(sources) - len(pending)
    reporter = OneStage(reporter, "cutting faces", len(sources))  # the way to a cluster is a part of it
    reporter.advance(outcome.known)
    with contextlib.closing(iter_outcomes(cropper, preparation, pending, jobs, cluster, reporter)) as results:
        for result in results:
            count(result)
            outcome.done += result.status != UNREAD
            reporter.advance()
    outcome.problems.sort(key=lambda problem: (problem.status == OK, problem.path))
