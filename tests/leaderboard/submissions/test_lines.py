"""Lines about submissions, and text of contributors wherever it is shown."""

import csv
import io
import json
from collections.abc import Callable

import pytest
from rich.console import Console

from bandbench.api.board_inputs import RegisteredDomains
from bandbench.benchmark.store.files import dump_json
from bandbench.leaderboard.exports import as_csv, as_document
from bandbench.leaderboard.page.details import load_details
from bandbench.leaderboard.rows import load_board
from bandbench.leaderboard.submissions.add import SubmissionReport
from bandbench.leaderboard.submissions.add_matrix import MatrixReport, MatrixRow
from bandbench.leaderboard.submissions.board import with_submissions
from bandbench.leaderboard.submissions.lines import matrix_lines, submission_lines
from bandbench.leaderboard.submissions.meta import label
from bandbench.leaderboard.terminal.table import as_table
from made_submissions import brought

HOSTILE = (
    "<script>alert(1)</script>", "=HYPERLINK(1)", "@x", "[red]x[/red]", "[/]", "x" * 5000, "\u202egnp.exe", "a\nb\r\nc",
    "\x1b[31mred", "שלום", ":smile:", "{{ 7 * 7 }}", '"\'`',
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_words_stay_text(bring: Callable[..., SubmissionReport], store: str, text: str) -> None:
    told = {"detector": text, "train": text, "authors": text, "url": text, "description": text, "parameters": {text[:80]: text}}
    bring(**told)
    board, folders = with_submissions(load_board(store), RegisteredDomains())
    row = brought(board)
    assert row.submission.description == text
    assert row.detector == label(text) and len(row.detector) <= 200 and row.detector.isprintable()

    console = Console(width=140, record=True, file=io.StringIO())
    console.print(as_table(board.rows, "board"))
    for line in submission_lines(board.rows):
        assert "\n" not in line and "\x1b" not in line and "\u202e" not in line
    assert "".join(label(text)[:12].split()) in "".join(console.export_text().split())

    lines = list(csv.DictReader(io.StringIO(as_csv(board.rows), newline="")))
    mine = [line for line in lines if line["source"] == "submitted"]
    assert len(mine) == 1 and len(lines) > 1
    assert {line["submission.description"].removeprefix("'") for line in mine} == {text}
    assert not any(value.startswith(("=", "@")) for line in mine for value in line.values())

    document = json.loads(dump_json(as_document("", board.rows)))
    assert next(r for r in document["rows"] if r["run_id"] == "submission:brought")["submission"]["authors"] == text
    details = load_details(store, None, board.rows, folders)
    assert details.rows and "submission:brought" in details.cells


def test_a_matrix_says_how_it_was_read() -> None:
    rows = (
        MatrixRow("A", "set-A", "A", "not stated", "fake", False, 9, 9),
        MatrixRow("B", "set-B", "net", "set/sd", "real", True, 9, 7, is_home=True),
    )
    domains = {f"set/{i}": (i, 4) for i in range(12)}
    report = MatrixReport("set", {"id": "path", "label": "y"}, ("note",), domains, 3, rows, refused={"B": "no usable scores."})
    lines = matrix_lines(report, is_dry_run=True)
    assert lines.said[:3] == [
        "set: id from 'path', label from 'y'.",
        "No numbers or not named as detectors: note.",
        "3 lines of the training split are left out.",
    ]
    assert lines.said[3:5] == ["12 test domains:", "  set/0: 0 fakes, 4 reals"] and "  and 2 more" in lines.said
    assert lines.said[-3:] == [
        "2 detectors, 1 of which would be added:",
        "  set-A: A, training data not stated; higher = more fake (assumed, as nothing says so)",
        "  set-B: net, trained on set/sd; higher = more real, so kept with the other sign; "
        "2 of 9 pictures without a finite score",
    ]
    assert lines.found == ["B: not added; no usable scores."]
