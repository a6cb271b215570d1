"""``bench leaderboard``: rows from recorded studies and from submitted scores."""

import hashlib
import shlex
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import typer
from rich.console import Console

from ...api.board import Board, BoardOptions, read_board
from ...api.board_inputs import RegisteredDomains, computed_datasets, repeat_command
from ...api.progress import ScreenReporter
from ...leaderboard.exports import as_csv, as_document, as_tests_csv
from ...leaderboard.page.details import load_details
from ...leaderboard.page.html import page
from ...leaderboard.paper import paper_figures
from ...leaderboard.results_table import write_results
from ...leaderboard.row_scores import write_row_scores, write_scores
from ...leaderboard.submissions.add import SubmissionReport, add_submission
from ...leaderboard.submissions.add_matrix import add_matrix
from ...leaderboard.submissions.files import remove_submission
from ...leaderboard.submissions.findings import summary
from ...leaderboard.submissions.lines import OUTCOMES, matrix_lines, submission_lines
from ...leaderboard.submissions.matrix import MatrixColumns
from ...leaderboard.submissions.matrix_meta import Higher as HigherClass
from ...leaderboard.submissions.meta import plain
from ...leaderboard.submissions.score_export import export_row
from ...leaderboard.terminal.refused import print_refused
from ...leaderboard.terminal.table import print_table
from ..errors import BenchError
from ..figures.formats import FigureFormat
from ..invocation import bench
from ..metrics.digits import auc_text, measured_text
from ..store.files import digest, dump_json
from ..tracking.documents import RunDocument
from ..tracking.sender import send_now
from ..tracking.store import resolve_tracking_uri
from .commands import STDOUT
from .options import (
    check_target,
    check_targets,
    check_text_target,
    formats_of,
    parse_dates,
    write_text,
)
from .paper import write_figures
from .report import Step, print_steps
from .requests.board import AddRequest, BoardRequest, ExportRequest, RemoveRequest

# Options of `add` that a score matrix alone has.
ONLY_WIDE = (
    "dataset",
    "id_column",
    "label_column",
    "fake_label",
    "generator_column",
    "source_column",
    "split_column",
    "higher",
    "dry_run",
)
PAGES = "leaderboard"  # experiment of pages about several studies


def leaderboard(request: BoardRequest) -> None:
    """Build the generalization leaderboard from MLflow and the score files."""
    if request.log and not request.html:
        raise BenchError("--log keeps the page in MLflow: it wants --html FILE, too.")
    if request.formats and not request.figures:
        raise BenchError("--format is of the files that --figures DIR writes: name the folder, too.")
    console = Console(stderr=True)
    if request.with_scores and request.html in (None, STDOUT):
        raise BenchError("--with-scores writes a folder beside the page: it wants --html FILE, too.")
    scores_file = str(request.scores[1]) if request.scores else None
    check_targets(request.json_file, request.csv_file, request.csv_tests, request.html)
    check_target(request.parquet)
    check_target(scores_file)
    ranks = bool(not request.figures or request.json_file or request.csv_file or request.html or request.parquet)
    released = parse_dates(request.released)
    board = read_board(BoardOptions(request.study, request.tracking_uri, every=request.every, ranks=ranks, released=released))
    for reason in board.refused:
        _print(console, f"refused: {reason}", "yellow")
    if request.parquet:
        write_results(board.study, board.rows, Path(request.parquet), computed_datasets())
        _print(console, f"{request.parquet}: {len(board.rows)} rows with their test domains")
    if request.scores:
        row = board[request.scores[0]]
        n = write_row_scores(row, board.folders.get(row.run_id), request.scores[1])
        _print(console, f"{request.scores[1]}: {n:,} scores of {row.detector}, trained on {row.train_label}")
    _write_tables(board, request.json_file, request.csv_file, request.csv_tests)
    if request.html:
        with console.status("making the page"):
            _write_page(request.html, board, request.log, request.with_scores)
        if request.html != STDOUT:
            page = Path(request.html).absolute()
            _print(console, f"The page is in {page}; a browser opens it at {page.as_uri()}")
    if request.figures:
        with console.status("drawing the figures"):
            files = _draw(board, request.figures, request.formats)
        _print(console, f"{request.figures}: {len(files)} files" if files else "no row has anything to draw.")
    for line in board.notes:
        _print(console, line)
    files = (request.json_file, request.csv_file, request.csv_tests, request.html, request.figures, request.parquet)
    if not any((*files, request.scores)):
        _print_board(board)
        words = ["leaderboard", *(["--study", request.study] if request.study else []), "--html", "board.html"]
        words += ["--tracking-uri", request.tracking_uri] if request.tracking_uri else []
        if board.rows:
            print_steps([Step(bench(shlex.join(words)), "as one page, with ranks, maps and worst mistakes")], console)
    raise typer.Exit(3 if board.refused else 0)


def _write_tables(board: Board, json_file: str | None, csv_file: str | None, csv_tests: str | None) -> None:
    rows, computed = list(board.rows), computed_datasets()
    if json_file:
        write_text(json_file, dump_json(as_document(board.study, rows, board.notes, computed, board.detectors, board.refusals)))
    if csv_file:
        write_text(csv_file, as_csv(rows, computed))
    if csv_tests:
        write_text(csv_tests, as_tests_csv(rows))


def _write_page(target: str, board: Board, log: bool, with_scores: bool = False) -> None:
    uri, computed = board.tracking_uri, computed_datasets()
    details = load_details(uri, board.study or None, board.rows, board.folders, repeat_command, computed)
    details.ranking = list(board.detectors)
    if with_scores:
        beside = Path(target).with_name(f"{Path(target).stem}-scores")
        write_scores(board.rows, board.folders, beside)
        details.scores_folder = beside.name
    text = page(board.recorded(), details, uri, computed=computed)
    write_text(target, text)
    if log:
        _log_page(text, board.study, uri)


def _log_page(text: str, study: str, uri: str) -> None:
    """
    Log the page as an artifact of a run in MLflow: in the experiment of the study, or of several in that of such pages.

    The key of the run is the digest of the page: one that is there already is not sent again.
    """
    experiment, key = study or PAGES, hashlib.sha256(text.encode()).hexdigest()
    with tempfile.TemporaryDirectory(prefix="bandbench-") as folder:
        Path(folder, "leaderboard.html").write_text(text, encoding="utf-8")
        now = time.time()
        group = digest(["leaderboard", experiment])
        document = RunDocument(key, "leaderboard", "leaderboard", experiment, group, start=now, end=now, artifacts=folder)
        send_now([document], uri)


def _draw(board: Board, target: Path, formats: list[FigureFormat] | None) -> list[Path]:
    return write_figures(paper_figures(board.rows, board.folders), target, formats_of(formats, FigureFormat.svg))


def _print_board(board: Board) -> None:
    print_table(list(board.rows), board.title, computed=computed_datasets(), ranking=board.detectors)
    print_refused(board.refusals, Console())
    for line in submission_lines(board.rows):
        _print(Console(), line, "dim")


def _print(console: Console, line: str, style: str = "") -> None:
    """Print text of submissions without interpreting markup."""
    console.print(plain(line), markup=False, highlight=False, emoji=False, style=style)


# --- rows from others ------------------------------------------------------------------------------------------------


def add(request: AddRequest) -> None:
    """Check scores that somebody brought and keep them as a row; every number is computed here."""
    check_text_target(request.json_file)
    if request.wide is not None:
        _add_matrix(request, request.wide)
        return
    if alone := [option for option in ONLY_WIDE if getattr(request, option)]:
        raise BenchError(f"--{alone[0].replace('_', '-')} is of a score matrix: it wants --wide MATRIX.csv, too.")
    if not request.scores or request.meta is None:
        missing = "score files are" if not request.scores else "--meta META.yaml is"
        raise BenchError(f"{missing} missing; wanted SCORES... --meta META.yaml, or --wide MATRIX.csv for a score matrix.")
    console = Console(stderr=True)
    with console.status("checking the scores"):
        report = add_submission(
            request.meta, request.scores, resolve_tracking_uri(request.tracking_uri), RegisteredDomains(), request.replace
        )
    if request.json_file:
        write_text(request.json_file, dump_json(report.as_dict()))
    if request.json_file != STDOUT:
        _print_report(report, Console())
    raise typer.Exit(3 if report.findings else 0)


def _add_matrix(request: AddRequest, file: Path) -> None:
    """Add a row for each detector of a score matrix."""
    if request.scores:
        raise BenchError("--wide MATRIX takes the place of score files; give one of both.")
    columns = MatrixColumns(
        request.id_column,
        request.label_column,
        request.generator_column,
        request.source_column,
        request.split_column,
        request.fake_label,
    )
    console = Console(stderr=True)
    with ScreenReporter(console) as reporter:
        report = add_matrix(
            file,
            request.meta,
            resolve_tracking_uri(request.tracking_uri),
            RegisteredDomains(),
            columns,
            dataset=request.dataset,
            higher=cast(HigherClass | None, request.higher and request.higher.value),
            replace=request.replace,
            dry_run=request.dry_run,
            reporter=reporter,
        )
    if request.json_file:
        write_text(request.json_file, dump_json({"dry_run": request.dry_run} | report.as_dict()))
    if request.json_file != STDOUT:
        lines = matrix_lines(report, request.dry_run)
        for line in lines.said:
            _print(Console(), line)
        for line in lines.found:
            _print(Console(), f"found: {line}", "yellow")
    raise typer.Exit(3 if report.refused or any(one.findings for one in report.reports) else 0)


def _print_report(report: SubmissionReport, console: Console) -> None:
    lines = [f"{report.name} {OUTCOMES[report.outcome]}."]
    for test in report.tests:
        share = f"{100 * test.coverage:.1f} %".replace(".0 %", " %")
        measured = measured_text(test.auc, test.auc_lo, test.auc_hi)
        lines.append(f"  {test.domain}: AUC {measured} of {test.n:,} items, coverage {share}")
        if len(test.by_reals) > 1:
            lines += [f"    against the reals of {r.source}: AUC {auc_text(r.auc)} ({r.n_real:,} reals)" for r in test.by_reals]
    for line in [*lines, report.verification.reason, *report.remarks]:
        _print(console, line)
    for finding in summary(report.findings):
        _print(console, f"found: {finding}", "yellow")


def remove(request: RemoveRequest) -> None:
    """Delete scores that somebody brought from the results."""
    remove_submission(request.name)
    typer.echo(f"{request.name} removed.")


def export(request: ExportRequest) -> None:
    """Write the scores of a recorded row as CSV: dataset, key, compression, label, score, status."""
    check_targets(request.target, request.meta)
    exported = export_row(
        resolve_tracking_uri(request.tracking_uri),
        request.run,
        request.study,
        request.detector,
        request.train,
        request.validation,
    )
    files = _numbered(request.target, len(exported.tables))
    for file, text in zip(files, exported.tables, strict=True):
        write_text(file, text)
    if request.meta:
        write_text(request.meta, exported.meta)
    if STDOUT not in (request.target, request.meta):
        typer.echo(f"wrote {', '.join([*files, *([request.meta] if request.meta else [])])}")


def _numbered(target: str, n: int) -> Sequence[str]:
    """Return names of `n` files; refuse several on standard output."""
    if n == 1:
        return [target]
    if target == STDOUT:
        raise BenchError(f"that row has {n} draws, one file each; give a file name instead of {STDOUT}.")
    path = Path(target)
    return [str(path.with_name(f"{path.stem}-{k}{path.suffix}")) for k in range(n)]
