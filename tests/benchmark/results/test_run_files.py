"""Strict readers: only regular files, and none that costs more than the limits."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bandbench.benchmark.results import run_files
from bandbench.benchmark.results.refusals import RefusedBecause, RefusedError
from bandbench.benchmark.results.run_files import file_below, read_any_parquet, read_run_json, regular_file
from bandbench.benchmark.results.scores import read_scores, score_table
from made_cells import score_file


def reason_of(call: Callable[..., Any], *arguments: Any) -> RefusedBecause:
    """Code of the reason why a call refuses."""
    with pytest.raises(RefusedError) as raised:
        call(*arguments)
    return raised.value.reason


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    return Path(score_file(tmp_path / "s.parquet", [("a", "val", [0.1, 0.2], [0.8, 0.9]), ("a", "test", [0.1], [0.3])]))


def rewritten(path: Path, **columns: Any) -> Path:
    """Write a file again with other columns."""
    table = pq.read_table(path)
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), name, values)
    pq.write_table(table, path)
    return path


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "cell.json")
    assert reason_of(read_run_json, tmp_path / "cell.json") is RefusedBecause.NOT_REGULAR
    assert reason_of(score_table, tmp_path / "cell.json") is RefusedBecause.NOT_REGULAR
    (tmp_path / "link").symlink_to("/dev/zero")
    assert reason_of(regular_file, tmp_path / "link", 10) is RefusedBecause.NOT_REGULAR
    assert reason_of(regular_file, tmp_path / "gone", 10) is RefusedBecause.MISSING


def test_a_sparse_file_is_refused_by_its_size(tmp_path: Path) -> None:
    with (tmp_path / "cell.json").open("wb") as file:
        file.truncate(10**11)
    assert reason_of(read_run_json, tmp_path / "cell.json") is RefusedBecause.TOO_LARGE
    assert reason_of(score_table, tmp_path / "cell.json") is RefusedBecause.TOO_LARGE


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", RefusedBecause.DAMAGED),
        ("{", RefusedBecause.DAMAGED),
        ('{"a": NaN}', RefusedBecause.DAMAGED),
        ('{"a": -Infinity}', RefusedBecause.DAMAGED),
        (f'{{"a": {"9" * 5000}}}', RefusedBecause.DAMAGED),
        ('{"a": 1e999}', RefusedBecause.INVALID),
        ('{"a": 9007199254740993}', RefusedBecause.INVALID),
        ("[" * 100_000 + "]" * 100_000, RefusedBecause.TOO_LARGE),
        ("[" * 40 + "]" * 40, RefusedBecause.TOO_LARGE),
        (json.dumps(["x" * (run_files.MOST_TEXT + 1)]), RefusedBecause.TOO_LARGE),
        (json.dumps({"x" * (run_files.MOST_TEXT + 1): 1}), RefusedBecause.TOO_LARGE),
    ],
)
def test_json_beyond_the_limits(text: str, reason: RefusedBecause, tmp_path: Path) -> None:
    (tmp_path / "cell.json").write_text(text)
    assert reason_of(read_run_json, tmp_path / "cell.json") is reason


def test_many_values_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_files, "MOST_VALUES", 100)
    (tmp_path / "cell.json").write_text(json.dumps([[0] * 60, [0] * 60]))
    assert reason_of(read_run_json, tmp_path / "cell.json") is RefusedBecause.TOO_LARGE


@pytest.mark.parametrize("name", ["../other/scores.parquet", "/etc/passwd", "scores/../../x", "", "a\x00b", "scores\\..\\x"])
def test_a_name_that_leads_elsewhere(name: str, tmp_path: Path) -> None:
    assert reason_of(file_below, tmp_path, name) is RefusedBecause.INVALID
    assert file_below(tmp_path, "scores/00.parquet") == tmp_path / "scores" / "00.parquet"


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("score", pa.array(["high"] * 6)),
        ("score", pa.array([np.nan] * 6)),
        ("score", pa.array([np.inf] * 6)),
        ("score", pa.nulls(6, pa.float64())),
        ("label", pa.array([2] * 6, pa.int8())),
        ("label", pa.array([1] * 6, pa.int64())),
        ("status", pa.array(["fine"] * 6)),
        ("split", pa.array(["extra"] * 6)),
        ("item", pa.nulls(6, pa.string())),
        ("group", pa.array([[1]] * 6)),
    ],
)
def test_values_that_no_score_file_has(column: str, values: pa.Array, scores: Path) -> None:
    assert reason_of(read_scores, rewritten(scores, **{column: values})) is RefusedBecause.INVALID


def test_a_long_text_that_is_repeated_takes_the_room_of_one(scores: Path) -> None:
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 6, pa.int32()), pa.array(["y" * 1_000_000]))
    assert reason_of(read_scores, rewritten(scores, item=long)) is RefusedBecause.TOO_LARGE
    assert reason_of(read_any_parquet, scores) is RefusedBecause.TOO_LARGE


def test_a_column_of_wide_texts_is_refused(scores: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_files, "MOST_TEXT_BYTES", 6 * 4 * 5 - 1)
    assert reason_of(read_scores, rewritten(scores, group=pa.array(["abcde"] * 6))) is RefusedBecause.TOO_LARGE


def test_a_file_that_unpacks_to_many_rows_or_bytes(scores: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_files, "MOST_ITEMS", 5)
    assert reason_of(read_scores, scores) is RefusedBecause.TOO_LARGE
    assert reason_of(read_any_parquet, scores) is RefusedBecause.TOO_LARGE
    monkeypatch.setattr(run_files, "MOST_ITEMS", 6)
    assert len(read_any_parquet(scores)) == 6
    with pq.ParquetFile(scores) as file:
        monkeypatch.setattr(run_files, "MOST_SCORE_BYTES", file.metadata.row_group(0).total_byte_size - 1)
    assert reason_of(read_scores, scores) is RefusedBecause.TOO_LARGE


def test_flipped_bytes_are_a_reason_and_no_traceback(scores: Path) -> None:
    content, rng, reasons = scores.read_bytes(), np.random.default_rng(0), set()
    for _ in range(100):
        damaged = bytearray(content)
        for place in rng.integers(0, len(content), 4):
            damaged[place] = rng.integers(0, 256)
        scores.write_bytes(bytes(damaged))
        try:
            read_scores(scores)
        except RefusedError as error:
            reasons.add(error.reason)
    assert RefusedBecause.DAMAGED in reasons


def test_a_file_is_read_as_it_was_written(scores: Path) -> None:
    assert score_table(scores).equals(pq.read_table(scores))
    assert score_table(scores, ["label", "status", "score"]).column_names == ["label", "status", "score"]
