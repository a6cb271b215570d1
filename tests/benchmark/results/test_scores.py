"""Score files: outcomes of items, scores of pictures, and the validation scores of a record."""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from bandbench.benchmark.contracts import Item
from bandbench.benchmark.results.refusals import RefusedError
from bandbench.benchmark.results.scores import (
    OK,
    ItemStatus,
    Reason,
    Status,
    item_table,
    mean_per_item,
    ok_rows,
    read_file,
    validation_scores,
    with_scores,
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


def test_a_table_is_written_with_the_digest_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "scores.parquet"
    table = item_table("mine", [Item("a", 0, "test")], [OK])
    assert write_table(path, table) == hashlib.sha256(path.read_bytes()).hexdigest()
    assert read_file(path).equals(table)


def test_validation_scores_are_those_of_validation_items_alone(tmp_path: Path) -> None:
    """Test items of the same domain, whose scores say the opposite, stay sealed."""
    path = tmp_path / "scores.parquet"
    names, labels = ("a", "b", "c"), (0, 1, 1)
    tables = []
    for split, sign in (("val", 1), ("test", -1)):
        items = [Item(f"{split}-{name}", label, split, name) for name, label in zip(names, labels, strict=True)]  # type: ignore[arg-type]
        tables.append(with_scores(item_table("mine", items, [OK, OK, LOST]), sign * np.array([1.0, 2.0])))
    write_table(path, pa.concat_tables(tables))
    found = validation_scores(path)
    assert (found.labels.tolist(), found.scores.tolist(), found.groups.tolist()) == ([0, 1], [1.0, 2.0], ["mine:a", "mine:b"])


def test_validation_scores_of_a_damaged_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "scores.parquet"
    with pytest.raises(RefusedError, match="cannot be read"):
        validation_scores(path)
    write_table(path, with_scores(item_table("mine", [Item("a", 0, "val")], [OK]), np.array([1.0])))
    content = path.read_bytes()
    for damaged in (b"", content[:-1], content[:4] + bytes(len(content) - 8) + content[-4:]):
        path.write_bytes(damaged)
        with pytest.raises(RefusedError, match=r"score file .*scores.parquet cannot be read"):
            validation_scores(path)
