"""Lines on submissions below the table of the terminal."""

from collections.abc import Sequence

from ...benchmark.results.rows import Row
from .findings import shared_notes
from .meta import label


def submission_lines(rows: Sequence[Row]) -> list[str]:
    """Return the contributor, the row and the notes of each submission; notes of several come once, at the end."""
    submitted = [(row, row.submission) for row in rows if row.submission is not None]
    own, shared = shared_notes((facts.name, facts.summary) for _, facts in submitted)
    lines = []
    for row, facts in submitted:
        by = f" by {label(facts.authors)}" if facts.authors else ""
        lines.append(f"submission {facts.name}{by}: {label(row.detector)} ← {label(row.train_label)}")
        lines += [f"  {label(note)}" for note in own[facts.name]]
    return [*lines, *map(label, shared)]
