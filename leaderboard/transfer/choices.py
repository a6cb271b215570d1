"""Test AUC of a band chosen in-domain, against one chosen on other domains and against the oracle's."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...benchmark.results.cell_document import NarrowBand
from ...benchmark.results.rows import Row
from ..ranking.comparable import headline_tests

CHOSEN = 2.0  # above every AUC: the chosen band was chosen by its rule, not by the highest AUC


@dataclass(frozen=True)
class SelectionGaps:
    """
    Mean test AUC by how the candidate was chosen.

    Attributes
    ----------
    selected : float
        Candidate with the best AUC on validation pictures of the training domain, as a study chooses.
    left_out : float
        For every domain, the candidate with the best mean over the *other* test domains.
    oracle : float
        For every domain, the candidate with the best AUC there, which nobody can choose without the test labels.
    """

    selected: float
    left_out: float
    oracle: float


def selection_gaps(validation: ArrayLike, tests: ArrayLike) -> SelectionGaps:
    """
    Compare in-domain choice, choice on other domains, and the oracle's.

    Parameters
    ----------
    validation : array of float (n_candidates,)
        AUC on validation pictures of the training domain; for a candidate that was chosen by another rule, any number above
        the rest.
    tests : array of float (n_candidates, n_domains)
        AUC of every candidate on every test domain.

    Returns
    -------
    SelectionGaps
        Where several candidates are equally good, their mean. Without candidates, or with a missing AUC, NaN: a mean over other
        domains is another number. `left_out` takes two domains.
    """
    val, auc = np.asarray(validation, dtype=np.float64), np.atleast_2d(np.asarray(tests, dtype=np.float64))
    if not auc.size or not (np.isfinite(auc).all() and np.isfinite(val).all()):
        return SelectionGaps(np.nan, np.nan, np.nan)
    selected = float(auc.mean(axis=1)[val == val.max()].mean())
    return SelectionGaps(selected, _left_out(auc), float(auc.max(axis=0).mean()))


def _left_out(auc: NDArray[np.float64]) -> float:
    n_domains = auc.shape[1]
    if n_domains < 2:
        return float("nan")
    chosen = []
    for domain in range(n_domains):
        elsewhere = np.delete(auc, domain, axis=1).mean(axis=1)
        chosen.append(auc[elsewhere >= elsewhere.max() - 1e-12, domain].mean())
    return float(np.mean(chosen))


UNKNOWN = SelectionGaps(math.nan, math.nan, math.nan)


def choice_gaps(narrow: Sequence[NarrowBand], rows: Sequence[Row]) -> tuple[SelectionGaps, int]:
    """
    Compare the three ways to choose a band for one cell, over the test domains of its headline.

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
    candidates = [_row_aucs(row, domains) for row in rows if row is not chosen]
    candidates += [[band.auc_on(name) for name in domains] for band in narrow]
    complete = [aucs for aucs in candidates if np.isfinite(aucs).all()]
    validation += [0.0] * len(complete)
    if not complete or not domains:
        return UNKNOWN, 1
    return selection_gaps(validation, [*tests, *complete]), len(validation)


def _row_aucs(row: Row, domains: Sequence[str]) -> list[float]:
    aucs = {test.domain: test.auc for test in row.tests}
    return [aucs.get(name, math.nan) for name in domains]
