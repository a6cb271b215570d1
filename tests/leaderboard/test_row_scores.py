"""Scores behind a row: all draws in one file, found by the id of the row."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score

from bandbench.benchmark.errors import DataError
from bandbench.benchmark.tracking.store import default_tracking_uri
from bandbench.leaderboard.row_scores import MEANINGS, write_row_scores, write_scores
from bandbench.leaderboard.rows import load_board
from conftest import run, small_study

Maker = Callable[..., Any]


def test_the_auc_follows_from_the_file(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    run(small_study(seeds=2, sweep=None, search={"trials": 0}), {"mine": picture_folder()})
    board = load_board(default_tracking_uri(), "small")
    (row,) = board.rows
    file = tmp_path / "scores.parquet"
    n = write_row_scores(row, board.folders[row.run_id], file)
    table = pd.read_parquet(file)
    assert len(table) == n
    test = table[table["split"] == "test"]
    aucs = [roc_auc_score(draw["label"], draw["score"]) for _, draw in test.groupby("draw")]
    assert sum(aucs) / 2 == pytest.approx(row.tests[0].auc)
    schema = pq.read_schema(file)
    assert {name: schema.field(name).metadata[b"meaning"].decode() for name in schema.names} == MEANINGS
    write_scores([row, replace(row, run_id="gone")], board.folders, tmp_path / "beside")
    assert [path.name for path in (tmp_path / "beside").iterdir()] == [f"{row.id}.parquet"]


def test_a_row_without_files_is_refused(row_maker: Maker, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="score files of row .* were not found"):
        write_row_scores(row_maker(), tmp_path, tmp_path / "scores.parquet")
