"""Score files: outcomes of items."""

import pytest

from bandbench.benchmark.contracts import Item
from bandbench.benchmark.results.scores import OK, ItemStatus, Reason, Status, item_table, ok_rows

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
