"""The guard against leaks: refuse or drop items that share a clip or a person with held-out ones."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property

from ..contracts import Item, Split
from ..errors import DataError, listed
from .catalogue import OpenDomain
from .names import dataset_name
from .splits import Name, missing_classes, names_of

HeldOut = tuple[OpenDomain, str]  # a domain, and the split of it that is scored


@dataclass(frozen=True)
class GuardedDomain(OpenDomain):
    """
    A domain without the training and validation items that share something with held-out ones.

    Attributes
    ----------
    plain : OpenDomain
        The whole domain.
    left_out : frozenset of str
        Ids.
    """

    left_out: frozenset[str] = frozenset()

    @cached_property
    def items(self) -> Sequence[Item]:
        """All items that are used, every split."""
        return [item for item in whole(self).items if item.id not in self.left_out]


def guarded(domain: OpenDomain, left_out: Iterable[Item]) -> GuardedDomain:
    """Return a domain without some of its items."""
    ids = frozenset(item.id for item in left_out)
    return GuardedDomain(domain.name, domain.spec, domain.seed, domain.replicate, domain, domain.dataset, left_out=ids)


def whole(domain: OpenDomain) -> OpenDomain:
    """Return the domain with all items that the data set lists, those that the guard left out included."""
    return domain.plain if isinstance(domain, GuardedDomain) and domain.plain else domain


def same_data(one: OpenDomain, other: OpenDomain) -> bool:
    """Return True if two domains are of one data set, under one name or two: equal names in them then mean the same."""
    return dataset_name(one.name) == dataset_name(other.name) or one.spec.key_parts() == other.spec.key_parts()


N_SHOWN = 5
WAY_OUT = "Mend the split lists, or leave the offenders out of training with --drop-leaks."


def all_names(items: Iterable[Item]) -> set[Name]:
    """Return the names of several items, see `names_of`."""
    return {name for item in items for name in names_of(item)}


def check_no_leak(name: str, fitted: Iterable[Item], held_out: Iterable[Item], way_out: str = WAY_OUT) -> None:
    """
    Refuse item sets of one data set that share a clip or an identity, be it shown or inserted.

    Parameters
    ----------
    name : str
        The two sides in the message, for example ``"train and val of ffpp/Deepfakes"``.
    fitted, held_out : iterables of Item
    way_out : str
        Advice at the end of the message.

    Raises
    ------
    DataError
        If they do; the message names up to five of the shared names.
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
        shown = listed((f"{kind} '{value}'" for kind, value in ordered), N_SHOWN)
        raise DataError(f"{name} share {shown}; a score on them would be memory. {way_out}")


class Fitted:
    """
    Training and validation items of one domain, from which the guard can drop some.

    Parameters
    ----------
    domain : str
    train, val : iterable of Item
    way_out : str
        Advice at the end of a message on shared names.

    Attributes
    ----------
    dropped : dict of str to list of Item
        Items that `drop` took out, by split.
    """

    def __init__(self, domain: str, train: Iterable[Item], val: Iterable[Item], way_out: str = "") -> None:
        self.domain = domain
        self.way_out = f"{WAY_OUT} {way_out}".strip()
        self._items: dict[Split, list[Item]] = {"train": list(train), "val": list(val)}
        self._names = {split: all_names(items) for split, items in self._items.items()}
        self._classes = {split: {item.label for item in items} for split, items in self._items.items()}
        self.dropped: dict[Split, list[Item]] = {"train": [], "val": []}

    def shared(self, split: Split, names: Set[Name]) -> set[Name]:
        """Return the names that the items of a split share with another side, which has `names`."""
        return self._names[split] & names

    def names(self, split: Split) -> set[Name]:
        """Return the names of all items of a split."""
        return self._names[split]

    def drop(self, split: Split, names: Set[Name]) -> None:
        """Take the items out of a split that share a name with another side, which has `names`."""
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
    Refuse clips and identities, shown or inserted, that are on two sides, which may be of different domains of one data set.

    Parameters
    ----------
    fitted : sequence of Fitted
        Domains that one detector is trained on together.
    held_out : mapping of str to set
        Names of the test items, by test domain.

    Raises
    ------
    DataError
        If they are; the message names up to five of them.
    """
    for domain in fitted:
        for other in fitted:
            same = f"train and val of {domain.domain}"
            pair = same if domain is other else f"train of {domain.domain} and val of {other.domain}"
            refuse_shared(pair, domain.shared("train", other.names("val")), domain.way_out)
        for test, names in held_out.items():
            shared = {split: found for split in ("train", "val") if (found := domain.shared(split, names))}
            sides = f"{' and '.join(shared)} of {domain.domain} and test of {test}"
            refuse_shared(sides, set().union(*shared.values()), domain.way_out)


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
    for domain in fitted:
        for names in held_out.values():
            domain.drop("train", names)
            domain.drop("val", names)
    for domain in fitted:
        for other in fitted:
            domain.drop("train", other.names("val"))
    for domain in fitted:
        if any(domain.dropped.values()):
            _refuse_emptied(domain)


def _refuse_emptied(fitted: Fitted) -> None:
    missing = fitted.lost_classes()
    if missing:
        counts = " and ".join(f"{len(items)} of {split}" for split, items in fitted.dropped.items() if items)
        raise DataError(
            f"{fitted.domain}: without the pictures that share a clip or an identity with held-out ones ({counts}) {missing}. "
            f"Test on other domains, or mend the split lists."
        )


def guard(domains: Sequence[OpenDomain], drop: bool) -> tuple[list[OpenDomain], dict[str, int]]:
    """
    Keep training and validation pictures apart, over all domains that one model is trained on.

    Parameters
    ----------
    domains : sequence of OpenDomain
    drop : bool
        Leave training pictures out instead of refusing.

    Returns
    -------
    domains : list of OpenDomain
        Without what was left out.
    dropped : dict of str to int
        Numbers of pictures that were left out, by split.

    Raises
    ------
    DataError
        Naming what is shared; or, with `drop`, if a domain is left without a class.
    """
    fitted = [Fitted(domain.name, domain.split("train"), domain.split("val"), domain.regrouping) for domain in domains]
    for i, domain in enumerate(domains):
        related = [k for k, other in enumerate(domains) if same_data(other, domain)]
        if related[0] == i:
            (drop_leaks if drop else refuse_leaks)([fitted[k] for k in related], {})
    remaining = list(domains)
    dropped: dict[str, set[tuple[str, str]]] = {"train": set(), "val": set()}
    for i, (domain, sides) in enumerate(zip(domains, fitted, strict=True)):
        for split, items in sides.dropped.items():
            dropped[split] |= {(dataset_name(domain.name), item.id) for item in items}  # reals are in several domains
        if any(sides.dropped.values()):
            remaining[i] = guarded(domain, [item for items in sides.dropped.values() for item in items])
    return remaining, {split: len(items) for split, items in dropped.items()}


def guard_study(
    train: Sequence[str], held: Mapping[str, HeldOut], domains: dict[tuple[str, int], OpenDomain], replicate: int, drop: bool
) -> dict[str, dict[str, int]]:
    """
    Refuse leaks of one draw of a study, or leave the items out.

    Parameters
    ----------
    train : sequence of str
        Domains.
    held : mapping of str to (OpenDomain, str)
        Domains of the draw that are scored, with the split, by their names in messages.
    domains : dict of (domain, replicate) to OpenDomain
        Those of which items are left out are replaced.
    replicate : int
    drop : bool
        Leave training pictures out instead of refusing.

    Returns
    -------
    dict of str to dict of str to int
        Numbers of the items that were left out, by training domain and split.

    Raises
    ------
    DataError
        Naming what is shared; or, with `drop`, if a split is left without a class.
    """
    held_out = {name: all_names(domain.split(split)) for name, (domain, split) in held.items()}
    dropped = {}
    for name in train:
        domain = whole(domains[name, replicate])  # guarded once more after some data sets were split again
        fitted = Fitted(name, domain.split("train"), domain.split("val"), domain.regrouping)
        related = {other: names for other, names in held_out.items() if same_data(held[other][0], domain)}
        (drop_leaks if drop else refuse_leaks)([fitted], related)
        domains[name, replicate] = domain
        if any(fitted.dropped.values()):
            domains[name, replicate] = guarded(domain, [item for items in fitted.dropped.values() for item in items])
            dropped[name] = {split: len(items) for split, items in fitted.dropped.items()}
    return dropped
