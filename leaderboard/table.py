"""Rows to a table in the terminal, to JSON and to CSV."""

import csv
import io
import math
from typing import TYPE_CHECKING, Any

from ..benchmark.bands import Band
from .robustness import print_robustness, robustness

if TYPE_CHECKING:
    from rich.table import Table


def as_document(study: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the JSON form of a leaderboard; undefined numbers are NaN here and null in the file."""
    plain = [{k: v for k, v in row.items() if k != "robustness"} for row in rows]
    return {"study": study, "rows": plain, "robustness": robustness(rows)}


def as_csv(rows: list[dict[str, Any]]) -> str:
    """One line per row and test domain, nested fields as ``band.kind``, ``test.auc``; undefined numbers are empty."""
    flat = []
    for row in rows:
        base = {k: v for k, v in row.items() if k not in ("tests", "band", "evidence", "gaps", "robustness")}
        base |= {f"band.{k}": v for k, v in row["band"].items()}
        base |= {f"evidence.{k}": (row["evidence"] or {}).get(k) for k in ("low", "high")}
        base["gaps"] = "; ".join(row["gaps"])
        for test in row["tests"]:
            oracle = test["oracle_band"]
            named = {**test, "oracle_band": str(Band(**oracle)) if oracle else ""}
            flat.append(base | {f"test.{k}": v for k, v in named.items()})
    out = io.StringIO()
    writer = csv.DictWriter(out, list(flat[0]) if flat else ["detector"], lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: "" if isinstance(v, float) and math.isnan(v) else v for k, v in line.items()} for line in flat)
    return out.getvalue()


def as_table(rows: list[dict[str, Any]], title: str, wide: bool = True) -> "Table":
    """
    Table for the terminal: the chosen band of every cell, and every fixed band.

    All-pass rows are left out here, since every row says what it gains over them. `wide` adds cost and coverage.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("#", justify="right")
    table.add_column("detector\n← trained on", overflow="fold", min_width=18)
    table.add_column("band (cycles/px)\nevidence", overflow="fold", min_width=16)
    columns = ["in-domain", "cross-\ndomain", "worst", "gain\noracle"] + ["fit s\nms/picture", "coverage"] * wide
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    for rank, row in enumerate((row for row in rows if row["role"] != "allpass"), 1):
        evidence = row["evidence"]
        fixed = " (fixed)" if row["role"] == "fixed" else ""
        cells = [
            str(rank),
            # Names are data: they must not be read as markup.
            Text(f"{row['detector']}\n← {row['train'] if wide else row['train'].replace('/', '/' + chr(10) + '  ')}"),
            f"{Band(**row['band'])}{fixed}\n" + (f"{evidence['low']:.3f}-{evidence['high']:.3f}" if evidence else "none"),
            _interval(row, "in_domain_auc"),
            _interval(row, "cross_domain_auc"),
            _interval(row, "worst_auc") if wide else _number(row["worst_auc"]),
            f"{_number(row['gain'], signed=True)}\n{_number(row['oracle_auc'])}",
        ]
        if wide:
            share = 100 * row["coverage"]
            cells += [
                f"{row['fit_seconds']:.2f}\n{row['ms_per_picture']:.2f}",
                f"{share:.0f} %" if share == 100 else f"{share:.1f} %",
            ]
        table.add_row(*cells)
    return table


def _caption(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "No cell has been finished yet."
    text = (
        "AUC on test pictures, below it the 95 % interval (groups resampled); below 0.5: fakes rank under reals there. "
        "gain: over all-pass; oracle: with the best tried band of each test domain, which flatters, as it could not have "
        "been known; both on the cross-domain mean"
    )
    return text + (", or in-domain where no other domain was tested." if _only_home(rows) else ".")


def _only_home(rows: list[dict[str, Any]]) -> bool:
    return any(math.isnan(row["cross_domain_auc"]) for row in rows)


def _number(value: float, signed: bool = False) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:+.3f}" if signed else f"{value:.3f}"


def _interval(row: dict[str, Any], name: str) -> str:
    value, low, high = row[name], row[f"{name}_lo"], row[f"{name}_hi"]
    if math.isnan(value):
        return "–"
    return f"{value:.3f}" if math.isnan(low) else f"{value:.3f}\n[dim]{_bound(low)}-{_bound(high)}[/dim]"


def _bound(value: float) -> str:
    """Three digits in four places: an interval that ends below 1 must not look as if it reached it."""
    return "1" if value == 1 else f"{min(value, 0.999):.3f}".removeprefix("0")


def print_table(rows: list[dict[str, Any]], study: str) -> None:
    """Print the table on standard output, as wide as the terminal allows, and what perturbations do below it."""
    from rich.console import Console

    console = Console()
    console.print(as_table(rows, f"{study}: generalization leaderboard", wide=console.width >= 100))
    console.print(_caption(rows), style="dim", highlight=False)
    print_robustness(rows, study, console)
