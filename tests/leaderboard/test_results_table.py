"""A board as one Parquet file: every row and test domain, typed, with the meaning of each column."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from bandbench.benchmark.errors import BenchError
from bandbench.benchmark.results.rows import Row, SubmissionFacts
from bandbench.leaderboard.results_table import results_table, write_results

Maker = Callable[..., Any]


@pytest.fixture
def rows(row_maker: Maker) -> list[Row]:
    theirs = row_maker("=1+1", source="submitted", verified=None, submission=SubmissionFacts("theirs"), fit_seconds=math.nan)
    return [row_maker("svm", rank_low=1, rank_high=2, released={"set/b": "2019-01"}), theirs]


def test_pandas_reads_every_row_and_test_back(rows: list[Row], tmp_path: Path) -> None:
    file = tmp_path / "results.parquet"
    write_results("made", rows, file)
    table = pd.read_parquet(file)
    assert len(table) == 6
    assert table.drop_duplicates("id")["detector"].tolist() == ["svm", "=1+1"]
    wanted = {(row.id, test.domain): test.auc for row in rows for test in row.tests}
    assert {(line["id"], line["test.domain"]): line["test.auc"] for _, line in table.iterrows()} == wanted
    assert table["cross_domain_auc"].dtype == "float64"
    assert table["test.n"].dtype == "Int64"
    assert table["control"].dtype == "boolean"
    assert table["fit_seconds"].isna().sum() == 3
    assert table["rank_low"].tolist()[:3] == [1, 1, 1]
    assert table.set_index("test.domain")["test.released"]["set/b"].tolist() == ["2019-01", ""]


def test_columns_say_their_unit_meaning_and_direction(rows: list[Row]) -> None:
    schema = results_table("made", rows).schema
    for name in schema.names:
        about = schema.field(name).metadata
        assert about[b"meaning"], name
    auc = schema.field("test.auc").metadata
    assert (auc[b"unit"], auc[b"better"]) == (b"AUC", b"higher")
    assert schema.field("worst_auc_lo").metadata[b"meaning"].startswith(b"Lowest AUC")
    assert json.loads(schema.metadata[b"bandbench"])["study"] == "made"


def test_a_row_without_tests_and_a_board_without_rows_have_the_same_columns(row_maker: Maker) -> None:
    (line,) = results_table("", [row_maker(tests=[])]).to_pylist()
    assert line["detector"] == "svm"
    assert line["test.auc"] is None
    empty = results_table("", [])
    assert (len(empty), str(empty.schema.field("test.auc").type)) == (0, "double")


def test_a_file_that_cannot_be_written_is_named(rows: list[Row], tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(BenchError, match="cannot write .*folder"):
        write_results("made", rows, tmp_path / "folder")
    assert not list((tmp_path / "folder").iterdir())


def test_the_file_is_plain_parquet(rows: list[Row], tmp_path: Path) -> None:
    write_results("made", rows, tmp_path / "a.parquet")
    assert pq.read_metadata(tmp_path / "a.parquet").num_rows == 6
