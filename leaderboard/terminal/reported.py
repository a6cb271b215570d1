"""Published numbers beside the measured ones, for the terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...benchmark.metrics.digits import auc_text, interval_text
from ...benchmark.results.reported import HOW_KNOWN, ReportedResult
from ...benchmark.results.rows import Row

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def print_reported(rows: Sequence[Row], console: "Console") -> None:
    """
    Print a table of the published numbers that have a measured one beside them, and the number of the others.

    Parameters
    ----------
    rows : sequence of Row
        As the table shows them.
    console : Console
    """
    compared = [(row, result) for row in rows for result in row.reported if result.reason is None]
    others = {(row.detector, result.reported) for row in rows for result in row.reported if result.reason is not None}
    others -= {(row.detector, result.reported) for row, result in compared}
    if compared:
        console.print("Reported beside measured", style="italic")
        console.print(_table(compared))
    if others:
        detectors = sorted({detector for detector, _ in others})
        numbers = "1 published number" if len(others) == 1 else f"{len(others)} published numbers"
        verb = "has" if len(others) == 1 else "have"
        told = "the page and `bench show DETECTOR` list them."
        text = f"{numbers} of {', '.join(detectors)} {verb} no measured one beside it here; {told}"
        console.print(text if len(others) == 1 else text.replace("beside it", "beside them"), style="dim", markup=False)


def _table(compared: Sequence[tuple[Row, ReportedResult]]) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("detector\n← trained on", overflow="fold")
    table.add_column("metric\non", overflow="fold")
    for name in ("reported", "measured", "difference"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("to note", overflow="fold")
    for row, result in compared:
        published = result.reported
        about = "\n".join(
            filter(None, [result.remark, f"{published.source} ({HOW_KNOWN[published.how_known]})", published.setting])
        )
        cells = [
            f"{row.detector}\n← {row.train_label}", f"{published.metric}\n{published.data}", auc_text(published.value),
            measured_text(result), f"{result.difference:+.3f}", about,
        ]  # fmt: skip
        table.add_row(*map(Text, cells))
    return table


def measured_text(result: ReportedResult) -> str:
    """Return the measured number with its interval below it."""
    if result.holds is None:
        return auc_text(result.measured)
    return f"{auc_text(result.measured)}\n{interval_text(result.measured_lo, result.measured_hi)}"
