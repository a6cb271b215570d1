"""The treatment of look-alikes by a run: too many of them across the splits of a copy are grouped, or left out."""

from collections.abc import Mapping, Sequence

import numpy as np

from ...benchmark.contracts import Split
from ...benchmark.domains.lookalike_units import lookalike_units
from ...benchmark.errors import DataError
from ...benchmark.pictures.lookalikes import DISTANCE, MOST_LOOKALIKES, lookalike_of
from .inventory import Entry, Finding, Inventory
from .picture_facts import Facts

SIDES: tuple[tuple[Split, tuple[Split, ...], str], ...] = (
    ("test", ("train", "val"), "test"),
    ("val", ("train",), "validation"),
)
KEEP = "--allow-lookalikes keeps them and marks the rows"

Looks = dict[str, tuple[list[str], np.ndarray]]  # ids and hashes, by split


def regrouping(inventory: Inventory, facts: Mapping[int, Facts]) -> list[Finding]:
    """
    Say what a run does about the look-alikes across the splits of a copy: nothing, group and split again, or leave out.

    The rule is that of a run (`features.lookalike_leaks`), for every domain that is trained and tested on. Nothing is said of
    a copy of which a sample was opened, and of computed pictures, which may look alike without being copies.
    """
    dataset = inventory.place.open()
    if dataset.computed or len(facts) < len(inventory.entries):
        return []
    findings = []
    for domain in dict.fromkeys(domain for entry in inventory.entries for domain in entry.domains):
        rows = [i for i, entry in enumerate(inventory.entries) if domain in entry.domains and entry.used]
        looks = _looks(inventory.entries, facts, rows)
        counts = {split: _n_alike(looks, split, learned) for split, learned, _ in SIDES}
        if any(_is_too_many(*count) for count in counts.values()):
            findings.append(_treatment(inventory, domain, rows, looks, counts))
    return findings


def _treatment(
    inventory: Inventory, domain: str, rows: list[int], looks: Looks, counts: Mapping[str, tuple[int, int]]
) -> Finding:
    """Return the finding on one domain, of which too many pictures look alike."""
    many = [f"{n} of {total} {word}" for split, _, word in SIDES for n, total in [counts[split]] if _is_too_many(n, total)]
    alike = f"{' and '.join(many)} pictures look like pictures of another split, which is more than {MOST_LOOKALIKES:.0%}"
    items = [inventory.entries[i].item for i in rows]
    ids = [name for names, _ in looks.values() for name in names]
    units = lookalike_units(items, ids, np.concatenate([hashes for _, hashes in looks.values()]))
    dataset = inventory.place.open().with_units(units) if not inventory.place.prepared else None
    where = domain if len({name for entry in inventory.entries for name in entry.domains}) > 1 else ""
    if dataset is not None:
        try:
            again = dataset.items(domain)
        except DataError as error:
            text = f"{alike}; grouped by look-alikes it cannot be split, so that a run refuses it. {error}"
            return Finding("regroup", "gap", text, KEEP, where)
        before = {item.id for item in items if item.split == "test"}
        if _is_too_many(*counts["val"]) or before != {item.id for item in again if item.split == "test"}:
            n_groups = len({item.group for item in again})
            text = f"{alike}: a run regroups the data set by look-alikes, {n_groups} groups, and splits it again"
            return Finding("regroup", "note", text, KEEP, where)
    return Finding("regroup", "note", f"{alike}: a run leaves them out", KEEP, where)


def _looks(entries: Sequence[Entry], facts: Mapping[int, Facts], rows: list[int]) -> Looks:
    looks = {}
    for split in ("train", "val", "test"):
        usable = [i for i in rows if entries[i].split == split and not facts[i].error and facts[i].look is not None]
        looks[split] = [entries[i].item.id for i in usable], np.array([facts[i].look for i in usable], dtype=np.uint64)
    return looks


def _n_alike(looks: Looks, split: Split, learned: tuple[Split, ...]) -> tuple[int, int]:
    """Return the number of pictures of a split that look like ones of others, and the number of all."""
    names, hashes = looks[split]
    others = np.concatenate([looks[other][1] for other in learned])
    return int((lookalike_of(hashes, others, DISTANCE) >= 0).sum()), len(names)


def _is_too_many(n: int, total: int) -> bool:
    return n > MOST_LOOKALIKES * total
