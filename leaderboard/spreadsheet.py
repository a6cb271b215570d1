"""
CSV that a spreadsheet takes for text and numbers, and for nothing else.

A spreadsheet takes a cell that begins with ``=``, ``+``, ``-`` or ``@`` for a formula. Text cells that do are written with an
apostrophe before them; `from_text` takes it away again.
"""

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

FORMULA = re.compile(r"'*[=+\-@\t\r]")


def as_text(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def from_text(cell: str) -> str:
    """Take the apostrophe away that `as_text` put there."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell[1:]) else cell


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
