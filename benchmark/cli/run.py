"""``bench run``: a study, from pictures to leaderboard."""

import shlex
from pathlib import Path

import typer
from rich.console import Console

from ...api.options import cluster_of
from ...api.progress import ScreenReporter
from ..errors import StudyError
from ..invocation import bench
from ..tracking.store import resolve_tracking_uri
from ..workers import warm_up
from . import completion
from .options import check_targets, jobs_of
from .requests.study import RunRequest


def run(request: RunRequest) -> None:
    """Run a study, or what is left of it: the same command continues where it stopped and adds nothing twice."""
    console = Console(stderr=True)
    check_targets(request.json_file, request.csv_file, request.csv_tests)
    study, n_jobs = _the_study(request.reference, request.study), jobs_of(request.jobs)
    with ScreenReporter(console) as reporter:
        cluster = cluster_of(request.cluster, request.jobs, reporter)
        reporter.stage("reading the study", None)
        if not (request.dry_run or cluster):
            warm_up()  # the server imports what workers need beside the imports of the next line
        from . import arguments, study_run

        data = arguments.data_words(request.data, request.groups, request.group_by)
        uri = resolve_tracking_uri(request.tracking_uri)
        plan, recorded = study_run.plan_of(request, study, data, cluster, uri, reporter)
        results = None
        if not request.dry_run:
            results = study_run.run_or_stop(plan, n_jobs, cluster, uri, request, reporter)
    if results is None:
        study_run.print_plan(plan, console, request.json_file)
        raise typer.Exit(0 if recorded else 3)
    study_run.report(results, console, (request.json_file, request.csv_file, request.csv_tests))
    study_run.print_next_steps(results, study, data, request.tracking_uri, console)
    raise typer.Exit(0 if results.complete else 3)


def _the_study(argument: str | None, option: str | None) -> str:
    """Return the requested study, of the argument or of the option."""
    if argument and option and argument != option:
        raise StudyError(f"one study at a time: got {argument!r}, and {option!r} for --study.")
    reference = argument or option or "band_search"
    if Path(reference).is_dir() and reference not in completion.studies(reference):
        example = bench(f"run --data mine={shlex.quote(reference)}")
        raise StudyError(f"{reference} is a folder and no study; for the pictures in it: {example}")
    return reference
