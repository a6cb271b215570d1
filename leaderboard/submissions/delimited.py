"""
Tables of text as programs and spreadsheets write them: any of four separators, UTF-8 or UTF-16, a decimal comma.

Errors name the line of the file, in terms of lines, cells and columns.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...benchmark.errors import DataError, listed
from ...benchmark.results.arrow import pc
from ...benchmark.store.files import read_file
from .meta import label as plain_label

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
# First bytes of files that are no text.
NO_TEXT = {
    b"PAR1": "a Parquet file; name it .parquet",
    b"PK\x03\x04": "a ZIP archive or a workbook; save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old workbook; save the sheet as CSV",
    b"\x1f\x8b": "compressed; unpack it",
}
MOST_NAMED = 9  # columns in a message
LONGEST_HEAD = 10_000  # characters
DECIMAL_COMMA = re.compile(r"\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*")


@dataclass(frozen=True)
class TextTable:
    """
    Cells by column, all of them text.

    Attributes
    ----------
    columns : dict of str to list of str
        Under the names of the head; known ones in the spelling in which they are documented.
    separator : str
    """

    columns: dict[str, list[str]]
    separator: str


@dataclass(frozen=True, eq=False)
class TextCells:
    """
    Cells of a file, all of them text.

    Attributes
    ----------
    table : Table
        Columns of text under the names of the head; known ones in the spelling in which they are documented.
    separator : str
    lines : array of int, or None
        Line of the file on which each row begins; None where every row is one line, from `first_line` on.
    first_line : int
        Line of the first row.
    """

    table: pa.Table
    separator: str
    lines: NDArray[np.int64] | None
    first_line: int

    def line(self, row: int) -> int:
        """Return the line of the file on which a row begins."""
        return self.first_line + row if self.lines is None else int(self.lines[row])


def read_table(path: Path, known: Sequence[str], needed: Sequence[str]) -> TextTable:
    """
    Read a table of text as lists of cells.

    Parameters
    ----------
    path, known, needed
        See `read_cells`.
    """
    cells = read_cells(path, known, needed)
    return TextTable({name: cells.table[name].to_pylist() for name in cells.table.column_names}, cells.separator)


def read_cells(path: Path, known: Sequence[str], needed: Sequence[str]) -> TextCells:
    """
    Read a table of text.

    Parameters
    ----------
    path : Path
    known : sequence of str
        Names of columns, in lower case; in the file, case and white space around them do not matter.
    needed : sequence of str
        Those that have to be there.

    Raises
    ------
    DataError
        If the file cannot be read, is no text, lacks a column, has one twice, or a line has another number of cells than the
        head.
    """
    text = _text(path, known)
    blank = re.match(r"[\r\n]*", text)
    first_line = 1 + (blank[0].count("\n") if blank else 0)
    text = text.lstrip("\r\n")
    if hint := re.match(r"sep=(.)\r?\n", text):  # as spreadsheets take it, and some write it
        text, first_line = text[hint.end() :], first_line + 1
    separator = hint[1] if hint and hint[1] in SEPARATORS else _separator(text, known)
    head = _head(path, text, separator, known, needed, first_line)
    table = _arrow_cells(text, separator, len(head))
    lines = None
    if table is None or len(table) != _n_lines(text) - 1:  # to name the lines, of which some are blank or lie within cells
        table, lines = _cells_by_line(path, text, separator, len(head), known, first_line)
    named = [i for i, name in enumerate(head) if name]
    table = table.select(named).rename_columns([head[i] for i in named])
    # Spreadsheets leave lines of separators alone below a table.
    filled = np.zeros(len(table), dtype=bool)
    for name in known:
        if name in table.column_names:
            filled |= pc.not_equal(table[name], "").to_numpy()
    if not filled.all():
        rows = np.flatnonzero(filled)
        lines = (np.arange(len(table)) + first_line + 1 if lines is None else lines)[rows]
        table = table.take(rows)
    return TextCells(table, separator, lines, first_line + 1)


def _n_lines(text: str) -> int:
    """Return the number of lines of text, without the blank ones at the end."""
    text = text.rstrip("\r\n")
    return 1 + (text.count("\n") or text.count("\r"))


def with_decimal_points(numbers: Sequence[str]) -> list[str]:
    """Replace decimal commas by points, unless some number has a point: then a comma may part thousands, and stays."""
    if any("." in number for number in numbers):
        return list(numbers)
    return [number.replace(",", ".") if DECIMAL_COMMA.fullmatch(number) else number for number in numbers]


def _text(path: Path, known: Sequence[str]) -> str:
    if path.is_dir():
        raise DataError(f"{path} is a folder; wanted a file with the columns {_named(known)}.")
    try:
        content = read_file(path, kind="a table of scores")
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}).") from error
    except DataError as error:
        raise DataError(f"{path} cannot be read as CSV: {error}") from error
    for start, what in NO_TEXT.items():
        if content.startswith(start):
            raise DataError(f"{path} cannot be read as CSV: it is {what}.")
    text = _decoded(path, content).removeprefix("\ufeff")
    if not text.strip():
        raise DataError(f"{path} cannot be read as CSV: it is empty; wanted the columns {_named(known)}.")
    return text


def _decoded(path: Path, content: bytes) -> str:
    wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    # Without a mark at the beginning, every other byte of ASCII is zero in UTF-16.
    encoding = "utf-16" if wide else {(0, 1): "utf-16-le", (1, 0): "utf-16-be"}.get(_zeros(content), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        shown = "UTF-16" if encoding.startswith("utf-16") else "UTF-8"
        line = content[: error.start].count(b"\n") + 1
        raise DataError(f"{path} is not {shown} text (line {line}); save it as CSV in UTF-8.") from error


def _zeros(content: bytes) -> tuple[int, int]:
    """Return 1 for all first, and for all second, bytes of the pairs at the beginning being zero, else 0."""
    start = content[:64]
    return int(bool(start[::2]) and not any(start[::2])), int(bool(start[1::2]) and not any(start[1::2]))


def _separator(text: str, known: Sequence[str]) -> str:
    """Return the separator with which the head has most of the known columns; of equals the first."""
    head = re.split(r"[\r\n]", text, maxsplit=1)[0][:LONGEST_HEAD]

    def n_known(separator: str) -> int:
        return sum(_plain(name) in known for name in next(csv.reader([head], delimiter=separator), []))

    return max(SEPARATORS, key=lambda separator: (n_known(separator), separator in head and separator != "|"))


def _plain(name: str) -> str:
    return name.strip().lower()


def _head(path: Path, text: str, separator: str, known: Sequence[str], needed: Sequence[str], first_line: int) -> list[str]:
    try:
        names = next(_lines(text, separator), [])
    except csv.Error as error:
        raise DataError(f"{path} cannot be read as CSV: {_torn(first_line)}; wanted the columns {_named(known)}.") from error
    head = [_plain(name) if _plain(name) in known else name.strip() for name in names]
    shown = plain_label(",".join(head))[:200]
    twice = [name for name, n in Counter(filter(None, head)).items() if n > 1]
    if twice:
        raise DataError(f"{path} has a column twice ({plain_label(twice[0])[:60]}): {shown}; wanted {_named(known)}.")
    if lacking := [name for name in needed if name not in head]:
        hint = " Columns are separated by commas, semicolons or tabs." if len(head) == 1 else ""
        raise DataError(
            f"{path} lacks the columns {', '.join(lacking)}; wanted {_named(known)}, got {shown} (line {first_line}).{hint}"
        )
    return head


def _lines(text: str, separator: str) -> Any:
    """Reader of lines of cells, which knows how many lines of text it has read."""
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)


def _arrow_cells(text: str, separator: str, n_columns: int) -> pa.Table | None:
    """Return the cells, in columns named by number; None where the file is no even table, and has to be read line by line."""
    from pyarrow import csv as arrow

    names = [str(i) for i in range(n_columns)]
    try:
        return arrow.read_csv(
            pa.py_buffer(text.encode()),
            arrow.ReadOptions(column_names=names, skip_rows_after_names=1),
            arrow.ParseOptions(delimiter=separator, newlines_in_values='"' in text),
            arrow.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
    except (ValueError, pa.ArrowException):
        return None


def _cells_by_line(
    path: Path, text: str, separator: str, n_columns: int, known: Sequence[str], first_line: int
) -> tuple[pa.Table, NDArray[np.int64]]:
    """Return the cells, in columns named by number, and the line on which each row begins."""
    lines = _lines(text, separator)
    rows, begun = [], []
    columns_wanted = f"wanted the columns {_named(known)}"
    begins = first_line
    try:
        next(lines)
        begins = first_line + lines.line_num
        for row in lines:
            if (len(row) < n_columns and any(row)) or any(row[n_columns:]):
                cells = "1 cell" if len(row) == 1 else f"{len(row)} cells"
                raise DataError(
                    f"{path} cannot be read as CSV: line {begins} has {cells}, and the head has {n_columns} columns, separated "
                    f"by a {SEPARATORS[separator]}; {columns_wanted}. A text that holds the separator stands in double quotes."
                )
            if any(row):
                rows.append(row[:n_columns])
                begun.append(begins)
            begins = first_line + lines.line_num
    except csv.Error as error:
        raise DataError(f"{path} cannot be read as CSV: {_torn(begins)}; {columns_wanted}.") from error
    columns = zip(*rows, strict=True) if rows else [[]] * n_columns
    table = pa.table({str(i): pa.array(list(column), pa.string()) for i, column in enumerate(columns)})
    return table, np.array(begun, dtype=np.int64)


def _named(known: Sequence[str]) -> str:
    return ",".join(known) if len(known) <= MOST_NAMED else listed(known, MOST_NAMED)


def _torn(line: int) -> str:
    return f"line {line} holds a double quote that is not closed, one within a cell, or a zero byte"
