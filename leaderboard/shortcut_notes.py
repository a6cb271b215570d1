"""Notes on pictures that are stored in two ways, so that facts of the files alone tell fakes from reals."""

from collections.abc import Sequence

from ..benchmark.results.marks import RowAudit, audits_of
from ..benchmark.results.rows import Row


def marked_shortcuts(rows: Sequence[Row]) -> dict[RowAudit, list[int]]:
    """
    List the audits that mark rows.

    Parameters
    ----------
    rows : sequence of Row

    Returns
    -------
    dict of RowAudit to list of int
        Indices of the rows that were trained or tested there.
    """
    marked: dict[RowAudit, list[int]] = {}
    for i, row in enumerate(rows):
        for audit in audits_of(row):
            if audit.shortcut.is_marked:
                marked.setdefault(audit, []).append(i)
    return marked
