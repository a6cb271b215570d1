"""Data that the page's scripts are handed."""

import json
import math
import re
from collections.abc import Callable
from typing import Any

import pytest

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.metrics.roc import Interval
from bandbench.benchmark.results.marks import NO_CONTESTANT, WITHOUT_RANK, Mark
from bandbench.benchmark.results.rows import RealsResult
from bandbench.leaderboard.notes import NOT_OF_CONTROLS, NOTED_WITH_NUMBERS
from bandbench.leaderboard.page.details import Details, row_id
from bandbench.leaderboard.page.html import TEMPLATES, page
from bandbench.leaderboard.page.payload import payload, without_addresses
from bandbench.leaderboard.ranking.detectors import DetectorPlace
from bandbench.leaderboard.rows import Board
from bandbench.leaderboard.transfer.thresholds import Transfer
from made_pages import data_of, objects

Maker = Callable[..., Any]


def test_what_is_undefined_is_null_and_what_was_not_tested_is_told(row_maker: Maker) -> None:
    home = row_maker("home", domains=("set/a", "set/b"), cross_domain_auc=math.nan, oracle_auc=math.inf)
    data = data_of(page(Board("made", [row_maker(), home], []), Details()))
    found = objects(data)[1]
    assert (found["cross_domain_auc"], found["oracle_auc"]) == (None, None)
    assert [data["domains"][i] for i in found["missing"]] == ["set/c"]
    assert objects(data)[0]["missing"] == []
    assert found["set"] != objects(data)[0]["set"]


def test_ranks_and_threshold_transfer_are_taken(row_maker: Maker) -> None:
    told = {"rank_low": 1, "rank_high": 2, "tie_group": 1, "rank_reason": ""}
    transfer = Transfer("set/b", Interval(0.25, 0.2, 0.3, 0.1), Interval(0.5, 0.4, 0.6, 0.1), 0.1, 0.2, 10, 10)
    board = Board("made", [row_maker(**told), row_maker("b")], [])
    first, second = objects(payload(board, Details(transfers={row_id(board.rows[0]): [transfer]})))
    assert {name: first[name] for name in told} == told
    (carried,) = first["threshold_transfer"]
    assert (carried["domain"], carried["false_alarms"], carried["detections_hi"]) == ("set/b", 0.25, 0.6)
    assert second["threshold_transfer"] is None
    assert second["rank_low"] is None
    assert "rank_low" not in payload(Board("made", [row_maker()], []), Details())["fields"]


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("run 1: score file /home/a/b c/scores/00-chosen-0.parquet cannot be read", "00-chosen-0.parquet cannot be read"),
        ("nothing in sqlite:////srv/x/mlflow.db", "nothing in mlflow.db"),
        ("file:///srv/x/mlruns is gone", "mlruns is gone"),
        ("C:\\Users\\me\\runs\\cell.json is damaged", "cell.json is damaged"),
    ],
)
def test_no_folder_of_the_machine_is_told(row_maker: Maker, message: str, told: str) -> None:
    row = row_maker(rank_low=None, rank_high=None, tie_group=None, rank_reason=message, gaps=[message])
    data = payload(Board("made", [row], [message]), Details(), "sqlite:////srv/x/mlflow.db")
    text = json.dumps(data, default=str)
    assert told in data["refused"][0]
    for folder in ("/home", "/srv", "Users", "sqlite:"):
        assert folder not in text


def test_names_with_slashes_are_no_folders() -> None:
    for text in ("set/a+jpeg:quality=5, procedural/nearest", "https://mlflow.example/x/y", "a / b", "clip_probe/random: 3/4"):
        assert without_addresses(text) == text


@pytest.mark.parametrize(("domain", "told"), [("set/b", 3), ("procedural/blend", 0), ("set/b+blur:sigma=1", 0)])
def test_look_alikes_are_flagged_where_they_may_be_copies(row_maker: Maker, test_maker: Maker, domain: str, told: int) -> None:
    row = row_maker(tests=[test_maker(domain, 0.9, lookalikes=3)])
    (shown,) = objects(payload(Board("made", [row], []), Details(), computed={"procedural"}))
    assert shown["lookalikes"] == told


def test_results_by_source_of_reals_are_there_where_a_row_has_several(row_maker: Maker, test_maker: Maker) -> None:
    def row(name: str, *aucs: float) -> Any:
        reals = tuple(RealsResult(f"source{i}", auc, auc, auc, 9) for i, auc in enumerate(aucs))
        return row_maker(name, tests=[test_maker("set/b", aucs[0], by_reals=reals)])

    rows = [row("svm", 0.9, 0.5), row("ridge", 0.8, 0.7), row("knn", 0.6)]
    found = objects(payload(Board("made", rows, []), Details()))
    assert [one["reals"]["choices"] if one["reals"] else None for one in found] == [
        {"source0": 0.9, "source1": 0.5},
        {"source0": 0.8, "source1": 0.7},
        None,
    ]
    assert [one["reals"]["leads"] for one in found[:2]] == [["source0"], ["source1"]]
    assert [result["source"] for result in found[0]["reals"]["tests"]["set/b"]] == ["source0", "source1"]
    assert "reals" not in payload(Board("made", [row("knn", 0.6)], []), Details())["fields"]


def test_a_pool_has_a_short_name_and_several_domains_at_home(row_maker: Maker) -> None:
    rows = [row_maker(train="set/a & set/b & set/c"), row_maker(train="set/a & set/b & other"), row_maker()]
    data = payload(Board("made", rows, []), Details())
    pool, mixed, single = objects(data)
    assert (pool["train"], mixed["train"], single["train"]) == ("set/a & set/b & set/c", "set/a & set/b & other", "set/a")
    assert [data["domains"][i] for i in pool["home"]] == ["set/a", "set/b", "set/c"]
    assert pool["sources"] == ["set/a", "set/b", "set/c"]
    (alone,) = objects(payload(Board("made", rows[:1], []), Details()))
    assert alone["train"] == "set/a & set/b & 1 more"


def test_the_ranking_names_pools_as_the_rows_do(row_maker: Maker) -> None:
    rows = [row_maker(train=train) for train in ("set/a & set/b & other", "set/c")]
    place = DetectorPlace("svm", "made", 0.8, train=tuple(row.train for row in rows))
    data = payload(Board("made", rows, []), Details(ranking=[place]))
    assert data["ranking"][0]["train"] == [row["train"] for row in objects(data)] == ["set/a & set/b & 1 more", "set/c"]


def test_a_comb_has_a_lattice_and_no_ends(row_maker: Maker) -> None:
    comb = Band("comb", period=4, halfwidth=0.03, points="axes")
    rows = [row_maker(), row_maker("b", band=comb)]
    plain, lattice = objects(data_of(page(Board("made", rows, []), Details())))
    assert plain["comb"] is None
    assert (lattice["kind"], lattice["edges"], lattice["band"]) == ("comb", [None, None], "comb 4px ±0.03 axes")
    assert lattice["comb"] == {"period": 4, "halfwidth": 0.03, "points": "axes", "lines": [0.25, 0.5]}
    assert not lattice["outside_evidence"]


def test_lists_of_marks_come_with_the_data(row_maker: Maker) -> None:
    described = payload(Board("made", [row_maker()], []), Details())["described"]
    assert described["without_rank"] == list(WITHOUT_RANK)  # the first reason comes first
    lists = {"no_contestant": NO_CONTESTANT, "not_of_controls": NOT_OF_CONTROLS, "noted_with_numbers": NOTED_WITH_NUMBERS}
    assert {name: sorted(described[name]) for name in lists} == {name: sorted(marks) for name, marks in lists.items()}


def test_no_script_lists_marks_itself() -> None:
    code = "|".join(re.escape(mark.value) for mark in Mark)
    lists = re.compile(rf"\[\s*[\"'](?:{code})[\"']\s*(?:,\s*[\"'](?:{code})[\"']\s*)+\]")
    assert {path.name: found for path in TEMPLATES.glob("*.js") if (found := lists.findall(path.read_text()))} == {}
