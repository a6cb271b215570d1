"""``bench check``: run the contract of a detector or data set, ours or anybody's."""

from dataclasses import asdict

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..domains.catalogue import DatasetSpec
from ..registry import DetectorSpec
from ..store.files import dump_json
from ..testing import CheckResult, check_dataset, check_detector
from .options import check_text_target, write_text
from .requests.plugins import CheckDatasetRequest, CheckDetectorRequest


def detector(request: CheckDetectorRequest) -> None:
    """Check a detector: shape, polarity, determinism, order, batches, untouched inputs, saving."""
    check_text_target(request.json_file)
    spec = DetectorSpec.parse(request.name)
    _report(spec.label, check_detector(spec), request.json_file)


def dataset(request: CheckDatasetRequest) -> None:
    """Check a data set: items, splits that share nobody, pictures that can be read, repeatability."""
    check_text_target(request.json_file)
    spec = DatasetSpec(request.name, None if request.root is None else str(request.root.expanduser().absolute()))
    spec.open(0, 0)
    _report(request.name, check_dataset(spec), request.json_file)


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
