"""Item sets: one split of one domain, without pictures that cannot or must not be used."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..contracts import Item
from ..domains.catalogue import OpenDomain
from ..domains.seen import write_learned
from ..errors import DataError
from ..pictures.perturbations import dataset_name, identity
from ..records import ItemSet, Provenance
from ..results.scores import item_table, write_table
from ..store import digest
from .chunks import OK, Chunk, ChunkTask


@dataclass(frozen=True)
class Outcomes:
    """Items of one split, the content of each, the hash of what it shows, and what became of it."""

    items: tuple[Item, ...]
    contents: tuple[str, ...]
    hashes: tuple[int, ...]
    statuses: tuple[tuple[str, str], ...]

    def shown(self) -> tuple[list[str], NDArray[np.uint64]]:
        """Ids and hashes of the items with status ``ok``."""
        ok = [i for i, status in enumerate(self.statuses) if status == OK]
        return [self.items[i].id for i in ok], np.array([self.hashes[i] for i in ok], dtype=np.uint64)


def outcomes(domain: OpenDomain, split: str, tasks: Sequence[ChunkTask], chunks: Sequence[Chunk]) -> Outcomes:
    """Pick one split out of prepared chunks (in the order of their `chunk_tasks`)."""
    items = domain.split(split)
    wanted = {item.id for item in items}
    found: dict[str, tuple[tuple[str, str], str, int]] = {}
    for task, chunk in zip(tasks, chunks, strict=True):
        for item, content, status, shown in zip(task.items, chunk.contents, chunk.statuses, chunk.hashes, strict=True):
            # Grey and colour come from the same bytes; the worse outcome counts.
            if item.id in wanted and found.get(item.id, (OK,))[0] == OK:
                found[item.id] = status, content, shown
    given, contents, hashes = zip(*(found[item.id] for item in items), strict=True) if items else ((), (), ())
    labels: dict[str, set[int]] = {}
    for item, content, status in zip(items, contents, given, strict=True):
        if status == OK:
            labels.setdefault(content, set()).add(item.label)
    both = ("error", "the same picture is among the real and the fake ones.")
    statuses = tuple(
        both if len(labels.get(content, ())) == 2 else status for content, status in zip(contents, given, strict=True)
    )
    return Outcomes(tuple(items), contents, hashes, statuses)


def without_copies(outcome: Outcomes, taken: Mapping[str, str]) -> Outcomes:
    """
    Refuse items that a detector has seen, whatever their name: a score on them would be memory.

    Parameters
    ----------
    outcome : Outcomes
    taken : mapping of str to str
        Contents of training and validation items, and what to call where they are.
    """
    statuses = tuple(
        ("error", f"the same picture is among {taken[content]}.") if status == OK and content in taken else status
        for content, status in zip(outcome.contents, outcome.statuses, strict=True)
    )
    return replace(outcome, statuses=statuses)


def without_items(outcome: Outcomes, ids: Container[str], why: str) -> Outcomes:
    """Refuse some items, whatever they hold."""
    statuses = tuple(
        ("error", why) if status == OK and item.id in ids else status
        for item, status in zip(outcome.items, outcome.statuses, strict=True)
    )
    return replace(outcome, statuses=statuses)


def item_set(domain: OpenDomain, split: str, outcome: Outcomes, tasks: Sequence[ChunkTask], chunks: Sequence[Chunk]) -> ItemSet:
    """
    Make the item set of one split, and write its item table and index.

    Raises
    ------
    DataError
        If a class that is listed has no usable picture left.
    """
    items, statuses = outcome.items, outcome.statuses
    problems = tuple((item.id, *status) for item, status in zip(items, statuses, strict=True) if status != OK)
    for label, name in ((0, "real"), (1, "fake")):
        mine = [status for item, status in zip(items, statuses, strict=True) if item.label == label]
        if mine and OK not in mine:
            raise DataError(_nothing_left(domain.name, split, name, problems))
    listed = [[i.id, c, i.label, i.group, s[0]] for i, c, s in zip(items, outcome.contents, statuses, strict=True)]
    key = digest([identity(domain.perturbation), listed] if domain.perturbation else listed)
    usable = {item.id: n for n, item in enumerate(i for i, s in zip(items, statuses, strict=True) if s == OK)}
    place = Path(tasks[0].places.scratch, "items", f"{key[:16]}-{domain.replicate}-{split}-{digest(domain.name)[:8]}")
    write_table(place.with_suffix(".parquet"), item_table(domain.name, items, statuses), durable=False)
    folders: dict[str, tuple[str, ...]] = {}
    index: dict[str, NDArray[np.int32]] = {}
    for name, colour in (("grey", False), ("colour", True)):
        mine = [(task, chunk) for task, chunk in zip(tasks, chunks, strict=True) if task.colour == colour]
        folders[name], index[name] = _index(mine, usable)
    np.savez(place.with_suffix(".npz"), **index)  # pyright: ignore[reportArgumentType] (arrays by name)
    if split != "test":
        known = [content for content, status in zip(outcome.contents, statuses, strict=True) if status == OK]
        write_learned(place.with_suffix(".parquet"), domain, items, known)
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
        problems=problems,
        seconds_per_item=sum(seconds) / len(seconds),
        provenance=Provenance(pictures=digest(sorted([i.id, c] for i, c in zip(items, outcome.contents, strict=True)))),
    )


def _index(chunks: Sequence[tuple[ChunkTask, Chunk]], position: dict[str, int]) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Folders of the chunks that hold some items, and where in them: (chunk, row, position of the item)."""
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


def _nothing_left(domain: str, split: str, label: str, problems: Sequence[tuple[str, str, str]]) -> str:
    shown = "; ".join(f"{item}: {detail}" for item, _, detail in problems[:3])
    more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
    hint = " Choose a smaller window with --crop." if any("smaller than" in p[2] for p in problems) else ""
    why = f" ({shown}{more})" if shown else ""
    return f"{domain}: no usable {label} picture in {split}{why}.{hint}"


def iter_problems(sets: Sequence[ItemSet]) -> Iterator[tuple[str, str, str, str]]:
    """Every item that could not be used, once: (data set, item, status, detail)."""
    seen = set()
    for items in sets:
        name = dataset_name(items.domain)
        for item, status, detail in items.problems:
            if (name, item) not in seen:
                seen.add((name, item))
                yield name, item, status, detail
