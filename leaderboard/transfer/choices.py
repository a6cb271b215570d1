"""What choosing a band at home costs, against choosing it on other domains and against hindsight, for one cell."""

import math
from collections.abc import Sequence

import numpy as np

from ...benchmark.results.cell_document import NarrowBand
from ...benchmark.results.rows import Row
from ..ranking.comparable import headline_tests
from .domains import SelectionGaps, selection_gaps

UNKNOWN = SelectionGaps(math.nan, math.nan, math.nan)
CHOSEN = 2.0  # above every AUC: the chosen band was chosen by its rule, not by the highest AUC


def choice_gaps(narrow: Sequence[NarrowBand], rows: Sequence[Row]) -> tuple[SelectionGaps, int]:
    """
    Compare three ways to choose among the bands of a cell whose AUC on every test domain of its headline is known.

    Parameters
    ----------
    narrow : sequence of NarrowBand
        Of the cell.
    rows : sequence of Row
        All rows of the cell.

    Returns
    -------
    gaps : SelectionGaps
        ``selected`` is what the rule of the study chose. NaN with fewer than two candidates, or without a chosen band.
    n_candidates : int
        Narrow bands, and bands that have a row.

    Notes
    -----
    Bands that are known only as the oracle of a domain are no candidates: they are there because of their test scores.
    """
    chosen = next((row for row in rows if row.role == "chosen"), None)
    if chosen is None:
        return UNKNOWN, 0
    domains = [test.domain for test in headline_tests(chosen)[0]]
    validation, tests = [CHOSEN], [_row_aucs(chosen, domains)]
    others = [_row_aucs(row, domains) for row in rows if row is not chosen]
    others += [[band.auc_on(name) for name in domains] for band in narrow]
    complete = [aucs for aucs in others if np.isfinite(aucs).all()]
    validation += [0.0] * len(complete)
    if not complete or not domains:
        return UNKNOWN, 1
    return selection_gaps(validation, [*tests, *complete]), len(validation)


def _row_aucs(row: Row, domains: Sequence[str]) -> list[float]:
    known = {test.domain: test.auc for test in row.tests}
    return [known.get(name, math.nan) for name in domains]
