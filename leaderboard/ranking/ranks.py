"""
Rank intervals of rows from a paired bootstrap over groups, with Holm's correction.

Rows that were scored on the same test pictures are compared by their mean AUC over the test domains. A paired bootstrap over
groups estimates the standard error of every difference, Holm's correction keeps the chance of any false difference on the board
at 5 %, and the rank of a row is an interval: no row ranks above another whose difference is not significant.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...benchmark.errors import listed
from ...benchmark.metrics.delong import GroupCodes
from ...benchmark.metrics.intervals import auc_interval_of, scarce
from ...benchmark.metrics.replicates import auc_replicates, independent_pairs, mean_of
from ...benchmark.metrics.roc import Interval, Scored, roc_auc
from .draws import Tests, drawn_aucs
from .entrants import Entrant

NO_SPREAD = 1e-6  # AUCs under all draws that lie closer together than this do not vary
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
        Which of them were compared, best first; all arrays have this order.
    domains : tuple of str
        That their means are over.
    level : float
    differences : array of float64 (n, n)
        Mean AUC of the row less that of the column.
    errors : array of float64 (n, n)
        Standard errors, from the paired bootstrap.
    p, p_holm : arrays of float64 (n, n)
        Two-sided, and corrected for all pairs; NaN on the diagonal.
    """

    placements: tuple[Placement, ...]
    compared: tuple[int, ...]
    domains: tuple[str, ...]
    level: float
    differences: NDArray[np.float64]
    errors: NDArray[np.float64]
    p: NDArray[np.float64]
    p_holm: NDArray[np.float64]


def rank(
    entrants: Sequence[Entrant],
    domains: Collection[str] | None = None,
    n_draws: int = 1000,
    seed: int = 0,
    level: float = 0.05,
) -> Ranking:
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
    n_draws : int
        Of groups.
    seed : int
    level : float
        Chance that any two rows on the board are called different though they are not.

    Returns
    -------
    Ranking
        The same for every order of `entrants`.

    Notes
    -----
    A p-value is that of Student's t: difference over its standard error under the draws, with one degree of freedom less
    than the smaller class of the smallest domain has groups. Counting draws cannot do: with 1000 draws no p-value is below
    0.002, while Holm asks for 0.00004 among 50 rows. Where the draws do not show the noise of a row's AUC on a domain, because
    it does not move or evidence is `scarce`, it counts with an error of at least one over the number of groups of the smaller
    class there, as in `Interval`: nearly perfect on six pictures is no surer than perfect. Seeds of training are averaged, so a
    difference is one between these fitted detectors on other pictures of the same kind.
    """
    rows = [_restricted(entrant, domains) for entrant in entrants]
    reasons = [_unusable(row, domains) for row in rows]
    pool, reasons_outside = _pool(rows, reasons)
    reasons = [reason or reasons_outside.get(i, "") for i, reason in enumerate(reasons)]
    if not pool:
        return _no_ranking(rows, reasons, level)
    tests = [rows[i].tests for i in pool]
    evidence = _evidence(tests, n_draws, seed)
    means, draws, errors, n_groups = evidence.means, evidence.draws, evidence.errors, evidence.n_groups
    if draws.shape[1] < n_draws / 2:
        lost = "most draws of groups lose a class: too few groups"
        return _no_ranking(rows, [reason or lost for reason in reasons], level)
    best_first = sorted(range(len(pool)), key=lambda k: (-means[k], rows[pool[k]].name, pool[k]))
    means, errors = means[best_first], errors[np.ix_(best_first, best_first)]
    differences = means[:, np.newaxis] - means
    p = _student_p(differences, errors, n_groups - 1)
    p_holm = _holm_of_pairs(p)
    compared = tuple(pool[k] for k in best_first)
    places = _places(differences, p_holm <= level)
    intervals = [_interval(tests[k]) for k in best_first]
    placed = {i: Placement(rows[i].name, intervals[k], *places[k]) for k, i in enumerate(compared)}
    placements = tuple(placed.get(i) or _unplaced(row, reasons[i]) for i, row in enumerate(rows))
    return Ranking(placements, compared, tuple(sorted(tests[0])), level, differences, errors, p, p_holm)


# --- choice of the rows that are compared ------------------------------------------------------------------------------


def _restricted(entrant: Entrant, domains: Collection[str] | None) -> Entrant:
    if domains is None:
        return entrant
    tests = {name: tests for name, tests in entrant.tests.items() if name in domains}
    return Entrant(entrant.name, tests, {name: entrant.items[name] for name in tests})


def _unusable(row: Entrant, domains: Collection[str] | None) -> str:
    """Return the reason why a row cannot be ranked against any other; empty if it can."""
    if missing := sorted(set(domains or ()) - set(row.tests)):
        return f"not tested on {listed(missing, SHOWN)}"
    if not row.tests:
        return "no test domain"
    for domain in sorted(row.tests):
        for scored in row.tests[domain]:
            if trouble := _trouble(scored):
                return f"{domain}: {trouble}"
    return ""


def _trouble(scored: Scored) -> str:
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
        alone = "no other row was scored on the same pictures of the same domains"
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


def _no_ranking(rows: Sequence[Entrant], reasons: Sequence[str], level: float) -> Ranking:
    nothing = np.zeros((0, 0))
    placements = tuple(_unplaced(row, reason) for row, reason in zip(rows, reasons, strict=True))
    return Ranking(placements, (), (), level, nothing, nothing, nothing, nothing)


# --- comparison --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Evidence:
    """
    Mean AUCs of rows under resampled groups.

    Attributes
    ----------
    means : array of float64 (n,)
        Mean AUCs over the domains.
    draws : array of float64 (n, n_draws)
        The same under every draw that has lost no class.
    errors : array of float64 (n, n)
        Standard errors of all differences.
    n_groups : int
        Groups of the smaller class of the domain that has fewest.
    """

    means: NDArray[np.float64]
    draws: NDArray[np.float64]
    errors: NDArray[np.float64]
    n_groups: int


def _evidence(tests: Sequence[Tests], n_draws: int, seed: int) -> _Evidence:
    names = sorted(tests[0])
    aucs = np.array([[_mean_auc({domain: of_row[domain]}) for domain in names] for of_row in tests])
    n_groups = np.array([min(len(np.unique(s.groups[s.labels == c])) for s in tests[0][d] for c in (0, 1)) for d in names])
    n_pairs = np.array([independent_pairs(tests[0][domain]) for domain in names])
    drawn = drawn_aucs(tests, n_draws, seed)
    drawn = drawn[:, :, np.isfinite(drawn).all(axis=(0, 1))]
    over = np.asarray(drawn.mean(axis=1), dtype=np.float64)
    errors = np.full((len(tests),) * 2, np.nan)
    if drawn.shape[2] >= 2:
        # Draws of n groups vary by (n - 1) / n of what the next n groups would.
        covariance = np.atleast_2d(np.cov(over)) * n_groups.min() / (n_groups.min() - 1)
        covariance += np.diag(_missing_variance(aucs, drawn, n_groups, n_pairs).sum(axis=1) / len(names) ** 2)
        errors = _error_of_differences(covariance)
    return _Evidence(aucs.mean(axis=1), over, errors, int(n_groups.min()))


def _missing_variance(
    aucs: NDArray[np.float64], drawn: NDArray[np.float64], n_groups: NDArray[np.intp], n_pairs: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return the variance that is added to each row's AUC on each domain, (n, n_domains), where draws underestimate it."""
    unsure = np.array([[scarce(auc, n) for auc, n in zip(row, n_pairs, strict=True)] for row in aucs])
    estimated = drawn.var(axis=2, ddof=1) * n_groups / (n_groups - 1)
    return np.where((np.ptp(drawn, axis=2) < NO_SPREAD) | unsure, np.maximum(1 / n_groups**2 - estimated, 0), 0)


def _interval(tests: Tests) -> Interval:
    """Return the mean AUC of a row with its interval."""
    codes = GroupCodes(np.unique(np.concatenate([scored.groups for each in tests.values() for scored in each])))
    return auc_interval_of(mean_of([auc_replicates(tests[domain], codes) for domain in sorted(tests)]))


def _error_of_differences(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standard error of the difference of every two rows, from their covariance (n, n)."""
    own = np.diag(covariance)
    squares = own[:, np.newaxis] + own - 2 * covariance
    # The difference of equal draws is zero up to rounding.
    squares[squares < 1e-12 * (own[:, np.newaxis] + own)] = 0
    return np.sqrt(squares)


def _student_p(differences: NDArray[np.float64], errors: NDArray[np.float64], freedom: int) -> NDArray[np.float64]:
    """Return two-sided p-values; 1 where there is no difference."""
    from scipy.stats import t

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.abs(differences) < 1e-12, 1.0, 2 * t.sf(np.abs(differences) / errors, freedom))


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Apply Holm's step-down correction (Scandinavian Journal of Statistics 6, 1979); an undefined p-value counts as 1.

    Parameters
    ----------
    p : array of float64 (n_tests,)

    Returns
    -------
    array of float64 (n_tests,)
        Calling those at most `level` significant keeps the chance of any false one at `level`, however they depend.
    """
    defined = np.nan_to_num(p, nan=1.0)
    order = np.argsort(defined, kind="stable")
    corrected = np.empty_like(defined)
    corrected[order] = np.minimum(np.maximum.accumulate(defined[order] * np.arange(len(p), 0, -1)), 1)
    return corrected


def _holm_of_pairs(p: NDArray[np.float64]) -> NDArray[np.float64]:
    upper = np.triu_indices(len(p), 1)
    corrected = np.full_like(p, np.nan)
    corrected[upper] = holm(p[upper])
    corrected.T[upper] = corrected[upper]
    return corrected


def _places(differences: NDArray[np.float64], significant: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Return rank interval and tie group of rows that are sorted, best first."""
    n = len(differences)
    better_ones = (significant & (differences < 0)).sum(axis=1)
    worse_ones = (significant & (differences > 0)).sum(axis=1)
    group = np.zeros(n, dtype=int)
    for i in range(n):
        if not group[i]:
            group[(group == 0) & ~significant[i]] = group.max() + 1
    return [(int(1 + better_ones[i]), int(n - worse_ones[i]), int(group[i])) for i in range(n)]
