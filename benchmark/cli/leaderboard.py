"""``bench leaderboard``: rows from what was recorded."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ...leaderboard.rows import Board

from ..errors import BenchError
from .options import Command, CsvOption, JsonOption, TrackingOption, check_target, write_text


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(cls=Command)(leaderboard)


def leaderboard(
    study: Annotated[str | None, typer.Option(help="Only this study. (default: all)")] = None,
    tracking_uri: TrackingOption = None,
    json_file: JsonOption = None,
    csv_file: CsvOption = None,
    html: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write one page that opens from disk, for a browser.")
    ] = None,
    log: Annotated[bool, typer.Option("--log", help="Also keep the page in MLflow, as a run of its own.")] = False,
) -> None:
    """Build the generalization leaderboard from MLflow and the score files."""
    from rich.console import Console

    from ...leaderboard.rows import load_board
    from ...leaderboard.table import as_csv, as_document, print_table
    from ..store import dump_json
    from ..tracking import resolve_tracking_uri

    if log and not html:
        raise BenchError("--log keeps the page in MLflow: it wants --html FILE, too.")
    console = Console(stderr=True)
    for target in (json_file, csv_file, html):
        check_target(target)
    uri = resolve_tracking_uri(tracking_uri)
    with console.status("reading MLflow"):
        board = load_board(uri, study)
    for reason in board.refused:
        console.print(f"refused: {reason}", markup=False, style="yellow")
    if json_file:
        write_text(json_file, dump_json(as_document(board.study, board.rows)))
    if csv_file:
        write_text(csv_file, as_csv(board.rows))
    if html:
        with console.status("making the page"):
            _write_page(html, board, uri, log)
    if not (json_file or csv_file or html):
        print_table(board.rows, study or "all studies")
    raise typer.Exit(3 if board.refused else 0)


def _write_page(target: str, board: "Board", uri: str, log: bool) -> None:
    from ...leaderboard.details import load_details
    from ...leaderboard.page import log_page, page

    text = page(board, load_details(uri, board.study or None, board.rows), uri)
    write_text(target, text)
    if log:
        log_page(text, board.study, uri)
