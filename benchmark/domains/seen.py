"""
Digests of the pictures that a model was trained and validated on, and of their clips and identities.

A saved model holds them, so that it is never tested on pictures that it has seen. No name can be recovered from them.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..contracts import Item
from ..registry import datasets
from ..store.files import read_json, write_json
from .catalogue import OpenDomain
from .guard import Name, names_of

DIGITS = 16


@dataclass(frozen=True)
class Learned:
    """
    Digests of training and validation pictures.

    Attributes
    ----------
    seen : frozenset of str
        `content_name` of pictures.
    names : frozenset of str, or None
        `hashed_name` of the items, their clips and identities; None where they are not known.
    looks : frozenset of int
        `perceptual_hash` of the pictures, except computed ones.
    """

    seen: frozenset[str] = frozenset()
    names: frozenset[str] | None = None
    looks: frozenset[int] = frozenset()


def content_name(content: str) -> str:
    """Return a short name of a picture's content; empty for none."""
    return hashlib.sha256(content.encode(errors="surrogateescape")).hexdigest()[:DIGITS] if content else ""


def hashed_name(space: str, kind: str, value: str) -> str:
    """Return a short digest of the name of a clip, an identity or an item; names of different spaces never agree."""
    return content_name("\0".join((space, kind, value)))


def hashed_names(domain: OpenDomain, item: Item) -> dict[str, Name]:
    """Return the names of an item that the guard compares (`names_of`), by `hashed_name`."""
    return {hashed_name(name_space(domain, name[0]), *name): name for name in names_of(item)}


def name_space(domain: OpenDomain, kind: str) -> str:
    """Return the space in which equal names mean the same: the data set, or the folder for files that a user added."""
    plugin, spec = datasets.get(domain.spec.reference), domain.spec
    name = plugin.name
    if plugin.own:
        return f"{name}:{spec.root}"
    return f"{name}:{spec.options['fakes']}" if kind == "item" and spec.options.get("fakes") else name


def fitted_names(domains: Sequence[OpenDomain]) -> frozenset[str]:
    """Return `hashed_name` of every item, clip and identity that is trained or validated on."""
    items = ((domain, item) for domain in domains for split in ("train", "val") for item in domain.split(split))
    return frozenset(name for domain, item in items for name in hashed_names(domain, item))


def write_learned(
    table: str | Path, domain: OpenDomain, items: Iterable[Item], contents: Iterable[str], looks: Iterable[int]
) -> None:
    """
    Write, beside the item table of a training or validation set, the digests for models that learn from it.

    Parameters
    ----------
    table : Path
        Of the item set.
    domain : OpenDomain
    items : iterable of Item
        All of the set.
    contents : iterable of str
        Of those that can be used.
    looks : iterable of int
        `perceptual_hash` of those; none for computed pictures.
    """
    names = sorted({name for item in items for name in hashed_names(domain, item)})
    seen = sorted(set(map(content_name, contents)))
    write_json(_place(table), {"seen": seen, "names": names, "looks": sorted(set(looks))}, durable=False)


def join_learned(table: str | Path, tables: Iterable[str | Path]) -> None:
    """Write, beside the item table of a pool, the union of the digests beside those of its members."""
    learned = read_learned(tables)
    document = {"seen": sorted(learned.seen), "names": sorted(learned.names or ()), "looks": sorted(learned.looks)}
    write_json(_place(table), document, durable=False)


def read_learned(tables: Iterable[str | Path]) -> Learned:
    """Return the union of the digests beside some item tables; empty and unknown if one table has none."""
    documents = [read_json(_place(table)) for table in tables]
    if not all(documents):
        return Learned()
    return Learned(
        *(frozenset(name for document in documents if document for name in document[key]) for key in ("seen", "names", "looks"))
    )


def _place(table: str | Path) -> Path:
    return Path(table).with_suffix(".learned.json")
