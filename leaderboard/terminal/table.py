"""Table of a leaderboard's rows for the terminal."""

import math
from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING

from ...benchmark.reporting import folded_name
from ...benchmark.results import evidence
from ...benchmark.results.columns import Column, Unit, row_columns
from ...benchmark.results.marks import Mark, marks_of
from ...benchmark.results.rows import Row
from ..notes import data_notes, row_notes, shown_rows
from ..transfer.robustness import print_robustness
from .clips import print_clips

if TYPE_CHECKING:
    from rich.table import Table

WIDE, NARROW = 112, 79  # characters: all columns fit from the one on; below the other, two of them share a place
NAME_WIDTH = 16


def as_table(rows: list[Row], title: str, wide: bool = True, narrow: bool = False, computed: Collection[str] = ()) -> "Table":
    """
    Return the table of the chosen band of every cell, and of every fixed band.

    All-pass rows are left out here, since every row shows its gain over them. `wide` adds cost, coverage and the short
    digest of the split lists; `narrow` puts the band below the detector. A star leads to the notes.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("#", justify="right")
    about = ["detector\n← trained on", "band (cycles/px)\nevidence"]
    for name in ["\n".join(about)] if narrow else about:
        table.add_column(name, overflow="fold", min_width=18 if name == about[0] else 16)
    cells_of_line = terminal_cells(wide)
    for members in cells_of_line:
        table.add_column("\n".join(_heading(column) for column in members), justify="right", no_wrap=True)
    rows = shown_rows(rows)
    several = len({row.study for row in rows} - {""}) > 1
    starred = {i for _, indices in row_notes(rows, computed=computed) for i in indices}
    for i, row in enumerate(rows):
        fixed = " (fixed)" if row.role == "fixed" else ""
        cells = [
            f"{i + 1}{'*' * (i in starred)}",
            # Names are data: they must not be read as markup.
            Text(f"{row.detector}{_origin(row)}\n← {_train(row.train, wide)}" + (f"\n{row.study}" if several else "")),
            f"{row.band}{fixed}\n{evidence_text(row)}",
        ]
        if narrow:
            cells = [cells[0], Text.assemble(cells[1], "\n", cells[2])]
        table.add_row(*cells, *("\n".join(_written(row, column, wide) for column in members) for members in cells_of_line))
    return table


def terminal_cells(wide: bool) -> list[list[Column]]:
    """
    Columns of the terminal's table that hold numbers, those that share a cell together.

    Parameters
    ----------
    wide : bool
        Also those that only a wide terminal shows.
    """
    shown = [(column.terminal, column) for column in row_columns() if column.terminal and (wide or not column.terminal.wide)]
    shown.sort(key=lambda entry: (entry[0].place, entry[0].below))
    cells: list[list[Column]] = []
    for terminal, column in shown:
        if terminal.below:
            cells[-1].append(column)
        else:
            cells.append([column])
    return cells


def _heading(column: Column) -> str:
    return column.terminal.heading if column.terminal else column.name


def _written(row: Row, column: Column, wide: bool) -> str:
    """Cell of one column."""
    if column.interval and (wide or not (column.terminal and column.terminal.bounds_wide)):
        return _interval(row, column.name)
    value = row.value(column.name)
    if not column.is_number:
        return f"[dim]{value}[/dim]"
    return FORMATS.get(column.unit, _number)(value)


def evidence_text(row: Row) -> str:
    """Return the evidence of a row as text, which says where the chosen band lies outside of it; empty for a submission."""
    if row.is_submitted:
        return ""
    outside = "\n(band outside it)" if row.evidence and Mark.OUTSIDE_EVIDENCE in marks_of(row) else ""
    return evidence.evidence_text(row.evidence) + outside


def _caption(rows: list[Row]) -> str:
    if not rows:
        return "No cell has been finished yet."
    text = (
        "AUC on test pictures, below it the 95 % interval over groups of pictures; below 0.5: fakes rank under reals there. "
        "gain: over all-pass; oracle: with the best tried band of each test domain, which flatters, as it could not have "
        "been known; both on the cross-domain mean"
    )
    text += ", or in-domain where no other domain was tested." if _only_home(rows) else "."
    if len({row.train for row in rows}) > 1:
        text += " # numbers lines: means of rows with other training domains are over other domains (--html has ranks)."
    return text


def _only_home(rows: list[Row]) -> bool:
    return any(math.isnan(row.cross_domain_auc) for row in rows)


def _train(name: str, wide: bool) -> str:
    return name if wide else folded_name(name, NAME_WIDTH)


def _origin(row: Row) -> str:
    if row.submission is None:
        return ""
    return f" ({row.submission.name}, submitted{', verified' * bool(row.verified)})"


def _number(value: float, signed: bool = False, digits: int = 3) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:{'+' * signed}.{digits}f}"


def _share(value: float) -> str:
    if math.isnan(value):
        return "–"
    return "100 %" if value == 1 else f"{100 * value:.1f} %"


FORMATS: dict[Unit, Callable[[float], str]] = {
    Unit.DIFFERENCE: partial(_number, signed=True),
    Unit.SHARE: _share,
    Unit.SECONDS: partial(_number, digits=2),
    Unit.MILLISECONDS: partial(_number, digits=2),
    Unit.COUNT: str,
    Unit.BYTES: partial(_number, digits=0),
}


def _interval(row: Row, name: str) -> str:
    value, low, high = (row.value(f"{name}{end}") for end in ("", "_lo", "_hi"))
    if math.isnan(value):
        return "–"
    return f"{value:.3f}" if math.isnan(low) else f"{value:.3f}\n[dim]{_bound(low)}-{_bound(high)}[/dim]"


def _bound(value: float) -> str:
    """Three digits in four places: an interval that ends below 1 must not look as if it reached it."""
    return "1" if value == 1 else f"{min(value, 0.999):.3f}".removeprefix("0")


def print_table(rows: list[Row], study: str, about_data: bool = True, computed: Collection[str] = ()) -> None:
    """
    Print the table with its notes and the results under perturbations on standard output, as wide as the terminal allows.

    Without `about_data` there are no notes on gaps in the data, for commands that print these themselves.
    """
    from rich.console import Console

    console = Console()
    if rows:
        title, width = f"{study}: generalization leaderboard", console.width
        console.print(as_table(rows, title, width >= WIDE, width < NARROW, computed))
    console.print(_caption(rows), style="dim", highlight=False)
    for note in [f"* {text}" for text, _ in row_notes(shown_rows(rows), computed=computed)] + data_notes(rows) * about_data:
        console.print(note, style="yellow", markup=False, highlight=False)
    print_clips(shown_rows(rows), study, console)
    print_robustness(rows, study, console)
