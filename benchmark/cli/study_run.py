"""A study as ``bench run`` prints it: its plan, its results and what fits next."""

from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...api.board_inputs import computed_datasets
from ...api.study import (
    StudyOptions,
    StudyResults,
    check_cluster,
    check_stores,
    plan_study,
    read_study,
    run_plan,
    shard_line,
    unsent_lines,
)
from ...leaderboard.exports import as_csv, as_document, as_tests_csv
from ...leaderboard.terminal.table import print_table
from ..contracts import FAKE, REAL, SPLITS
from ..domains.catalogue import remarks
from ..domains.names import training
from ..records import Plan, Shard
from ..reporting import Reporter, folded_name
from ..search.run import Outcome
from ..search.shards import deal, shares_of
from ..search.small_pictures import SmallPictures, small_pictures
from ..store.files import dump_json
from ..store.folders import results_root
from ..study.boards import study_reference
from ..study.protocols import PoolRule
from .arguments import parse_data
from .next_steps import after_run
from .options import parse_dates, write_text
from .provenance import print_dropped, print_lost, print_missing, print_remarks
from .report import print_problems, print_steps, say
from .requests.study import RunRequest, StudyRequest


def plan_of(
    request: RunRequest, reference: str, data: list[str], cluster: str, tracking_uri: str, reporter: Reporter
) -> tuple[Plan, bool, list[SmallPictures]]:
    """
    Plan the study of a request.

    Parameters
    ----------
    request : RunRequest
    reference : str
        Name of a shipped study, or a file.
    data : list of str
        ``--data`` with the groups of its data sets.
    cluster : str
        Address of a scheduler; empty for this machine.
    tracking_uri : str
    reporter : Reporter

    Returns
    -------
    plan : Plan
    recorded : bool
        False if ``--dry-run`` finds that the results would have to wait for the tracking store.
    small : list of SmallPictures
        Domains with pictures that are too small for the crop; empty without ``--dry-run``.

    Raises
    ------
    BenchError
        If the study, its data or an option cannot be used.
    """
    recorded = not request.dry_run or check_stores(tracking_uri, request.storage, reporter)
    plan = plan_request(request, reference, data, reporter)
    if request.dry_run:
        check_cluster(plan, cluster, reporter)
    return plan, recorded, small_pictures(plan, reporter) if request.dry_run else []


def plan_request(request: StudyRequest, reference: str, data: list[str], reporter: Reporter) -> Plan:
    """Plan the study of a request, see `plan_of`."""
    return plan_study(_options_of(request, reference, data), reporter)


def _options_of(request: StudyRequest, reference: str, data: list[str]) -> StudyOptions:
    """Return the options of a request as the Python interface takes them."""
    return StudyOptions(
        read_study(reference),
        parse_data(data),
        name=request.name,
        detectors=tuple({"name": name} for name in request.detector or ()),
        train=tuple(request.train or ()),
        test=tuple(request.test or ()),
        reals=tuple(request.reals or ()),
        trials=request.trials,
        seeds=request.seeds,
        seed=request.seed,
        mode=request.mode,
        crop=request.crop,
        clips=request.clips,
        drop_leaks=request.drop_leaks,
        no_controls=request.no_controls,
        allow_lookalikes=request.allow_lookalikes,
        released=parse_dates(request.released),
    )


def run_or_stop(
    plan: Plan,
    jobs: int,
    cluster: str,
    tracking_uri: str,
    request: RunRequest,
    reporter: Reporter,
    shard: Shard | None = None,
    whole_command: str = "",
) -> StudyResults:
    """Run what is left of a plan."""
    return run_plan(
        plan,
        jobs=jobs,
        tracking_uri=tracking_uri,
        storage=request.storage,
        fresh=request.fresh,
        strict=request.strict,
        reporter=reporter,
        cluster=cluster,
        shard=shard,
        whole_command=whole_command,
    )


def print_plan(
    plan: Plan,
    console: Console,
    json_file: str | None,
    small: Sequence[SmallPictures] = (),
    shard: Shard | None = None,
) -> None:
    """Print a plan, or write it as JSON; remarks on its data go to `console`, that of standard error."""
    if json_file:
        write_text(json_file, dump_json(_plan_document(plan, small, shard)))
    else:
        _print_plan(plan)
        if shard is not None:
            _print_shard(plan, shard)
        for found in small:
            say(console, found.sentence(plan.study.crop.side))
    print_remarks(plan.opened, console)


def _plan_document(plan: Plan, small: Sequence[SmallPictures], shard: Shard | None) -> dict[str, Any]:
    of_shard = {} if shard is None else {"shard": str(shard), "shard_cells": [s.label for s in deal(shares_of(plan), shard)]}
    return {
        "study": plan.study.name,
        "detectors": [spec.label for spec in plan.detectors],
        "controls": [spec.label for spec in plan.controls],
        "cells": plan.n_cells,
        "seeds": plan.study.seeds,
        "bands_per_cell": plan.n_bands,
        "fits_at_most": plan.n_fits,
        "protocol": plan.study.protocol.value,
        "train": [training(name).to_json() for name in plan.study.train],
        "not_counted": {name: list(tests) for name, tests in plan.not_counted.items()},
        "domains": [size.to_json() for size in plan.sizes()],
        "reals": list(plan.sources),
        "dropped_leaks": plan.dropped_leaks,
        "data": plan.facts,
        "too_small": {found.domain: found.to_json() for found in small},
        "remarks": remarks(plan.opened),
        **of_shard,
    }


def _print_plan(plan: Plan) -> None:
    console = Console()
    title = f"{plan.study.name}: pictures (real + fake) of the first draw"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("domain, what for", overflow="fold")
    for name in ("train", "val", "test"):
        table.add_column(name, justify="right", no_wrap=True)
    for size in plan.sizes():
        counts = [f"{size.count(split, REAL)} + {size.count(split, FAKE)}" for split in SPLITS]
        name = folded_name(size.domain, console.width - 3 * max(len(count) + 2 for count in counts))
        table.add_row(Text.assemble(name, "\n", (f"  {', '.join(size.roles)}", "dim")), *counts)
    console.print(table)
    labels = ", ".join(spec.label for spec in (*plan.detectors, *plan.controls))
    console.print(
        f"cells: {plan.n_cells} ({labels} × {len(plan.study.train)} {'trainings' if plan.pools else 'training domains'}); "
        f"seeds: {plan.study.seeds}; bands per cell: at most {plan.n_bands}; fits: at most {plan.n_fits}. Nothing was run."
    )
    _print_pools(plan, console)
    print_dropped(plan.dropped_leaks, console)
    print_missing(plan.facts, console)


def _print_pools(plan: Plan, console: Console) -> None:
    """Print the trainings that are more than one domain."""
    if not plan.pools:
        return
    shares = ", as many reals and fakes of each domain" if plan.study.pool is PoolRule.BALANCED else ""
    console.print(f"trainings on several domains (protocol {plan.study.protocol}; pool {plan.study.pool}{shares}):")
    for name in dict.fromkeys(name for name, _ in plan.pools):
        console.print(Text(f"  {training(name).label(plan.study.test)}"))


def _print_shard(plan: Plan, shard: Shard) -> None:
    """Print the cells that a shard of a plan computes."""
    shares = deal(shares_of(plan), shard)
    n_fits = sum(share.n_fits for share in shares)
    console = Console()
    console.print(f"shard {shard}: {len(shares)} of {plan.n_cells} cells; fits: at most {n_fits}")
    for share in shares:
        console.print(Text(f"  {share.label}"))


def report_shard(results: StudyResults, command: str, console: Console) -> None:
    """Print what a shard has done, and the command that follows when all have ended."""
    outcome = results.outcome
    _report_gaps(outcome, console)
    computed = _computed_now(outcome) if outcome.computed else "No fit was left to do"
    console.print(f"{computed}; everything is kept in {results_root()}.", soft_wrap=True)
    say(console, shard_line(outcome, command))


def report(results: StudyResults, console: Console, files: tuple[str | None, str | None, str | None]) -> None:
    """Print or write the results; `files` are those of JSON, of rows and of test domains as CSV."""
    (json_file, csv_file, csv_tests), computed = files, computed_datasets()
    plan, outcome, rows, ranking = results.plan, results.outcome, list(results.rows), list(results.ranking)
    if json_file:
        document = as_document(plan.study.name, rows, computed=computed, ranking=ranking)
        write_text(json_file, dump_json(document))
    if csv_file:
        write_text(csv_file, as_csv(rows, computed))
    if csv_tests:
        write_text(csv_tests, as_tests_csv(rows))
    if "-" not in files and rows:
        print_table(rows, plan.study.name, about_data=False, computed=computed, ranking=ranking)
    _report_gaps(outcome, console)
    print_dropped(plan.dropped_leaks, console)
    print_missing(plan.facts, console)
    print_remarks(plan.opened, console)
    if not outcome.computed and not outcome.failures:
        console.print("Nothing was left to do: every fit of this study is on record. --fresh computes all of it again.")
    else:
        console.print(f"{_computed_now(outcome)}; everything is kept in {results_root()}.", soft_wrap=True)


def _computed_now(outcome: Outcome) -> str:
    return f"{outcome.computed} {'fit' if outcome.computed == 1 else 'fits'} computed now"


def print_next_steps(
    results: StudyResults, reference: str, data: Sequence[str], tracking_uri: str | None, console: Console
) -> None:
    """Print command lines that fit after a study; `reference`, `data` and `tracking_uri` as they were given."""
    steps = after_run(results.plan, study_reference(reference, results.plan.study), data, results.rows, tracking_uri)
    print_steps(steps, console)


def _report_gaps(outcome: Outcome, console: Console) -> None:
    print_problems(outcome.problems, console)
    print_lost(outcome.lost, console)
    for label, reason in outcome.failures.items():
        say(console, f"no result for {label}: {reason}")
    for label, reasons in outcome.gaps.items():
        say(
            console,
            f"{label}: {len(reasons)} {'band' if len(reasons) == 1 else 'bands'} could not be scored, the first: {reasons[0]}",
        )
    for line in unsent_lines(outcome):
        say(console, line)
