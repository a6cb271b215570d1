"""Ranks of a board: of its rows, and of its detectors over their trainings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...benchmark.results.rows import Row
from .detectors import DetectorPlace, detector_ranking
from .entrants import RowScores
from .later import with_later_auc
from .standings import standings


@dataclass(frozen=True)
class RankedBoard:
    """
    Rows with their standings.

    Attributes
    ----------
    rows : list of Row
        In the order that they were given in, with `Row.standing` and the mean over later generators.
    detectors : list of DetectorPlace
        See `detectors.detector_ranking`.
    """

    rows: list[Row]
    detectors: list[DetectorPlace]


def ranked_board(rows: Sequence[Row], folder_of: Callable[[Row], Path | None]) -> RankedBoard:
    """
    Rank the rows and the detectors of a board from the score files, and compute their means over later generators.

    Parameters
    ----------
    rows : sequence of Row
    folder_of : callable
        Takes a row and returns the folder of its cell, or None where there is none.
    """
    scores = RowScores(folder_of)
    ranks = zip(rows, standings(rows, scores), strict=True)
    placed = [replace(with_later_auc(row, scores), standing=standing) for row, standing in ranks]
    return RankedBoard(placed, detector_ranking(rows, scores))
