"""Rows with their standings, and the ranking of their detectors, from one pass over the score files."""

from collections.abc import Callable
from typing import Any

from bandbench.benchmark.results.rows import Row
from bandbench.leaderboard.ranking.board import ranked_board

Maker = Callable[..., Any]


def test_rows_keep_their_order_and_get_standings(row_maker: Maker) -> None:
    rows = [row_maker("b", seeds=5), row_maker("a", role="allpass"), row_maker("coin_flip")]
    asked: list[Row] = []
    board = ranked_board(rows, asked.append)
    assert [row.detector for row in board.rows] == ["b", "a", "coin_flip"]
    reasons = [row.standing.rank_reason for row in board.rows if row.standing]
    assert reasons == ["its score files were not found", "only chosen bands are ranked", "control"]
    assert {place.detector for place in board.detectors} == {"b", "coin_flip"}
    assert {row.detector for row in asked} == {"b", "coin_flip"}
