"""Recorded runs and submissions without a row, for the terminal: one line each, with the reason."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...benchmark.results.refusals import Refusal

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

MOST_SHOWN = 20


def print_refused(refusals: Sequence[Refusal], console: "Console") -> None:
    """Print a table of what was refused; nothing where nothing was."""
    if not refusals:
        return
    console.print("Refused: runs and submissions that have no row", style="yellow", highlight=False)
    console.print(_table(refusals[:MOST_SHOWN]))
    if len(refusals) > MOST_SHOWN:
        console.print(f"and {len(refusals) - MOST_SHOWN} more, in --json", style="dim", highlight=False)


def _table(refusals: Sequence[Refusal]) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("run", overflow="fold", min_width=8)
    table.add_column("detector\n← trained on", overflow="fold")
    table.add_column("reason", overflow="fold", ratio=1)
    for refusal in refusals:
        who = f"{refusal.detector}\n← {refusal.train}" if refusal.detector or refusal.train else "unknown"
        # Names and sentences quote what strangers wrote: they must not be read as markup.
        table.add_row(*map(Text, (refusal.run_id, who, f"{refusal.reason.value}: {refusal.text} {refusal.remedy}".rstrip())))
    return table
