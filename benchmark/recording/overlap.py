"""Training pictures that the draws of a cell have in common."""

from collections.abc import Sequence
from itertools import combinations

from ..domains.seen import read_learned
from ..records import ItemSet


def train_overlap(draws: Sequence[ItemSet]) -> float:
    """
    Return the share of training pictures that two draws have in common.

    Parameters
    ----------
    draws : sequence of ItemSet
        Training pictures of every draw. Pictures are compared by their contents, which are beside the item tables.

    Returns
    -------
    float
        Twice the number of common pictures over the number of both, the mean over all pairs of draws; 0 for one draw, 1
        where all draws have the same pictures.
    """
    if len(draws) < 2:
        return 0.0
    seen = {items.digest: read_learned([items.table]).seen for items in draws}
    shares = [1.0 if a.digest == b.digest else _common(seen[a.digest], seen[b.digest]) for a, b in combinations(draws, 2)]
    return sum(shares) / len(shares)


def _common(first: frozenset[str], second: frozenset[str]) -> float:
    return 2 * len(first & second) / max(1, len(first) + len(second))
