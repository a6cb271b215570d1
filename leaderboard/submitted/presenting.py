"""Rows with submissions among them, as the terminal and a CSV file show them."""

from collections.abc import Sequence
from typing import Any

from .meta import label
from .score_csv import as_text

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
    """
    Rows for `table.as_csv`: with a submission among them, all get the columns that say so.

    In text that others wrote, what a spreadsheet would take for a formula gets an apostrophe, as in `score_csv`.
    """
    if not any(map(is_submitted, rows)):
        return list(rows)
    names = dict.fromkeys(name for row in rows for name in row if name not in ("submission", "source", "verified"))
    return [{**{name: row.get(name, "") for name in names}, **_columns(row)} for row in rows]


def _columns(row: Row) -> Row:
    if not is_submitted(row):
        return {"source": "recorded", "verified": "", **{f"submission.{name}": "" for name in (*TOLD, "notes")}}
    told = row["submission"]
    texts = {name: value for name, value in row.items() if isinstance(value, str)}
    texts |= {f"submission.{name}": told[name] for name in TOLD} | {"submission.notes": " ".join(told["notes"])}
    tests = [{**test, "domain": as_text(test["domain"])} for test in row["tests"]]
    safe = {name: as_text(value) for name, value in texts.items()}
    return {**safe, "tests": tests, "source": "submitted", "verified": row["verified"]}
