"""Splits that do not leak: how they are drawn, and the guard that refuses those that share an identity or a clip."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

import numpy as np

from ..contracts import FAKE, LABEL_NAMES, REAL, SPLITS, Item, Split
from ..errors import DataError
from ..store import digest

N_FOLDS = 5  # a fifth for test, a fifth for validation, three fifths for training
N_SHOWN = 5
WAY_OUT = "Mend the split lists, or leave the offenders out of training with --drop-leaks."
DRAW_WAY_OUT = "Pictures of one group stay together."
SPLIT_LIST_VERSION = 1  # raised when the columns of a split list change
SPLIT_COLUMNS = ("item", "label", "split", "group", "target", "donor", "video")

Name = tuple[str, str]  # kind ("item", "identity", "video") and value


def draw_splits(items: Sequence[Item], seed: int, replicate: int, test: bool = True, way_out: str = DRAW_WAY_OUT) -> list[Item]:
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
    way_out : str
        How groups can be declared otherwise, for the message.

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


def missing_classes(items: Iterable[Item], splits: Iterable[Split], labels: Iterable[int] = (REAL, FAKE)) -> str:
    """Name the splits that lack a class, as text; empty if none does."""
    labels, present = tuple(labels), {(item.split, item.label) for item in items}
    return ", ".join(f"{s} has no {LABEL_NAMES[label]}" for s in splits for label in labels if (s, label) not in present)


# --- the guard -------------------------------------------------------------------------------------------------------


def names_of(item: Item) -> tuple[Name, ...]:
    """What an item must not share with one on another side: itself, its clip, the identities shown and put in."""
    known = (("item", item.id), ("identity", item.target), ("identity", item.donor), ("video", item.video))
    return tuple(name for name in known if name[1])


def all_names(items: Iterable[Item]) -> set[Name]:
    """`names_of` several items, together."""
    return {name for item in items for name in names_of(item)}


def check_no_leak(name: str, fitted: Iterable[Item], held_out: Iterable[Item], way_out: str = WAY_OUT) -> None:
    """
    Refuse item sets of one data set that share a clip or an identity, be it shown or put in.

    Parameters
    ----------
    name : str
        What the message calls the pair, for example ``"train and val of ffpp/Deepfakes"``.
    fitted, held_out : iterables of Item
    way_out : str
        What the message tells to do.

    Raises
    ------
    DataError
        Naming up to five of what they share.
    """
    refuse_shared(name, all_names(fitted) & all_names(held_out), way_out)


def refuse_shared(name: str, shared: Iterable[Name], way_out: str = WAY_OUT) -> None:
    """
    Refuse two sides that share something; `check_no_leak` on names.

    Raises
    ------
    DataError
        If `shared` is not empty, naming up to five.
    """
    ordered = sorted(shared)
    if ordered:
        shown = ", ".join(f"{kind} '{value}'" for kind, value in ordered[:N_SHOWN])
        more = f" and {len(ordered) - N_SHOWN} more" if len(ordered) > N_SHOWN else ""
        raise DataError(f"{name} share {shown}{more}; a score on them would be memory. {way_out}")


class Fitted:
    """
    The training and validation items of one domain, on their way through the guard.

    Parameters
    ----------
    domain : str
    train, val : iterable of Item
    way_out : str
        What a message on what they share tells to do.

    Attributes
    ----------
    dropped : dict of str to list of Item
        What `drop` took out, by split.
    """

    def __init__(self, domain: str, train: Iterable[Item], val: Iterable[Item], way_out: str = "") -> None:
        self.domain = domain
        self.way_out = f"{WAY_OUT} {way_out}".strip()
        self._items: dict[Split, list[Item]] = {"train": list(train), "val": list(val)}
        self._names = {split: all_names(items) for split, items in self._items.items()}
        self._classes = {split: {item.label for item in items} for split, items in self._items.items()}
        self.dropped: dict[Split, list[Item]] = {"train": [], "val": []}

    def shared(self, split: Split, names: Set[Name]) -> set[Name]:
        """What the items of a split share with another side, whose names are given."""
        return self._names[split] & names

    def names(self, split: Split) -> set[Name]:
        """All that the items of a split must not share with another side."""
        return self._names[split]

    def drop(self, split: Split, names: Set[Name]) -> None:
        """Take the items out of a split that share something with another side, whose names are given."""
        if self._names[split].isdisjoint(names):
            return
        guilty = [not names.isdisjoint(names_of(item)) for item in self._items[split]]
        self.dropped[split] += [item for item, out in zip(self._items[split], guilty, strict=True) if out]
        self._items[split] = [item for item, out in zip(self._items[split], guilty, strict=True) if not out]
        self._names[split] = all_names(self._items[split])

    def lost_classes(self) -> str:
        """Name the splits that have lost a class; empty if none has."""
        lost = [missing_classes(items, [split], sorted(self._classes[split])) for split, items in self._items.items()]
        return ", ".join(filter(None, lost))


def refuse_leaks(fitted: Sequence[Fitted], held_out: Mapping[str, Set[Name]]) -> None:
    """
    Refuse clips and identities, shown or put in, that are on two sides, whichever domains of one data set the sides belong to.

    Parameters
    ----------
    fitted : sequence of Fitted
        Domains that one detector is trained on together.
    held_out : mapping of str to set
        Names of the test items, by test domain.

    Raises
    ------
    DataError
        Naming what is shared.
    """
    for one in fitted:
        for other in fitted:
            pair = f"train and val of {one.domain}" if one is other else f"train of {one.domain} and val of {other.domain}"
            refuse_shared(pair, one.shared("train", other.names("val")), one.way_out)
        for test, names in held_out.items():
            shared = one.shared("train", names) | one.shared("val", names)
            refuse_shared(f"train of {one.domain} and test of {test}", shared, one.way_out)


def drop_leaks(fitted: Sequence[Fitted], held_out: Mapping[str, Set[Name]]) -> None:
    """
    Take out of `fitted` what `refuse_leaks` would refuse.

    That is training and validation items that share something with test items, then training items that share something with
    validation items. Test sets stay as they are, so that rows stay comparable.

    Raises
    ------
    DataError
        If a split is left without a class.
    """
    for one in fitted:
        for names in held_out.values():
            one.drop("train", names)
            one.drop("val", names)
    for one in fitted:
        for other in fitted:
            one.drop("train", other.names("val"))
    for one in fitted:
        if any(one.dropped.values()):
            _refuse_emptied(one)


def _refuse_emptied(one: Fitted) -> None:
    missing = one.lost_classes()
    if missing:
        counts = " and ".join(f"{len(items)} of {split}" for split, items in one.dropped.items() if items)
        raise DataError(
            f"{one.domain}: without the pictures that share a clip or an identity with held-out ones ({counts}) {missing}. "
            f"Test on other domains, or mend the split lists."
        )


# --- split lists -----------------------------------------------------------------------------------------------------


def split_digest(items: Iterable[Item]) -> str:
    """Digest of who is on which side: ids, labels, splits, groups, identities and clips; the order of items does not matter."""
    return digest([SPLIT_LIST_VERSION, sorted(map(split_entry, items))])


def split_entry(item: Item) -> list[Any]:
    """Line of a split list, in the order of `SPLIT_COLUMNS`."""
    return [item.id, item.label, item.split, item.group, item.target, item.donor, item.video]
