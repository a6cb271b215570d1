"""Ways to name a row of a board, and the files behind it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bandbench.api.board_rows import BoardRows, is_home, row_title
from bandbench.benchmark.errors import BenchError, DataError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.rows import Row

ROWS = tuple(Row(name, "set/a", "chosen", Band("low", 0.2), cell=name, run_id=name) for name in "abc")
BOARD = BoardRows("made", ROWS)


@pytest.mark.parametrize("name", [1, np.int64(1), ROWS[1], ROWS[1].id, ROWS[1].id[:6], replace(ROWS[1], seeds=9)])
def test_a_row_is_named_in_several_ways(name: Any) -> None:
    assert BOARD[name] is ROWS[1]


def test_a_board_is_a_sequence_of_its_rows() -> None:
    assert len(BOARD) == 3
    assert list(BOARD) == list(ROWS)
    assert BOARD.title == "made"
    assert BoardRows("", ()).title == "all studies"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (3, "the board has no row 3. It has rows 0 to 2; their ids are in the column id of to_pandas()."),
        (-1, "the board has no row -1."),
        (True, "a row is named by its id or its index, got bool True."),
        (1.0, "a row is named by its id or its index, got float 1.0."),
        (None, "a row is named by its id or its index, got NoneType None."),
        ("", "the board has no row ''."),
        (ROWS[0].id[:3], f"a row is named by at least the first 4 digits of its id, got '{ROWS[0].id[:3]}'."),
        (
            "nothing",
            "the board has no row 'nothing'. Its 3 rows have ids: `bench leaderboard` shows their first digits,",
        ),
        (f"{ROWS[0].id}x", f"the board has no row '{ROWS[0].id}x'. Did you mean '{ROWS[0].id}'?"),
        (replace(ROWS[0], cell="other"), "the board has no row"),
    ],
)
def test_an_unknown_row_is_an_error_with_a_way_out(name: Any, message: str) -> None:
    with pytest.raises(BenchError) as raised:
        BOARD[name]
    assert str(raised.value).startswith(message)
    assert "to_pandas()" in str(raised.value)


def test_a_board_without_rows_says_so() -> None:
    with pytest.raises(BenchError, match="It has no rows at all"):
        BoardRows("", ())[0]


def test_digits_that_several_ids_begin_with_are_refused() -> None:
    ids: dict[str, Row] = {}
    n = 0
    while True:  # two ids of the same first four digits are among a few hundred
        row = Row("a", "set/a", "chosen", Band("low", 0.2), cell=str(n))
        other = ids.setdefault(row.id[:4], row)
        if other is not row:
            break
        n += 1
    board = BoardRows("", (row, other))
    with pytest.raises(BenchError, match=f"several rows have an id that begins with '{row.id[:4]}'.*Give more digits"):
        board[row.id[:4]]
    assert board[other.id] is other


def test_a_row_without_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the files of row"):
        BOARD.document(ROWS[0])
    with pytest.raises(DataError, match="holds no result of a cell"):
        BoardRows("", ROWS, {"a": tmp_path}).draws(ROWS[0])


def test_a_row_has_a_title_and_a_home() -> None:
    assert row_title(ROWS[0]) == "a on set/a"
    assert is_home(ROWS[0], "set/a")
    assert not is_home(ROWS[0], "set/b")
