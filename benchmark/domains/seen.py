"""
What a model has learned from, by name: short digests of the contents of pictures, of their clips and identities.

A model carries them, so that it is never tested on what it knows; nobody can read a name out of them.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...datasets.copies.own import OWN
from ..contracts import Item
from ..registry import datasets
from ..store import read_json, write_json
from .guard import Name, names_of

if TYPE_CHECKING:
    from .catalogue import OpenDomain

DIGITS = 16


@dataclass(frozen=True)
class Learned:
    """
    What training and validation pictures are.

    Attributes
    ----------
    seen : frozenset of str
        `content_name` of pictures.
    names : frozenset of str, or None
        `hashed_name` of their clips and identities; None where they are not known.
    """

    seen: frozenset[str] = frozenset()
    names: frozenset[str] | None = None


def content_name(content: str) -> str:
    """Return a short name of a picture's content; empty for none."""
    return hashlib.sha256(content.encode(errors="surrogateescape")).hexdigest()[:DIGITS] if content else ""


def hashed_name(space: str, kind: str, value: str) -> str:
    """Return a short digest of the name of a clip, an identity or an item; names of different spaces never agree."""
    return content_name("\0".join((space, kind, value)))


def hashed_names(domain: "OpenDomain", item: Item) -> dict[str, Name]:
    """What an item must not share with one on another side (`names_of`), by `hashed_name`."""
    return {hashed_name(name_space(domain, name[0]), *name): name for name in names_of(item)}


def name_space(domain: "OpenDomain", kind: str) -> str:
    """Where equal names mean the same: in a data set, but of files that a user added, in their folder only."""
    name, spec = datasets.get(domain.spec.reference).name, domain.spec
    if spec.reference in OWN:
        return f"{name}:{spec.root}"
    return f"{name}:{spec.options['fakes']}" if kind == "item" and spec.options.get("fakes") else name


def fitted_names(domains: Sequence["OpenDomain"]) -> frozenset[str]:
    """`hashed_name` of every clip and identity that is trained or validated on."""
    items = ((domain, item) for domain in domains for split in ("train", "val") for item in domain.split(split))
    return frozenset(name for domain, item in items for name in hashed_names(domain, item))


def write_learned(table: str | Path, domain: "OpenDomain", items: Iterable[Item], contents: Iterable[str]) -> None:
    """
    Keep, beside the item table of a training or validation set, what a model that learns from it will have seen.

    Parameters
    ----------
    table : Path
        Of the item set.
    domain : OpenDomain
    items : iterable of Item
        All of the set.
    contents : iterable of str
        Of those that can be used.
    """
    names = sorted({name for item in items for name in hashed_names(domain, item)})
    write_json(_place(table), {"seen": sorted(set(map(content_name, contents))), "names": names}, durable=False)


def read_learned(tables: Iterable[str | Path]) -> Learned:
    """What `write_learned` kept beside some item tables, together; nothing is known where one kept nothing."""
    kept = [read_json(_place(table)) for table in tables]
    if not all(kept):
        return Learned()
    return Learned(*(frozenset(name for one in kept if one for name in one[key]) for key in ("seen", "names")))


def _place(table: str | Path) -> Path:
    return Path(table).with_suffix(".learned.json")
