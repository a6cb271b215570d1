"""Ranks on a board: within a set of comparable rows, from their score files, or not at all and why."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bandbench.benchmark.tracking.reading import cell_runs
from bandbench.benchmark.tracking.store import default_tracking_uri
from bandbench.leaderboard.ranking.entrants import RowScores
from bandbench.leaderboard.ranking.standings import EARLIER, ONLY_CHOSEN, standings
from bandbench.leaderboard.rows import load_board
from conftest import run, small_study

Maker = Callable[..., Any]
PLAIN = {"sweep": None, "search": {"trials": 0}, "bands": [{"kind": "low", "high": 0.3}], "seeds": 5}


NO_SCORES = RowScores(lambda row: None)


def test_rows_without_a_rank_say_why(row_maker: Maker) -> None:
    home = row_maker("home", tests=row_maker("home").tests[:1], seeds=5)
    rows = [row_maker("svm", seeds=5), row_maker("svm", role="fixed"), row_maker("svm", role="allpass"), home]
    found = standings(rows, NO_SCORES)
    reasons = ["its score files were not found", ONLY_CHOSEN, ONLY_CHOSEN, "tested in-domain only"]
    assert [one.rank_reason for one in found] == reasons
    assert {one.rank_low for one in found} == {None}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"detector": "coin_flip"}, "control"),
        ({"detector": "permuted_labels", "seeds": 1}, "control"),
        ({"seeds": 1}, "one draw"),
        ({"seeds": 4}, "fewer than 5 draws"),
        ({"in_domain_auc_lo": 0.49}, "nothing learned"),
        ({"in_domain_auc_lo": 0.3, "in_domain_auc_hi": 0.4}, "nothing learned"),
    ],
)
def test_a_mark_that_forbids_a_rank_is_the_reason(changes: dict[str, Any], reason: str, row_maker: Maker) -> None:
    (found,) = standings([row_maker(**{"seeds": 5, **changes})], NO_SCORES)
    assert (found.rank_low, found.tie_group, found.rank_reason) == (None, None, reason)


def test_earlier_settings_have_no_rank(row_maker: Maker) -> None:
    """Ties are relative to the best row; one that the board does not show by itself must not be it."""
    (found,) = standings([row_maker(seeds=5, current=False)], NO_SCORES)
    assert (found.rank_low, found.rank_reason) == (None, EARLIER)


def test_ranks_stay_within_a_set(picture_folder: Callable[..., Path]) -> None:
    folders = {"mine": picture_folder(n=30), "yours": picture_folder("other", n=30, first_seed=500)}
    detectors = ["spectral_svm", "spectral_logreg", "coin_flip"]
    study = small_study(detectors=detectors, train=["mine", "yours"], test=["mine", "yours"], **PLAIN)
    run(study, folders)
    uri = default_tracking_uri()
    rows = load_board(uri, "small").rows
    with cell_runs(uri) as runs:
        places = {one.run_id: one.folder for one in runs}
        found = standings(rows, RowScores(lambda row: places[row.run_id]))
        for train in ("mine", "yours"):
            chosen = {
                row.detector: one for one, row in zip(found, rows, strict=True) if (row.train, row.role) == (train, "chosen")
            }
            assert chosen.pop("coin_flip").rank_reason == "control"
            mine = list(chosen.values())
            assert [one.rank_reason for one in mine] == ["", ""]
            # Best first, and nobody ranks outside a set of two.
            assert mine[0].tie_group == 1
            assert all(1 <= one.rank_low <= one.rank_high <= 2 for one in mine)
        assert {one.rank_reason for one, row in zip(found, rows, strict=True) if row.role == "fixed"} == {ONLY_CHOSEN}

        lost = next(i for i, row in enumerate(rows) if row.role == "chosen" and row.detector != "coin_flip")
        shutil.rmtree(places[rows[lost].run_id] / "scores")
        assert "cannot be read" in standings(rows, RowScores(lambda row: places[row.run_id]))[lost].rank_reason
