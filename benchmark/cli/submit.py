"""``bench submit``: the shards of a study as jobs of SLURM or processes of this machine."""

import shlex
from typing import Any

from rich.console import Console
from rich.text import Text

from ...api.progress import ScreenReporter
from ...api.submitting import SHOWN, Resources, Submission, Where, check_resources, settled_place, submit_plan
from ..errors import BenchError, listed, unknown_name
from ..invocation import bench
from ..search.shards import refuse_sqlite
from ..search.waiting_jobs import named
from ..store.files import dump_json
from ..store.folders import cache_root, ensure_places, results_root
from .arguments import data_words
from .options import check_text_target, write_text
from .report import say
from .requests.study import SubmitRequest, words_of
from .run import study_named
from .study_run import plan_request


def submit(request: SubmitRequest) -> None:
    """Submit a study to SLURM, or to processes of this machine: its cells are dealt out to jobs, what is recorded is not."""
    console = Console(stderr=True)
    check_text_target(request.json_file)
    if request.shards is None or request.shards < 1:
        got = "" if request.shards is None else f" (at least 1, got {request.shards})"
        raise BenchError(f"--shards N says how many jobs the cells are dealt out to{got}: {bench('submit --shards 8')}")
    if request.on is not None and request.on not in list(Where):
        raise BenchError(f"--on: {unknown_name('place', request.on, Where)}")
    study, where = study_named(request.reference, request.study), settled_place(request.on)
    resources = Resources(
        request.partition,
        request.account,
        request.time,
        request.mem,
        request.cpus,
        request.gpus,
        request.max_parallel,
        request.jobs,
    )
    check_resources(where, resources)
    refuse_sqlite(request.storage)
    words = ["run", *words_of(request)]
    if not request.dry_run:
        ensure_places()
    with ScreenReporter(console) as reporter:
        reporter.stage("reading the study", None)
        plan = plan_request(request, study, data_words(request.data, request.groups, request.group_by), reporter)
        submission = submit_plan(plan, words, request.shards, where, resources, fresh=request.fresh, dry_run=request.dry_run)
    follows = bench(shlex.join(words))
    if request.json_file:
        write_text(request.json_file, dump_json(_document(submission, follows)))
    _print(submission, follows, request, console)


def _document(submission: Submission, follows: str) -> dict[str, Any]:
    ids = dict(zip(submission.submitted, submission.jobs, strict=False))
    return {
        "on": submission.where.value,
        "cells": submission.n_cells,
        "recorded": submission.n_cells - submission.n_left,
        "shards": [
            {
                "shard": str(one.shard),
                "cells": [cell.label for cell in one.cells],
                "left": [cell.label for cell in one.left],
                "submitted": one.shard in ids,
                "job": ids.get(one.shard),
            }
            for one in submission.shards
        ],
        "logs": str(submission.logs),
        "follows": follows,
    }


def _print(submission: Submission, follows: str, request: SubmitRequest, console: Console) -> None:
    """Print what was submitted and what follows."""
    for shard in submission.running:
        say(console, f"shard {shard} is being run and was not submitted.")
    if submission.waiting and submission.submitted:
        verb = "would be" if request.dry_run else "are"
        say(
            console,
            f"jobs of this study that were submitted before have not begun: {named(submission.waiting)}. Their cells {verb} "
            "submitted a second time; cancel the earlier jobs, unless they have ended.",
        )
    if request.dry_run:
        _print_shards(submission, console)
    if not submission.n_left:
        console.print(f"Nothing is left to compute: all {submission.n_cells} cells are recorded.", soft_wrap=True)
    elif not request.dry_run and submission.jobs:
        _print_jobs(submission, request, console)
    console.print(Text(f"{'When all jobs have ended' if submission.n_left else 'To assemble them'}: {follows}"), soft_wrap=True)


def _print_shards(submission: Submission, console: Console) -> None:
    for one in submission.shards:
        fits = sum(cell.n_fits for cell in one.left)
        console.print(Text(f"shard {one.shard}: {len(one.left)} of {len(one.cells)} cells are left, at most {fits} fits"))
        for cell in one.left:
            console.print(Text(f"  {cell.label}"))
    console.print("Nothing was submitted.")


def _print_jobs(submission: Submission, request: SubmitRequest, console: Console) -> None:
    n, names = len(submission.jobs), listed(submission.jobs, SHOWN)
    left = f"{submission.n_left} of {submission.n_cells} cells are left"
    console.print(
        Text(f"{n} {'job' if n == 1 else 'jobs'} submitted to {submission.where.text}: {names}; {left}."), soft_wrap=True
    )
    if submission.where is Where.slurm:
        folders = f"{results_root()} and {cache_root()}"
        console.print(Text(f"Every node must see {folders}, and the data, under these paths."), soft_wrap=True)
    console.print(Text(f"Logs: {submission.logs}"), soft_wrap=True)
    console.print(Text(f"To stop {'it' if n == 1 else 'them'}: {_stop_command(submission)}"), soft_wrap=True)


def _stop_command(submission: Submission) -> str:
    """Return the command line that ends the jobs; an array of SLURM has one id."""
    if submission.where is Where.local:
        return f"kill {' '.join(submission.jobs)}"
    return f"scancel {' '.join(dict.fromkeys(job.partition('_')[0] for job in submission.jobs))}"
