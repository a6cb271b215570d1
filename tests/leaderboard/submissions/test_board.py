"""Boards with submissions."""

from collections.abc import Callable
from typing import Any

import pytest

from bandbench.api.board_inputs import RegisteredDomains
from bandbench.leaderboard.exports import as_csv
from bandbench.leaderboard.rows import load_board
from bandbench.leaderboard.submissions.add import SubmissionReport
from bandbench.leaderboard.submissions.board import with_submissions
from bandbench.leaderboard.submissions.files import own_folder
from bandbench.leaderboard.submissions.lines import submission_lines
from made_submissions import board_of, brought, of_domain


def rename(rows: list[dict[str, Any]]) -> None:
    rows[0]["item"] = "elsewhere.png"


@pytest.mark.parametrize("damage", ["scores", "meta", "name"])
def test_a_damaged_submission_hurts_no_board(bring: Callable[..., SubmissionReport], store: str, damage: str) -> None:
    bring()
    folder = own_folder() / "brought"
    if damage == "scores":
        (folder / "scores-0.parquet").write_bytes(b"PAR1")
    elif damage == "meta":
        (folder / "meta.yaml").write_text("name: [")
    else:
        folder.rename(own_folder() / "other")
    board, recorded = board_of(store), load_board(store)
    assert repr(board.rows) == repr(recorded.rows)
    assert len(board.refused) == 1 and board.refused[0].startswith("submission ")


def test_a_board_of_one_study_shows_what_shares_its_domains(bring: Callable[..., SubmissionReport], store: str) -> None:
    bring(lambda rows: [{**row, "domain": "elsewhere"} for row in of_domain(rows, "yours")])
    assert brought(board_of(store))
    assert {row.source for row in board_of(store, "small").rows} == {"recorded"}


def test_without_submissions_a_board_is_what_it_was(store: str) -> None:
    board = load_board(store)
    merged, folders = with_submissions(board, RegisteredDomains())
    assert repr(merged.rows) == repr(board.rows) and not folders
    assert "source" not in as_csv(board.rows).splitlines()[0]
    assert submission_lines(board.rows) == []
