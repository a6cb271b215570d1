"""Lines on submissions below the table of the terminal."""

from collections.abc import Sequence

from ...benchmark.results.rows import Row
from .meta import label


def submission_lines(rows: Sequence[Row]) -> list[str]:
    """Return the contributor, the row and the notes of each submission."""
    lines = []
    for row in rows:
        if row.submission is not None:
            by = f" by {label(row.submission.authors)}" if row.submission.authors else ""
            lines.append(f"submission {row.submission.name}{by}: {label(row.detector)} ← {label(row.train_label)}")
            lines += [f"  {label(note)}" for note in row.submission.notes]
    return lines
