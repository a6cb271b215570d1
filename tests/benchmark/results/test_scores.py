"""Score files: outcomes of items, scores of pictures, and files that are whole."""

from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.contracts import Item
from bandbench.benchmark.results.scores import (
    OK,
    ItemStatus,
    Reason,
    Status,
    is_whole,
    item_table,
    mean_per_item,
    ok_rows,
    write_table,
)

LOST = ItemStatus(Status.MISSING, "the file is gone.", Reason.GONE)


def test_outcomes_are_written_as_words_and_sentences() -> None:
    items = [Item("a", 0, "test", "one"), Item("b", 1, "test", "two")]
    table = item_table("mine+noise:sd=5", items, [OK, LOST])
    assert table.column("status").to_pylist() == ["ok", "missing"]
    assert table.column("detail").to_pylist() == ["", "the file is gone."]
    assert table.column("group").to_pylist() == ["mine:one", "mine:two"]
    assert ok_rows(table).tolist() == [True, False]


@pytest.mark.parametrize(("status", "text"), [(Status.OK, "ok"), (Status.MISSING, "missing"), (Status.ERROR, "error")])
def test_the_words_of_a_status_are_those_of_released_score_files(status: Status, text: str) -> None:
    assert status == text


def test_the_score_of_a_picture_is_the_mean_of_its_crops() -> None:
    assert mean_per_item(np.array([1.0, 3.0, 5.0, 2.0]), np.array([0, 0, 1, 2])).tolist() == [2.0, 5.0, 2.0]


def test_a_table_is_whole_if_its_size_and_its_last_bytes_are_there(tmp_path: Path) -> None:
    path = tmp_path / "scores.parquet"
    write_table(path, item_table("mine", [Item("a", 0, "test")], [OK]))
    content = path.read_bytes()
    assert is_whole(path, len(content))
    assert not is_whole(path, len(content) - 1)
    assert not is_whole(tmp_path / "missing.parquet", len(content))
    for damaged in (content[:-1], content[:-4] + bytes(4), bytes(len(content)), b""):
        path.write_bytes(damaged)
        assert not is_whole(path, len(content))
