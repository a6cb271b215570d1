"""A study as ``bench run`` runs it: from options to a plan, from an outcome to text."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...leaderboard.exports import as_csv, as_document, as_tests_csv
from ...leaderboard.ranking.board import ranked_board
from ...leaderboard.ranking.reals import with_reals_ranks
from ...leaderboard.release_dates import with_release_dates
from ...leaderboard.reported import with_reported
from ...leaderboard.rows import ranked
from ...leaderboard.terminal.table import print_table
from ..contracts import FAKE, REAL, SPLITS
from ..domains.catalogue import Catalogue, remarks
from ..domains.names import dataset_name, training, training_domains, unperturbed
from ..errors import DataError, TrackingError, listed, unknown_name
from ..invocation import bench
from ..recording.cell_folder import kept_folder
from ..records import Plan
from ..registry import datasets
from ..reporting import folded_name
from ..results.rows import Row
from ..search.optuna_history import check_storage
from ..search.plan import make_plan
from ..search.run import Outcome, run_study
from ..store.files import dump_json
from ..store.folders import results_root
from ..study.boards import on_its_board, place_data, study_reference
from ..study.protocols import PoolRule
from ..study.study_file import Study, load_study, override
from ..tracking.store import check_tracking_store
from .arguments import GivenData, parse_data
from .board_inputs import computed_datasets, known_release, published_numbers
from .next_steps import after_run
from .options import write_text
from .progress import ScreenReporter
from .provenance import left_out_text, print_dropped, print_missing, print_remarks
from .report import print_problems, print_steps, say

SHOWN_TESTS = 6  # test domains in a message


def plan_study(
    reference: str,
    data: list[str],
    train: Sequence[str],
    test: Sequence[str],
    changes: Mapping[str, Any],
    reporter: ScreenReporter,
    released: Mapping[str, str] | None = None,
) -> Plan:
    """
    Plan a study with the changes of the options; report domains that have no part in it.

    Parameters
    ----------
    reference : str
        Name of a shipped study, or a file.
    data : list of str
        ``--data`` as it was given.
    train, test : sequence of str
        Domains that were given; empty for the study's own.
    changes : mapping of str to object
        Values of the study by key (``search.trials``); None and empty ones change nothing.
    reporter : ScreenReporter
    released : mapping of str to str, optional
        Release dates by domain or data set, on top of the study's.

    Raises
    ------
    BenchError
        If the study, its data or a change cannot be used.
    """
    shipped, given_data = load_study(reference), parse_data(data)
    reals = {dataset_name(source) for source in changes.get("reals") or shipped.reals}
    placed = place_data(shipped, _without_reals(_names(given_data.folders), reals, shipped), train, test)
    changes = {**changes, "train": list(placed.train), "test": list(placed.test)}
    if released:
        changes["dates"] = {**shipped.dates, **released}
    changed = override(shipped, {key: value for key, value in changes.items() if value not in (None, [])})
    catalogue = _catalogue(changed, given_data)
    if not changes["name"]:
        changed = on_its_board(changed, shipped, catalogue, given_data.options)
    if placed.alone:
        reporter.note(_taken_alone(placed.alone, shipped.name, changed.name))
    plan = make_plan(changed, catalogue)
    _refuse_unused(given_data.folders, plan)
    _refuse_undated(released or {}, plan)
    for domain, reason in plan.left_out.items():
        reporter.note(f"{domain} is left out: it {reason}.")
    for domain, reason in plan.unusable.items():
        reporter.note(left_out_text(domain, reason))
    for name, reason in plan.not_trained.items():
        reporter.note(f"{name} is not trained on: {reason}.")
    for name, tests in plan.not_counted.items():
        which = f"{training(name).label(plan.study.test)}: its mean leaves out {listed(tests, SHOWN_TESTS)}"
        reporter.note(f"{which} (protocol {plan.study.protocol}).")
    return plan


def stores_answer(tracking_uri: str, storage: str | None, reporter: ScreenReporter) -> bool:
    """Check the stores of a run without creating anything; return False if its results would have to wait."""
    if storage:
        check_storage(storage)
    try:
        check_tracking_store(tracking_uri)
    except TrackingError as error:
        reporter.note(f"{error} Until then results would be kept here.")
        return False
    return True


def run_plan(
    plan: Plan,
    jobs: int,
    tracking_uri: str,
    storage: str | None,
    fresh: bool,
    reporter: ScreenReporter,
    strict: bool = False,
) -> Outcome:
    """Run what is left of a plan; Ctrl-C ends the command with exit code 130."""
    try:
        return run_study(
            plan, jobs=jobs, tracking_uri=tracking_uri, storage=storage, fresh=fresh, reporter=reporter, strict=strict
        )
    except KeyboardInterrupt:
        reporter.note("Stopped. What was finished is kept; the same command continues.")
        raise typer.Exit(130) from None


def _taken_alone(names: Sequence[str], study: str, board: str) -> str:
    """Return the remark that the study's own domains have no part in this run."""
    are = "is no data set" if len(names) == 1 else "are no data sets"
    return (
        f"{', '.join(names)} {are} of the study {study}: this run trains and tests on nothing else, and its board is {board}. "
        "--train and --test combine it with other domains."
    )


def _catalogue(study: Study, data: GivenData) -> Catalogue:
    options = {name: dict(study.datasets.get(name, {})) for name in (*study.datasets, *data.options)}
    for name, values in data.options.items():
        options[name] |= values
    return Catalogue(data.folders, options)


def _without_reals(names: Sequence[str], reals: Collection[str], study: Study) -> list[str]:
    """Return the data sets of ``--data`` that are no source of reals alone: such a one has its place."""
    trained_or_tested = {dataset_name(domain) for domain in (*study.train, *study.test)}
    return [name for name in names if name not in reals or name in trained_or_tested]


def _names(folders: dict[str, str]) -> list[str]:
    """Return the names of the data sets of ``--data``."""
    return [datasets.get(name).name if ":" in name else name for name in folders]


def _refuse_unused(folders: dict[str, str], plan: Plan) -> None:
    used = {dataset_name(domain) for domain in (*training_domains(plan.study.train), *plan.study.test, *plan.sources)}
    for name in _names(folders):
        if name not in used:
            raise DataError(f"--data {name} is not used by this run; add --train {name} or --test {name}, or leave it out.")


def _refuse_undated(released: Mapping[str, str], plan: Plan) -> None:
    """Refuse the release date of what is no domain of the run."""
    domains = {unperturbed(domain) for domain in (*training_domains(plan.study.train), *plan.study.test)}
    names = sorted({name for domain in domains for name in (domain, dataset_name(domain))})
    for name in released:
        if name not in names:
            raise DataError("--released: " + unknown_name("domain or data set of this run", name, names))


def print_plan(plan: Plan, console: Console, json_file: str | None) -> None:
    """Print a plan, or write it as JSON; remarks on its data go to `console`, that of standard error."""
    if json_file:
        write_text(json_file, dump_json(_plan_document(plan)))
    else:
        _print_plan(plan)
    print_remarks(plan.opened, console)


def _plan_document(plan: Plan) -> dict[str, Any]:
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
        "remarks": remarks(plan.opened),
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


def report(outcome: Outcome, plan: Plan, console: Console, files: tuple[str | None, str | None, str | None]) -> list[Row]:
    """Print or write the results; `files` are those of JSON, of rows and of test domains as CSV. Return the rows, ranked."""
    (json_file, csv_file, csv_tests), computed = files, computed_datasets()
    with console.status("comparing the rows"):
        dated = with_release_dates(ranked(outcome.rows), known_release, {})
        board = ranked_board(with_reported(dated, published_numbers), lambda row: kept_folder(row.cell))
    rows = with_reals_ranks(board.rows, lambda row: kept_folder(row.cell))
    if json_file:
        document = as_document(plan.study.name, rows, computed=computed, ranking=board.detectors)
        write_text(json_file, dump_json(document))
    if csv_file:
        write_text(csv_file, as_csv(rows, computed))
    if csv_tests:
        write_text(csv_tests, as_tests_csv(rows))
    if "-" not in files and rows:
        print_table(rows, plan.study.name, about_data=False, computed=computed, ranking=board.detectors)
    _report_gaps(outcome, console)
    print_dropped(plan.dropped_leaks, console)
    print_missing(plan.facts, console)
    print_remarks(plan.opened, console)
    if not outcome.computed and not outcome.failures:
        console.print("Nothing was left to do: every fit of this study is on record. --fresh computes all of it again.")
    else:
        console.print(f"{outcome.computed} fits computed now; everything is kept in {results_root()}.", soft_wrap=True)
    return rows


def print_next_steps(
    plan: Plan, reference: str, data: Sequence[str], rows: Sequence[Row], tracking_uri: str | None, console: Console
) -> None:
    """Print command lines that fit after a study; `reference`, `data` and `tracking_uri` as they were given."""
    print_steps(after_run(plan, study_reference(reference, plan.study), data, rows, tracking_uri), console)


def _report_gaps(outcome: Outcome, console: Console) -> None:
    print_problems(outcome.problems, console)
    for label, reason in outcome.failures.items():
        say(console, f"no result for {label}: {reason}")
    for label, reasons in outcome.gaps.items():
        say(console, f"{label}: {len(reasons)} bands could not be scored, the first: {reasons[0]}")
    if outcome.unsent:
        later = f"`{bench('sync')}` sends them once the store answers."
        say(console, f"{outcome.tracking_problem}\nThe results are kept here; {later}")
