"""Table of a leaderboard's rows for the terminal."""

import math
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ...benchmark.metrics.digits import auc_text, bound_text
from ...benchmark.reporting import folded_name
from ...benchmark.results import evidence
from ...benchmark.results.columns import Column, Unit, row_columns
from ...benchmark.results.marks import Mark, mark_label, marks_of
from ...benchmark.results.rows import Row, id_digits
from ..notes import combs_of_carriers, data_notes, mark_notes, row_notes, shown_marks, shown_rows
from ..ranking.detectors import DetectorPlace
from ..ranking.reals import reals_notes
from ..story.story import story
from ..transfer.robustness import print_robustness
from .carriers import print_carriers
from .clips import print_clips
from .ranking import print_ranking, rank_text
from .reported import print_reported
from .story import print_story

if TYPE_CHECKING:
    from rich.table import Table

WIDE, NARROW = 112, 79  # characters: all columns fit from the one on; below the other, two of them share a place
NAME_WIDTH = 16


def as_table(rows: list[Row], title: str, wide: bool = True, narrow: bool = False, computed: Collection[str] = ()) -> "Table":
    """
    Return the table of the chosen band of every cell, and of every fixed band.

    All-pass rows are left out here, since every row shows its gain over them. `wide` adds cost, coverage and the short
    digest of the split lists; `narrow` puts the band below the detector. A star leads to the notes; marks that not all rows
    have stand below the detector, rank intervals and the first digits of the id below the number.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    rows = shown_rows(rows)
    has_ranks = any(row.standing and row.standing.rank_low is not None for row in rows)
    table.add_column("#\nrank\nid" if has_ranks else "#\nid", justify="right")
    about = ["detector\n← trained on", "band (cycles/px)\nevidence"]
    for name in ["\n".join(about)] if narrow else about:
        table.add_column(name, overflow="fold", min_width=18 if name == about[0] else 16)
    cells_of_line = terminal_cells(wide)
    for members in cells_of_line:
        table.add_column("\n".join(_heading(column) for column in members), justify="right", no_wrap=True)
    several = len({row.study for row in rows} - {""}) > 1
    digits = id_digits(rows)
    starred = {i for _, indices in row_notes(rows, computed=computed) for i in indices}
    marks = shown_marks(rows, computed).own
    for i, row in enumerate(rows):
        fixed = " (fixed)" if row.role == "fixed" else ""
        cells = [
            f"{i + 1}{'*' * (i in starred)}"
            + (f"\n[dim]{_rank(row)}[/dim]" if has_ranks else "")
            + f"\n[dim]{row.id[:digits]}[/dim]",
            # Names are data: they must not be read as markup.
            Text.assemble(
                f"{row.detector}{_origin(row)}\n← {_train(row.train_label, wide)}" + (f"\n{row.study}" if several else ""),
                (f"\n{', '.join(mark_label(mark, row) for mark in marks[i])}" if marks[i] else "", "yellow"),
            ),
            f"{row.band}{fixed}\n{evidence_text(row)}",
        ]
        if narrow:
            cells = [cells[0], Text.assemble(cells[1], "\n", cells[2])]
        table.add_row(*cells, *("\n".join(_written(row, column, wide) for column in members) for members in cells_of_line))
    return table


def _rank(row: Row) -> str:
    return rank_text(row.standing.rank_low, row.standing.rank_high) if row.standing else ""


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
        return _interval(row, column)
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
        return "There are no rows yet: a study that still runs sends them, and the command of an interrupted one continues it."
    text = (
        "AUC on test pictures, below it the 95 % interval over groups of pictures and, from five draws on, over "
        "training draws; below 0.5: fakes rank under reals there. gain: over all-pass; oracle: with the best tried band of "
        "each test domain, which flatters, as it could not have been known; both on the cross-domain mean"
    )
    text += ", or in-domain where no other domain was tested." if _only_home(rows) else "."
    if len({row.train for row in rows}) > 1:
        text += " # numbers lines: means of rows with other training domains are over other domains."
    if any(row.standing and row.standing.rank_low is not None for row in rows):
        text += " rank: among the ranked rows whose means are over the same test pictures."
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
    Unit.AUC: auc_text,
    Unit.DIFFERENCE: partial(_number, signed=True),
    Unit.SHARE: _share,
    Unit.SECONDS: partial(_number, digits=2),
    Unit.MILLISECONDS: partial(_number, digits=2),
    Unit.COUNT: str,
    Unit.BYTES: partial(_number, digits=0),
}


def _interval(row: Row, column: Column) -> str:
    value, low, high = (row.value(name) for name in column.names)
    written = FORMATS.get(column.unit, _number)(value)
    if math.isnan(value) or math.isnan(low) or low == high:
        return written
    between = f"{bound_text(low)}-{bound_text(high)}"
    if column.unit is Unit.DIFFERENCE:
        between = " ".join(f"{bound:+.3f}".replace("0.", ".", 1) for bound in (low, high))
    # The interval of the headline says so if it is over test pictures alone.
    if row.seeds == 1 and column.name == row.headline_column:
        between += "\none draw"
    return f"{written}\n[dim]{between}[/dim]"


def print_table(
    rows: list[Row],
    study: str,
    about_data: bool = True,
    computed: Collection[str] = (),
    ranking: Sequence[DetectorPlace] = (),
) -> None:
    """
    Print the table with its notes, the ranking and the results under perturbations, as wide as the terminal allows.

    Without `about_data` there are no notes on gaps in the data, for commands that print these themselves.
    """
    from rich.console import Console

    console = Console()
    if rows:
        title, width = f"{study}: generalization leaderboard", console.width
        console.print(as_table(rows, title, width >= WIDE, width < NARROW, computed))
    console.print(_caption(rows), style="dim", highlight=False)
    shown = shown_rows(rows)
    notes = [*(f"* {text}" for text, _ in row_notes(shown, computed=computed)), *mark_notes(shown, computed=computed)]
    for note in notes + reals_notes(shown) + data_notes(rows) * about_data:
        console.print(note, style="yellow", markup=False, highlight=False)
    print_ranking(ranking, console)
    print_clips(shown_rows(rows), study, console)
    combs = {id(row) for row in combs_of_carriers(rows)}
    print_robustness([row for row in rows if id(row) not in combs], study, console)
    print_carriers(rows, study, console)
    print_reported(shown, console)
    print_story(story(rows, ranking, computed), console)
