"""CSV whose text cells are no formulas."""

import csv
import io
import math
import os
from pathlib import Path

import pytest

from bandbench.leaderboard.spreadsheet import lines_as_csv, open_lines


def test_lines_may_have_different_columns() -> None:
    text = lines_as_csv([{"name": "a", "auc": 0.5}, {"name": "b", "n": 3}])
    assert text == "name,auc,n\na,0.5,\nb,,3\n"


def test_undefined_values_are_empty_and_negative_numbers_stay_numbers() -> None:
    assert lines_as_csv([{"a": None, "b": math.nan, "c": -0.5, "d": "-0.5"}]) == "a,b,c,d\n,,-0.5,'-0.5\n"


def test_column_names_are_text_too_and_stand_without_lines() -> None:
    assert lines_as_csv([{"=x": "=y"}]) == "'=x\n'=y\n"
    assert lines_as_csv([], ["detector"]) == "detector\n"


def test_a_carriage_return_does_not_end_a_line() -> None:
    """The csv writer leaves it unquoted by itself; a reader would then see two lines."""
    (line,) = csv.DictReader(io.StringIO(lines_as_csv([{"a": "x\ry", "b": "z"}]), newline=""))
    assert line == {"a": "x\ry", "b": "z"}


def test_a_file_of_lines_is_whole_after_every_line(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("what was there before")
    with open_lines(path, ["name", "auc", "=n"]) as lines:
        assert path.read_text() == "name,auc,'=n\n"
        lines.add([{"name": "=1", "auc": -0.5}, {"name": "a,b", "other": 1, "=n": None}])
        assert path.read_text() == "name,auc,'=n\n'=1,-0.5,\n\"a,b\",,\n"
        lines.add([{"name": "x\ry", "auc": math.nan}])
    assert list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))[-1] == ["x\ry", "", ""]


def test_a_full_disk_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, write = tmp_path / "x.csv", os.write

    def full(number: int, data: bytes) -> int:
        if len(data) < 20:
            raise OSError(28, "No space left on device")
        return write(number, data[:20])

    with open_lines(path, ["name"]) as lines:
        lines.add([{"name": "short"}])
        monkeypatch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            lines.add([{"name": "a" * 50}])
        monkeypatch.undo()
    assert path.read_text() == "name\nshort\n"


def test_lines_go_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    with open_lines(None, ["name"]) as lines:
        lines.add([{"name": "@x"}])
    assert capsys.readouterr().out == "name\n'@x\n"
