"""Leaders and ranks over the choice of reals: who is compared, and what is said."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bandbench.benchmark.results.rows import RealsResult, Row
from bandbench.leaderboard.ranking.reals import leading_sources, reals_notes, with_reals_ranks

Maker = Callable[..., Any]


@pytest.fixture
def row_with(row_maker: Maker, test_maker: Maker) -> Maker:
    """Maker of a row that was tested on one other domain, with an AUC for each source of reals."""

    def make(detector: str, **aucs: float) -> Row:
        reals = tuple(RealsResult(name, auc, auc - 0.1, auc, 50) for name, auc in aucs.items())
        return row_maker(detector, tests=[test_maker("set/b", next(iter(aucs.values())), by_reals=reals)])

    return make


def test_a_leader_that_changes_with_the_reals_is_named_for_each_source(row_with: Maker) -> None:
    rows = [row_with("clip_probe", set=0.96, celeba=0.526), row_with("dct_ridge", set=0.844, celeba=0.764)]
    assert leading_sources(rows) == {0: ["set"], 1: ["celeba"]}
    assert reals_notes(rows) == [
        "The leading row depends on the reals: clip_probe leads on reals of set (AUC 0.960); dct_ridge leads on reals of "
        "celeba (AUC 0.764)."
    ]


def test_nothing_is_said_where_one_row_leads_whatever_the_reals(row_with: Maker) -> None:
    rows = [row_with("clip_probe", set=0.96, celeba=0.8), row_with("dct_ridge", set=0.844, celeba=0.764)]
    assert leading_sources(rows) == {0: ["set", "celeba"]}
    assert reals_notes(rows) == []


@pytest.mark.parametrize(
    "other",
    [
        {"detector": "coin_flip", "set": 0.5, "celeba": 0.99},  # a control is no contestant
        {"detector": "dct_ridge", "set": 0.5},  # one source: no choice
        {"detector": "dct_ridge", "set": 0.5, "ffhq": 0.99},  # other sources
    ],
)
def test_rows_that_do_not_compare_lead_nothing(row_with: Maker, other: dict[str, Any]) -> None:
    rows = [row_with("clip_probe", set=0.96, celeba=0.8), row_with(**other)]
    assert leading_sources(rows) == {}
    assert reals_notes(rows) == []


def test_a_row_that_has_learned_nothing_leads_nothing(row_with: Maker) -> None:
    rows = [row_with("clip_probe", set=0.96, celeba=0.5), row_with("dct_ridge", set=0.8, celeba=0.9)]
    assert leading_sources(rows) == {0: ["set"], 1: ["celeba"]}
    assert leading_sources([rows[0], replace(rows[1], in_domain_auc_lo=0.45)]) == {}


def test_each_note_says_which_rows_it_is_about_where_there_are_several_sets(row_with: Maker) -> None:
    rows = [row_with("clip_probe", set=0.96, celeba=0.526), row_with("dct_ridge", set=0.844, celeba=0.764)]
    others = [replace(row, tests=(replace(row.tests[0], domain="set/c"),)) for row in rows]
    notes = reals_notes([*rows, *others])
    assert [note.partition(" depends")[0] for note in notes] == [
        "The leading row among the rows tested on set/b",
        "The leading row among the rows tested on set/c",
    ]


def test_rows_of_one_draw_have_no_rank_over_reals(row_with: Maker) -> None:
    rows = [row_with("clip_probe", set=0.96, celeba=0.526), row_with("dct_ridge", set=0.844, celeba=0.764)]

    def folder_of(row: Row) -> None:
        raise AssertionError(f"the folder of {row.detector} is not needed")

    assert with_reals_ranks(rows, folder_of) == rows


def test_a_pool_is_named_as_the_table_does(row_maker: Maker, test_maker: Maker) -> None:
    pool = "set/a & set/c & set/d"

    def row(detector: str, train: str, mine: float, celeba: float) -> Row:
        reals = tuple(RealsResult(name, auc, auc - 0.1, auc, 50) for name, auc in (("set", mine), ("celeba", celeba)))
        tests = [test_maker(name, mine, by_reals=reals) for name in ("set/a", "set/b", "set/c", "set/d")]
        return row_maker(detector, train, tests=tests, reals_rank_low=1, reals_rank_high=2)

    rows = [row("svm", pool, 0.9, 0.6), row("ridge", "set/a & set/c & set/d & set/e", 0.8, 0.7)]
    leader, places = reals_notes(rows, by_name=True)
    assert "svm ← all but set/b leads on reals of set (AUC 0.900); ridge ← set/a & set/c & 2 more leads on" in leader
    assert places == "Rank over the choice of reals: svm ← all but set/b 1-2, ridge ← set/a & set/c & 2 more 1-2."
