"""
One Parquet file with every row of a board and every test domain, typed and described.

A line is a test domain of a row; a row without one has a line of its own. Columns of the row have the names of
`exports.as_csv`, those of the test domain begin with ``test.`` as in `exports.as_tests_csv`. The metadata of a column say its
unit, its meaning and which way is better.
"""

import json
import warnings
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..benchmark.errors import BenchError
from ..benchmark.results.columns import CLIP_COLUMNS, CLIP_ROW_COLUMNS, Column, row_columns, test_columns
from ..benchmark.results.rows import Row
from ..benchmark.store.files import atomic_path
from .frames import IN_DOMAIN, ROW_KEYS, rows_frame, tests_frame

TEST = "test."
LINES = "One line per row and test domain. Columns of the row repeat; drop_duplicates('id') leaves one line per row."


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
    of_tests = tests_frame(rows)
    own = [name for name in of_tests.columns if name.partition(".")[0] not in ROW_KEYS]
    # A line for each test domain of a row, or one without a test domain.
    counts = [len(row.tests) for row in rows]
    lines = np.repeat(np.arange(len(rows)), np.maximum(counts, 1).astype(int))
    ends = np.cumsum(counts)
    tests = [test for n, end in zip(counts, ends, strict=True) for test in (range(end - n, end) if n else [-1])]
    repeated = rows_frame(rows, computed).iloc[lines].reset_index(drop=True)
    frame = repeated.join(of_tests[own].add_prefix(TEST).reindex(tests).reset_index(drop=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyarrow reads moments in a way that pandas 4 is going to change
        table = pa.Table.from_pandas(frame, preserve_index=False)
    described = _described()
    fields = [part.with_metadata(_about(described[_column_of(part.name, described)])) for part in table.schema]
    about = {"study": study, "lines": LINES}
    metadata = {**(table.schema.metadata or {}), b"bandbench": json.dumps(about).encode()}
    return table.cast(pa.schema(fields, metadata=metadata))


def _described() -> dict[str, Column]:
    of_rows = {name: column for column in (*row_columns(), *CLIP_ROW_COLUMNS) for name in column.names}
    tested = (*test_columns(), *CLIP_COLUMNS, IN_DOMAIN)
    return of_rows | {TEST + name: column for column in tested for name in column.names}


def _column_of(name: str, described: Collection[str]) -> str:
    """Return the column that describes one: itself, or for a part such as ``band.kind`` the column that it belongs to."""
    if name in described:
        return name
    start = TEST if name.startswith(TEST) else ""
    return start + name.removeprefix(start).partition(".")[0]


def _about(column: Column) -> dict[str, str]:
    return {"meaning": column.meaning, "unit": column.unit.value, "better": column.better.value}
