"""
Maximum mean discrepancy of two sets of vectors, with a permutation test.

Symbols
-------
x, y : rows of the two sets, n and m of them.
k : kernel of a distance, 1 at distance 0.
MMD² : mean k(x, x') + mean k(y, y') - 2 mean k(x, y); 0 for equal distributions (Gretton et al., JMLR 13, 2012).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import scipy
from numpy.typing import NDArray

from ..arrays import Standardiser, squared_distances
from ..errors import DataError, StudyError, unknown_name

KernelName = Literal["gaussian", "exponential", "rational_quadratic"]
KERNELS: tuple[KernelName, ...] = ("gaussian", "exponential", "rational_quadratic")
Rule = Literal["first_100", "all_entries"]
RULES: tuple[Rule, ...] = ("first_100", "all_entries")
ROWS_AT_A_TIME = 512
SAMPLE_FOR_MEDIAN = 2048
MARGIN = 0.05  # of the quantile that a sample of pairs says, to either side
# Rows are centred in float64; what is left of equal ones is below this share of their length.
NO_DISTANCE = 1e-12
ROUNDING = 1e-12  # two statistics that differ by less are the same


@dataclass(frozen=True)
class Mmd:
    """
    A maximum mean discrepancy.

    Attributes
    ----------
    value : float
        MMD²; an unbiased estimate is 0 on the average where there is no difference, and so may lie below.
    width : float
        Of the kernel, in the unit of the vectors.
    kernel : {"gaussian", "exponential", "rational_quadratic"}
    p_value : float or None
        Share of relabellings that are at least as far apart, the true labels among them; None if none was tried.
    permutations : int
        Relabellings that were tried.
    n_real, n_fake : int
        Vectors.
    n_real_groups, n_fake_groups : int
        What was relabelled as one; the vectors themselves where no groups were told. With few of them p cannot be small.
    """

    value: float
    width: float
    kernel: KernelName
    p_value: float | None
    permutations: int
    n_real: int
    n_fake: int
    n_real_groups: int
    n_fake_groups: int


def mmd(
    real: NDArray,
    fake: NDArray,
    *,
    kernel: KernelName = "gaussian",
    width: float | None = None,
    groups: tuple[Sequence[str], Sequence[str]] | None = None,
    permutations: int = 999,
    seed: int = 0,
) -> Mmd:
    """
    Unbiased MMD² of two sets of vectors with a permutation test.

    Parameters
    ----------
    real, fake : arrays (n_real, n_features), (n_fake, n_features)
        Any two sets; also the vectors of pictures with and without a filter.
    kernel : {"gaussian", "exponential", "rational_quadratic"}
        See `kernel_of`.
    width : float, optional
        In the unit of the vectors; default is `median_distance` of all of them together.
    groups : (sequence of str, sequence of str), optional
        What each vector belongs to, a clip or a person. Pairs within a group say nothing about the distributions and are left
        out of all three means, as a vector's pair with itself always is. A group of one set is relabelled as a whole; one that
        is in both exchanges its two parts or does not.
    permutations : int
        Relabellings; 0 for none.
    seed : int
        Of the relabellings.

    Returns
    -------
    Mmd
        ``p_value`` is (1 + number of relabellings at least as far apart) / (1 + permutations).

    Raises
    ------
    DataError
        If the sets are not two matrices of finite numbers with as many columns, a set has fewer than two vectors or groups,
        or most vectors are one and the same.
    StudyError
        If an option makes no sense.
    """
    _require_sets(real, fake, groups)
    _require_options(kernel, width, permutations)
    rows, is_real = np.concatenate([real, fake]), np.arange(len(real) + len(fake)) < len(real)
    group = _numbered(groups, len(rows))
    labelling = Labelling.of(is_real, group)
    n_groups = labelling.n_groups
    if min(n_groups) < 2:
        raise DataError(f"MMD needs two groups of each kind, got {n_groups[0]} real and {n_groups[1]} fake.")
    width = median_distance(rows) if width is None else float(width)
    values = _values(rows, labelling, labelling.exchanges(permutations, np.random.default_rng(seed)), kernel, width)
    n_as_far = int(np.count_nonzero(values[1:] >= values[0] - ROUNDING))
    p_value = (1 + n_as_far) / (1 + permutations) if permutations else None
    return Mmd(float(values[0]), width, kernel, p_value, permutations, len(real), len(fake), *n_groups)


def kernel_of(squared: NDArray[np.float64], kernel: KernelName, width: float) -> NDArray[np.float64]:
    """
    Kernel of squared distances.

    Parameters
    ----------
    squared : array of float64
        Distances d², overwritten.
    kernel : {"gaussian", "exponential", "rational_quadratic"}
        exp(-d² / 2 w²), exp(-d / w), and 1 / (1 + d² / 2 w²).
    width : float
        w, in the unit of d.

    Returns
    -------
    array of float64, shape of `squared`
    """
    if kernel == "exponential":
        np.sqrt(squared, out=squared)
        squared /= -width
        return np.exp(squared, out=squared)
    squared /= 2 * width**2
    if kernel == "gaussian":
        return np.exp(np.negative(squared, out=squared), out=squared)
    squared += 1
    return np.reciprocal(squared, out=squared)


# --- width -----------------------------------------------------------------------------------------------------------


def median_distance(rows: NDArray) -> float:
    """
    Median Euclidean distance of all pairs of rows.

    Parameters
    ----------
    rows : array (n_rows, n_features)

    Returns
    -------
    float
        Exact, whatever the number and the order of rows; in blocks, so that 10,000 rows do not take their whole matrix.

    Raises
    ------
    DataError
        If there are not two rows of finite numbers, or half of the pairs have no distance.
    """
    _require_vectors(rows, "")
    n_pairs = len(rows) * (len(rows) - 1) // 2
    middle = [(n_pairs - 1) // 2, n_pairs // 2]
    return _positive(float(np.mean(_ordered_distances(rows, middle))), rows)


def published_width(rows: NDArray, rule: Rule) -> float:
    """
    Width of a kernel as two programs choose it, from the vectors of both sets in their order.

    Parameters
    ----------
    rows : array (n_rows, n_features)
    rule : {"first_100", "all_entries"}
        ``first_100`` (arXiv 2210.14571, its program): half the median of the first 100 pairs, which are those of the first
        vector if there are more than 100. ``all_entries`` (a thesis on middle frequencies, 2024, github.com/Julianwustl): the
        median of the whole matrix of distances, its diagonal included. Medians are the lower of two.

    Raises
    ------
    DataError
        As `median_distance`.
    StudyError
        If the rule is unknown.
    """
    _require_vectors(rows, "")
    if rule not in RULES:
        raise StudyError(unknown_name("published width", rule, RULES))
    n = len(rows)
    if rule == "first_100":
        first = np.sort(_first_distances(rows, 100))
        return _positive(float(first[(len(first) - 1) // 2]) / 2, rows)
    # In order: the n zeros of the diagonal, then every distance twice.
    rank = ((n * n - 1) // 2 - n) // 2
    return _positive(float(_ordered_distances(rows, [rank])[0]) if rank >= 0 else 0.0, rows)


def published_mmd(real: NDArray, fake: NDArray, rule: Rule, kernel: KernelName = "gaussian", width: float | None = None) -> Mmd:
    """
    MMD² as two programs compute it: each vector's kernel with itself is summed, but not counted.

    Parameters
    ----------
    real, fake : arrays (n_real, n_features), (n_fake, n_features)
    rule : {"first_100", "all_entries"}
        See `published_width`.
    kernel : {"gaussian", "exponential", "rational_quadratic"}
    width : float, optional
        In the place of the rule's.

    Returns
    -------
    Mmd
        Too large by 1 / (n_real - 1) + 1 / (n_fake - 1), without a p-value.

    Raises
    ------
    DataError, StudyError
        As `mmd` and `published_width`.
    """
    _require_sets(real, fake, None)
    width = published_width(np.concatenate([real, fake]), rule) if width is None else width
    unbiased = mmd(real, fake, kernel=kernel, width=width, permutations=0)
    excess = 1 / (len(real) - 1) + 1 / (len(fake) - 1)
    return replace(unbiased, value=unbiased.value + excess)


def _first_distances(rows: NDArray, n: int) -> NDArray[np.float64]:
    """Return the first distances of the list (0, 1), (0, 2), ..., (1, 2), ...; all if there are fewer."""
    distances: NDArray[np.float64] = np.empty(0)
    for i in range(len(rows) - 1):
        if len(distances) >= n:
            break
        distances = np.append(
            distances, np.asarray(scipy.spatial.distance.cdist(rows[i : i + 1], rows[i + 1 : i + 1 + n]), dtype=np.float64)
        )
    return distances[:n]


def _ordered_distances(rows: NDArray, ranks: Sequence[int]) -> NDArray[np.float64]:
    """
    Distances of given ranks among all pairs, the smallest having rank 0.

    Of many rows only the distances between two bounds are kept and sorted; the bounds come from a sample, and are widened
    if they turn out not to enclose the ranks.
    """
    n_pairs = len(rows) * (len(rows) - 1) // 2
    sample, margin = np.empty(0), 1.0
    if len(rows) > SAMPLE_FOR_MEDIAN:
        chosen = np.linspace(0, len(rows) - 1, SAMPLE_FOR_MEDIAN).astype(int)
        sample, margin = np.concatenate(list(_pair_distances(rows[chosen]))), MARGIN
    while True:
        low, high = _bounds(sample, ranks[0] / n_pairs - margin, ranks[-1] / n_pairs + margin)
        n_below, inside = _distances_between(rows, low, high)
        if n_below <= ranks[0] and ranks[-1] < n_below + len(inside):
            places = np.array(ranks) - n_below
            return np.sqrt(np.partition(inside, places)[places])
        margin *= 4


def _distances_between(rows: NDArray, low: float, high: float) -> tuple[int, NDArray[np.float64]]:
    """Number of squared distances below two bounds, and those between."""
    n_below, inside = 0, [np.empty(0)]
    for block in _pair_distances(rows):
        n_below += int(np.count_nonzero(block < low))
        inside.append(block[(block >= low) & (block <= high)])
    return n_below, np.concatenate(inside)


def _bounds(sample: NDArray[np.float64], low: float, high: float) -> tuple[float, float]:
    return (
        float(np.quantile(sample, low)) if low > 0 else -np.inf,
        float(np.quantile(sample, high)) if high < 1 else np.inf,
    )


def _pair_distances(rows: NDArray) -> Iterator[NDArray[np.float64]]:
    """Squared distances of all pairs, each pair once, block by block."""
    for _, squared in _distance_blocks(rows):
        n = len(squared)
        yield squared[:, :n][np.triu_indices(n, 1)]
        yield squared[:, n:].ravel()


def _distance_blocks(rows: NDArray) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Squared distances of some rows to themselves and all later ones, with the number of the first of them."""
    centre = Standardiser(rows.mean(axis=0, dtype=np.float64), np.ones(rows.shape[1]))
    for start in range(0, len(rows), ROWS_AT_A_TIME):
        yield start, squared_distances(rows[start : start + ROWS_AT_A_TIME], rows[start:], centre)


def _positive(width: float, rows: NDArray) -> float:
    length = np.sqrt(np.mean(np.einsum("ij,ij->i", rows, rows, dtype=np.float64)))
    if width <= NO_DISTANCE * length:
        raise DataError(
            f"MMD finds no width for its kernel: at least half of the distances between the {len(rows)} vectors are 0. "
            f"Leave out copies, or give a width."
        )
    return width


# --- test ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Labelling:
    """
    Labels of vectors, with the groups that a permutation may relabel.

    Attributes
    ----------
    is_real : array of bool (n_rows,)
    group : array of int (n_rows,)
        Number of each row's group, 0 to n - 1.
    real_in, fake_in : arrays of int (n,)
        Rows of each group.
    """

    is_real: NDArray[np.bool_]
    group: NDArray[np.intp]
    real_in: NDArray[np.intp]
    fake_in: NDArray[np.intp]

    @classmethod
    def of(cls, is_real: NDArray[np.bool_], group: NDArray[np.intp]) -> "Labelling":
        """Count the rows of each group."""
        real_in, fake_in = (np.bincount(group[side], minlength=int(group.max()) + 1) for side in (is_real, ~is_real))
        return cls(is_real, group, real_in, fake_in)

    @property
    def n_groups(self) -> tuple[int, int]:
        """Groups with real and with fake rows; a group with both counts for both."""
        return int(np.count_nonzero(self.real_in)), int(np.count_nonzero(self.fake_in))

    def exchanges(self, n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        """
        Draw labels that would have been as likely as the true ones if real and fake were one distribution.

        Returns
        -------
        array of bool (n_groups, 1 + n)
            Whether a group has its labels exchanged; never in the first column. Groups of one kind exchange them with one
            another, so that their numbers stay; a group of both kinds exchanges its two parts in every other draw.
        """
        has_real = self.real_in > 0
        pure = np.flatnonzero((self.real_in == 0) | (self.fake_in == 0))
        drawn = np.zeros((len(has_real), 1 + n), dtype=bool)
        for column in drawn.T[1:]:
            column[:] = rng.random(len(column)) < 0.5
            column[pure] = rng.permutation(has_real[pure]) != has_real[pure]
        return drawn

    def sides(self, exchanged: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Labels of the rows after exchanges, 1 for real and 0 for fake, (n_rows, n_labellings)."""
        return (self.is_real[:, None] ^ exchanged[self.group]).astype(np.float64)

    def n_pairs(self, exchanged: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Ordered pairs of different groups, (n_labellings,) each: real with real, fake with fake, real with fake."""
        r, f = self.real_in, self.fake_in
        n_real = r.sum() + (f - r) @ exchanged
        n_fake = len(self.group) - n_real
        squares = (f**2 - r**2) @ exchanged
        return (
            n_real**2 - (r**2).sum() - squares,
            n_fake**2 - (f**2).sum() + squares,
            n_real * n_fake - (r * f).sum(),
        )


def _values(
    rows: NDArray, labelling: Labelling, exchanged: NDArray[np.bool_], kernel: KernelName, width: float
) -> NDArray[np.float64]:
    """MMD² under every labelling, pairs within a group left out."""
    sides = labelling.sides(exchanged)
    within_real, towards_all, total = _kernel_sums(rows, labelling.group, sides, kernel, width)
    across = towards_all - within_real
    within_fake = total - within_real - 2 * across
    real_pairs, fake_pairs, pairs_across = labelling.n_pairs(exchanged)
    return within_real / real_pairs + within_fake / fake_pairs - 2 * across / pairs_across


def _kernel_sums(
    rows: NDArray, group: NDArray[np.intp], sides: NDArray[np.float64], kernel: KernelName, width: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """
    Sums of the kernel over ordered pairs of different groups: real with real, real with any, any with any.

    Every block of the kernel matrix is computed once, meets all labellings in one matrix product, and is gone.
    """
    within_real, row_sums = np.zeros(sides.shape[1]), np.zeros(len(rows))
    for start, squared in _distance_blocks(rows):
        end = start + len(squared)
        similar = kernel_of(squared, kernel, width)
        similar[group[start:end, None] == group[start:]] = 0
        row_sums[start:end] += similar.sum(axis=1)
        row_sums[end:] += similar[:, end - start :].sum(axis=0)
        similar[:, end - start :] *= 2  # for the block on the other side of the diagonal
        within_real += np.einsum("ij,ij->j", sides[start:end], similar @ sides[start:])
    return within_real, row_sums @ sides, float(row_sums.sum())


def _numbered(groups: tuple[Sequence[str], Sequence[str]] | None, n: int) -> NDArray[np.intp]:
    if groups is None:
        return np.arange(n)
    return np.unique(np.concatenate([np.asarray(side) for side in groups]), return_inverse=True)[1]


# --- input -----------------------------------------------------------------------------------------------------------


def _require_sets(real: NDArray, fake: NDArray, groups: tuple[Sequence[str], Sequence[str]] | None) -> None:
    _require_vectors(real, " real")
    _require_vectors(fake, " fake")
    if real.shape[1] != fake.shape[1]:
        raise DataError(f"MMD needs vectors of one length, got {real.shape[1]} numbers real and {fake.shape[1]} fake.")
    if groups is not None and (len(groups[0]), len(groups[1])) != (len(real), len(fake)):
        raise DataError(
            f"MMD needs a group for every vector: {len(real)} real and {len(fake)} fake, "
            f"got {len(groups[0])} and {len(groups[1])}."
        )


def _require_vectors(rows: NDArray, kind: str) -> None:
    if rows.ndim != 2 or len(rows) < 2:
        raise DataError(f"MMD needs at least two{kind} vectors, as (n_vectors, n_features); got {rows.shape}.")
    if not np.isfinite(rows).all():
        raise DataError(f"MMD needs finite numbers; {np.count_nonzero(~np.isfinite(rows))} of the{kind} ones are not.")


def _require_options(kernel: str, width: float | None, permutations: int) -> None:
    if kernel not in KERNELS:
        raise StudyError(unknown_name("kernel of MMD", kernel, KERNELS))
    if width is not None and not (np.isfinite(width) and width > 0):
        raise StudyError(f"MMD needs a width above 0, got {width}.")
    if permutations < 0:
        raise StudyError(f"MMD needs 0 or more permutations, got {permutations}.")
