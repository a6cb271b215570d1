"""``bench run``: a study, from pictures to leaderboard."""

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..invocation import bench
from . import completion
from .next_steps import after_run, print_steps
from .options import (
    Command,
    DataOption,
    GivenData,
    JobsOption,
    JsonOption,
    RowsCsvOption,
    TestsCsvOption,
    TrackingOption,
    check_targets,
    jobs_of,
    parse_data,
    write_text,
)
from .provenance import left_out_text, print_dropped, print_missing, print_remarks
from .report import print_problems, say

if TYPE_CHECKING:
    from rich.console import Console

    from ..domains.catalogue import Catalogue
    from ..records import Plan
    from ..results.rows import Row
    from ..search.run import Outcome
    from ..study.study_file import Study
    from .progress import ScreenReporter


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(cls=Command)(run)


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
    from rich.console import Console

    from .progress import ScreenReporter

    console = Console(stderr=True)
    check_targets(json_file, csv_file, csv_tests)
    study, n_jobs = _the_study(reference, study), jobs_of(jobs)
    with ScreenReporter(console) as reporter:
        reporter.stage("reading the study", None)
        if not dry_run:
            from ..workers import warm_up

            warm_up()  # its imports run beside ours
        from ..search.plan import make_plan
        from ..study.boards import on_its_board, place_data, study_reference
        from ..study.study_file import load_study, override
        from ..tracking import resolve_tracking_uri

        uri = resolve_tracking_uri(tracking_uri)
        recorded = not dry_run or _stores_answer(uri, storage, reporter)
        shipped, given_data = load_study(study), parse_data(data)
        placed = place_data(shipped, _names(given_data.folders), train or (), test or ())
        changes: dict[str, Any] = {
            "name": name,
            "detectors": [{"name": name} for name in detector or []],
            "train": list(placed.train),
            "test": list(placed.test),
            "search.trials": trials,
            "seeds": seeds,
            "seed": seed,
            "mode": mode,
            "crop.side": crop,
            "clips": clips,
            "drop_leaks": drop_leaks or None,
        }
        given = {key: value for key, value in changes.items() if value not in (None, [])}
        changed = override(shipped, given)
        catalogue = _catalogue(changed, given_data)
        changed = changed if name else on_its_board(changed, shipped, catalogue, given_data.options)
        if placed.alone:
            reporter.note(_taken_alone(placed.alone, shipped.name, changed.name))
        plan = make_plan(changed, catalogue)
        _refuse_unused(given_data.folders, plan)
        for left_out, reason in plan.left_out.items():
            reporter.note(f"{left_out} is left out: it {reason}.")
        for domain, reason in plan.unusable.items():
            reporter.note(left_out_text(domain, reason))
        outcome = None
        if not dry_run:
            outcome = _run(plan, n_jobs, uri, storage, fresh, reporter)
    if outcome is None:
        _print_plan(plan, json_file)
        print_remarks(plan.domains.values(), console)
        raise typer.Exit(0 if recorded else 3)
    rows = _report(outcome, plan, console, (json_file, csv_file, csv_tests))
    print_steps(after_run(plan, study_reference(study, plan.study), data or [], rows, tracking_uri), console)
    raise typer.Exit(0 if outcome.complete else 3)


def _the_study(argument: str | None, option: str | None) -> str:
    """The study that was asked for, by the argument or by the option."""
    from ..errors import StudyError

    if argument and option and argument != option:
        raise StudyError(f"one study at a time: got {argument!r}, and {option!r} for --study.")
    given = argument or option or "band_search"
    if Path(given).is_dir() and given not in completion.studies(given):
        example = bench(f"run --data mine={shlex.quote(given)}")
        raise StudyError(f"{given} is a folder and no study; for the pictures in it: {example}")
    return given


def _stores_answer(tracking_uri: str, storage: str | None, reporter: "ScreenReporter") -> bool:
    """Look at what a run would write to, and create nothing; False if its results would have to wait."""
    from ..errors import TrackingError
    from ..search.optuna_history import check_storage
    from ..tracking import check_tracking_store

    if storage:
        check_storage(storage)
    try:
        check_tracking_store(tracking_uri)
    except TrackingError as error:
        reporter.note(f"{error} Until then results would be kept here.")
        return False
    return True


def _run(plan: "Plan", jobs: int, tracking_uri: str, storage: str | None, fresh: bool, reporter: "ScreenReporter") -> "Outcome":
    from ..search.run import run_study

    try:
        return run_study(plan, jobs=jobs, tracking_uri=tracking_uri, storage=storage, fresh=fresh, reporter=reporter)
    except KeyboardInterrupt:
        reporter.note("Stopped. What was finished is kept; the same command continues.")
        raise typer.Exit(130) from None


def _taken_alone(names: Sequence[str], study: str, board: str) -> str:
    """Say that the study's own domains have no part in this run."""
    are = "is no data set" if len(names) == 1 else "are no data sets"
    return (
        f"{', '.join(names)} {are} of the study {study}: this run trains and tests on nothing else, and its board is {board}. "
        "--train and --test combine it with other domains."
    )


def _catalogue(study: "Study", data: GivenData) -> "Catalogue":
    from ..domains.catalogue import Catalogue

    options = {name: dict(study.datasets.get(name, {})) for name in (*study.datasets, *data.options)}
    for name, given in data.options.items():
        options[name] |= given
    return Catalogue(data.folders, options)


def _names(folders: dict[str, str]) -> list[str]:
    """Names of the data sets that ``--data`` brings."""
    from ..registry import datasets

    return [datasets.get(given).name if ":" in given else given for given in folders]


def _refuse_unused(folders: dict[str, str], plan: "Plan") -> None:
    from ..errors import DataError
    from ..pictures.perturbations import dataset_name

    used = {dataset_name(domain) for domain in (*plan.study.train, *plan.study.test)}
    for name in _names(folders):
        if name not in used:
            raise DataError(f"--data {name} is not used by this run; add --train {name} or --test {name}, or leave it out.")


def _print_plan(plan: "Plan", json_file: str | None) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ..domains.catalogue import remarks
    from ..reporting import folded_name
    from ..store import dump_json

    facts = {
        "study": plan.study.name,
        "detectors": [spec.label for spec in plan.detectors],
        "cells": plan.n_cells,
        "seeds": plan.study.seeds,
        "bands_per_cell": plan.n_bands,
        "fits_at_most": plan.n_fits,
        "domains": plan.sizes(),
        "dropped_leaks": plan.dropped_leaks,
        "data": plan.facts,
        "remarks": remarks(plan.domains.values()),
    }
    if json_file:
        write_text(json_file, dump_json(facts))
        return
    console = Console()
    title = f"{plan.study.name}: pictures (real + fake) of the first draw"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("domain, what for", overflow="fold")
    for name in ("train", "val", "test"):
        table.add_column(name, justify="right", no_wrap=True)
    for entry in plan.sizes():
        counts = [f"{entry[f'{s}_real']} + {entry[f'{s}_fake']}" for s in ("train", "val", "test")]
        name = folded_name(entry["domain"], console.width - 3 * max(len(count) + 2 for count in counts))
        table.add_row(Text.assemble(name, "\n", (f"  {', '.join(entry['roles'])}", "dim")), *counts)
    console.print(table)
    console.print(
        f"cells: {plan.n_cells} ({', '.join(facts['detectors'])} × {len(plan.study.train)} training domains); "
        f"seeds: {plan.study.seeds}; bands per cell: at most {plan.n_bands}; fits: at most {plan.n_fits}. Nothing was run."
    )
    print_dropped(plan.dropped_leaks, console)
    print_missing(plan.facts, console)


def _report(
    outcome: "Outcome", plan: "Plan", console: "Console", files: tuple[str | None, str | None, str | None]
) -> "list[Row]":
    """Print or write what came out; `files` are those of JSON, of rows and of test domains as CSV. Return the rows, ranked."""
    from ...leaderboard.rows import ranked
    from ...leaderboard.terminal.table import as_csv, as_document, as_tests_csv, print_table
    from ..store import dump_json, results_root

    rows, (json_file, csv_file, csv_tests) = ranked(outcome.rows), files
    if json_file:
        write_text(json_file, dump_json(as_document(plan.study.name, rows)))
    if csv_file:
        write_text(csv_file, as_csv(rows))
    if csv_tests:
        write_text(csv_tests, as_tests_csv(rows))
    if "-" not in files and rows:
        print_table(rows, plan.study.name, about_data=False)
    _report_gaps(outcome, console)
    print_dropped(plan.dropped_leaks, console)
    print_missing(plan.facts, console)
    print_remarks(plan.domains.values(), console)
    if not outcome.computed and not outcome.failures:
        console.print("Nothing was left to do: every fit of this study is on record. --fresh computes all of it again.")
    else:
        console.print(f"{outcome.computed} fits computed now; everything is kept in {results_root()}.", soft_wrap=True)
    return rows


def _report_gaps(outcome: "Outcome", console: "Console") -> None:
    print_problems(outcome.problems, console)
    for label, reason in outcome.failures.items():
        say(console, f"no result for {label}: {reason}")
    for label, reasons in outcome.gaps.items():
        say(console, f"{label}: {len(reasons)} bands could not be scored, the first: {reasons[0]}")
    if outcome.unsent:
        later = f"`{bench('sync')}` sends them once the store answers."
        say(console, f"{outcome.tracking_problem}\nThe results are kept here; {later}")
