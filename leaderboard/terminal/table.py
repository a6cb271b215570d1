"""Rows to a table in the terminal, to JSON and to CSV."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ...benchmark.reporting import folded_name
from ...benchmark.results.columns import Column, Unit, row_columns
from ...benchmark.results.rows import Row, SubmissionFacts, TestResult
from ..notes import data_notes, row_notes, shown_rows
from ..spreadsheet import lines_as_csv
from ..transfer.robustness import print_robustness, robustness
from .clips import print_clips

if TYPE_CHECKING:
    from rich.table import Table

WIDE, NARROW = 112, 79  # characters: all columns fit from the one on; below the other, two of them share a place
NAME_WIDTH = 16
# Of submissions: columns of a CSV file that has any.
_ORIGIN = ("source", "verified", "submission")
SUBMISSION = ("name", "authors", "contact", "url", "description", "licence")  # of a submission, beside its notes


def as_document(study: str, rows: list[Row], remarks: Sequence[str] = ()) -> dict[str, Any]:
    """
    Return the JSON form of a leaderboard; undefined numbers are NaN here and null in the file.

    Row numbers in its notes count the rows without the all-pass ones, as the table does. `remarks` are further notes.
    ``evidence`` is null where no interval was found, and where ``swept`` is false, as nobody looked for one.
    """
    plain = [{k: v for k, v in row.to_json().items() if k != "robustness"} for row in rows]
    notes = [text for text, _ in row_notes(shown_rows(rows))] + data_notes(rows) + list(remarks)
    return {"study": study, "rows": plain, "robustness": robustness(rows), "notes": notes}


def as_csv(rows: list[Row]) -> str:
    """
    Return one line per row, nested fields as ``band.kind``; undefined numbers are empty.

    The role of a row is ``chosen`` (the band that the search chose on validation pictures), ``allpass`` (the same detector
    with all frequencies, which the gain is over) or ``fixed`` (a band that the study names). `as_tests_csv` has the test
    domains. With a submission among the rows, all get the columns that say so.
    """
    submitted = any(row.is_submitted for row in rows)
    return lines_as_csv([_row_line(row, submitted) for row in rows], ["detector"])


def as_tests_csv(rows: list[Row]) -> str:
    """
    Return one line per row and test domain: what names the row, then ``test.domain``, ``test.auc`` and so on.

    Lines belong to the line of `as_csv` with the same ``cell``, ``role`` and band.
    """
    lines = [_key_of(row) | _test_line(test) for row in rows for test in row.tests]
    return lines_as_csv(lines, ["detector", "test.domain"])


def _row_line(row: Row, submitted: bool) -> dict[str, Any]:
    data = row.to_json()
    line = {name: value for name, value in data.items() if not isinstance(value, dict | list) and name not in _ORIGIN}
    line.pop("evidence", None)
    if submitted:
        line |= _submission_columns(row)
    line |= {f"band.{name}": value for name, value in data["band"].items()}
    line |= {f"evidence.{end}": getattr(row.evidence, end) if row.evidence else None for end in ("low", "high")}
    line["gaps"] = "; ".join(row.gaps)
    line |= {f"dropped_leaks.{split}": n for split, n in row.dropped_leaks.items()}
    line["missing"] = "; ".join(f"{name}: {part}" for name, facts in row.data.items() for part in facts.get("missing", ()))
    return line


def _submission_columns(row: Row) -> dict[str, Any]:
    facts = row.submission or SubmissionFacts("")
    about = {f"submission.{name}": getattr(facts, name) for name in SUBMISSION} | {"submission.notes": " ".join(facts.notes)}
    return {"source": row.source, "verified": row.verified, **about}


def _key_of(row: Row) -> dict[str, Any]:
    about = {name: getattr(row, name) for name in ("detector", "train", "role", "study", "cell")}
    about |= {"run_id": row.run_id} if row.run_id else {}
    return about | {f"band.{name}": value for name, value in row.band.as_dict().items()}


def _test_line(test: TestResult) -> dict[str, Any]:
    line = test.to_json() | {"oracle_band": str(test.oracle_band) if test.oracle_band else ""}
    return {f"test.{name}": value for name, value in line.items()}


def as_table(rows: list[Row], title: str, wide: bool = True, narrow: bool = False) -> "Table":
    """
    Table for the terminal: the chosen band of every cell, and every fixed band.

    All-pass rows are left out here, since every row says what it gains over them. `wide` adds cost, coverage and the short
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
    starred = {i for _, mine in row_notes(rows) for i in mine}
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
    """Return the evidence interval of a row as text; where there is none, whether a sweep has looked for one."""
    if evidence := row.evidence:
        return f"{evidence.low:.3f}-{evidence.high:.3f}"
    if row.is_submitted:
        return ""
    return "none found" if row.swept else "not asked"


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


def print_table(rows: list[Row], study: str, about_data: bool = True) -> None:
    """
    Print the table on standard output, as wide as the terminal allows, with its notes, and what perturbations do below it.

    Without `about_data` there are no notes on what the data lacked: a command that says so itself need not say it twice.
    """
    from rich.console import Console

    console = Console()
    if rows:
        console.print(as_table(rows, f"{study}: generalization leaderboard", console.width >= WIDE, console.width < NARROW))
    console.print(_caption(rows), style="dim", highlight=False)
    for note in [f"* {text}" for text, _ in row_notes(shown_rows(rows))] + data_notes(rows) * about_data:
        console.print(note, style="yellow", markup=False, highlight=False)
    print_clips(shown_rows(rows), study, console)
    print_robustness(rows, study, console)
