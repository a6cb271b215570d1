"""Names that go on from another name of the listing, as those of copies and versions do: ``a.jpg``, ``a (1).jpg``."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from ...benchmark.domains.splits import N_FOLDS

BY_ORIGINAL = "the name that others go on from"
# Where a name may end that another one goes on from; a long number behind it is a seed, a date or a time.
END = re.compile(r"[\W_]+(?=[^\W_])(?!\d{6})")
MOST_CONTINUED = 1 / N_FOLDS  # of the pictures in one group
DIGIT = re.compile(r"\d")
MOST_COPIES = 5  # of one name; more count downloads or frames: ``images (99).jpg``
_COPY = "copy|kopie|copie|copia"
COUNTED = re.compile(r"(.*[^\W_])(?: ?\(\d{1,2}\)|~\d)")  # a (1), a~2
COPIED = re.compile(rf"(.*[^\W_])[ _-]+(?:{_COPY})(?:[ _-]?\(?\d{{1,2}}\)?)?", re.IGNORECASE)  # a copy 2, a - Copy (2)
COPY_OF = re.compile(rf"(?:{_COPY})(?: \(\d{{1,2}}\))?[ _-](?:of|von|de|di)[ _-](.+)", re.IGNORECASE)
# A word behind a name, such as a method or an edit: IMG_1234_flip, 0012-wav2lip, IMG_1234 (edited).
VERSION = re.compile(r"(.*[^\W_])[\W_]+([^\W\d_]+\d?[^\W\d_]*)\)?")


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


def original_names(stems: Iterable[str]) -> dict[str, str]:
    """
    Return the name of the original of each copy and version in a listing.

    Copies are called as systems call them: ``a (1)``, ``a~2``, ``a copy``, ``Copy of a``, ``a - Copy (2)``. A version has a
    word behind a name with a number, or one that several names have behind them: ``IMG_1234_flip``. More than a few such
    words may be persons or things.

    Parameters
    ----------
    stems : iterable of str
        Names without suffix.

    Returns
    -------
    dict of str to str
        The original is in the listing; that of copies with a word for them need not be. Names with more than `MOST_COPIES`
        copies are not in it.
    """
    known = set(stems)
    originals = {stem: original for stem in known if (original := _copied(stem, known))}
    versions = {
        stem: (match[1], match[2].lower())
        for stem in known
        if stem not in originals and (match := VERSION.fullmatch(stem)) and match[1] in known and match[2] not in known
    }
    words = Counter(word for _, word in versions.values())
    for stem, (original, word) in versions.items() if len(words) <= N_FOLDS else ():
        if words[word] >= N_FOLDS or DIGIT.search(original):
            originals[stem] = original
    copies: dict[str, list[str]] = defaultdict(list)
    for stem in originals:
        copies[_first(stem, originals)].append(stem)
    return {stem: original for original, some in copies.items() if len(some) <= MOST_COPIES for stem in some}


def _copied(stem: str, known: set[str]) -> str:
    """Return the name that a copy was made of; empty if the name is not called like a copy."""
    match = COUNTED.fullmatch(stem) or COPIED.fullmatch(stem) or COPY_OF.fullmatch(stem)
    if not match or match[1] in known:
        return match[1] if match else ""
    return _copied(match[1], known) or ("" if match.re is COUNTED else match[1])


def _first(stem: str, originals: dict[str, str]) -> str:
    """Return the first of copies of copies."""
    while stem in originals:
        stem = originals[stem]
    return stem
