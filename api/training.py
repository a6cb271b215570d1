"""Training of a model that is kept: in a folder, and in the tracking store."""

import re
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from ..benchmark.cluster.client import open_workers
from ..benchmark.cluster.progress import reporter_of
from ..benchmark.domains.catalogue import OpenDomain, lost_sources
from ..benchmark.domains.files_probe import files_probe
from ..benchmark.errors import BenchError
from ..benchmark.figures.plots import keep_curves
from ..benchmark.frequency.bands import Band
from ..benchmark.models.attribution import classes_of
from ..benchmark.models.documents import model_document
from ..benchmark.models.recipe import Recipe
from ..benchmark.models.trained_model import TrainedModel
from ..benchmark.models.training import train_model
from ..benchmark.pictures.crops import CropSpec
from ..benchmark.registry import DetectorSpec
from ..benchmark.reporting import Reporter
from ..benchmark.store.files import atomic_folder, unfinished_prefix
from ..benchmark.store.folders import ensure_places
from ..benchmark.store.scratch import remove_abandoned
from .data import GivenData
from .notes import dropped_lines, left_out_text, missing_lines, remark_lines
from .stores import send


@dataclass(frozen=True, eq=False)
class Trained:
    """
    A model and its training.

    Attributes
    ----------
    model : TrainedModel
    folder : Path, or None
        Folder that it is kept in.
    problems : tuple of (domain, item, status, detail)
        Pictures that could not be used.
    domains : tuple of OpenDomain
    tracking_problem : str
        Reason why the tracking store did not take it; empty if it did.
    """

    model: TrainedModel
    folder: Path | None
    problems: tuple[tuple[str, str, str, str], ...]
    domains: tuple[OpenDomain, ...]
    tracking_problem: str


def free_folder(folder: str | PathLike[str] | None) -> Path | None:
    """
    Return a folder for a model; what a killed process left of it is removed.

    Raises
    ------
    BenchError
        If there is something in it, or it cannot be made.
    """
    if folder is None:
        return None
    path = Path(folder).expanduser()
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise BenchError(f"{path} is there already; name another folder for the model, or remove it.")
    ancestor = next(parent for parent in path.absolute().parents if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=ancestor):
            pass
    except OSError as error:
        raise BenchError(f"{path} cannot be made ({ancestor}: {error.strerror}); name another folder for the model.") from error
    remove_abandoned(path.parent, unfinished_prefix(path))
    return path


def usual_folder(spec: DetectorSpec) -> Path:
    """Return the folder of a model of a detector for which none is named."""
    return Path("models", re.sub(r"[^\w.=-]+", "-", spec.label).strip("-"))


def train_on(
    spec: DetectorSpec,
    train: Sequence[str],
    data: GivenData,
    *,
    task: str,
    band: Band,
    crop: int,
    tiles: int,
    seed: int,
    folder: Path | None,
    drop_leaks: bool,
    allow_lookalikes: bool,
    jobs: int,
    cluster: str = "",
    tracking_uri: str,
    reporter: Reporter,
) -> Trained:
    """
    Train a detector, keep the model in a folder and send it to the tracking store.

    Parameters
    ----------
    spec : DetectorSpec
    train : sequence of str
        Domains, or data sets, of which domains without training pictures are left out with a note.
    data : GivenData
    folder : Path or None
        For the model; None for a temporary one, which the store copies.
    task, band, crop, tiles, seed, drop_leaks, allow_lookalikes, jobs, cluster, tracking_uri
        See `bandbench.train`.
    reporter : Reporter

    Raises
    ------
    BenchError
        See `train_model`.
    """
    ensure_places()
    catalogue = data.catalogue()
    chosen = catalogue.choose(train, seed, lambda name: _lacks(catalogue.domain(name, seed)))
    for domain, reason in chosen.left_out.items():
        reporter.note(left_out_text(domain, reason))
    domains = tuple(chosen.domains)
    crops = CropSpec(crop, "centre" if tiles == 1 else "tiles", tiles)
    recipe = Recipe(spec, task, classes_of(task, domains), band, crops, domains, seed)
    started = time.time()
    probe = files_probe([catalogue.domain(name, seed).spec for name in domains], [spec])
    with open_workers(jobs, cluster, reporter, probe) as workers:
        reporter = reporter_of(workers, reporter)
        model, problems = train_model(recipe, catalogue, workers, reporter, drop_leaks, allow_lookalikes)
    reporter.stage("keeping the model", None)
    with tempfile.TemporaryDirectory(prefix="bandbench-") as temporary:
        place = folder or Path(temporary, "model")
        with atomic_folder(place) as unfinished:
            model.save(unfinished)
            keep_curves(model.classifier.members, unfinished / "training.png", recipe.label)
            # The folder appears last: who finds it knows that the training was recorded, or waits to be.
            problem = send([model_document(model, unfinished, started, folder)], tracking_uri)
    opened = tuple(catalogue.domain(name, seed) for name in domains)
    return Trained(model, folder, problems, opened, problem)


def _lacks(domain: OpenDomain) -> str:
    """Return why a domain has no part in a training; the classes of all domains together are checked later."""
    return "" if any(item.split in ("train", "val") for item in domain.items) else "no training or validation picture"


def notes_on_training(trained: Trained) -> list[str]:
    """Return the remarks on a training that the command line prints."""
    model = trained.model
    return [
        *dropped_lines({", ".join(model.recipe.train): model.data["dropped_leaks"]}),
        *missing_lines(model.data["data"]),
        *lost_sources(trained.domains),
        *remark_lines(trained.domains),
        *([f"not recorded: {trained.tracking_problem}"] if trained.tracking_problem else []),
    ]
