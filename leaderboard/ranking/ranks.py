"""
Rank intervals of rows, with Holm's correction.

Rows that were scored on the same test pictures are compared by their mean AUC over the test domains (`comparison`): the error
of a difference counts other test pictures and other training draws. Holm's correction keeps the chance of any false difference
on the board at 5 %, and the rank of a row is an interval: no row ranks above another whose difference is not significant.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...benchmark.errors import listed
from ...benchmark.metrics.roc import Interval, Scored, roc_auc
from .comparison import LEVEL, Comparison, all_groups, compare, contestant
from .entrants import Entrant

SHOWN = 4  # domains that a reason names


@dataclass(frozen=True)
class Placement:
    """
    Rank interval of a row.

    Attributes
    ----------
    name : str
    auc : Interval
        Mean over the test domains; without bounds for a row that was not compared.
    low, high : int or None
        Rank interval: one more than the rows that are significantly better; the number of rows compared less those that are
        significantly worse.
    tie_group : int or None
        Number of the group, 1 the best. The best row opens group 1, which takes in all rows that are not significantly worse
        than it; the best of the rest opens the next one.
    reason : str
        Reason why there is no rank; empty if there is one.
    """

    name: str
    auc: Interval
    low: int | None = None
    high: int | None = None
    tie_group: int | None = None
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Ranking:
    """
    Placements, and the comparisons of all pairs behind them.

    Attributes
    ----------
    placements : tuple of Placement
        In the order of the rows that were given.
    compared : tuple of int
        Which of them were compared, best first, as all arrays of the comparison are.
    domains : tuple of str
        That their means are over.
    comparison : Comparison or None
        None where nothing was compared.
    """

    placements: tuple[Placement, ...]
    compared: tuple[int, ...] = ()
    domains: tuple[str, ...] = ()
    comparison: Comparison | None = None


def rank(entrants: Sequence[Entrant], domains: Collection[str] | None = None, level: float = LEVEL) -> Ranking:
    """
    Rank rows by their mean AUC over test domains.

    The largest set of rows that were scored on the same pictures of the same domains is compared (of equally large ones that
    with more domains, then the one whose names and digests come first); other rows get no rank, and the reason. A row that is
    alone in its set has no rank.

    Parameters
    ----------
    entrants : sequence of Entrant
        Rows of one training domain, say, since the other domains of two training domains are not the same.
    domains : collection of str, optional
        That the means are over; rows that were tested on more are compared on these. (default: all domains of a row)
    level : float
        Chance that any two rows on the board are called different though they are not.

    Returns
    -------
    Ranking
        The same for every order of `entrants`.

    Notes
    -----
    With one fit per row there is no variance between training draws, and a difference is one between these fitted detectors
    on other pictures of the same kind.
    """
    rows = [entrant if domains is None else entrant.on(domains) for entrant in entrants]
    reasons = [unusable(row, domains) for row in rows]
    pool, reasons_outside = _pool(rows, reasons)
    reasons = [reason or reasons_outside.get(i, "") for i, reason in enumerate(reasons)]
    if not pool:
        return Ranking(tuple(map(_unplaced, rows, reasons)))
    codes = all_groups([rows[i] for i in pool])
    contestants = [contestant(rows[i], codes) for i in pool]
    comparison = compare(contestants)
    places = dict(zip(comparison.order, comparison.places(level), strict=True))
    placed = {i: Placement(rows[i].name, contestants[k].interval, *places[k]) for k, i in enumerate(pool)}
    placements = tuple(placed.get(i) or _unplaced(row, reasons[i]) for i, row in enumerate(rows))
    return Ranking(placements, tuple(pool[k] for k in comparison.order), tuple(sorted(rows[pool[0]].tests)), comparison)


# --- choice of the rows that are compared ------------------------------------------------------------------------------


def unusable(row: Entrant, domains: Collection[str] | None = None) -> str:
    """Return the reason why a row cannot be ranked against any other, on some domains or its own; empty if it can."""
    if missing := sorted(set(domains or ()) - set(row.tests)):
        return f"not tested on {listed(missing, SHOWN)}"
    if not row.tests:
        return "no test domain"
    if not row.n_draws:
        return "its test domains were scored in different numbers of draws"
    for domain in sorted(row.tests):
        for scored in row.tests[domain]:
            if trouble := trouble_of(scored):
                return f"{domain}: {trouble}"
    return ""


def trouble_of(scored: Scored) -> str:
    """Return the reason why scores cannot be compared with any others; empty if they can."""
    if not np.isfinite(scored.scores).all():
        return f"{int((~np.isfinite(scored.scores)).sum())} scores are not finite"
    for label, name in ((0, "real"), (1, "fake")):
        n_groups = len(np.unique(scored.groups[scored.labels == label]))
        if n_groups < 2:
            return f"{name} pictures of {n_groups or 'no'} group{'s' * (n_groups == 0)}; two are needed to tell noise"
    return ""


def _pool(rows: Sequence[Entrant], reasons: Sequence[str]) -> tuple[list[int], dict[int, str]]:
    """Return the rows that are compared, and for each other usable row the reason why it is not."""
    pools: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for i, row in enumerate(rows):
        if not reasons[i]:
            pools.setdefault(tuple(sorted(row.items.items())), []).append(i)
    ordered = sorted(pools, key=lambda signature: (-len(pools[signature]), -len(signature), signature))
    if not ordered or len(pools[ordered[0]]) == 1:
        alone = "no other row that may be ranked was scored on the same pictures of the same domains"
        return [], {i: alone for members in pools.values() for i in members}
    chosen = ordered[0]
    outside = {i: _unlike(dict(signature), dict(chosen)) for signature in ordered[1:] for i in pools[signature]}
    return pools[chosen], outside


def _unlike(items: Mapping[str, str], chosen: Mapping[str, str]) -> str:
    """Describe the difference between the test items of a row and those of the compared rows."""
    parts = {
        "not tested on": sorted(set(chosen) - set(items)),
        "its mean takes in": sorted(set(items) - set(chosen)),
        "scored on other pictures of": sorted(name for name in set(items) & set(chosen) if items[name] != chosen[name]),
    }
    return "; ".join(f"{relation} {listed(names, SHOWN)}" for relation, names in parts.items() if names)


def _mean_auc(tests: Mapping[str, Sequence[Scored]]) -> float:
    """Return the mean AUC over replicates, then over domains; NaN without any, or where a score is not finite."""
    if not all(np.isfinite(scored.scores).all() for each in tests.values() for scored in each):
        return float("nan")
    each = [float(np.mean([roc_auc(s.labels, s.scores) for s in tests[domain]])) for domain in sorted(tests)]
    return float(np.mean(each)) if each else float("nan")


def _unplaced(row: Entrant, reason: str) -> Placement:
    return Placement(row.name, Interval(_mean_auc(row.tests), np.nan, np.nan, np.nan), reason=reason)
