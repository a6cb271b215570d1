"""Folders of submissions."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_submissions import board_of, brought, drop

from bandbench.benchmark.errors import DataError
from bandbench.leaderboard.submissions import files as submission_files
from bandbench.leaderboard.submissions.add import SubmissionReport
from bandbench.leaderboard.submissions.files import find_submissions, own_folder, remove_submission


def rename(rows: list[dict[str, Any]]) -> None:
    rows[0]["item"] = "elsewhere.png"


def test_shipped_folders_are_read_and_hold_what_was_sent(
    bring: Callable[..., SubmissionReport], store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring()
    shipped = tmp_path / "package"
    shipped.mkdir()
    (own_folder() / "brought").rename(shipped / "brought")
    monkeypatch.setattr(submission_files, "shipped_folder", lambda: shipped)
    assert brought(board_of(store)).verified
    with pytest.raises(DataError, match="came with the package"):
        remove_submission("brought")
    assert bring().outcome == "unchanged"
    assert bring(drop, replace=True).outcome == "replaced"
    assert find_submissions()["brought"].parent == own_folder()


def test_the_folder_that_comes_along_says_how_to_send_one() -> None:
    assert "bench leaderboard add" in (submission_files.shipped_folder() / "README.md").read_text()
