"""Rows of a leaderboard as JSON and as CSV."""

from collections.abc import Collection, Sequence
from typing import Any

from ..benchmark.results.marks import marks_of
from ..benchmark.results.rows import Row, Shortcut, SubmissionFacts, TestResult
from .notes import data_notes, row_notes, shown_rows
from .spreadsheet import lines_as_csv
from .transfer.robustness import robustness

# Fields of a row that only a CSV file with submissions has as columns.
ORIGIN = ("source", "verified", "submission")
SUBMISSION = ("name", "authors", "contact", "url", "description", "licence")  # of a submission, beside its notes

SHORTCUT = ("auc", "lo", "hi", "fact", "ambiguous")  # parts of a `Shortcut` that have a column


def as_document(study: str, rows: list[Row], remarks: Sequence[str] = (), computed: Collection[str] = ()) -> dict[str, Any]:
    """
    Return the JSON form of a leaderboard; undefined numbers are NaN here and null in the file.

    Row numbers in its notes count the rows without the all-pass ones, as the table does. `remarks` are further notes.
    ``evidence`` is null where no interval was found, and where ``swept`` is false, as nobody looked for one.
    """
    plain = [{k: v for k, v in row.to_json().items() if k != "robustness"} | {"marks": _codes(row)} for row in rows]
    notes = [text for text, _ in row_notes(shown_rows(rows), computed=computed)] + data_notes(rows) + list(remarks)
    return {"study": study, "rows": plain, "robustness": robustness(rows), "notes": notes}


def _codes(row: Row) -> list[str]:
    return [mark.value for mark in marks_of(row)]


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
    line = {name: value for name, value in data.items() if not isinstance(value, dict | list) and name not in ORIGIN}
    for nested in ("evidence", "shortcut"):
        line.pop(nested, None)
    if submitted:
        line |= _submission_columns(row)
    line |= {f"band.{name}": value for name, value in data["band"].items()}
    line |= {f"evidence.{end}": getattr(row.evidence, end) if row.evidence else None for end in ("low", "high")}
    line |= _shortcut_columns(row.shortcut)
    line["marks"] = "; ".join(_codes(row))
    line["gaps"] = "; ".join(row.gaps)
    line["train"] = row.train
    line["not_counted"] = "; ".join(row.not_counted)
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
    line |= {"by_reals": "; ".join(f"{result.source} {result.auc:.4f}" for result in test.by_reals)}
    del line["shortcut"]
    return {f"test.{name}": value for name, value in (line | _shortcut_columns(test.shortcut)).items()}


def _shortcut_columns(shortcut: Shortcut | None) -> dict[str, Any]:
    values = [getattr(shortcut, part) if shortcut else None for part in SHORTCUT]
    return {f"shortcut.{part}": value for part, value in zip(SHORTCUT, values, strict=True)}
