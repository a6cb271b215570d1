"""Rows to a table in the terminal, to JSON and to CSV."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...benchmark.frequency.bands import Band
from ...benchmark.reporting import folded_name
from ..notes import data_notes, row_notes, shown_rows
from ..spreadsheet import lines_as_csv
from ..transfer.robustness import print_robustness, robustness

if TYPE_CHECKING:
    from rich.table import Table


# No cell of a CSV file.
WIDE, NARROW = 112, 79  # characters: all columns fit from the one on; below the other, two of them share a place
NAME_WIDTH = 16
NESTED = ("tests", "band", "evidence", "gaps", "robustness", "splits", "dropped_leaks", "data", "submission")


def as_document(study: str, rows: list[dict[str, Any]], remarks: Sequence[str] = ()) -> dict[str, Any]:
    """
    Return the JSON form of a leaderboard; undefined numbers are NaN here and null in the file.

    Row numbers in its notes count the rows without the all-pass ones, as the table does. `remarks` are further notes.
    ``evidence`` is null where no interval was found, and where ``swept`` is false, as nobody looked for one.
    """
    plain = [{k: v for k, v in row.items() if k != "robustness"} for row in rows]
    notes = [text for text, _ in row_notes(shown_rows(rows))] + data_notes(rows) + list(remarks)
    return {"study": study, "rows": plain, "robustness": robustness(rows), "notes": notes}


def as_csv(rows: list[dict[str, Any]]) -> str:
    """
    Return one line per row, nested fields as ``band.kind``; undefined numbers are empty.

    The role of a row is ``chosen`` (the band that the search chose on validation pictures), ``allpass`` (the same detector
    with all frequencies, which the gain is over) or ``fixed`` (a band that the study names). `as_tests_csv` has the test
    domains.
    """
    return lines_as_csv([_row_line(row) for row in rows], ["detector"])


def as_tests_csv(rows: list[dict[str, Any]]) -> str:
    """
    Return one line per row and test domain: what names the row, then ``test.domain``, ``test.auc`` and so on.

    Lines belong to the line of `as_csv` with the same ``cell``, ``role`` and band.
    """
    lines = [_key_of(row) | _test_line(test) for row in rows for test in row["tests"]]
    return lines_as_csv(lines, ["detector", "test.domain"])


def _row_line(row: dict[str, Any]) -> dict[str, Any]:
    line = {k: v for k, v in row.items() if k not in NESTED}
    line |= {f"band.{k}": v for k, v in row["band"].items()}
    line |= {f"evidence.{k}": (row["evidence"] or {}).get(k) for k in ("low", "high")}
    line["gaps"] = "; ".join(row["gaps"])
    line |= {f"dropped_leaks.{split}": n for split, n in row["dropped_leaks"].items()}
    line["missing"] = "; ".join(f"{name}: {part}" for name, facts in row["data"].items() for part in facts.get("missing", ()))
    return line


def _key_of(row: dict[str, Any]) -> dict[str, Any]:
    about = {name: row[name] for name in ("detector", "train", "role", "study", "cell", "run_id") if name in row}
    return about | {f"band.{k}": v for k, v in row["band"].items()}


def _test_line(test: dict[str, Any]) -> dict[str, Any]:
    oracle = test["oracle_band"]
    return {f"test.{k}": v for k, v in {**test, "oracle_band": str(Band(**oracle)) if oracle else ""}.items()}


def as_table(rows: list[dict[str, Any]], title: str, wide: bool = True, narrow: bool = False) -> "Table":
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
    columns = ["in-domain", "cross-\ndomain", "worst", "gain\noracle"] + ["fit s\nms/picture", "coverage\nsplits"] * wide
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    rows = shown_rows(rows)
    several = len({row["study"] for row in rows} - {""}) > 1
    starred = {i for _, mine in row_notes(rows) for i in mine}
    for i, row in enumerate(rows):
        fixed = " (fixed)" if row["role"] == "fixed" else ""
        cells = [
            f"{i + 1}{'*' * (i in starred)}",
            # Names are data: they must not be read as markup.
            Text(f"{row['detector']}{_origin(row)}\n← {_train(row['train'], wide)}" + (f"\n{row['study']}" if several else "")),
            f"{Band(**row['band'])}{fixed}\n{evidence_text(row)}",
            _interval(row, "in_domain_auc"),
            _interval(row, "cross_domain_auc"),
            _interval(row, "worst_auc") if wide else _number(row["worst_auc"]),
            f"{_number(row['gain'], signed=True)}\n{_number(row['oracle_auc'])}",
        ]
        if narrow:
            cells[1:3] = [Text.assemble(*cells[1:2], "\n", *cells[2:3])]
        if wide:
            cells += [
                f"{_number(row['fit_seconds'], digits=2)}\n{_number(row['ms_per_picture'], digits=2)}",
                f"{_share(row['coverage'])}\n[dim]{row['split_id']}[/dim]",
            ]
        table.add_row(*cells)
    return table


def evidence_text(row: Mapping[str, Any]) -> str:
    """Return the evidence interval of a row as text; where there is none, whether a sweep has looked for one."""
    if evidence := row["evidence"]:
        return f"{evidence['low']:.3f}-{evidence['high']:.3f}"
    if row.get("source", "recorded") != "recorded":
        return ""
    return "none found" if row["swept"] else "not asked"


def _caption(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "No cell has been finished yet."
    text = (
        "AUC on test pictures, below it the 95 % interval over groups of pictures; below 0.5: fakes rank under reals there. "
        "gain: over all-pass; oracle: with the best tried band of each test domain, which flatters, as it could not have "
        "been known; both on the cross-domain mean"
    )
    text += ", or in-domain where no other domain was tested." if _only_home(rows) else "."
    if len({row["train"] for row in rows}) > 1:
        text += " # numbers lines: means of rows with other training domains are over other domains (--html has ranks)."
    return text


def _only_home(rows: list[dict[str, Any]]) -> bool:
    return any(math.isnan(row["cross_domain_auc"]) for row in rows)


def _train(name: str, wide: bool) -> str:
    return name if wide else folded_name(name, NAME_WIDTH)


def _origin(row: dict[str, Any]) -> str:
    if row.get("source", "recorded") == "recorded":
        return ""
    return f" ({row['submission']['name']}, submitted{', verified' * bool(row.get('verified'))})"


def _number(value: float, signed: bool = False, digits: int = 3) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:{'+' * signed}.{digits}f}"


def _share(value: float) -> str:
    if math.isnan(value):
        return "–"
    return "100 %" if value == 1 else f"{100 * value:.1f} %"


def _interval(row: dict[str, Any], name: str) -> str:
    value, low, high = row[name], row[f"{name}_lo"], row[f"{name}_hi"]
    if math.isnan(value):
        return "–"
    return f"{value:.3f}" if math.isnan(low) else f"{value:.3f}\n[dim]{_bound(low)}-{_bound(high)}[/dim]"


def _bound(value: float) -> str:
    """Three digits in four places: an interval that ends below 1 must not look as if it reached it."""
    return "1" if value == 1 else f"{min(value, 0.999):.3f}".removeprefix("0")


def print_table(rows: list[dict[str, Any]], study: str, about_data: bool = True) -> None:
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
    print_robustness(rows, study, console)
