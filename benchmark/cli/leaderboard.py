"""``bench leaderboard``: rows from what was recorded."""

from typing import Annotated

import typer

from .options import Command, CsvOption, JsonOption, TrackingOption, check_target, write_text


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(cls=Command)(leaderboard)


def leaderboard(
    study: Annotated[str | None, typer.Option(help="Only this study. (default: all)")] = None,
    tracking_uri: TrackingOption = None,
    json_file: JsonOption = None,
    csv_file: CsvOption = None,
) -> None:
    """Build the generalization leaderboard from MLflow and the score files."""
    from rich.console import Console

    from ...leaderboard.rows import load_board
    from ...leaderboard.table import as_csv, as_document, print_table
    from ..store import dump_json
    from ..tracking import resolve_tracking_uri

    console = Console(stderr=True)
    for target in (json_file, csv_file):
        check_target(target)
    with console.status("reading MLflow"):
        board = load_board(resolve_tracking_uri(tracking_uri), study)
    for reason in board.refused:
        console.print(f"refused: {reason}", markup=False, style="yellow")
    if json_file:
        write_text(json_file, dump_json(as_document(board.study, board.rows)))
    if csv_file:
        write_text(csv_file, as_csv(board.rows))
    if not (json_file or csv_file):
        print_table(board.rows, study or "all studies")
    raise typer.Exit(3 if board.refused else 0)
