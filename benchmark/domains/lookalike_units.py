"""Units of a data set that are split as one, because their pictures look alike or are of one group."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..contracts import Item
from ..pictures.lookalikes import DISTANCE, clusters_of
from .splits import N_FOLDS, linked_groups

# Bits within which pictures are linked once look-alikes were noticed, which is at `DISTANCE`: the first at which no group is
# larger than a fold. Of 300 CelebA faces 6 have another within 10 bits and none within 8, of 1,000 CIFAKE photographs 4 and
# none; of 300 GAN faces, which repeat themselves, 71 and 32. The frames of 60 synthetic clips with noise (sd 10) or a shift by
# one pixel form 60 to 68 clusters at 10 bits and 60 to 113 at 8, none of them with frames of two clips.
LINKS = (10, 8, 6, DISTANCE)
MOST_AT_FIRST = 20_000  # pictures; in larger sets chance links too many within 10 bits


def lookalike_units(items: Sequence[Item], ids: Sequence[str], looks: NDArray[np.uint64]) -> dict[str, str]:
    """
    Link the pictures of a data set that look alike, and those of one group.

    Parameters
    ----------
    items : sequence of Item
        Of all splits.
    ids : sequence of str
        Those of which the looks are known.
    looks : array of uint64
        `perceptual_hash` of each of `ids`.

    Returns
    -------
    dict of str to str
        Unit by item, of the items that belong to one with others; it is called by its first group.
    """
    groups: dict[str, str] = {}
    for distance in LINKS if len(ids) <= MOST_AT_FIRST else LINKS[1:]:
        groups = linked_groups(items, _first_names(ids, clusters_of(looks, distance)))
        if max(Counter(groups.values()).values()) * N_FOLDS <= len(items):
            break
    sizes = Counter(groups.values())
    return {item: group for item, group in groups.items() if sizes[group] > 1}


def _first_names(ids: Sequence[str], clusters: NDArray[np.intp]) -> dict[str, str]:
    """Return the alphabetically first member of the cluster of each picture."""
    first: dict[int, str] = {}
    for name, cluster in zip(ids, clusters.tolist(), strict=True):
        first[cluster] = min(name, first.get(cluster, name))
    return {name: first[cluster] for name, cluster in zip(ids, clusters.tolist(), strict=True)}
