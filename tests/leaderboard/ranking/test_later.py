"""The mean over later generators: which domains it is over, its interval, and the reason why there is none."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bandbench.benchmark.contracts import HowKnown, Reported
from bandbench.benchmark.results.reported import Incomparable
from bandbench.benchmark.results.reported_tests import LATER_AUC, LATER_DATA, compared
from bandbench.benchmark.tracking.store import default_tracking_uri
from bandbench.leaderboard.page.details import Details
from bandbench.leaderboard.page.payload import payload
from bandbench.leaderboard.ranking.board import ranked_board
from bandbench.leaderboard.ranking.entrants import RowScores
from bandbench.leaderboard.ranking.later import MEANINGS, NoLater, later_domains, with_later_auc
from bandbench.leaderboard.release_dates import with_release_dates
from bandbench.leaderboard.rows import Board, load_board
from conftest import run, small_study

Maker = Callable[..., Any]
NOWHERE = RowScores(lambda row: None)


@pytest.mark.parametrize(
    ("released", "wanted"),
    [
        ({"set/a": "2019", "set/b": "2020-01", "set/c": "2021"}, ("set/b", "set/c")),
        ({"set/a": "2019-06", "set/b": "2019", "set/c": "2019-07"}, ("set/c",)),
        ({"set/a": "2019-06", "set/b": "2019-06", "set/c": "2018"}, NoLater.NONE_LATER),
        ({"set/b": "2020", "set/c": "2021"}, NoLater.TRAINING_UNDATED),
        ({"set/a": "2019"}, NoLater.TESTS_UNDATED),
        ({"set/a": "2019", "set/c": "2021"}, ("set/c",)),
    ],
)
def test_later_begins_after_the_training_has_ended(row_maker: Maker, released: dict[str, str], wanted: object) -> None:
    assert later_domains(row_maker(released=released)) == wanted


def test_all_members_of_a_pool_count_and_so_do_shots(row_maker: Maker) -> None:
    dates = {"set/a": "2018", "x/y": "2021", "set/b": "2020", "set/c": "2022"}
    assert later_domains(row_maker(train="set/a & x/y", released=dates)) == ("set/c",)
    assert later_domains(row_maker(train="set/a & 10 shots of set/c", released=dates)) is NoLater.NONE_LATER


def test_a_row_without_another_domain_has_none(row_maker: Maker, test_maker: Maker) -> None:
    row = row_maker(tests=[test_maker("set/a", 0.9)], released={"set/a": "2019"})
    assert with_later_auc(row, NOWHERE).later_reason == "no_other_domain"


def test_an_undefined_auc_leaves_the_mean_undefined(row_maker: Maker, test_maker: Maker) -> None:
    tests = [test_maker("set/a", 0.9), test_maker("set/b", math.nan)]
    row = with_later_auc(row_maker(tests=tests, released={"set/a": "2019", "set/b": "2021"}), NOWHERE)
    assert row.later_reason == "undefined"
    assert math.isnan(row.later_auc)


def test_without_score_files_there_is_no_interval(row_maker: Maker) -> None:
    row = with_later_auc(row_maker(released={"set/a": "2019", "set/b": "2020", "set/c": "2018"}), NOWHERE)
    assert (row.later_auc, row.later_reason) == (pytest.approx(0.8), "")
    assert math.isnan(row.later_auc_lo)


def test_over_all_other_domains_it_is_the_cross_domain_mean(picture_folder: Callable[..., Path]) -> None:
    """The interval is that of the same mean, computed on another way."""
    folders = {"mine": picture_folder(), "b": picture_folder("b", first_seed=500), "c": picture_folder("c", first_seed=900)}
    plain: dict[str, Any] = {"sweep": None, "search": {"trials": 0}, "dates": {"mine": "2019", "b": "2020", "c": "2021-05"}}
    run(small_study(test=["mine", "b", "c"], **plain), folders)
    board = load_board(default_tracking_uri(), "small")
    assert board.rows[0].released == {"mine": "2019", "b": "2020", "c": "2021-05"}
    (row,) = ranked_board(board.rows, lambda row: board.folders[row.run_id]).rows
    names = ("cross_domain_auc", "cross_domain_auc_lo", "cross_domain_auc_hi")
    later = [getattr(row, name.replace("cross_domain", "later")) for name in names]
    assert later == pytest.approx([getattr(row, name) for name in names], abs=1e-12)
    fewer = replace(row, released={**row.released, "b": "2018"})
    (fewer,) = ranked_board([fewer], lambda row: board.folders[row.run_id]).rows
    assert fewer.later_auc == pytest.approx(next(test.auc for test in row.tests if test.domain == "c"))


def test_every_reason_has_words() -> None:
    assert set(MEANINGS) == set(NoLater)


def test_a_published_mean_over_later_generators_stands_beside_the_measured_one(row_maker: Maker) -> None:
    stated = Reported(0.9, LATER_AUC, LATER_DATA, "a paper", HowKnown.READ)
    dates = {"set/a": "2019", "set/b": "2020", "set/c": "2018"}
    row = row_maker(released=dates, source="submitted", verified=False)
    row = replace(row, reported=compared([stated], row))
    assert row.reported[0].reason is Incomparable.UNDEFINED
    (found,) = with_later_auc(row, NOWHERE).reported
    assert (found.measured, found.difference, found.reason) == (pytest.approx(0.8), pytest.approx(-0.1), None)
    (other,) = compared([replace(stated, data="set/b")], row)
    assert other.reason is Incomparable.DATA


def test_a_submission_s_date_moves_no_other_row(row_maker: Maker) -> None:
    """Whether a domain is later is asked of the dates of each row, those of a submission do not count for the others."""
    recorded = row_maker(released={"set/a": "2019", "set/b": "2020", "set/c": "2018"})
    submitted = row_maker("other", source="submitted", verified=False, released={"set/a": "2021", "set/b": "2020"})
    dated = with_release_dates([recorded, submitted], lambda domain: "", {})
    assert [later_domains(row) for row in dated] == [("set/b",), NoLater.NONE_LATER]
    board = Board("made", dated, [])
    data = payload(board, Details())
    later = data["columns"][data["fields"].index("later")]
    assert [[data["domains"][i] for i in places] for places in later] == [["set/b"], []]
    assert data["released"]["set/a"] == ["2019-01-01", "2019-12-31"]
