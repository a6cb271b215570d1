"""
Comparison of every two of several recipes: mean AUCs on the same test pictures, over training draws.

The error of a difference has the two parts of `metrics.replicates`: groups of test pictures, on which all recipes are scored
alike, and training draws. Recipes that were fitted on the same training sets are compared draw by draw, so that what a lucky
draw gives to both does not count; others have the sum of their own variances between draws. A fit's own mistakes on these test
pictures are in both parts, so that the error is rather too large than too small. Holm's correction keeps the chance of any
false difference at `LEVEL`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...benchmark.metrics.delong import GroupCodes
from ...benchmark.metrics.intervals import auc_interval_of, scarce
from ...benchmark.metrics.replicates import Replicates, auc_replicates, mean_of, training_share
from ...benchmark.metrics.roc import Interval
from .entrants import Entrant

LEVEL = 0.05
LEAST_P = 1e-16
HALVINGS = 50  # of the logarithm of a p-value, from `LEAST_P` to 1
ROUNDING = 1e-12  # what is rounding, of an AUC, or as a share of a variance


@dataclass(frozen=True, eq=False)
class Contestant:
    """
    Mean AUC of a recipe with the parts of its error.

    Attributes
    ----------
    name : str
    replicates : Replicates
        Mean over the test domains, by training draw and group.
    unseen : float
        Variance over groups that the test pictures do not show, as evidence is `scarce` or nothing varies.
    training : tuple of str
        Digests of its training sets; equal for recipes that are compared draw by draw. Empty where they are not known.
    overlap : float
        Share of training pictures that two draws have in common.
    """

    name: str
    replicates: Replicates
    unseen: float = 0.0
    training: tuple[str, ...] = ()
    overlap: float = 0.0

    @property
    def interval(self) -> Interval:
        """Mean AUC with its 95 % interval over groups and training draws."""
        return auc_interval_of(self.replicates, self.overlap)


def contestant(entrant: Entrant, codes: GroupCodes) -> Contestant:
    """
    Return the mean over the test domains of an entrant.

    Parameters
    ----------
    entrant : Entrant
        With the same number of fits in every domain.
    codes : GroupCodes
        Of the groups of all entrants that it is compared with.
    """
    parts = [auc_replicates(entrant.tests[domain], codes) for domain in sorted(entrant.tests)]
    unseen = sum(map(_unseen_variance, parts)) / len(parts) ** 2
    training = (entrant.training,) if entrant.training else ()
    return Contestant(entrant.name, mean_of(parts), unseen, training, entrant.overlap)


def mean_contestant(name: str, members: Sequence[Contestant]) -> Contestant:
    """Return the mean of several contestants, each weighing the same: a detector over its training domains."""
    return Contestant(
        name,
        mean_of([member.replicates for member in members]),
        sum(member.unseen for member in members) / len(members) ** 2,
        tuple(digest for member in members for digest in member.training) if all(m.training for m in members) else (),
        max(member.overlap for member in members),
    )


def all_groups(entrants: Sequence[Entrant]) -> GroupCodes:
    """Return the numbers of the groups of all test pictures."""
    groups = {id(scored.groups): scored.groups for entrant in entrants for fits in entrant.tests.values() for scored in fits}
    return GroupCodes(np.unique(np.concatenate(list(groups.values()))))


def _unseen_variance(part: Replicates) -> float:
    """
    Return the variance of an AUC on one domain that its test pictures do not show.

    An AUC that does not vary, or of which evidence is `scarce`, has an error of at least one over the number of groups of the
    smaller class: nearly perfect on six pictures is no surer than perfect.
    """
    over_groups = float(part.covariance.mean())
    if over_groups > 0 and not scarce(part.value, part.n_pairs):
        return 0.0
    return max(1 / part.n_groups**2 - over_groups, 0.0)


@dataclass(frozen=True, eq=False)
class Comparison:
    """
    Comparisons of all pairs of contestants, best first.

    Attributes
    ----------
    order : tuple of int
        Of the contestants that were given, best first; all arrays have this order.
    differences : array of float64 (n, n)
        Mean AUC of the row less that of the column.
    errors : array of float64 (n, n)
        Standard errors of the differences.
    p, p_holm : arrays of float64 (n, n)
        Two-sided, and corrected for all pairs; NaN on the diagonal.
    """

    order: tuple[int, ...]
    differences: NDArray[np.float64]
    errors: NDArray[np.float64]
    p: NDArray[np.float64]
    p_holm: NDArray[np.float64]

    def places(self, level: float) -> list[tuple[int, int, int]]:
        """
        Return the rank interval and the tie group of each contestant, in the order of the comparison.

        One more than the contestants that are significantly better, the number of all less those that are significantly worse,
        and the number of the tie group: the best opens group 1, which takes in all that are not significantly worse than it;
        the best of the rest opens the next one.
        """
        n, significant = len(self.order), self.p_holm <= level
        better = (significant & (self.differences < 0)).sum(axis=1)
        worse = (significant & (self.differences > 0)).sum(axis=1)
        group = np.zeros(n, dtype=int)
        for i in range(n):
            if not group[i]:
                group[(group == 0) & ~significant[i]] = group.max() + 1
        return [(int(1 + better[i]), int(n - worse[i]), int(group[i])) for i in range(n)]


def compare(contestants: Sequence[Contestant]) -> Comparison:
    """
    Compare every two contestants that were scored on the same pictures.

    Parameters
    ----------
    contestants : sequence of Contestant
        Of the same groups (`all_groups`). Those with the same `Contestant.training` and number of draws are paired by draw.

    Returns
    -------
    Comparison
        The same for every order of `contestants`.
    """
    order = sorted(range(len(contestants)), key=lambda i: (-contestants[i].replicates.value, contestants[i].name, i))
    ordered = [contestants[i] for i in order]
    values = np.array([one.replicates.value for one in ordered])
    differences = values[:, np.newaxis] - values
    upper = np.triu_indices(len(ordered), 1)
    pairs = _Pairs(ordered)
    parts = [pairs.error(int(i), int(j)) for i, j in zip(*upper, strict=True)]
    variances = np.array([[part.variance for part in of_pair] for of_pair in parts]).reshape(-1, 3).T
    freedom = np.array([[part.freedom for part in of_pair] for of_pair in parts]).reshape(-1, 3).T
    p = p_values(differences[upper], variances, freedom)
    return Comparison(
        tuple(order),
        differences,
        _symmetric(np.sqrt(variances.sum(axis=0)), upper, 0.0),
        _symmetric(p, upper, np.nan),
        _symmetric(holm(p), upper, np.nan),
    )


def paired_interval(first: Contestant, second: Contestant) -> Interval:
    """
    Return the difference of two mean AUCs with the 95 % interval that goes with its p-value in `compare`.

    Parameters
    ----------
    first, second : Contestant
        Of the same groups (`all_groups`).

    Returns
    -------
    Interval
        Its ends are Cochran's critical value away, so that it holds 0 exactly where the uncorrected p-value is above `LEVEL`.
    """
    parts = _Pairs([first, second]).error(0, 1)
    variances, freedom = np.array([part.variance for part in parts]), np.array([part.freedom for part in parts])
    value, error = first.replicates.value - second.replicates.value, float(np.sqrt(variances.sum()))
    reach = error * float(_critical_value(_weights(variances), freedom, LEVEL))
    return Interval(value, max(-1.0, value - reach), min(1.0, value + reach), error)


def _symmetric(values: NDArray[np.float64], upper: tuple[NDArray, ...], own: float) -> NDArray[np.float64]:
    """Return the matrix with `values` above and below its diagonal, and `own` on it."""
    n = round((1 + (1 + 8 * len(values)) ** 0.5) / 2)
    matrix = np.full((n, n), own)
    matrix[upper] = values
    matrix.T[upper] = values
    return matrix


@dataclass(frozen=True)
class Part:
    """Part of the variance of a difference, with the degrees of freedom of its estimate."""

    variance: float
    freedom: float


PartsOfError = tuple[Part, Part, Part]  # over groups, and over training draws: of the difference, or of either side
NO_PART = Part(0.0, 1.0)


class _Pairs:
    """Errors of the differences of two contestants, from products of influences that are computed once for all pairs."""

    def __init__(self, contestants: Sequence[Contestant]) -> None:
        self.contestants = contestants
        each = [one.replicates for one in contestants]
        means = np.stack([one.influences.mean(axis=0) for one in each])
        self.over_groups = _squared_distances(means @ means.T)
        self.freedom = _freedom_of_pairs(each, means)

    def error(self, i: int, j: int) -> PartsOfError:
        """Return the parts of the error of a difference."""
        first, second = self.contestants[i], self.contestants[j]
        over_groups = Part(float(self.over_groups[i, j]) + first.unseen + second.unseen, float(self.freedom[i, j]))
        values, others = first.replicates.values, second.replicates.values
        if first.training and first.training == second.training and len(values) == len(others):
            return over_groups, _over_training(values - others, max(first.overlap, second.overlap)), NO_PART
        return over_groups, _over_training(values, first.overlap), _over_training(others, second.overlap)


def _over_training(values: NDArray[np.float64], overlap: float) -> Part:
    """Return the variance between training draws in the mean of `values`; see `training_share`."""
    n_draws = len(values)
    if n_draws == 1:
        return NO_PART
    return Part(training_share(n_draws, overlap) * float(values.var(ddof=1)), n_draws - 1.0)


def _squared_distances(products: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the squared distances of vectors from their products; exactly 0 where they are equal up to rounding."""
    own = np.diag(products)
    sums = own[:, np.newaxis] + own
    squares = sums - 2 * products
    return np.where(squares > ROUNDING * sums, squares, 0.0)


def _freedom_of_pairs(each: Sequence[Replicates], means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the degrees of freedom of the variance over groups of every difference, (n, n); see `Replicates.freedom`."""
    kinds = each[0].kinds
    fallback = max(1.0, min(one.n_groups for one in each) - 1.0)
    if kinds is None:
        return np.full((len(each),) * 2, fallback)
    total, uncertainty = np.zeros((2, len(each), len(each)))
    for kind in np.unique(kinds):
        own = means[:, kinds == kind]
        squares = _squared_distances(own @ own.T)
        total += squares
        uncertainty += squares**2 / max(own.shape[1] - 1, 1)
    return np.divide(total**2, uncertainty, out=np.full_like(total, fallback), where=uncertainty > 0)


def p_values(
    differences: NDArray[np.float64], variances: NDArray[np.float64], freedom: NDArray[np.float64]
) -> NDArray[np.float64]:
    """
    Return two-sided p-values of differences whose variance is a sum of parts.

    Parameters
    ----------
    differences : array of float64 (...)
    variances, freedom : arrays of float64 (n_parts, ...)
        Estimates of the parts, and their degrees of freedom.

    Returns
    -------
    array of float64 (...)
        At least `LEAST_P`; 1 where there is no difference.

    Notes
    -----
    The critical value is the mean of the quantiles of Student's t for the parts, weighted by their variances (Cochran,
    Biometrics 20, 1964). Satterthwaite's degrees of freedom are too many in the far tails that Holm's correction asks for: on
    15 % of simulated boards of 12 equal recipes with five draws, two were called different; by Cochran's rule on 4 %
    (docs/explanation/methods.md has the table).
    """
    total = variances.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistics = np.abs(differences) / np.sqrt(total)
    weights = _weights(variances)
    low, high = np.full(total.shape, np.log(LEAST_P)), np.zeros(total.shape)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        critical = _critical_value(weights, freedom, np.exp(middle))
        low, high = np.where(critical > statistics, middle, low), np.where(critical > statistics, high, middle)
    return np.where(np.abs(differences) < ROUNDING, 1.0, np.exp(high))


def _weights(variances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the shares of the parts in a variance, (n_parts, ...); equal ones where there is none."""
    total = variances.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, variances / total, 1 / len(variances))


def _critical_value(
    weights: NDArray[np.float64], freedom: NDArray[np.float64], p: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    """Return Cochran's critical value of two-sided tests at level `p`: the weighted mean of Student's quantiles."""
    from scipy.special import stdtrit

    return (weights * -stdtrit(freedom, p / 2)).sum(axis=0)


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Correct p-values with Holm's step-down correction.

    Holm (Scandinavian Journal of Statistics 6, 1979); an undefined p-value counts as 1.

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
