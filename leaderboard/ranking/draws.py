"""
Mean AUCs of many rows under the same bootstrap draws of groups.

`bandbench.benchmark.metrics.bootstrap.GroupBootstrap` resamples the groups of one cell. A ranking compares fifty rows, which
takes one sort per row and domain, additions over whole rows of draws, and little memory. The two draw from random streams of
their own (multinomial counts; numbers of groups, domain by domain): recorded intervals and ranks follow from those.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ...benchmark.metrics.delong import GroupCodes
from ...benchmark.metrics.roc import Scored

NUMBERS_AT_ONCE = 8_000_000  # float32, three arrays of them: what the draws of one slice may take
FAKES_AT_ONCE = 512  # their sum in float32 stays exact; sums of those are taken in float64

Tests = Mapping[str, Sequence[Scored]]


def nests(tests: Tests) -> list[tuple[list[str], NDArray]]:
    """
    Group the domains that share groups of pictures, with the names of those groups.

    Domains of one data set show the same people; their groups are drawn together, since it is the same evidence seen
    again. Domains that share none are drawn apart: groups are nested in them.

    Returns
    -------
    list of (domains, names)
        Domains and names sorted, whatever the order of `tests`.
    """
    nested: list[tuple[list[str], set[str]]] = []
    for domain in sorted(tests):
        groups = {str(group) for scored in tests[domain] for group in np.unique(scored.groups)}
        touched = [entry for entry in nested if entry[1] & groups]
        nested = [entry for entry in nested if not entry[1] & groups]
        nested.append((sorted([domain, *(d for names, _ in touched for d in names)]), groups.union(*(g for _, g in touched))))
    return [(domains, np.array(sorted(names))) for domains, names in sorted(nested, key=lambda entry: entry[0])]


def drawn_aucs(rows: Sequence[Tests], n_draws: int = 1000, seed: int = 0) -> NDArray[np.float64]:
    """
    Return the AUC of every row on every domain under the same draws of groups.

    Parameters
    ----------
    rows : sequence of mappings
        Test scores by domain, one per replicate; the same domains, and in those the same items, for every row.
    n_draws : int
    seed : int

    Returns
    -------
    array of float64 (n_rows, n_domains, n_draws)
        Mean over replicates, domains sorted by name; NaN where a draw has lost a class. Neither the order of the rows nor that
        of the items changes a draw.
    """
    domains = sorted(rows[0])
    aucs = np.zeros((len(rows), len(domains), n_draws))
    for number, (members, names) in enumerate(nests(rows[0])):
        codes = GroupCodes(names)
        n_items = max(len(scored.labels) for domain in members for scored in rows[0][domain])
        for part, counts in _slices(len(names), n_items, n_draws, np.random.default_rng([seed, number])):
            for i, row in enumerate(rows):
                for domain in members:
                    each = [weighted_aucs(s.labels, s.scores, codes.of(s.groups), counts) for s in row[domain]]
                    aucs[i, domains.index(domain), part] = np.mean(each, axis=0)
    return aucs


def _slices(n_groups: int, n_items: int, n_draws: int, rng: np.random.Generator) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Yield the count of each group in each draw, (n_groups, draws of the slice); slices do not change the draws."""
    step = max(1, NUMBERS_AT_ONCE // max(n_groups, n_items))
    for start in range(0, n_draws, step):
        part = slice(start, min(start + step, n_draws))
        n_here = part.stop - start
        drawn = rng.integers(n_groups, size=(n_here, n_groups)) * n_here + np.arange(n_here)[:, np.newaxis]
        counts = np.bincount(drawn.ravel(), minlength=n_groups * n_here)
        yield part, counts.astype(np.float32).reshape(n_groups, n_here)


def weighted_aucs(
    labels: NDArray[np.int64], scores: NDArray[np.float64], member: NDArray[np.intp], counts: NDArray[np.float32]
) -> NDArray[np.float64]:
    """
    Return the AUC with every group counted as often as it was drawn.

    Parameters
    ----------
    labels, scores : arrays (n_items,)
    member : array of int (n_items,)
        Number of each item's group.
    counts : array of float32 (n_groups, n_draws)

    Returns
    -------
    array of float64 (n_draws,)
        NaN where a class has no weight.
    """
    fake = labels == 1
    order = np.argsort(scores[~fake], kind="stable")
    below = _running_sums(counts[member[~fake][order]])
    left, right = (np.searchsorted(scores[~fake][order], scores[fake], side) for side in ("left", "right"))
    tied = not np.array_equal(left, right)
    weights = counts[member[fake]]
    beaten = np.zeros(counts.shape[1])
    for start in range(0, len(weights), FAKES_AT_ONCE):
        part = slice(start, start + FAKES_AT_ONCE)
        # A tie counts half, which is the mean of what lies left and right of it.
        reals = (below[left[part]] + below[right[part]]) / 2 if tied else below[left[part]]
        beaten += np.einsum("ij,ij->j", weights[part], reals)
    with np.errstate(invalid="ignore", divide="ignore"):
        return beaten / (weights.sum(axis=0, dtype=np.float64) * below[-1])


def _running_sums(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sums of the first 0, 1, ... rows. NumPy's cumsum goes down the columns one by one, ten times slower."""
    sums = np.zeros((len(weights) + 1, weights.shape[1]), dtype=np.float32)
    for i, row in enumerate(weights):
        np.add(sums[i], row, out=sums[i + 1])
    return sums
