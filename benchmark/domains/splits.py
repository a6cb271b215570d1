"""Draw splits by group and describe them as split lists."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..contracts import FAKE, LABEL_NAMES, REAL, SPLITS, Item, Split
from ..errors import DataError
from ..store.files import digest

N_FOLDS = 5  # a fifth for test, a fifth for validation, three fifths for training
DRAW_WAY_OUT = "Pictures of one group stay together."
SPLIT_LIST_VERSION = 1  # raised when the columns of a split list change
SPLIT_COLUMNS = ("item", "label", "split", "group", "target", "donor", "video")


def draw_splits(items: Sequence[Item], seed: int, replicate: int, test: bool = True, way_out: str = DRAW_WAY_OUT) -> list[Item]:
    """
    Draw the split of every item: groups stay whole, and classes are balanced as far as groups allow.

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
    split: dict[str, Split] = dict.fromkeys((item.id for item in ordered), "train")
    if test:
        for item in _fold(ordered, N_FOLDS, (seed,)):
            split[item.id] = "test"
    rest = [item for item in ordered if split[item.id] == "train"]
    for item in _fold(rest, N_FOLDS - 1 if test else N_FOLDS, (seed, replicate)):
        split[item.id] = "val"
    drawn = [replace(item, split=split[item.id]) for item in ordered]
    missing = missing_classes(drawn, SPLITS if test else ("train", "val"))
    if missing:
        groups = len({item.group for item in ordered})
        raise DataError(
            f"{len(ordered)} pictures in {groups} groups cannot be split into train, val and test: {missing}. "
            f"{way_out} Else add pictures, or give the splits as folders train/, val/ and test/."
        )
    return drawn


def _fold(items: Sequence[Item], n_folds: int, entropy: tuple[int, ...]) -> list[Item]:
    """Return one fold of a stratified group split; empty if there are too few items or groups for it."""
    # Imported here: scikit-learn takes a second, and commands that draw no splits import this module, too.
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    labels = np.array([item.label for item in items])
    groups = np.array([item.group for item in items])
    if len(items) < n_folds or len(set(groups)) < n_folds or np.bincount(labels, minlength=2).min() < n_folds:
        return []
    state = int(np.random.SeedSequence(entropy).generate_state(1)[0])
    # If every item is a group of its own, the plain split has the same property and takes a hundredth of the time.
    if len(set(groups)) == len(items):
        folds = StratifiedKFold(n_folds, shuffle=True, random_state=state).split(labels, labels)
    else:
        folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=state).split(labels, labels, groups)
    return [items[i] for i in next(iter(folds))[1]]


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
