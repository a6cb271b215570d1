"""Options of the board are unset until they are given: that is how those before a command of it are noticed."""

import dataclasses
from pathlib import Path
from typing import Any

from bandbench.benchmark.cli.requests.board import AddRequest, BoardRequest, ExportRequest


def test_no_option_of_the_board_is_set_by_itself() -> None:
    context: Any = None
    assert not any(dataclasses.asdict(BoardRequest(context)).values())


def test_a_submission_is_not_replaced_and_an_export_is_of_test_scores_unless_asked_for() -> None:
    assert not AddRequest([Path("scores.csv")], Path("meta.yaml")).replace
    assert not ExportRequest("scores.csv").validation
