"""Names that go on from another name of the listing, as those of copies and versions do: ``a.jpg``, ``a (1).jpg``."""

import re
from collections import Counter
from collections.abc import Sequence

from ...benchmark.domains.splits import N_FOLDS

# Where a name may end that another one goes on from; a long number behind it is a seed, a date or a time.
END = re.compile(r"[\W_]+(?=[^\W_])(?!\d{6})")
MOST_CONTINUED = 1 / N_FOLDS  # of the pictures in one group


def continued_keys(stems: Sequence[str], least: int, repeated: float) -> tuple[str, ...] | None:
    """
    Return for each name the name of the listing that it goes on from, or that others go on from it.

    Parameters
    ----------
    stems : sequence of str
        Names without suffix.
    least : int
        Groups that there have to be.
    repeated : float
        Share of the names that have to be in a group.

    Returns
    -------
    tuple of str, or None
        One key per name: of a name alone it is the name itself. None if names do not go on from each other.
    """
    known = set(stems)
    beginnings = {stem: [stem[: m.start()] for m in END.finditer(stem) if stem[: m.start()] in known] for stem in known}
    for choose in (min, max):  # copies of copies belong to the first one; a single short name is not the first of all
        first = {stem: choose(some, key=len) if some else "" for stem, some in beginnings.items()}
        bases = {base for base in first.values() if base}
        keys = tuple((first[stem] if choose is min or stem not in bases else "") or stem for stem in stems)
        sizes = Counter(keys)
        n_grouped = sum(sizes[key] for key in sizes if key in bases)
        is_small = max(sizes.values(), default=0) <= MOST_CONTINUED * len(stems)
        if len(bases) >= least and n_grouped >= repeated * len(stems) and is_small:
            return keys
    return None
