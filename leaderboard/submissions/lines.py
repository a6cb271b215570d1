"""Rows with submissions among them, as the terminal and a CSV file show them."""

from collections.abc import Sequence
from typing import Any

from .meta import label

Row = dict[str, Any]
TOLD = ("name", "authors", "contact", "url", "description", "licence")


def is_submitted(row: Row) -> bool:
    """Whether somebody brought the scores of a row."""
    return row.get("source") == "submitted"


def submission_lines(rows: Sequence[Row]) -> list[str]:
    """Lines below a table: who brought scores, and what was found in them."""
    lines = []
    for row in filter(is_submitted, rows):
        told = row["submission"]
        by = f" by {label(told['authors'])}" if told["authors"] else ""
        lines.append(f"submission {told['name']}{by}: {label(row['detector'])} ← {label(row['train'])}")
        lines += [f"  {label(note)}" for note in told["notes"]]
    return lines


def csv_rows(rows: Sequence[Row]) -> list[Row]:
    """Rows for `table.as_csv` and `table.as_tests_csv`: with a submission among them, all get the columns that say so."""
    if not any(map(is_submitted, rows)):
        return list(rows)
    names = dict.fromkeys(name for row in rows for name in row if name not in ("submission", "source", "verified"))
    return [{**{name: row.get(name, "") for name in names}, **_columns(row)} for row in rows]


def _columns(row: Row) -> Row:
    if not is_submitted(row):
        return {"source": "recorded", "verified": "", **{f"submission.{name}": "" for name in (*TOLD, "notes")}}
    told = row["submission"]
    about = {f"submission.{name}": told[name] for name in TOLD} | {"submission.notes": " ".join(told["notes"])}
    return {**about, "source": "submitted", "verified": row["verified"]}
