"""``bench run``: a study, from pictures to leaderboard."""

import os
import shlex
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import Command, CsvOption, DataOption, JsonOption, TrackingOption, parse_data, write_text

if TYPE_CHECKING:
    from rich.console import Console

    from ..engine import Outcome, Plan
    from .progress import ScreenReporter

SHOWN_PROBLEMS = 10


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(cls=Command)(run)


def run(
    study: Annotated[str, typer.Option(help="Name of a shipped study, or path of a YAML file.")] = "band_search",
    data: DataOption = None,
    detector: Annotated[
        list[str] | None, typer.Option(help="name, name/preset or module:Class instead of the study's. Repeatable.")
    ] = None,
    train: Annotated[list[str] | None, typer.Option(help="Domain to train on. Repeatable.")] = None,
    test: Annotated[list[str] | None, typer.Option(help="Domain to test on. Repeatable.")] = None,
    trials: Annotated[int | None, typer.Option(help="Bands that the search tries per cell.")] = None,
    seeds: Annotated[int | None, typer.Option(help="Draws of training and validation pictures.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of everything that is drawn; fixes the test pictures.")] = None,
    mode: Annotated[str | None, typer.Option(help="keep, reweight or pixels.")] = None,
    crop: Annotated[int | None, typer.Option(help="Side of the square window cut from each picture, in pixels.")] = None,
    jobs: Annotated[int | None, typer.Option(help="Worker processes. [default: one per core]")] = None,
    tracking_uri: TrackingOption = None,
    storage: Annotated[
        str | None, typer.Option(metavar="URL", help="Database for the searches. [default: a journal file]")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Compute everything again instead of continuing.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and its size, do nothing.")] = False,
    json_file: JsonOption = None,
    csv_file: CsvOption = None,
) -> None:
    """Run a study, or what is left of it: the same command continues where it stopped and adds nothing twice."""
    from rich.console import Console

    from .progress import ScreenReporter

    console = Console(stderr=True)
    with ScreenReporter(console) as reporter:
        reporter.stage("reading the study", None)
        from ..engine import make_plan
        from ..tracking import resolve_tracking_uri

        folders = parse_data(data)
        changes: dict[str, Any] = {
            "detectors": [{"name": name} for name in detector or []],
            # A folder that is given and not placed is what the user wants to train and test on.
            "train": train or ([] if test else list(folders)),
            "test": test or ([] if train else list(folders)),
            "search.trials": trials,
            "seeds": seeds,
            "seed": seed,
            "mode": mode,
            "crop.side": crop,
        }
        given = {key: value for key, value in changes.items() if value not in (None, [])}
        plan = make_plan(*_study_and_catalogue(study, folders, given))
        outcome = None
        if not dry_run:
            outcome = _run(plan, _jobs(jobs), resolve_tracking_uri(tracking_uri), storage, fresh, reporter)
    if outcome is None:
        _print_plan(plan, json_file)
        return
    _report(outcome, plan, console, json_file, csv_file, tracking_uri)
    raise typer.Exit(0 if outcome.complete else 3)


def _run(plan: "Plan", jobs: int, tracking_uri: str, storage: str | None, fresh: bool, reporter: "ScreenReporter") -> "Outcome":
    from ..engine import run_study

    try:
        return run_study(plan, jobs=jobs, tracking_uri=tracking_uri, storage=storage, fresh=fresh, reporter=reporter)
    except KeyboardInterrupt:
        reporter.note("Stopped. What was finished is kept; the same command continues.")
        raise typer.Exit(130) from None


def _study_and_catalogue(reference: str, folders: dict[str, str], changes: dict[str, Any]) -> tuple[Any, Any]:
    from ..catalogue import Catalogue
    from ..study import load_study, override

    study = override(load_study(reference), changes)
    return study, Catalogue(folders, dict(study.datasets))


def _jobs(given: int | None) -> int:
    from ..errors import StudyError

    if given is not None and given < 1:
        raise StudyError(f"--jobs is at least 1, got {given}.")
    return given or len(os.sched_getaffinity(0))


def _print_plan(plan: "Plan", json_file: str | None) -> None:
    from rich.console import Console
    from rich.table import Table

    from ..store import dump_json

    facts = {
        "study": plan.study.name,
        "detectors": [spec.label for spec in plan.detectors],
        "cells": plan.n_cells,
        "seeds": plan.study.seeds,
        "bands_per_cell": plan.n_bands,
        "fits_at_most": plan.n_fits,
        "domains": plan.sizes(),
    }
    if json_file:
        write_text(json_file, dump_json(facts))
        return
    console = Console()
    table = Table(title=f"{plan.study.name}: pictures (real + fake) of the first draw", title_justify="left")
    for name in ("domain", "role", "train", "val", "test"):
        table.add_column(name, justify="left" if name in ("domain", "role") else "right")
    for entry in plan.sizes():
        counts = [f"{entry[f'{s}_real']} + {entry[f'{s}_fake']}" for s in ("train", "val", "test")]
        table.add_row(entry["domain"], ", ".join(entry["roles"]), *counts)
    console.print(table)
    console.print(
        f"{plan.n_cells} cells ({', '.join(facts['detectors'])} × {len(plan.study.train)} training domains), "
        f"{plan.study.seeds} seeds, {plan.n_bands} bands a cell at most, {plan.n_fits} fits at most. Nothing was run."
    )


def _report(
    outcome: "Outcome",
    plan: "Plan",
    console: "Console",
    json_file: str | None,
    csv_file: str | None,
    tracking_uri: str | None,
) -> None:

    from ...leaderboard.rows import ranked
    from ...leaderboard.table import as_csv, as_document, print_table
    from ..store import dump_json

    rows = ranked(outcome.rows)
    if json_file:
        write_text(json_file, dump_json(as_document(plan.study.name, rows)))
    if csv_file:
        write_text(csv_file, as_csv(rows))
    if "-" not in (json_file, csv_file) and rows:
        print_table(rows, plan.study.name)
    _report_gaps(outcome, console)
    if not outcome.computed and not outcome.failures:
        console.print("Nothing was left to do: every fit of this study is on record. --fresh computes all of it again.")
    else:
        console.print(f"{outcome.computed} fits computed now.")
    option = f" --tracking-uri {shlex.quote(tracking_uri)}" if tracking_uri else ""
    console.print(
        "\nNext steps:\n"
        f"  bench ui{option}  # the study as a tree, with pictures, in the MLflow UI\n"
        f"  bench leaderboard --study {plan.study.name}{option} --csv rows.csv  # these rows, and more columns\n"
        f"  bench run --study {plan.study.name} --data mine=DIR  # your own pictures: DIR/real and DIR/fake",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _report_gaps(outcome: "Outcome", console: "Console") -> None:
    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, style="yellow", soft_wrap=True)

    if outcome.problems:
        say(f"{len(outcome.problems)} pictures could not be used (rows with status missing or error in the score files):")
        for name, item, _, detail in outcome.problems[:SHOWN_PROBLEMS]:
            say(f"  {name}: {item}: {detail}")
        if len(outcome.problems) > SHOWN_PROBLEMS:
            say(f"  … and {len(outcome.problems) - SHOWN_PROBLEMS} more")
    for label, reason in outcome.failures.items():
        say(f"no result for {label}: {reason}")
    for label, reasons in outcome.gaps.items():
        say(f"{label}: {len(reasons)} bands could not be scored, the first: {reasons[0]}")
    if outcome.unsent:
        say(f"{outcome.tracking_problem}\nThe results are kept here; `bench sync` sends them once the store answers.")
