"""``bench train``: one detector, kept as a folder that can score pictures."""

import re
import time
from pathlib import Path

import typer
from rich.console import Console

from ..domains.catalogue import Catalogue, OpenDomain
from ..errors import BenchError, StudyError, unknown_name
from ..figures.plots import keep_curves
from ..frequency.bands import Band
from ..models.attribution import classes_of
from ..models.documents import model_document
from ..models.recipe import TASKS, Recipe
from ..models.spectrum_reference import FEWEST
from ..models.trained_model import TrainedModel
from ..models.training import train_model
from ..pictures.crops import CropSpec
from ..pictures.shortcuts import Shortcut
from ..store.files import dump_json
from ..tracking.store import resolve_tracking_uri
from ..workers import running_workers
from .arguments import data_words, parse_data, parse_detector
from .next_steps import after_train
from .options import check_target, jobs_of, write_text
from .progress import ScreenReporter
from .provenance import print_dropped, print_missing, print_remarks, print_unusable
from .report import print_problems, print_shortcut, print_steps
from .requests.models import TrainRequest
from .tracking_store import sent


def train(request: TrainRequest) -> None:
    """Train a detector and keep it as a folder: for bench evaluate, bench scan and MLflow."""
    console = Console(stderr=True)
    check_target(request.json_file)
    if request.task not in TASKS:
        raise StudyError(unknown_name("task", request.task, TASKS))
    spec = parse_detector(request.detector, request.param)
    folder = request.out or Path("models", re.sub(r"[^\w.=-]+", "-", spec.label).strip("-"))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BenchError(f"{folder} is there already; name another folder with --out, or remove it.")
    uri = resolve_tracking_uri(request.tracking_uri)
    located = parse_data(data_words(request.data, request.groups, request.group_by))
    catalogue = Catalogue(located.folders, located.options)
    chosen = catalogue.choose(request.train, request.seed, lambda name: _lacks(catalogue.domain(name, request.seed)))
    print_unusable(chosen.left_out, console)
    domains = tuple(chosen.domains)
    recipe = Recipe(
        spec,
        request.task,
        classes_of(request.task, domains),
        Band.parse(request.band, request.crop, order=request.order, mode=request.mode),
        CropSpec(request.crop, "centre" if request.tiles == 1 else "tiles", request.tiles),
        domains,
        request.seed,
    )
    started = time.time()
    with ScreenReporter(console) as reporter, running_workers(jobs_of(request.jobs)) as workers:
        model, problems = train_model(recipe, catalogue, workers, reporter, request.drop_leaks, request.allow_lookalikes)
        reporter.stage("keeping the model", None)
        model.save(folder)
        keep_curves(model.classifier.members, folder / "training.png", recipe.label)
        recorded = sent([model_document(model, folder, started)], uri, console)
    if request.json_file:
        facts = {"model": str(folder), "classes": recipe.classes, "validation": model.validation, **model.data}
        write_text(request.json_file, dump_json(facts))
    if request.json_file != "-":
        shown = "AUC" if request.task == "detection" else "balanced accuracy"
        value = model.validation["auc" if request.task == "detection" else "balanced_accuracy"]
        console.print(
            f"{recipe.label}: {shown} {value:.3f} on {model.validation['n_validation']} validation pictures. "
            f"The model is in {folder}.",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        console.print(_check_text(model), markup=False, highlight=False, soft_wrap=True)
    print_shortcut(", ".join(recipe.train), Shortcut.from_json(model.data["shortcut"]), console)
    print_problems(problems, console)
    print_dropped({", ".join(recipe.train): model.data["dropped_leaks"]}, console)
    print_missing(model.data["data"], console)
    print_remarks((catalogue.domain(name, request.seed) for name in domains), console)
    if request.json_file != "-":
        print_steps(after_train(folder), console)
    raise typer.Exit(0 if recorded and not problems else 3)


def _check_text(model: TrainedModel) -> str:
    """Return the share of validation pictures that get no verdict, or the reason why the model has no out-of-domain check."""
    if model.check is None:
        return f"It has no out-of-domain check: that takes {FEWEST} training and {FEWEST} validation pictures of each class."
    return f"It is unsure of {100 * model.validation['unsure']:.1f} % of the validation pictures; bench scan gives the reasons."


def _lacks(domain: OpenDomain) -> str:
    """Return why a domain has no part in a training; the classes of all domains together are checked later."""
    return "" if any(item.split in ("train", "val") for item in domain.items) else "no training or validation picture"
