"""Details of single rows, from the artifacts of their runs."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bandbench.api.board_inputs import repeat_command
from bandbench.benchmark.results.rows import SubmissionFacts
from bandbench.benchmark.tracking.store import default_tracking_uri
from bandbench.leaderboard.page.details import load_details, row_id
from bandbench.leaderboard.page.html import page
from bandbench.leaderboard.page.payload import payload
from bandbench.leaderboard.rows import Board, load_board
from conftest import run, small_study


def test_a_swept_study_fills_the_band_maps_and_other_folders_are_read(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    """A submitted row has its own folder: curves and threshold transfer come from there, no command and no run are told."""
    import shutil

    folders = {"mine": picture_folder(n=30), "yours": picture_folder("other", n=30, first_seed=500)}
    sweep = {"width": 0.12, "step": 0.12, "kinds": ["band", "stop"]}
    run(small_study(sweep=sweep, search={"trials": 0}, test=["yours", "mine"]), folders)
    uri = default_tracking_uri()
    board = load_board(uri, "small")
    row = next(row for row in board.rows if row.role == "chosen")
    (cell,) = Path(uri.removeprefix("sqlite:///")).parent.glob("cells/*")
    shutil.copytree(cell, tmp_path / "theirs")
    told = SubmissionFacts("theirs")
    submitted = replace(row, run_id="submission:theirs", source="submitted", submission=told, cell="other")
    details = load_details(uri, "small", [*board.rows, submitted], {"submission:theirs": tmp_path / "theirs"}, repeat_command)

    bands = details.bands[row.run_id]
    assert (bands["domains"], bands["home"]) == (["mine", "yours"], "test")
    assert len(bands["keep"]) == len(bands["stop"]) == 5
    best = max(bands["keep"], key=lambda band: band[2][0])
    assert best[0] < 0.3  # fakes have more power between 0.2 and 0.3
    assert best[1] > 0.2
    allpass = {test.domain: test.allpass_auc for test in row.tests}
    assert bands["allpass"] == [allpass[name] for name in bands["domains"]]

    mine, theirs = row_id(row), row_id(submitted)
    assert details.rows[theirs] == details.rows[mine]
    assert repr(details.transfers[theirs]) == repr(details.transfers[mine])
    assert details.cells["submission:theirs"]["command"] == details.cells["submission:theirs"]["page"] == ""
    assert details.cells[row.run_id]["command"].startswith("bench run")
    data = payload(Board("small", [*board.rows, submitted], []), details, uri)
    assert str(tmp_path) not in json.dumps(data, default=str)


def test_details_without_score_files(picture_folder: Callable[..., Path]) -> None:
    """A row whose scores went missing after the board was read has no curves and no rank, and the page is made."""
    import shutil

    run(small_study(sweep=None, search={"trials": 0}), {"mine": picture_folder()})
    uri = default_tracking_uri()
    board = load_board(uri, "small")
    for scores in Path(uri.removeprefix("sqlite:///")).parent.glob("artifacts/**/scores"):
        shutil.rmtree(scores)
    details = load_details(uri, "small", board.rows)
    assert details.rows == {}
    assert details.cells[board.rows[0].run_id]["view"] == "profile"
    assert "spectral_svm" in page(board, details, uri)
