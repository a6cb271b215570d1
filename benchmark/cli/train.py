"""``bench train``: one detector, kept as a folder that can score pictures."""

import typer
from rich.console import Console

from ...api.options import cluster_of
from ...api.progress import ScreenReporter
from ...api.training import free_folder, train_on, usual_folder
from ..domains.catalogue import lost_sources
from ..errors import StudyError, unknown_name
from ..frequency.bands import Band
from ..metrics.digits import auc_text
from ..models.recipe import TASKS
from ..models.spectrum_reference import FEWEST
from ..models.trained_model import TrainedModel
from ..pictures.shortcuts import Shortcut
from ..store.files import dump_json
from ..tracking.store import resolve_tracking_uri
from .arguments import data_words, parse_data, parse_detector
from .next_steps import after_train
from .options import check_text_target, jobs_of, write_text
from .provenance import print_dropped, print_lost, print_missing, print_remarks
from .report import print_problems, print_shortcut, print_steps, say
from .requests.models import TrainRequest


def train(request: TrainRequest) -> None:
    """Train a detector and keep it as a folder: for bench evaluate, bench scan and MLflow."""
    console = Console(stderr=True)
    check_text_target(request.json_file)
    if request.task not in TASKS:
        raise StudyError(unknown_name("task", request.task, TASKS))
    spec = parse_detector(request.detector, request.param)
    folder = request.out or usual_folder(spec)
    free_folder(folder)
    uri = resolve_tracking_uri(request.tracking_uri)
    located = parse_data(data_words(request.data, request.groups, request.group_by))
    with ScreenReporter(console) as reporter:
        trained = train_on(
            spec,
            request.train,
            located,
            task=request.task,
            band=Band.parse(request.band, request.crop, order=request.order, mode=request.mode),
            crop=request.crop,
            tiles=request.tiles,
            seed=request.seed,
            folder=folder,
            drop_leaks=request.drop_leaks,
            allow_lookalikes=request.allow_lookalikes,
            jobs=jobs_of(request.jobs),
            cluster=cluster_of(request.cluster, request.jobs, reporter),
            tracking_uri=uri,
            reporter=reporter,
        )
    if trained.tracking_problem:
        say(console, f"not recorded: {trained.tracking_problem}")
    model, recipe, problems = trained.model, trained.model.recipe, trained.problems
    if request.json_file:
        facts = {"model": str(folder), "classes": recipe.classes, "validation": model.validation, **model.data}
        write_text(request.json_file, dump_json(facts))
    if request.json_file != "-":
        shown = "AUC" if request.task == "detection" else "balanced accuracy"
        value = model.validation["auc" if request.task == "detection" else "balanced_accuracy"]
        console.print(
            f"{recipe.label}: {shown} {auc_text(value)} on {model.validation['n_validation']} validation pictures. "
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
    lost = lost_sources(trained.domains)
    print_lost(lost, console)
    print_remarks(trained.domains, console)
    if request.json_file != "-":
        print_steps(after_train(folder), console)
    raise typer.Exit(3 if trained.tracking_problem or problems or lost else 0)


def _check_text(model: TrainedModel) -> str:
    """Return the share of validation pictures that get no verdict, or the reason why the model has no out-of-domain check."""
    if model.check is None:
        return f"It has no out-of-domain check: that takes {FEWEST} training and {FEWEST} validation pictures of each class."
    return f"It is unsure of {100 * model.validation['unsure']:.1f} % of the validation pictures; bench scan gives the reasons."
