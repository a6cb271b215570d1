"""Item sets: one split of one domain, without pictures that cannot or must not be used."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..contracts import Item
from ..domains.catalogue import OpenDomain
from ..domains.names import dataset_name
from ..domains.seen import write_learned
from ..errors import DataError, listed
from ..records import ItemSet, Provenance
from ..results.scores import OK, ItemStatus, Reason, Status, item_table, write_table
from ..store.files import digest
from .chunks import Chunk, ChunkTask

SHOWN_ITEMS = 3  # in a message


@dataclass(frozen=True)
class ItemStatuses:
    """
    Items of one split with their statuses, in the order of the split.

    Attributes
    ----------
    items : tuple of Item
    contents, hashes, statuses : tuple
        Of every item, as in `Chunk`.
    """

    items: tuple[Item, ...]
    contents: tuple[str, ...]
    hashes: tuple[int, ...]
    statuses: tuple[ItemStatus, ...]

    def usable_hashes(self) -> tuple[list[str], NDArray[np.uint64]]:
        """Return ids and hashes of the items with status ``ok``."""
        ok = [i for i, status in enumerate(self.statuses) if status == OK]
        return [self.items[i].id for i in ok], np.array([self.hashes[i] for i in ok], dtype=np.uint64)


def item_statuses(domain: OpenDomain, split: str, tasks: Sequence[ChunkTask], chunks: Sequence[Chunk]) -> ItemStatuses:
    """
    Return the items of one split with their statuses; pictures that are in both classes are refused.

    Parameters
    ----------
    domain : OpenDomain
    split : str
    tasks : sequence of ChunkTask
        Of the domain, with all items of the split among them.
    chunks : sequence of Chunk
        Of each task.
    """
    items = domain.split(split)
    ids = {item.id for item in items}
    by_id: dict[str, tuple[ItemStatus, str, int]] = {}
    for task, chunk in zip(tasks, chunks, strict=True):
        for item, content, status, shown in zip(task.items, chunk.contents, chunk.statuses, chunk.hashes, strict=True):
            # Grey and colour come from the same bytes; the worse status counts.
            if item.id in ids and by_id.get(item.id, (OK,))[0] == OK:
                by_id[item.id] = status, content, shown
    prepared, contents, hashes = zip(*(by_id[item.id] for item in items), strict=True) if items else ((), (), ())
    labels: dict[str, set[int]] = {}
    for item, content, status in zip(items, contents, prepared, strict=True):
        if status == OK:
            labels.setdefault(content, set()).add(item.label)
    both = ItemStatus(Status.ERROR, "the same picture is among the real and the fake ones.", Reason.BOTH_CLASSES)
    statuses = tuple(
        both if len(labels.get(content, ())) == 2 else status for content, status in zip(contents, prepared, strict=True)
    )
    return ItemStatuses(tuple(items), contents, hashes, statuses)


def without_copies(statuses: ItemStatuses, fitted: Mapping[str, str]) -> ItemStatuses:
    """
    Refuse items whose content a detector was fitted on, whatever their name: a score on them would be memory.

    Parameters
    ----------
    statuses : ItemStatuses
    fitted : mapping of str to str
        Contents of training and validation items, and the name of their set for the message ("the train pictures").
    """

    def refusal(content: str) -> ItemStatus:
        return ItemStatus(Status.ERROR, f"the same picture is among {fitted[content]}.", Reason.SEEN)

    return replace(
        statuses,
        statuses=tuple(
            refusal(content) if status == OK and content in fitted else status
            for content, status in zip(statuses.contents, statuses.statuses, strict=True)
        ),
    )


def without_items(statuses: ItemStatuses, ids: Container[str], refusal: ItemStatus) -> ItemStatuses:
    """Refuse the items with these ids, whatever their content; an earlier refusal is kept."""
    return replace(
        statuses,
        statuses=tuple(
            refusal if status == OK and item.id in ids else status
            for item, status in zip(statuses.items, statuses.statuses, strict=True)
        ),
    )


def item_set(
    domain: OpenDomain, split: str, of_items: ItemStatuses, tasks: Sequence[ChunkTask], chunks: Sequence[Chunk]
) -> ItemSet:
    """
    Make the item set of one split, and write its item table and index.

    Parameters
    ----------
    domain : OpenDomain
    split : str
    of_items : ItemStatuses
        Of the split.
    tasks, chunks : sequence of ChunkTask, of Chunk
        As for `item_statuses`.

    Raises
    ------
    DataError
        If a class that is listed has no usable picture left.
    """
    if lacking := class_without_pictures(domain.name, split, of_items):
        raise DataError(lacking)
    items, statuses = of_items.items, of_items.statuses
    refused = [(item.id, status) for item, status in zip(items, statuses, strict=True) if status != OK]
    listed = [[i.id, c, i.label, i.group, s.status.value] for i, c, s in zip(items, of_items.contents, statuses, strict=True)]
    # Of the crops, too: a fit on other windows of the same pictures is another one.
    key = digest([asdict(tasks[0].crop), domain.perturbation, *tasks[0].perturbation_key, listed])
    usable = {item.id: n for n, item in enumerate(i for i, s in zip(items, statuses, strict=True) if s == OK)}
    place = Path(tasks[0].places.scratch, "items", f"{key[:16]}-{domain.replicate}-{split}-{digest(domain.name)[:8]}")
    write_table(place.with_suffix(".parquet"), item_table(domain.name, items, statuses), durable=False)
    folders: dict[str, tuple[str, ...]] = {}
    index: dict[str, NDArray[np.int32]] = {}
    for name, colour in (("grey", False), ("colour", True)):
        pairs = [(task, chunk) for task, chunk in zip(tasks, chunks, strict=True) if task.colour == colour]
        folders[name], index[name] = _index(pairs, usable)
    np.savez(place.with_suffix(".npz"), **index)  # pyright: ignore[reportArgumentType] (arrays by name)
    if split in ("train", "val"):
        usable_rows = [i for i, status in enumerate(statuses) if status == OK]
        computed = domain.dataset is not None and domain.dataset.computed  # those that look alike are no copies
        looks = [] if computed else [of_items.hashes[i] for i in usable_rows]
        write_learned(place.with_suffix(".parquet"), domain, items, [of_items.contents[i] for i in usable_rows], looks)
    seconds = [chunk.seconds / len(task.items) for task, chunk in zip(tasks, chunks, strict=True)]
    return ItemSet(
        domain=domain.name,
        split=split,
        digest=key,
        table=str(place.with_suffix(".parquet")),
        grey=folders["grey"],
        colour=folders["colour"],
        index=str(place.with_suffix(".npz")),
        n_items=len(items),
        n_ok=len(usable),
        problems=tuple((name, s.status.value, s.detail) for name, s in refused if s.reason is not Reason.LOOKALIKE),
        seconds_per_item=sum(seconds) / len(seconds),
        provenance=Provenance(pictures=_pictures_digest(of_items)),
    )


def class_without_pictures(domain: str, split: str, of_items: ItemStatuses) -> str:
    """Return a sentence on the first class that is listed and has no usable picture left; empty if there is none."""
    pairs = list(zip(of_items.items, of_items.statuses, strict=True))
    for label, name in ((0, "real"), (1, "fake")):
        of_class = [status for item, status in pairs if item.label == label]
        if of_class and OK not in of_class:
            return _nothing_left(domain, split, name, [(item.id, status) for item, status in pairs if status != OK])
    return ""


def _pictures_digest(of_items: ItemStatuses) -> str:
    """Return the digest of ids and contents; those that were left out on purpose are told by their ids alone."""
    listed = zip(of_items.items, of_items.contents, of_items.statuses, strict=True)
    return digest(sorted([i.id] if s.reason is Reason.LOOKALIKE else [i.id, c] for i, c, s in listed))


def _index(chunks: Sequence[tuple[ChunkTask, Chunk]], position: dict[str, int]) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Return the folders of the chunks with usable items, and an index (chunk, row, position of the item) of their crops."""
    folders: list[str] = []
    parts = [np.empty((0, 3), dtype=np.int32)]
    for task, chunk in chunks:
        place = np.array([position.get(item.id, -1) for item in task.items], dtype=np.int32)
        item_of_row = place[np.load(Path(chunk.folder, "rows.npy"))]
        rows = np.flatnonzero(item_of_row >= 0).astype(np.int32)
        if rows.size:
            parts.append(np.stack([np.full(rows.size, len(folders), dtype=np.int32), rows, item_of_row[rows]], axis=1))
            folders.append(chunk.folder)
    return tuple(folders), np.concatenate(parts)


def _nothing_left(domain: str, split: str, label: str, refused: Sequence[tuple[str, ItemStatus]]) -> str:
    shown = listed((f"{item}: {status.detail.removesuffix('.')}" for item, status in refused), SHOWN_ITEMS, "; ")
    too_small = any(status.reason is Reason.TOO_SMALL for _, status in refused)
    hint = " Choose a smaller window with --crop." if too_small else ""
    why = f" ({shown})" if shown else ""
    return f"{domain}: no usable {label} picture in {split}{why}.{hint}"


def iter_problems(sets: Sequence[ItemSet]) -> Iterator[tuple[str, str, str, str]]:
    """Yield every item that could not be used, once, as (data set, item, status, detail)."""
    seen = set()
    for items in (part for each in sets for part in each.parts):
        name = dataset_name(items.domain)
        for item, status, detail in items.problems:
            if (name, item) not in seen:
                seen.add((name, item))
                yield name, item, status, detail
