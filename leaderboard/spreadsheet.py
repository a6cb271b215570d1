"""
CSV that a spreadsheet takes for text and numbers, and for nothing else.

Text cells pass `as_text`, which keeps them from being formulas; numbers are written as they are.
"""

import contextlib
import csv
import io
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ..benchmark.store.cells import as_text


def lines_as_csv(lines: Sequence[Mapping[str, Any]], names: Sequence[str] = ()) -> str:
    """
    Write mappings as CSV.

    Parameters
    ----------
    lines : sequence of mappings
        Not all need have the same keys; what is missing, None or NaN is an empty cell. Texts pass `as_text`.
    names : sequence of str, optional
        Of the columns, where there are no lines to tell them.
    """
    out = io.StringIO()
    heads = list(dict.fromkeys(name for line in lines for name in line)) or list(names)
    # The writer takes a carriage return for text that needs no quotes, readers for the end of a line.
    odd = any("\r" in value for line in lines for value in line.values() if isinstance(value, str))
    quoting = csv.QUOTE_ALL if odd else csv.QUOTE_MINIMAL
    writer = csv.DictWriter(out, list(map(as_text, heads)), restval="", lineterminator="\n", quoting=quoting)
    writer.writeheader()
    writer.writerows({as_text(name): _cell(value) for name, value in line.items()} for line in lines)
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return as_text(value)
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else value


class LinesFile:
    """
    CSV that grows line by line: at any moment the file holds its head and whole lines.

    Parameters
    ----------
    write : callable
        Takes the bytes of one line.
    names : sequence of str
        Of the columns.
    """

    def __init__(self, write: Callable[[bytes], object], names: Sequence[str]) -> None:
        self._write_line = write
        self._names = names
        self._write(list(map(as_text, names)))

    def add(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """
        Write lines; what is missing, None or NaN is an empty cell.

        Raises
        ------
        OSError
            If the disk does not take them; the file then ends with the last whole line before.
        """
        for line in lines:
            self._write([_cell(line.get(name)) for name in self._names])

    def _write(self, cells: Sequence[Any]) -> None:
        out = io.StringIO()
        odd = any("\r" in cell for cell in cells if isinstance(cell, str))
        csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL if odd else csv.QUOTE_MINIMAL).writerow(cells)
        self._write_line(out.getvalue().encode("utf-8", "backslashreplace"))


def _write_whole(number: int, data: bytes) -> None:
    """Write all bytes at the end of a file, or none of them."""
    written = 0
    try:
        while written < len(data):
            written += os.write(number, data[written:])
    except OSError:
        with contextlib.suppress(OSError):  # a pipe has no length
            os.ftruncate(number, os.lseek(number, 0, os.SEEK_CUR) - written)
        raise


def _write_out(data: bytes) -> None:
    sys.stdout.write(data.decode())
    sys.stdout.flush()


@contextlib.contextmanager
def open_lines(path: Path | None, names: Sequence[str]) -> Iterator[LinesFile]:
    """
    Open a CSV file that is written line by line, in the place of what is there; standard output for None.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    if path is None:
        yield LinesFile(_write_out, names)
        return
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    try:
        yield LinesFile(partial(_write_whole, number), names)
    finally:
        os.close(number)
