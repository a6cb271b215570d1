"""``bench run``: a study, from pictures to leaderboard."""

import shlex
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from ..errors import StudyError
from ..invocation import bench
from ..tracking.store import resolve_tracking_uri
from ..workers import warm_up
from . import completion
from .options import check_targets, jobs_of, parse_dates
from .progress import ScreenReporter
from .requests.study import RunRequest


def run(request: RunRequest) -> None:
    """Run a study, or what is left of it: the same command continues where it stopped and adds nothing twice."""
    console = Console(stderr=True)
    check_targets(request.json_file, request.csv_file, request.csv_tests)
    study, n_jobs = _the_study(request.reference, request.study), jobs_of(request.jobs)
    changes: dict[str, Any] = {
        "name": request.name,
        "detectors": [{"name": name} for name in request.detector or []],
        "reals": request.reals or [],
        "search.trials": request.trials,
        "seeds": request.seeds,
        "seed": request.seed,
        "mode": request.mode,
        "crop.side": request.crop,
        "clips": request.clips,
        "drop_leaks": request.drop_leaks or None,
        "controls": False if request.no_controls else None,
        "allow_lookalikes": request.allow_lookalikes or None,
    }
    released = parse_dates(request.released)
    with ScreenReporter(console) as reporter:
        reporter.stage("reading the study", None)
        if not request.dry_run:
            warm_up()  # the server imports what workers need beside the imports of the next line
        from . import arguments, study_run

        data = arguments.data_words(request.data, request.groups, request.group_by)
        uri = resolve_tracking_uri(request.tracking_uri)
        recorded = not request.dry_run or study_run.stores_answer(uri, request.storage, reporter)
        plan = study_run.plan_study(study, data, request.train or (), request.test or (), changes, reporter, released)
        outcome = None
        if not request.dry_run:
            outcome = study_run.run_plan(plan, n_jobs, uri, request.storage, request.fresh, reporter, request.strict)
    if outcome is None:
        study_run.print_plan(plan, console, request.json_file)
        raise typer.Exit(0 if recorded else 3)
    plan = outcome.plan or plan
    rows = study_run.report(outcome, plan, console, (request.json_file, request.csv_file, request.csv_tests))
    study_run.print_next_steps(plan, study, data, rows, request.tracking_uri, console)
    raise typer.Exit(0 if outcome.complete else 3)


def _the_study(argument: str | None, option: str | None) -> str:
    """Return the requested study, of the argument or of the option."""
    if argument and option and argument != option:
        raise StudyError(f"one study at a time: got {argument!r}, and {option!r} for --study.")
    reference = argument or option or "band_search"
    if Path(reference).is_dir() and reference not in completion.studies(reference):
        example = bench(f"run --data mine={shlex.quote(reference)}")
        raise StudyError(f"{reference} is a folder and no study; for the pictures in it: {example}")
    return reference
