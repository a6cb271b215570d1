"""
One Parquet file with every row of a board and every test domain, typed and described.

A line is a test domain of a row; a row without one has a line of its own. Columns of the row have the names of
`exports.as_csv`, those of the test domain begin with ``test.`` as in `exports.as_tests_csv`. The metadata of a column say its
unit, its meaning and which way is better.
"""

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..benchmark.errors import BenchError
from ..benchmark.results.columns import CLIP_COLUMNS, CLIP_ROW_COLUMNS, Column, Unit, row_columns, test_columns
from ..benchmark.results.rows import Row
from ..benchmark.store.files import atomic_path
from .exports import row_lines, test_line

TEST = "test."
LINES = "One line per row and test domain. Columns of the row repeat; drop_duplicates('id') leaves one line per row."
NESTED = ("dropped_leaks",)  # numbers that are columns of their own, as ``dropped_leaks.train``
TRUTHS = tuple(part.name for part in fields(Row) if str(part.type).startswith("bool"))


def write_results(study: str, rows: Sequence[Row], target: Path, computed: Collection[str] = ()) -> None:
    """
    Write a board as one Parquet file.

    Parameters
    ----------
    study : str
        Empty for several.
    rows : sequence of Row
    target : Path
        Replaced if it exists.
    computed : collection of str
        Data sets whose pictures are computed, see `notes.may_be_copies`.

    Raises
    ------
    BenchError
        If the file cannot be written.
    """
    table = results_table(study, rows, computed)
    try:
        with atomic_path(target) as path:
            pq.write_table(table, path)
    except OSError as error:
        raise BenchError(f"cannot write {target} ({error.strerror}).") from error


def results_table(study: str, rows: Sequence[Row], computed: Collection[str] = ()) -> pa.Table:
    """
    Return a board as a table, see the module.

    Parameters
    ----------
    study, rows, computed
        As for `write_results`.
    """
    lines = []
    for row, of_row in zip(rows, row_lines(rows, computed), strict=True):
        tests = [{TEST + name: value for name, value in test_line(row, test).items()} for test in row.tests]
        lines += [of_row | test for test in tests or [{}]]
    names = dict.fromkeys([*_expected(), *(name for line in lines for name in line)])
    described = _described()
    arrays, parts = [], []
    for name in names:
        values = [_plain(line.get(name)) for line in lines]
        column = described.get(name) or described.get(_stem(name))
        kind = _type(name, column, values)
        arrays.append(pa.array([None if value is None else _as(kind, value) for value in values], kind))
        parts.append(pa.field(name, kind, metadata=_about(column)))
    about = {"study": study, "lines": LINES}
    return pa.Table.from_arrays(arrays, schema=pa.schema(parts, metadata={"bandbench": json.dumps(about)}))


def _expected() -> list[str]:
    """Return the columns that every file has, whatever its rows: the numbers of rows and of test domains."""
    numbers = [column for column in row_columns() if column.is_number and not column.derived and column.name not in NESTED]
    of_rows = [name for column in numbers for name in column.names]
    of_tests = [TEST + name for column in test_columns() if column.is_number for name in column.names]
    return ["id", "detector", "train", "role", "study", *of_rows, f"{TEST}domain", *of_tests]


def _described() -> dict[str, Column]:
    of_rows = {name: column for column in (*row_columns(), *CLIP_ROW_COLUMNS) for name in column.names}
    of_tests = {TEST + name: column for column in (*test_columns(), *CLIP_COLUMNS) for name in column.names}
    return of_rows | of_tests


def _stem(name: str) -> str:
    """Return the column that a part belongs to: ``band.kind`` to ``band``, ``test.shortcut.auc`` to ``test.shortcut``."""
    start = TEST if name.startswith(TEST) else ""
    return start + name.removeprefix(start).partition(".")[0]


def _about(column: Column | None) -> Mapping[str, str]:
    if column is None:
        return {}
    return {"meaning": column.meaning, "unit": column.unit.value, "better": column.better.value}


def _plain(value: Any) -> Any:
    """Undefined numbers are null; so are empty texts of a number's column, which CSV leaves empty."""
    return None if isinstance(value, float) and math.isnan(value) else value


def _type(name: str, column: Column | None, values: Sequence[Any]) -> pa.DataType:
    present = [value for value in values if value not in (None, "")]
    if name in TRUTHS or (present and all(isinstance(value, bool) for value in present)):
        return pa.bool_()
    numeric = column is not None and column.is_number and (name == _stem(name))
    if numeric and column is not None and column.unit is Unit.COUNT and all(isinstance(value, int) for value in present):
        return pa.int64()
    if numeric or (present and all(isinstance(value, int | float) for value in present)):
        return pa.float64()
    return pa.string()


def _as(kind: pa.DataType, value: Any) -> Any:
    if kind == pa.string():
        return str(value)
    return None if value == "" else value
