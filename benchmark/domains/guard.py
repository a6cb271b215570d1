"""The guard against leaks: refuse or drop items that share a clip or a person with held-out ones."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property

from ..contracts import Item, Split
from ..errors import DataError
from ..pictures.perturbations import dataset_name
from .catalogue import OpenDomain
from .splits import missing_classes


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
    """Return a domain with everything that the data set lists, whatever the guard left out."""
    return domain.plain if isinstance(domain, GuardedDomain) and domain.plain else domain


def same_data(one: OpenDomain, other: OpenDomain) -> bool:
    """Whether two domains are of one data set, under one name or two, so that equal names in them mean the same."""
    return dataset_name(one.name) == dataset_name(other.name) or one.spec.identity() == other.spec.identity()


N_SHOWN = 5
WAY_OUT = "Mend the split lists, or leave the offenders out of training with --drop-leaks."
Name = tuple[str, str]  # kind ("item", "identity", "video") and value


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
        How many pictures were left out, by split.

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
    kept = list(domains)
    gone: dict[str, set[tuple[str, str]]] = {"train": set(), "val": set()}
    for i, (domain, one) in enumerate(zip(domains, fitted, strict=True)):
        for split, items in one.dropped.items():
            gone[split] |= {(dataset_name(domain.name), item.id) for item in items}  # reals are in several domains
        if any(one.dropped.values()):
            kept[i] = guarded(domain, [item for items in one.dropped.values() for item in items])
    return kept, {split: len(items) for split, items in gone.items()}
