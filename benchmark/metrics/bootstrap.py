"""Bootstrap draws of groups, for numbers whose variance has no formula."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .roc import Scored

Statistic = Callable[[Scored, NDArray], NDArray[np.float64]]  # items and weights (n_draws, n_items) to (..., n_draws)


MANY_GROUPS = 100_000  # counts of more are 100 MB in 1,000 draws; those of one item list are kept at a time


def _group_counts(n_groups: int, n_draws: int, seed: int) -> NDArray[np.int8]:
    """Draw groups with replacement: counts of each group in each draw, (n_draws, n_groups)."""
    return (_many_counts if n_groups > MANY_GROUPS else _few_counts)(n_groups, n_draws, seed)


def _drawn_counts(n_groups: int, n_draws: int, seed: int) -> NDArray[np.int8]:
    random, shares = np.random.default_rng(seed), np.full(n_groups, 1.0 / n_groups)
    # A group is drawn once on average, and never 128 times. Draws lie side by side: what follows takes all draws of a group.
    counts = np.empty((n_groups, n_draws), dtype=np.int8).T
    for draw in counts:
        draw[:] = random.multinomial(n_groups, shares)
    return counts


_few_counts, _many_counts = lru_cache(maxsize=4)(_drawn_counts), lru_cache(maxsize=1)(_drawn_counts)


class GroupBootstrap:
    """
    Bootstrap draws of groups, shared by everything that is computed from the same items.

    Parameters
    ----------
    scored : sequence of Scored
        All item sets that will be asked for. A group that occurs in several is drawn once for all of them, since it is
        the same evidence seen again.
    n_draws : int
    seed : int
    """

    def __init__(self, scored: Sequence[Scored], n_draws: int = 1000, seed: int = 0) -> None:
        self._names = np.unique(np.concatenate([s.groups for s in scored]))
        self._draws = n_draws, seed

    def under_draws(self, scored: Scored, statistic: Statistic) -> NDArray[np.float64]:
        """
        Compute statistics of an item set under every draw.

        Parameters
        ----------
        scored : Scored
        statistic : callable
            Takes the item set and weights (n_some_draws, n_items), and returns (..., n_some_draws).

        Returns
        -------
        array of float64 (..., n_draws)
        """
        counts, member = _group_counts(len(self._names), *self._draws), np.searchsorted(self._names, scored.groups)
        # Slices of the draws bound the memory on large sets: about 64 MB of float64 at a time.
        n_slices = -(-counts.shape[0] * max(1, member.size) // 8_000_000)
        parts = np.array_split(counts, n_slices)
        return np.concatenate([statistic(scored, part.T[member].T) for part in parts], axis=-1)
