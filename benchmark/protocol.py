"""Splits that do not leak: how they are drawn, and the guard that refuses those that share an identity or a clip."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from .contracts import LABEL_NAMES, SPLITS, Item, Split
from .errors import DataError

N_FOLDS = 5  # a fifth for test, a fifth for validation, three fifths for training


def draw_splits(items: Sequence[Item], seed: int, replicate: int, test: bool = True) -> list[Item]:
    """
    Give every item a split, groups kept whole and classes balanced as far as groups allow.

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
            f"Pictures of one folder or whose names agree up to their last number stay together; if they are independent, "
            f"name them by the number alone. Else add pictures, or give the splits as folders train/, val/ and test/."
        )
    return drawn


def _fold(items: Sequence[Item], n_folds: int, entropy: tuple[int, ...]) -> list[Item]:
    """One fold of a stratified group split."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    labels = np.array([item.label for item in items])
    groups = np.array([item.group for item in items])
    if len(items) < n_folds or len(set(groups)) < n_folds or np.bincount(labels, minlength=2).min() < n_folds:
        return []
    state = int(np.random.SeedSequence(entropy).generate_state(1)[0])
    # Where no two items belong together, the plain split does the same at a hundredth of the time.
    if len(set(groups)) == len(items):
        folds = StratifiedKFold(n_folds, shuffle=True, random_state=state).split(labels, labels)
    else:
        folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=state).split(labels, labels, groups)
    return [items[i] for i in next(iter(folds))[1]]


def missing_classes(items: Iterable[Item], splits: Iterable[Split]) -> str:
    """Name the splits that lack a class, as text; empty if none does."""
    present = {(item.split, item.label) for item in items}
    return ", ".join(f"{s} has no {LABEL_NAMES[label]}" for s in splits for label in (0, 1) if (s, label) not in present)


def check_no_leak(name: str, fitted: Iterable[Item], held_out: Iterable[Item]) -> None:
    """
    Refuse item sets of one data set that share a clip or an identity, be it shown or put in.

    Parameters
    ----------
    name : str
        What the message calls the pair, for example ``"train and val of ffpp/Deepfakes"``.
    fitted, held_out : iterables of Item

    Raises
    ------
    DataError
        Naming up to five of what they share.
    """
    sides = [_identities(fitted), _identities(held_out)]
    shared = sorted(sides[0] & sides[1])
    if shared:
        shown = ", ".join(f"{kind} '{value}'" for kind, value in shared[:5])
        more = f" and {len(shared) - 5} more" if len(shared) > 5 else ""
        raise DataError(f"{name} share {shown}{more}; a score on them would be memory. Mend the split lists.")


def _identities(items: Iterable[Item]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for item in items:
        found.add(("item", item.id))
        found.update(("identity", name) for name in (item.target, item.donor) if name)
        if item.video:
            found.add(("video", item.video))
    return found
