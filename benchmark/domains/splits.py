"""Draw splits by group and describe them as split lists."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..contracts import FAKE, LABEL_NAMES, REAL, SPLITS, Item, Split
from ..errors import DataError
from ..store.files import digest

N_FOLDS = 5  # a fifth for test, a fifth for validation, three fifths for training
DRAW_WAY_OUT = "Pictures of one group stay together."
SPLIT_LIST_VERSION = 1  # raised when the columns of a split list change
SPLIT_COLUMNS = ("item", "label", "split", "group", "target", "donor", "video")


Name = tuple[str, str]  # kind ("item", "identity", "video", "group") and value


def names_of(item: Item) -> tuple[Name, ...]:
    """Return the names that items on two sides must not share: of the item, clip, group, identities shown and inserted."""
    pairs = (
        *(("item", item.id), ("identity", item.target), ("identity", item.donor)),
        *(("video", item.video), ("group", item.unit)),
    )
    return tuple(name for name in pairs if name[1])


def draw_splits(items: Sequence[Item], seed: int, replicate: int, test: bool = True, way_out: str = DRAW_WAY_OUT) -> list[Item]:
    """
    Draw the split of every item: groups stay whole, and classes are balanced as far as groups allow.

    Groups are ranked by a hash of their name and `seed`, and the first of them, up to a fifth of the pictures, are the test
    split. So the split of a group does not depend on the others: an added picture moves its own group and, at the end of the
    fifth, one or two more. Groups with reals, with fakes and with both are ranked apart, which balances the classes. Items that
    share an identity, a clip or a group are one group, be it over several others.

    Parameters
    ----------
    items : sequence of Item
        Their present split is ignored; order does not matter.
    seed : int
        Decides which fifth is the test split.
    replicate : int
        Decides, with `seed`, which part of the rest is validation.
    test : bool
        False draws train and validation only (4 : 1), for data whose test split is given.
    way_out : str
        Advice on the declaration of groups, for the message.

    Returns
    -------
    list of Item
        Sorted by id.

    Raises
    ------
    DataError
        If a split would lack a class.
    """
    ordered = sorted(items, key=lambda item: item.id)
    groups = linked_groups(ordered)
    split: dict[str, Split] = dict.fromkeys((item.id for item in ordered), "train")
    if test:
        split |= dict.fromkeys(_drawn(ordered, groups, N_FOLDS, ("test", seed), spare=2), "test")
    rest = [item for item in ordered if split[item.id] == "train"]
    n_folds = N_FOLDS - 1 if test else N_FOLDS
    split |= dict.fromkeys(_drawn(rest, groups, n_folds, ("val", seed, replicate), spare=1), "val")
    drawn = [replace(item, split=split[item.id]) for item in ordered]
    missing = missing_classes(drawn, SPLITS if test else ("train", "val"))
    if missing:
        n_groups = len(set(groups.values()))
        raise DataError(
            f"{len(ordered)} pictures in {n_groups} groups cannot be split into train, val and test: {missing}. "
            f"{way_out} Else add pictures, or give the splits as folders train/, val/ and test/."
        )
    return drawn


def linked_groups(items: Iterable[Item], clusters: Mapping[str, str] | None = None) -> dict[str, str]:
    """
    Return the group of every item, by id: items that share an identity, a clip or a declared group are linked.

    A set of linked groups is called by its alphabetically first name. `clusters` has a further name that links items, by id.
    """
    shared = {item.id: [name for name in names_of(item) if name[0] != "item"] for item in items}
    for item, cluster in (clusters or {}).items():
        shared[item].append(("cluster", cluster))
    if all(len(names) <= 1 for names in shared.values()):  # nothing to link, as in most folders
        return {item: names[0][1] if names else item for item, names in shared.items()}
    from scipy.cluster.hierarchy import DisjointSet  # takes a quarter of a second; most commands draw nothing

    sets = DisjointSet(name for names in shared.values() for name in names)
    for names in shared.values():
        for name in names[1:]:
            sets.merge(names[0], name)
    called = {name: min(value for _, value in subset) for subset in sets.subsets() for name in subset}
    return {item: called[names[0]] if names else item for item, names in shared.items()}


def _drawn(
    items: Sequence[Item], groups: Mapping[str, str], n_folds: int, entropy: tuple[str | int, ...], spare: int
) -> list[str]:
    """Return the ids of one of `n_folds` parts; none if there are too few items or groups. `spare` groups stay in the rest."""
    members: dict[str, list[Item]] = {}
    for item in items:
        members.setdefault(groups[item.id], []).append(item)
    counts = Counter(item.label for item in items)
    if len(members) < n_folds or min(counts[REAL], counts[FAKE]) < n_folds:
        return []
    strata: dict[frozenset[int], list[str]] = {}
    for group, of_group in members.items():
        strata.setdefault(frozenset(item.label for item in of_group), []).append(group)
    chosen: list[str] = []
    for stratum in strata.values():
        ranked = sorted(stratum, key=lambda group: _rank(*entropy, group))
        chosen += _first(ranked, [len(members[group]) for group in ranked], n_folds, len(ranked) - spare)
    return [item.id for group in chosen for item in members[group]]


def _rank(*parts: str | int) -> str:
    return hashlib.sha256("/".join(map(str, parts)).encode(errors="surrogateescape")).hexdigest()


def _first(groups: Sequence[str], sizes: Sequence[int], n_folds: int, most: int) -> list[str]:
    """Return the first groups that together come nearest to a fold, at least one and at most `most`."""
    quota = sum(sizes) / n_folds
    fitting = [(group, size) for group, size in zip(groups, sizes, strict=True) if size < 2 * quota]
    chosen: list[str] = []
    n = 0
    for group, size in fitting[: max(most, 0)]:
        if chosen and n + size / 2 >= quota:
            break
        chosen.append(group)
        n += size
    return chosen


def missing_classes(items: Iterable[Item], splits: Iterable[Split], labels: Iterable[int] = (REAL, FAKE)) -> str:
    """Name the splits that lack a class, as text; empty if none does."""
    labels, present = tuple(labels), {(item.split, item.label) for item in items}
    return ", ".join(f"{s} has no {LABEL_NAMES[label]}" for s in splits for label in labels if (s, label) not in present)


def split_digest(items: Iterable[Item]) -> str:
    """Return the digest of ids, labels, splits, groups, identities and clips; the order of items does not matter."""
    return digest([SPLIT_LIST_VERSION, sorted(map(split_entry, items))])


def split_entry(item: Item) -> list[Any]:
    """Return the line of an item in a split list, in the order of `SPLIT_COLUMNS`."""
    return [item.id, item.label, item.split, item.group, item.target, item.donor, item.video]
