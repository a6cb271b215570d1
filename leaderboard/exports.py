"""Rows of a leaderboard as JSON and as CSV."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from typing import Any

from ..benchmark.domains.names import unperturbed
from ..benchmark.results.marks import marks_of
from ..benchmark.results.refusals import Refusal
from ..benchmark.results.reported import ReportedResult
from ..benchmark.results.rows import Row, Shortcut, Standing, SubmissionFacts, TestResult
from .carriers import carrier_lines
from .notes import data_notes, mark_notes, row_notes, shown_rows
from .ranking.detectors import DetectorPlace
from .ranking.reals import reals_notes
from .spreadsheet import lines_as_csv
from .story.story import story
from .transfer.robustness import robustness

# Fields of a row that only a CSV file with submissions has as columns.
ORIGIN = ("source", "verified", "submission")
SUBMISSION = ("name", "authors", "contact", "url", "description", "licence")  # of a submission, beside its notes

SHORTCUT = ("auc", "lo", "hi", "fact", "ambiguous")  # parts of a `Shortcut` that have a column


def as_document(
    study: str,
    rows: list[Row],
    remarks: Sequence[str] = (),
    computed: Collection[str] = (),
    ranking: Sequence[DetectorPlace] = (),
    refusals: Sequence[Refusal] = (),
) -> dict[str, Any]:
    """
    Return the JSON form of a leaderboard; undefined numbers are NaN here and null in the file.

    Row numbers in its notes count the rows without the all-pass ones, as the table does. `remarks` are further notes.
    ``evidence`` is a list of stretches, empty where a sweep found none, and null where no sweep asked. ``refused`` has the runs
    and submissions without a row, each with the code of its reason (`RefusedBecause`) and a sentence.
    """
    plain = [
        {"id": row.id}
        | {k: v for k, v in row.to_json().items() if k not in ("robustness", "carriers")}
        | _rank_of(row)
        | {"marks": _codes(row, computed)}
        for row in rows
    ]
    shown = shown_rows(rows)
    notes = [*(text for text, _ in row_notes(shown, computed=computed)), *mark_notes(shown, computed=computed)]
    return {
        "study": study,
        "story": [sentence.to_json() for sentence in story(rows, ranking, computed)],
        "rows": plain,
        "refused": [refusal.to_json() for refusal in refusals],
        "ranking": [place.to_json() for place in ranking],
        "robustness": robustness(rows),
        "carriers": [line.to_json() for line in carrier_lines(rows)],
        "notes": [*notes, *reals_notes(shown), *data_notes(rows), *remarks],
    }


def _codes(row: Row, computed: Collection[str]) -> list[str]:
    return [mark.value for mark in marks_of(row, computed)]


def _rank_of(row: Row) -> dict[str, Any]:
    """Return the fields of a row's standing; none of a row that was not ranked."""
    return {part.name: getattr(row.standing, part.name) for part in fields(Standing)} if row.standing else {}


def as_csv(rows: list[Row], computed: Collection[str] = ()) -> str:
    """
    Return one line per row, nested fields as ``band.kind``; undefined numbers are empty.

    The role of a row is ``chosen`` (the band that the search chose on validation pictures), ``allpass`` (the same detector
    with all frequencies, which the gain is over) or ``fixed`` (a band that the study names). `as_tests_csv` has the test
    domains. With a submission among the rows, all get the columns that say so.
    """
    return lines_as_csv(row_lines(rows, computed), ["detector"])


def row_lines(rows: Sequence[Row], computed: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return the cells of `as_csv` by column, one mapping per row; not all rows have all columns."""
    submitted = any(row.is_submitted for row in rows)
    return [row_line(row, submitted, computed) for row in rows]


def as_tests_csv(rows: list[Row]) -> str:
    """
    Return one line per row and test domain: what names the row, then ``test.domain``, ``test.auc`` and so on.

    Lines belong to the line of `as_csv` with the same ``cell``, ``role`` and band.
    """
    lines = [
        row_key(row) | {f"test.{name}": value for name, value in test_line(row, test).items()}
        for row in rows
        for test in row.tests
    ]
    return lines_as_csv(lines, ["detector", "test.domain"])


def row_line(row: Row, submitted: bool, computed: Collection[str]) -> dict[str, Any]:
    """Return the values of a row by column, nested ones as ``band.kind``; `submitted` adds the columns of submissions."""
    data = row.to_json()
    line = {"id": row.id} | {
        name: value for name, value in data.items() if not isinstance(value, dict | list) and name not in ORIGIN
    }
    for nested in ("evidence", "plateau", "shortcut"):
        line.pop(nested, None)
    line["reported"] = "; ".join(_reported_text(result) for result in row.reported)
    line["released"] = "; ".join(f"{domain}: {text}" for domain, text in row.released.items())
    if submitted:
        line |= _submission_columns(row)
    line |= {f"band.{name}": value for name, value in data["band"].items()}
    line |= _evidence_columns(row)
    line |= _shortcut_columns(row.shortcut)
    line |= _rank_of(row)
    line["marks"] = "; ".join(_codes(row, computed))
    line["gaps"] = "; ".join(row.gaps)
    line["train"] = row.train
    line["not_counted"] = "; ".join(row.not_counted)
    line |= {f"dropped_leaks.{split}": n for split, n in row.dropped_leaks.items()}
    line["missing"] = "; ".join(f"{name}: {part}" for name, facts in row.data.items() for part in facts.get("missing", ()))
    return line


def _reported_text(result: ReportedResult) -> str:
    published = result.reported
    return f"{published.metric} {published.value:.6g} on {published.data} ({published.source}): {result.remark}"


def _evidence_columns(row: Row) -> dict[str, Any]:
    """Return the ends of all stretches, the stretches that are sufficient and those that are necessary, and the plateau."""
    stretches = row.evidence or ()
    ends: dict[str, Any] = {
        "low": min((s.low for s in stretches), default=None),
        "high": max((s.high for s in stretches), default=None),
    }
    for name in ("sufficient", "necessary"):
        ends[name] = "; ".join(f"{s.low:.6g}-{s.high:.6g}" for s in stretches if getattr(s, name))
    plateau = {f"plateau.{end}": getattr(row.plateau, end) if row.plateau else None for end in ("low", "high")}
    return {f"evidence.{name}": value for name, value in ends.items()} | plateau


def _submission_columns(row: Row) -> dict[str, Any]:
    facts = row.submission or SubmissionFacts("")
    about = {f"submission.{name}": getattr(facts, name) for name in SUBMISSION} | {"submission.notes": " ".join(facts.summary)}
    return {"source": row.source, "verified": row.verified, **about}


def row_key(row: Row) -> dict[str, Any]:
    """Return what names a row in a line about one of its test domains, by column."""
    about = {name: getattr(row, name) for name in ("id", "detector", "train", "role", "study", "cell")}
    about |= {"run_id": row.run_id} if row.run_id else {}
    return about | {f"band.{name}": value for name, value in row.band.as_dict().items()}


def test_line(row: Row, test: TestResult) -> dict[str, Any]:
    """Return the values of a test domain of a row by column, nested ones as ``by_reals.SOURCE.auc``."""
    line = test.to_json() | {"oracle_band": str(test.oracle_band) if test.oracle_band else ""}
    line["released"] = row.released.get(unperturbed(test.domain), "")
    del line["shortcut"], line["by_reals"]
    for result in test.by_reals:
        numbers = {name: value for name, value in result.to_json().items() if name not in ("source", "shortcut")}
        numbers |= _shortcut_columns(result.shortcut)
        line |= {f"by_reals.{result.source}.{name}": value for name, value in numbers.items()}
    return line | _shortcut_columns(test.shortcut)


test_line.__test__ = False  # pyright: ignore[reportFunctionMemberAccess]


def _shortcut_columns(shortcut: Shortcut | None) -> dict[str, Any]:
    values = [getattr(shortcut, part) if shortcut else None for part in SHORTCUT]
    return {f"shortcut.{part}": value for part, value in zip(SHORTCUT, values, strict=True)}
