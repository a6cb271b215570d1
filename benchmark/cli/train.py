"""``bench train``: one detector, kept as a folder that can score pictures."""

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import completion
from .next_steps import after_train, print_steps
from .options import (
    BandOption,
    Command,
    DataOption,
    JobsOption,
    JsonOption,
    TrackingOption,
    check_target,
    jobs_of,
    parse_data,
    parse_detector,
    write_text,
)
from .provenance import print_dropped, print_missing, print_remarks, print_unusable
from .report import print_problems, sent

if TYPE_CHECKING:
    from ..domains.catalogue import OpenDomain


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(cls=Command)(train)


def train(
    detector: Annotated[
        str,
        typer.Argument(
            metavar="DETECTOR", help="name, name/preset, file.py:Class or module:Class", autocompletion=completion.detectors
        ),
    ],
    train: Annotated[
        list[str],
        typer.Option("--train", metavar="DOMAIN", help="Domain to train on. Repeatable.", autocompletion=completion.domains),
    ],
    data: DataOption = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where the model goes. (default: models/DETECTOR)")] = None,
    task: Annotated[str, typer.Option(help="detection (real or fake) or attribution (which generator).")] = "detection",
    param: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Parameter of the detector. Repeatable.")
    ] = None,
    band: BandOption = "all",
    order: Annotated[int, typer.Option(help="Butterworth order of the band (no effect in mode keep).")] = 1,
    mode: Annotated[str, typer.Option(help="What the band does: keep, reweight or pixels.")] = "keep",
    crop: Annotated[int, typer.Option(metavar="N", help="Side of the square window cut from each picture, in pixels.")] = 128,
    tiles: Annotated[int, typer.Option(metavar="N", help="Windows per picture; 1 is the one in the middle.", min=1)] = 1,
    seed: Annotated[int, typer.Option(metavar="N", help="Of everything that is drawn.", min=0)] = 0,
    drop_leaks: Annotated[
        bool, typer.Option("--drop-leaks", help="Leave out training pictures that share a clip or an identity with validation.")
    ] = False,
    jobs: JobsOption = None,
    tracking_uri: TrackingOption = None,
    json_file: JsonOption = None,
) -> None:
    """Train a detector and keep it as a folder: for bench evaluate, bench scan and MLflow."""
    from rich.console import Console

    from ..domains.catalogue import Catalogue
    from ..errors import BenchError, StudyError, unknown_name
    from ..frequency.bands import Band
    from ..models.attribution import classes_of
    from ..models.documents import model_document
    from ..models.recipe import TASKS, Recipe
    from ..models.training import train_model
    from ..pictures.crops import CropSpec
    from ..recording.learning_curves import keep_curves
    from ..tracking import resolve_tracking_uri
    from ..workers import running_workers
    from .progress import ScreenReporter

    console = Console(stderr=True)
    check_target(json_file)
    if task not in TASKS:
        raise StudyError(unknown_name("task", task, TASKS))
    spec = parse_detector(detector, param)
    folder = out or Path("models", re.sub(r"[^\w.=-]+", "-", spec.label).strip("-"))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BenchError(f"{folder} is there already; name another folder with --out, or remove it.")
    uri = resolve_tracking_uri(tracking_uri)
    given = parse_data(data)
    catalogue = Catalogue(given.folders, given.options)
    chosen = catalogue.choose(train, seed, lambda name: _lacks(catalogue.domain(name, seed)))
    print_unusable(chosen.left_out, console)
    domains = tuple(chosen.domains)
    recipe = Recipe(
        spec,
        task,
        classes_of(task, domains),
        Band.parse(band, crop, order=order, mode=mode),
        CropSpec(crop, "centre" if tiles == 1 else "tiles", tiles),
        domains,
        seed,
    )
    started = time.time()
    with ScreenReporter(console) as reporter, running_workers(jobs_of(jobs)) as workers:
        model, problems = train_model(recipe, catalogue, workers, reporter, drop_leaks)
        reporter.stage("keeping the model", None)
        model.save(folder)
        keep_curves(model.classifier.members, folder / "training.png", recipe.label)
        recorded = sent([model_document(model, folder, started)], uri, console)
    if json_file:
        from ..store import dump_json

        facts = {"model": str(folder), "classes": recipe.classes, "validation": model.validation, **model.data}
        write_text(json_file, dump_json(facts))
    if json_file != "-":
        shown = "AUC" if task == "detection" else "balanced accuracy"
        value = model.validation["auc" if task == "detection" else "balanced_accuracy"]
        console.print(
            f"{recipe.label}: {shown} {value:.3f} on {model.validation['n_validation']} validation pictures. "
            f"The model is in {folder}.",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    print_problems(problems, console)
    print_dropped({", ".join(recipe.train): model.data["dropped_leaks"]}, console)
    print_missing(model.data["data"], console)
    print_remarks((catalogue.domain(name, seed) for name in domains), console)
    if json_file != "-":
        print_steps(after_train(folder), console)
    raise typer.Exit(0 if recorded and not problems else 3)


def _lacks(domain: "OpenDomain") -> str:
    """What keeps a domain out of a training set of several; which classes these have together is checked later."""
    return "" if any(item.split in ("train", "val") for item in domain.items) else "no training or validation picture"
