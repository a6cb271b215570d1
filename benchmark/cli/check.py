"""``bench check``: run the contract of a detector or data set, ours or anybody's."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..domains.catalogue import DatasetSpec
from ..registry import DetectorSpec
from ..store.files import dump_json
from ..testing import CheckResult, check_dataset, check_detector
from . import completion
from .commands import Command, Group
from .options import JsonOption, write_text

group = typer.Typer(cls=Group, help="Run the contract of a detector or data set, ours or your own.", no_args_is_help=True)


@group.command(cls=Command)
def detector(
    name: Annotated[
        str, typer.Argument(help="name, name/preset, module:Class or file.py:Class", autocompletion=completion.detectors)
    ],
    json_file: JsonOption = None,
) -> None:
    """Check a detector: shape, polarity, determinism, order, batches, untouched inputs, saving."""
    spec = DetectorSpec.parse(name)
    _report(spec.label, check_detector(spec), json_file)


@group.command(cls=Command)
def dataset(
    name: Annotated[str, typer.Argument(help="name, module:Class or file.py:Class", autocompletion=completion.datasets)],
    root: Annotated[Path | None, typer.Option(help="Folder with the files, where the data set needs one.")] = None,
    json_file: JsonOption = None,
) -> None:
    """Check a data set: items, splits that share nobody, pictures that can be read, repeatability."""
    spec = DatasetSpec(name, None if root is None else str(root.expanduser().absolute()))
    spec.open(0, 0)
    _report(name, check_dataset(spec), json_file)


def _report(label: str, results: list[CheckResult], json_file: str | None) -> None:
    failed = sum(not result.ok for result in results)
    if json_file:
        write_text(json_file, dump_json([asdict(result) for result in results]))
    else:
        table = Table(title=Text(label), title_justify="left", header_style="bold")
        for column in ("check", "", "what was seen"):
            table.add_column(column, overflow="fold")
        for result in results:
            mark = Text("ok", "green") if result.ok else Text("failed", "red")
            table.add_row(result.name.replace("_", " "), mark, Text(result.detail))
        console = Console()
        console.print(table)
        console.print(f"{len(results) - failed} of {len(results)} checks passed.")
    raise typer.Exit(2 if failed else 0)
