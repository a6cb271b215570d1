"""
Cells of CSV that a spreadsheet takes for text.

A spreadsheet takes a cell that begins with ``=``, ``+``, ``-`` or ``@``, one of their full-width forms, a tab or the end of a
line for a formula (OWASP, "CSV Injection"). Text cells that do are written with an apostrophe before them.
"""

import re

FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def as_text(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def from_text(cell: str) -> str:
    """Take the apostrophe away that `as_text` put there."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell[1:]) else cell
