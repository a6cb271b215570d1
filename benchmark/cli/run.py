"""``bench run``: a study, from pictures to leaderboard."""

import shlex
from dataclasses import replace
from pathlib import Path

import typer
from rich.console import Console

from ...api.options import cluster_of
from ...api.progress import ScreenReporter
from ...api.shards import settled_shard
from ..errors import BenchError, StudyError
from ..invocation import bench
from ..store.folders import ensure_places
from ..tracking.addresses import without_password
from ..tracking.store import resolve_tracking_uri
from ..workers import steady_memory, warm_up_for
from . import completion
from .options import check_targets, jobs_of
from .requests.study import RunRequest, StudyRequest, words_of


def run(request: RunRequest) -> None:
    """Run a study, or what is left of it: the same command continues where it stopped and adds nothing twice."""
    console = Console(stderr=True)
    check_targets(request.json_file, request.csv_file, request.csv_tests)
    study, n_jobs = study_named(request.reference, request.study), jobs_of(request.jobs)
    shard, note = settled_shard(request.shard)
    files = [file for file in (request.json_file, request.csv_file, request.csv_tests) if file]
    if shard is not None and not request.dry_run and files:
        raise BenchError(
            f"shard {shard} has no board that could be written to {files[0]}; the run of the whole study writes it "
            f"(--shard none)."
        )
    with ScreenReporter(console) as reporter:
        cluster = cluster_of(request.cluster, request.jobs, reporter)
        reporter.stage("reading the study", None)
        if note:
            reporter.note(note)
        if not request.dry_run:
            ensure_places()
        if not (request.dry_run or cluster):
            warm_up_for(study)  # the server imports what workers need beside the imports of the next line
        from . import arguments, study_run

        steady_memory()
        data = arguments.data_words(request.data, request.groups, request.group_by)
        uri = resolve_tracking_uri(request.tracking_uri)
        plan, recorded, small = study_run.plan_of(request, study, data, cluster, uri, reporter)
        results = None
        if not request.dry_run:
            collecting = whole_command(without_secrets(request))
            results = study_run.run_or_stop(plan, n_jobs, cluster, uri, request, reporter, shard, collecting)
    if results is None:
        study_run.print_plan(plan, console, request.json_file, small, shard)
        raise typer.Exit(0 if recorded else 3)
    if shard is not None:
        study_run.report_shard(results, whole_command(request), console)
        raise typer.Exit(0 if results.complete else 3)
    study_run.report(results, console, (request.json_file, request.csv_file, request.csv_tests))
    study_run.print_next_steps(results, study, data, request.tracking_uri, console)
    raise typer.Exit(0 if results.complete else 3)


def whole_command(request: StudyRequest) -> str:
    """Return the command line that runs the whole study of a request; below a SLURM array, it would be a shard else."""
    return bench(shlex.join(["run", *words_of(request)]))


def without_secrets(request: StudyRequest) -> StudyRequest:
    """Return a request whose addresses have no name and password of a user, for a command line that is kept in a file."""
    addresses = {"tracking_uri": request.tracking_uri, "storage": request.storage}
    return replace(request, **{name: without_password(address) for name, address in addresses.items() if address})


def study_named(argument: str | None, option: str | None) -> str:
    """
    Return the requested study, of the argument or of the option.

    Raises
    ------
    StudyError
        If they differ, or name a folder.
    """
    if argument and option and argument != option:
        raise StudyError(f"one study at a time: got {argument!r}, and {option!r} for --study.")
    reference = argument or option or "band_search"
    if Path(reference).is_dir() and reference not in completion.studies(reference):
        example = bench(f"run --data mine={shlex.quote(reference)}")
        raise StudyError(f"{reference} is a folder and no study; for the pictures in it: {example}")
    return reference
