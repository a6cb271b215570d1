"""``bench run``: a study, from pictures to leaderboard."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ..errors import StudyError
from ..invocation import bench
from ..tracking.store import resolve_tracking_uri
from ..workers import warm_up
from . import completion
from .options import DataOption, JobsOption, JsonOption, RowsCsvOption, TestsCsvOption, TrackingOption, check_targets, jobs_of
from .progress import ScreenReporter


def _given(metavar: str, text: str, values: Callable[..., list[str]] | None = None) -> Any:
    """An option that replaces what the study says; `values` completes it in the shell."""
    return typer.Option(metavar=metavar, help=f"{text} (default: the study's)", autocompletion=values)


def run(
    reference: Annotated[
        str | None,
        typer.Argument(
            metavar="STUDY",
            help="A shipped study, or a YAML file. (default: band_search)",
            show_default=False,
            autocompletion=completion.studies,
        ),
    ] = None,
    study: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="The same as an option.", autocompletion=completion.studies),
    ] = None,
    name: Annotated[str | None, _given("NAME", "Record under this name, on a board of its own.")] = None,
    data: DataOption = None,
    detector: Annotated[
        list[str] | None, _given("NAME", "name, name/preset, file.py:Class, module:Class. Repeatable.", completion.detectors)
    ] = None,
    train: Annotated[list[str] | None, _given("DOMAIN", "Domain to train on. Repeatable.", completion.domains)] = None,
    test: Annotated[list[str] | None, _given("DOMAIN", "Domain to test on. Repeatable.", completion.domains)] = None,
    trials: Annotated[int | None, _given("N", "Bands that the search tries per cell.")] = None,
    seeds: Annotated[int | None, _given("N", "Draws of training and validation pictures.")] = None,
    seed: Annotated[int | None, _given("N", "Seed of everything that is drawn; it fixes the test pictures.")] = None,
    mode: Annotated[str | None, _given("MODE", "What a band does: keep, reweight or pixels.")] = None,
    crop: Annotated[int | None, _given("N", "Side of the square window cut from each picture, in pixels.")] = None,
    clips: Annotated[str | None, _given("RULE", "Frames of a clip to one score: mean, vote or top_third.")] = None,
    jobs: JobsOption = None,
    tracking_uri: TrackingOption = None,
    storage: Annotated[
        str | None, typer.Option(metavar="URL", help="Database for the searches. (default: a journal file)")
    ] = None,
    drop_leaks: Annotated[
        bool,
        typer.Option("--drop-leaks", help="Leave out training pictures that share a clip or an identity with held-out ones."),
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Compute everything again instead of continuing.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and its size, do nothing.")] = False,
    json_file: JsonOption = None,
    csv_file: RowsCsvOption = None,
    csv_tests: TestsCsvOption = None,
) -> None:
    """Run a study, or what is left of it: the same command continues where it stopped and adds nothing twice."""
    console = Console(stderr=True)
    check_targets(json_file, csv_file, csv_tests)
    study, n_jobs = _the_study(reference, study), jobs_of(jobs)
    changes: dict[str, Any] = {
        "name": name,
        "detectors": [{"name": name} for name in detector or []],
        "search.trials": trials,
        "seeds": seeds,
        "seed": seed,
        "mode": mode,
        "crop.side": crop,
        "clips": clips,
        "drop_leaks": drop_leaks or None,
    }
    with ScreenReporter(console) as reporter:
        reporter.stage("reading the study", None)
        if not dry_run:
            warm_up()  # the server imports what workers need beside the imports of the next line
        from . import study_run

        uri = resolve_tracking_uri(tracking_uri)
        recorded = not dry_run or study_run.stores_answer(uri, storage, reporter)
        plan = study_run.plan_study(study, data or [], train or (), test or (), changes, reporter)
        outcome = None if dry_run else study_run.run_plan(plan, n_jobs, uri, storage, fresh, reporter)
    if outcome is None:
        study_run.print_plan(plan, console, json_file)
        raise typer.Exit(0 if recorded else 3)
    rows = study_run.report(outcome, plan, console, (json_file, csv_file, csv_tests))
    study_run.print_next_steps(plan, study, data or [], rows, tracking_uri, console)
    raise typer.Exit(0 if outcome.complete else 3)


def _the_study(argument: str | None, option: str | None) -> str:
    """The study that was asked for, by the argument or by the option."""
    if argument and option and argument != option:
        raise StudyError(f"one study at a time: got {argument!r}, and {option!r} for --study.")
    given = argument or option or "band_search"
    if Path(given).is_dir() and given not in completion.studies(given):
        example = bench(f"run --data mine={shlex.quote(given)}")
        raise StudyError(f"{given} is a folder and no study; for the pictures in it: {example}")
    return given
