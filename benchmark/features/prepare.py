"""
Prepare the pictures of domains: the one way for studies, training, evaluation, embeddings and spectra.

Requested splits are cut into chunks, every chunk is prepared once however many requests share it, and statuses and item sets
are taken from the prepared chunks.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..contracts import LABEL_NAMES, ViewSpec
from ..domains.catalogue import OpenDomain
from ..domains.guard import guarded
from ..errors import DataError
from ..pictures.crops import CropSpec
from ..records import ItemSet
from ..reporting import Reporter
from ..store.cache import SCRATCH
from ..store.files import digest
from ..store.folders import cache_root, ensure_writable, results_root
from ..store.scratch import remove_abandoned, scratch_folder
from ..store.uses import hold_entry, using_entries
from ..workers import Workers, as_completed
from .chunks import Chunk, ChunkTask, Places, cached_chunk, chunk_tasks, pictures_key, prepare_together, task_key
from .item_sets import ItemStatuses, item_set, item_statuses
from .reals_spectra import reals_spectra

# Splits that are cut into chunks together, by every command, so that all share the cached chunks. Training and validation
# pictures are drawn anew by every replicate, test pictures are not. Items without a split (`Dataset.all_items`) are a group.
SPLIT_GROUPS: tuple[tuple[str, ...], ...] = (("train", "val"), ("test",), ("",))


@dataclass(frozen=True)
class Request:
    """
    Splits of a domain whose pictures are needed.

    Attributes
    ----------
    domain : OpenDomain
    groups : tuple of tuple of str
        The splits of a group are cut into chunks together.
    """

    domain: OpenDomain
    groups: tuple[tuple[str, ...], ...] = SPLIT_GROUPS

    @property
    def splits(self) -> tuple[str, ...]:
        """Splits of all groups."""
        return tuple(split for group in self.groups for split in group)


@dataclass(frozen=True)
class PreparedDomain:
    """
    Prepared pictures of one request.

    Attributes
    ----------
    request : Request
    tasks : tuple of ChunkTask
        Group by group, in the order of `chunk_tasks`.
    chunks : tuple of Chunk
        Of each task.
    """

    request: Request
    tasks: tuple[ChunkTask, ...]
    chunks: tuple[Chunk, ...]

    @property
    def domain(self) -> OpenDomain:
        """Domain of the request."""
        return self.request.domain

    def statuses(self, split: str) -> ItemStatuses:
        """Return the items of one requested split with their statuses."""
        return item_statuses(self.domain, split, self.tasks, self.chunks)

    def item_set(self, split: str, of_items: ItemStatuses) -> ItemSet:
        """
        Make the item set of one requested split, whose statuses may have been changed since, and write its files.

        Raises
        ------
        DataError
            If a class that is listed has no usable picture left.
        """
        return item_set(self.domain, split, of_items, self.tasks, self.chunks)


@contextmanager
def scratch_places(records: str = "", turn: float = 0.0) -> Iterator[Places]:
    """
    Make a scratch folder in the cache, and delete it when the block ends; those of dead processes are deleted, too.

    Parameters
    ----------
    records : str
        Folder of the fitted detectors' records; empty if none are written.
    turn : float
        See `Places`.

    Raises
    ------
    BenchError
        If the cache cannot be written to.
    """
    cache = ensure_writable(cache_root(), "BANDBENCH_CACHE")
    for root in (cache, results_root()):
        remove_abandoned(root)
    with using_entries(cache), scratch_folder(cache, SCRATCH) as scratch:
        yield Places(str(cache), str(scratch), records, turn)


def select_items(
    domain: OpenDomain, split: str = "all", limit: int | None = None, seed: int = 0, classes: Sequence[int] = ()
) -> OpenDomain:
    """
    Return a domain with a selection of its items.

    Parameters
    ----------
    domain : OpenDomain
    split : {"all", "train", "val", "test"}
    limit : int or None
        Most items per class, drawn by `seed` and the items' ids: a larger limit adds pictures and takes none away.
    seed : int
    classes : sequence of int
        Labels of which the selection must have an item; empty if any item will do.

    Raises
    ------
    DataError
        If there is no such item, or none of a class that is needed.
    """
    selection = [item for item in domain.items if split in ("all", item.split)]
    labels = {item.label for item in selection}
    absent = [f"{LABEL_NAMES[label]} picture" for label in classes if label not in labels]
    if absent or not selection:
        kind = absent[0] if absent else "picture"
        raise DataError(f"{domain.name} has no {kind} in the split {split}; choose another --split, or leave the domain out.")
    if limit is not None:
        drawn = sorted(selection, key=lambda item: digest([seed, item.id]))
        selection = [item for label in sorted(labels) for item in [i for i in drawn if i.label == label][:limit]]
    ids = {item.id for item in selection}
    return guarded(domain, [item for item in domain.items if item.id not in ids])


def prepare_domains(
    requests: Sequence[Request],
    crop: CropSpec,
    views: Sequence[ViewSpec],
    places: Places,
    workers: Workers,
    reporter: Reporter,
) -> list[PreparedDomain]:
    """
    Cut, crop and transform the pictures of some requests; pictures that several requests share are prepared once.

    Parameters
    ----------
    requests : sequence of Request
    crop : CropSpec
    views : sequence of ViewSpec
        Whose bases are written beside the crops.
    places : Places
    workers : Workers
        The result does not depend on their number.
    reporter : Reporter

    Returns
    -------
    list of PreparedDomain
        One per request, in their order. Pictures that cannot be used do not raise; they have a status.

    Raises
    ------
    DataError
        If a perturbation takes statistics of training reals, and a domain has none.
    """
    reals = reals_spectra([request.domain for request in requests], places, workers, reporter)
    tasks = [
        [task for group in request.groups for task in chunk_tasks(request.domain, group, crop, views, places, of_reals)]
        for request, of_reals in zip(requests, reals, strict=True)
    ]
    chunks = prepare_chunks([task for of_request in tasks for task in of_request], workers, reporter)
    return [
        PreparedDomain(request, tuple(of_request), tuple(chunks[task_key(task)] for task in of_request))
        for request, of_request in zip(requests, tasks, strict=True)
    ]


def prepare_chunks(tasks: Sequence[ChunkTask], workers: Workers, reporter: Reporter) -> dict[str, Chunk]:
    """Prepare pictures that are not in the cache yet, each once; return the chunks by `task_key`."""
    by_key = {task_key(task): task for task in tasks}
    reporter.stage("preparing pictures", sum(len(task.items) for task in by_key.values()))
    chunks = {key: chunk for key, task in by_key.items() if (chunk := cached_chunk(task))}
    reporter.advance(sum(len(by_key[key].items) for key in chunks))
    groups: dict[str, list[str]] = {}
    for key, task in by_key.items():
        if key not in chunks:
            groups.setdefault(pictures_key(task), []).append(key)
    # Perturbations of the same pictures stay together, so that these are read once, unless that would leave workers idle.
    alone = len(groups) < 2 * workers.jobs
    parts = [[key] for keys in groups.values() for key in keys] if alone else list(groups.values())
    parts = _turned(parts, tasks[0].places.turn if tasks else 0.0)
    futures = {workers.submit(prepare_together, [by_key[key] for key in keys]): keys for keys in parts}
    for future in as_completed(futures):
        chunks |= zip(futures[future], future.result(), strict=True)
        reporter.advance(sum(len(by_key[key].items) for key in futures[future]))
    for key, chunk in chunks.items():  # the workers that made them have held them until now
        if (folder := Path(chunk.folder)).is_relative_to(cache := Path(by_key[key].places.cache)):
            hold_entry(cache, folder)
    return chunks


def _turned(parts: list[list[str]], turn: float) -> list[list[str]]:
    """Return parts of the work with the first of them, a share `turn`, at the end."""
    start = int(turn * len(parts))
    return parts[start:] + parts[:start]
