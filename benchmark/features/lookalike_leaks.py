"""
Leaks by look-alikes: pictures of one side of a split that look like pictures of another.

A footnote does not mend a score on them. Where they are more than `MOST_LOOKALIKES` of a split, a data set whose splits are
drawn is grouped by look-alikes and split again; one whose splits are given loses the offenders.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..contracts import SPLITS, Dataset
from ..domains.catalogue import OpenDomain
from ..domains.guard import same_data, whole
from ..domains.lookalike_units import lookalike_units
from ..domains.names import REALS, DomainName, dataset_name, unperturbed
from ..errors import DataError, listed
from ..pictures.lookalikes import MOST_LOOKALIKES, lookalike_of
from ..results.scores import OK, ItemStatus, Reason, Status
from .item_sets import ItemStatuses

SHOWN = 1  # pairs of a message
WORDS = {"val": "validation", REALS: "real"}  # for the pictures of a split
ALLOW = "--allow-lookalikes keeps them and marks the row"


@dataclass(frozen=True)
class Offenders:
    """
    Pictures of a split that look like ones of other splits.

    Attributes
    ----------
    alike : dict of str to str
        Id of the picture that each looks like, by id.
    n : int
        Pictures of the split that could be used.
    """

    alike: dict[str, str]
    n: int

    @property
    def too_many(self) -> bool:
        """True if they are more than `MOST_LOOKALIKES` of the split."""
        return len(self.alike) > MOST_LOOKALIKES * self.n

    def left_out(self, domain: str, split: str) -> str:
        """Return the sentence that says that they are left out of a split."""
        return (
            f"{domain}: {len(self.alike)} of {self.n} {WORDS.get(split, split)} pictures look like pictures that are learned "
            f"from, which is more than {MOST_LOOKALIKES:.0%}; they are left out ({ALLOW})."
        )


@dataclass(frozen=True)
class DrawnAnew:
    """
    A data set whose splits were drawn again, with look-alikes on one side.

    Attributes
    ----------
    domain : OpenDomain
        As it was.
    dataset : Dataset
        Of any draw.
    sentence : str
        The reason, for people.
    """

    domain: OpenDomain
    dataset: Dataset
    sentence: str


PrepareTest = Callable[[OpenDomain], ItemStatuses]


def drawn_anew(domain: OpenDomain, parts: Mapping[str, ItemStatuses], prepare_test: PrepareTest) -> DrawnAnew | None:
    """
    Group a data set by look-alikes if too many of them are on two sides of its drawn splits.

    Parameters
    ----------
    domain : OpenDomain
        Of the first draw.
    parts : mapping of str to ItemStatuses
        Its splits; the test split may be missing.
    prepare_test : callable
        See `looks_between`.

    Returns
    -------
    DrawnAnew, or None
        None if there are few look-alikes.

    Raises
    ------
    DataError
        If the groups are too few to be split.
    """
    if not can_be_drawn_anew(domain):
        return None
    validated = offenders(parts["val"], [parts["train"]])
    tested = offenders(parts["test"], [parts["train"], parts["val"]]) if "test" in parts else Offenders({}, 0)
    if not (tested.too_many or validated.too_many):
        return None
    parts = {"test": prepare_test(domain), **parts} if "test" not in parts else parts
    worse, split = (tested, "test") if tested.too_many else (validated, "validation")
    name = dataset_name(domain.name)
    what = (
        f"{name}: {len(worse.alike)} of {worse.n} {split} pictures look like pictures of another split, which is more than "
        f"{MOST_LOOKALIKES:.0%} ({listed((f'{a} like {b}' for a, b in worse.alike.items()), SHOWN)})"
    )
    plain = whole(domain)
    dataset = plain.dataset.with_units(units_of(list(parts.values()))) if plain.dataset else None
    assert dataset is not None  # it can be drawn anew
    try:
        items = dataset.items(DomainName.parse(domain.name).part)
    except DataError as error:
        raise DataError(f"{what}; grouped by look-alikes it cannot be split. {error} Or: {ALLOW}.") from error
    before = {item.id for item in parts["test"].items}
    if not validated.too_many and before == {item.id for item in items if item.split == "test"}:  # which is given, then
        return None
    n_groups = len({item.group for item in items})
    return DrawnAnew(domain, dataset, f"{what}: it is grouped by look-alikes, {n_groups} groups, and split again ({ALLOW}).")


def with_datasets(
    domains: Mapping[tuple[str, int], OpenDomain], datasets: Mapping[str, Dataset]
) -> dict[tuple[str, int], OpenDomain]:
    """Return the domains of a plan, with the splits of some data sets drawn again; nothing of these is left out any more."""
    anew: dict[tuple[str, int], OpenDomain] = {}
    for (name, r), domain in sorted(domains.items(), key=lambda entry: unperturbed(entry[0][0]) != entry[0][0]):
        dataset = datasets.get(unperturbed(name))
        if dataset is None:
            anew[name, r] = domain
            continue
        of_draw = dataset.for_replicate(r)
        plain = OpenDomain(unperturbed(name), domain.spec, domain.seed, r, dataset=of_draw)
        plain = anew.get((unperturbed(name), r), plain)
        anew[name, r] = plain if name == plain.name else OpenDomain(name, domain.spec, domain.seed, r, plain, of_draw)
    return anew


def offenders_of(held_out: ItemStatuses, looks: Iterable[int], what: str) -> Offenders:
    """Find the usable pictures of a split that look like pictures of which the hashes are known, and which `what` describes."""
    names, hashes = held_out.usable_hashes()
    nearest = lookalike_of(hashes, np.array(sorted(looks), dtype=np.uint64))
    return Offenders({names[i]: what for i in np.flatnonzero(nearest >= 0)}, len(names))


def offenders(held_out: ItemStatuses, fitted: Sequence[ItemStatuses]) -> Offenders:
    """Find the usable pictures of a split that look like usable pictures of other splits."""
    names, hashes = held_out.usable_hashes()
    sides = [of_items.usable_hashes() for of_items in fitted]
    ids = [name for of_side, _ in sides for name in of_side]
    others = np.concatenate([np.empty(0, np.uint64), *(of_side for _, of_side in sides)])
    nearest = lookalike_of(hashes, others)
    return Offenders({names[i]: ids[nearest[i]] for i in np.flatnonzero(nearest >= 0)}, len(names))


def looks_between(
    domains: Sequence[OpenDomain], first: Mapping[tuple[str, str], ItemStatuses], prepare_test: "PrepareTest"
) -> list["DrawnAnew"]:
    """
    Draw the splits of the data sets again that have too many look-alikes across them.

    Parameters
    ----------
    domains : sequence of OpenDomain
        Training domains of the first draw.
    first : mapping of (domain, split) to ItemStatuses
        Training and validation pictures, and test pictures of those that are tested on.
    prepare_test : callable
        Prepares the test pictures of a domain; called where training and validation pictures look alike and the test pictures
        are not among `first`.

    Returns
    -------
    list of DrawnAnew
        One per data set.

    Raises
    ------
    DataError
        If the groups are too few to be split.
    """
    anew: list[DrawnAnew] = []
    for domain in domains:
        if not can_be_drawn_anew(domain) or any(same_data(drawn.domain, domain) for drawn in anew):
            continue
        parts = {split: first[domain.name, split] for split in SPLITS if (domain.name, split) in first}
        drawn = drawn_anew(domain, parts, prepare_test)
        anew += [drawn] if drawn else []
    return anew


def without_lookalikes(statuses: ItemStatuses, alike: Mapping[str, str]) -> ItemStatuses:
    """Refuse the items that look like others, which are given by item."""
    return replace(
        statuses,
        statuses=tuple(
            ItemStatus(Status.ERROR, f"it looks like {alike[item.id]}.", Reason.LOOKALIKE)
            if status == OK and item.id in alike
            else status
            for item, status in zip(statuses.items, statuses.statuses, strict=True)
        ),
    )


def can_be_drawn_anew(domain: OpenDomain) -> bool:
    """Return True if a domain's look-alikes may be copies and its splits can be drawn again."""
    dataset = whole(domain).dataset
    return dataset is not None and not dataset.computed and dataset.with_units({}) is not None


def is_computed(domain: OpenDomain) -> bool:
    """Return True if the pictures of a domain are computed, so that those that look alike are no copies."""
    return domain.dataset is not None and domain.dataset.computed


def units_of(parts: Sequence[ItemStatuses]) -> dict[str, str]:
    """
    Link the pictures of a data set that look alike, and those of one group.

    Parameters
    ----------
    parts : sequence of ItemStatuses
        All splits.

    Returns
    -------
    dict of str to str
        Unit by item, of the items that belong to one with others; it is called by its first group.
    """
    items = [item for part in parts for item in part.items]
    names, hashes = zip(*(part.usable_hashes() for part in parts), strict=True)
    ids, looks = [name for of_part in names for name in of_part], np.concatenate(hashes)
    return lookalike_units(items, ids, looks)
