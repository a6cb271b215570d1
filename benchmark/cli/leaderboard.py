"""``bench leaderboard``: rows from what was recorded, and from scores that others brought."""

import hashlib
import math
import shlex
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ...leaderboard.exports import as_csv, as_document, as_tests_csv
from ...leaderboard.notes import other_variants
from ...leaderboard.page.details import load_details
from ...leaderboard.page.html import page
from ...leaderboard.paper import paper_figures
from ...leaderboard.rows import Board, load_board
from ...leaderboard.submissions.add import SubmissionReport, add_submission
from ...leaderboard.submissions.board import with_submissions
from ...leaderboard.submissions.files import remove_submission
from ...leaderboard.submissions.lines import submission_lines
from ...leaderboard.submissions.meta import plain
from ...leaderboard.submissions.score_export import export_row
from ...leaderboard.terminal.table import print_table
from ..errors import BenchError, unknown_name
from ..figures.formats import FigureFormat
from ..invocation import bench
from ..store.files import dump_json
from ..tracking.reading import boards_of
from ..tracking.store import resolve_tracking_uri
from . import completion
from .board_inputs import RegisteredDomains, computed_datasets, repeat_command
from .commands import STDOUT, Command, Group
from .options import (
    FormatsOption,
    JsonOption,
    RowsCsvOption,
    TestsCsvOption,
    TrackingOption,
    check_target,
    check_targets,
    formats_of,
    write_text,
)
from .paper import write_figures
from .progress import ScreenReporter
from .report import Step, print_steps

PAGES = "leaderboard"  # experiment of pages about several studies


class _Board(Group):
    """The board and its commands: a name that is none of them is that of a study."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Look a command up; raise BenchError with the way on if there is none of that name."""
        name = args[0]
        if not name.startswith("-") and name not in self.commands:
            example = bench(shlex.join(["leaderboard", "--study", name]))
            unknown = unknown_name("command", name, self.commands)
            raise BenchError(f"leaderboard: {unknown} If it is the name of a study, its board is: {example}")
        return super().resolve_command(ctx, args)


group = typer.Typer(cls=_Board, help="Build the generalization leaderboard from MLflow and the score files.")


@group.callback(invoke_without_command=True)
def leaderboard(
    context: typer.Context,
    study: Annotated[
        str | None, typer.Option(help="Only this study. (default: all)", autocompletion=completion.studies)
    ] = None,
    tracking_uri: TrackingOption = None,
    json_file: JsonOption = None,
    csv_file: RowsCsvOption = None,
    csv_tests: TestsCsvOption = None,
    html: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write one page that opens from disk, for a browser.")
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Draw the board for a paper into a folder: train x test, cost, perturbations, sweeps, band transfer.",
        ),
    ] = None,
    formats: FormatsOption = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also rows of other settings, pictures or code than those that were run last.")
    ] = False,
    log: Annotated[bool, typer.Option("--log", help="Also keep the page in MLflow, as a run of its own.")] = False,
) -> None:
    """Build the generalization leaderboard from MLflow and the score files."""
    if context.invoked_subcommand:
        if any((study, tracking_uri, json_file, csv_file, csv_tests, html, figures, formats, every, log)):
            raise BenchError(f"options of `{context.invoked_subcommand}` are written after it, not before.")
        return
    if log and not html:
        raise BenchError("--log keeps the page in MLflow: it wants --html FILE, too.")
    if formats and not figures:
        raise BenchError("--format is of the files that --figures DIR writes: name the folder, too.")
    console = Console(stderr=True)
    check_targets(json_file, csv_file, csv_tests, html)
    uri = resolve_tracking_uri(tracking_uri)
    with ScreenReporter(console) as reporter:
        board, folders = with_submissions(load_board(uri, study, reporter, every), RegisteredDomains())
    for reason in board.refused:
        _print(console, f"refused: {reason}", "yellow")
    others = [] if every else other_variants(board.others)
    if study and (shown := sorted(boards_of(study, {row.study for row in board.rows}) - {study})):
        others = [f"{study} was not run as its file says; shown is what was: {', '.join(shown)}.", *others]
    _write_tables(board, json_file, csv_file, csv_tests, others)
    if html:
        with console.status("making the page"):
            _write_page(html, board, uri, log, folders)
        if html != STDOUT:
            page = Path(html).absolute()
            _print(console, f"The page is in {page}; a browser opens it at {page.as_uri()}")
    if figures:
        with console.status("drawing the figures"):
            files = _draw(board, folders, figures, formats)
        _print(console, f"{figures}: {len(files)} files" if files else "no row has anything to draw.")
    for line in others:
        _print(console, line)
    if not (json_file or csv_file or csv_tests or html or figures):
        _print_board(board, study or "all studies")
        words = ["leaderboard", *(["--study", study] if study else []), "--html", "board.html"]
        words += ["--tracking-uri", tracking_uri] if tracking_uri else []
        print_steps([Step(bench(shlex.join(words)), "as one page, with ranks, maps and worst mistakes")], console)
    raise typer.Exit(3 if board.refused else 0)


def _write_tables(
    board: Board, json_file: str | None, csv_file: str | None, csv_tests: str | None, others: Sequence[str]
) -> None:
    if json_file:
        write_text(json_file, dump_json(as_document(board.study, board.rows, others, computed_datasets())))
    if csv_file:
        write_text(csv_file, as_csv(board.rows))
    if csv_tests:
        write_text(csv_tests, as_tests_csv(board.rows))


def _write_page(target: str, board: Board, uri: str, log: bool, folders: dict[str, Path]) -> None:
    computed, artifacts = computed_datasets(), board.folders | folders
    details = load_details(uri, board.study or None, board.rows, artifacts, repeat_command, computed)
    text = page(board, details, uri, computed=computed)
    write_text(target, text)
    if log:
        _log_page(text, board.study, uri)


def _log_page(text: str, study: str, uri: str) -> None:
    """
    Log the page as an artifact of a run in MLflow: in the experiment of the study, or of several in that of such pages.

    The key of the run is the digest of the page: one that is there already is not sent again.
    """
    from ..store.files import digest
    from ..tracking.documents import RunDocument
    from ..tracking.sender import send_now

    experiment, key = study or PAGES, hashlib.sha256(text.encode()).hexdigest()
    with tempfile.TemporaryDirectory(prefix="bandbench-") as folder:
        Path(folder, "leaderboard.html").write_text(text, encoding="utf-8")
        now = time.time()
        group = digest(["leaderboard", experiment])
        document = RunDocument(key, "leaderboard", "leaderboard", experiment, group, start=now, end=now, artifacts=folder)
        send_now([document], uri)


def _draw(board: Board, folders: dict[str, Path], target: Path, formats: list[FigureFormat] | None) -> list[Path]:
    return write_figures(paper_figures(board.rows, board.folders | folders), target, formats_of(formats, FigureFormat.svg))


def _print_board(board: Board, title: str) -> None:
    print_table(board.rows, title, computed=computed_datasets())
    for line in submission_lines(board.rows):
        _print(Console(), line, "dim")


def _print(console: Console, line: str, style: str = "") -> None:
    """Print what others wrote: text and nothing else."""
    console.print(plain(line), markup=False, highlight=False, emoji=False, style=style)


# --- rows from others ------------------------------------------------------------------------------------------------


@group.command(cls=Command)
def add(
    scores: Annotated[
        list[Path], typer.Argument(metavar="SCORES...", help="Score files (.parquet, .csv), one per fitted detector.")
    ],
    meta: Annotated[Path, typer.Option(metavar="META.yaml", help="What is said of them: name, detector, train, ...")],
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of another submission of that name.")] = False,
    tracking_uri: TrackingOption = None,
    json_file: JsonOption = None,
) -> None:
    """Check scores that somebody brought and keep them as a row; every number is computed here."""
    check_target(json_file)
    console = Console(stderr=True)
    with console.status("checking the scores"):
        report = add_submission(meta, scores, resolve_tracking_uri(tracking_uri), RegisteredDomains(), replace)
    if json_file:
        write_text(json_file, dump_json(report.as_dict()))
    if json_file != STDOUT:
        _print_report(report, Console())
    raise typer.Exit(3 if report.findings else 0)


def _print_report(report: SubmissionReport, console: Console) -> None:
    outcome = {"added": "added", "replaced": "replaced", "unchanged": "was there already, and nothing was added"}
    lines = [f"{report.name} {outcome[report.outcome]}."]
    for test in report.tests:
        interval = "" if math.isnan(test.auc_lo) else f" ({test.auc_lo:.3f}-{test.auc_hi:.3f})"
        share = f"{100 * test.coverage:.1f} %".replace(".0 %", " %")
        lines.append(f"  {test.domain}: AUC {test.auc:.3f}{interval} of {test.n:,} items, coverage {share}")
    for line in [*lines, report.verification.reason, *report.remarks]:
        _print(console, line)
    for finding in report.findings:
        _print(console, f"found: {finding}", "yellow")


@group.command(cls=Command)
def remove(name: Annotated[str, typer.Argument(metavar="NAME", help="Of the submission.")]) -> None:
    """Delete scores that somebody brought from the results."""
    remove_submission(name)
    typer.echo(f"{name} removed.")


@group.command(cls=Command)
def export(
    target: Annotated[str, typer.Argument(metavar="FILE.csv", help="Where the scores go; of several draws FILE-0.csv, ...")],
    run: Annotated[str | None, typer.Option(metavar="RUN_ID", help="MLflow run of the cell.")] = None,
    study: Annotated[str | None, typer.Option(help="Study of the cell.")] = None,
    detector: Annotated[str | None, typer.Option(help="Its detector.")] = None,
    train: Annotated[str | None, typer.Option(help="Its training domain.")] = None,
    validation: Annotated[
        bool, typer.Option("--validation", help="Also validation scores, told apart in a seventh column.")
    ] = False,
    meta: Annotated[str | None, typer.Option(metavar="FILE", help="Also what `add` wants to be told, as YAML.")] = None,
    tracking_uri: TrackingOption = None,
) -> None:
    """Write the scores of a recorded row as CSV: dataset, key, compression, label, score, status."""
    for file in (target, meta):
        check_target(file)
    found = export_row(resolve_tracking_uri(tracking_uri), run, study, detector, train, validation)
    files = _numbered(target, len(found.tables))
    for file, text in zip(files, found.tables, strict=True):
        write_text(file, text)
    if meta:
        write_text(meta, found.meta)
    if STDOUT not in (target, meta):
        typer.echo(f"wrote {', '.join([*files, *([meta] if meta else [])])}")


def _numbered(target: str, n: int) -> Sequence[str]:
    """Names of `n` files; standard output holds one."""
    if n == 1:
        return [target]
    if target == STDOUT:
        raise BenchError(f"that row has {n} draws, one file each; give a file name instead of {STDOUT}.")
    path = Path(target)
    return [str(path.with_name(f"{path.stem}-{k}{path.suffix}")) for k in range(n)]
