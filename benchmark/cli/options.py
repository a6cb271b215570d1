"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from ..errors import BenchError

STDOUT = "-"


class Command(TyperCommand):
    """A command whose ``--json`` and ``--csv`` may stand without a file, which then is standard output."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given = []
        for i, arg in enumerate(args):
            given.append(arg)
            last = i + 1 == len(args)
            if arg in ("--json", "--csv") and (last or args[i + 1].startswith("--")):
                given.append(STDOUT)
        return super().parse_args(ctx, given)


JsonOption = Annotated[
    str | None, typer.Option("--json", metavar="[FILE]", help="Write JSON to a file, or to standard output.")
]
CsvOption = Annotated[str | None, typer.Option("--csv", metavar="[FILE]", help="Write CSV to a file, or to standard output.")]
TrackingOption = Annotated[
    str | None,
    typer.Option("--tracking-uri", metavar="URI", help="MLflow store or server. (default: MLFLOW_TRACKING_URI, else local)"),
]
DataOption = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        metavar="NAME=DIR",
        help="A folder with real/ and fake/, under a name of your choice; or file.py:Class=DIR. Repeatable.",
    ),
]


def parse_data(given: list[str] | None) -> dict[str, str]:
    """``NAME=DIR`` options to a dict."""
    folders: dict[str, str] = {}
    for text in given or []:
        name, mark, folder = text.partition("=")
        if not name or bool(mark) != bool(folder) or (not mark and ":" not in name):
            raise BenchError(f"--data wants NAME=DIR (for example --data mine=pictures/), got {text!r}.")
        if name in folders:
            raise BenchError(f"--data names '{name}' twice.")
        folders[name] = folder
    return folders


def check_target(target: str | None) -> None:
    """Refuse a file that cannot be written before the work begins whose result it is meant for."""
    if target not in (None, STDOUT) and not Path(str(target)).absolute().parent.is_dir():
        raise BenchError(f"cannot write {target}: there is no folder {Path(str(target)).absolute().parent}.")


def write_text(target: str, text: str) -> None:
    """Write to a file, or to standard output for ``-``."""
    if target == STDOUT:
        typer.echo(text, nl=False)
        return
    try:
        Path(target).write_text(text, encoding="utf-8")
    except OSError as error:
        raise BenchError(f"cannot write {target} ({error.strerror}).") from error
