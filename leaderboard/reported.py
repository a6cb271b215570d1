"""Published numbers of the detectors of a board, as their cards have them now."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..benchmark.contracts import Reported
from ..benchmark.results.reported_tests import compared
from ..benchmark.results.rows import Row


def with_reported(rows: Sequence[Row], published: Callable[[str], Sequence[Reported]]) -> list[Row]:
    """
    Set the published numbers of registered detectors beside the measured ones.

    Parameters
    ----------
    rows : sequence of Row
        With the numbers that were known when they were recorded; rows of other detectors, and submissions, keep those.
    published : callable
        Takes the name of a detector and returns the published numbers of its card; none where it is not registered.
    """
    return [row if row.is_submitted else _with_card(row, published(re.split(r"[/(]", row.detector)[0])) for row in rows]


def _with_card(row: Row, card: Sequence[Reported]) -> Row:
    return replace(row, reported=compared(card, row)) if card else row
