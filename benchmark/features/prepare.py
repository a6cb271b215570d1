"""
Prepare the pictures of domains: the one way for studies, training, evaluation, embeddings and spectra.

Requested splits are cut into chunks, every chunk is prepared once however many requests share it, and statuses and item sets
are taken from the prepared chunks.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ..contracts import LABEL_NAMES, ViewSpec
from ..domains.catalogue import OpenDomain, framing_of
from ..domains.guard import guarded, whole
from ..domains.names import dataset_name, training, unperturbed
from ..domains.splits import split_digest
from ..errors import DataError
from ..pictures.crops import CropSpec
from ..pictures.lookalikes import Lookalikes, lookalike_of
from ..records import ItemSet, Plan, PoolPart, Provenance
from ..reporting import Reporter
from ..store.files import digest
from ..store.folders import cache_root, ensure_writable
from ..workers import Workers, as_completed
from .chunks import Chunk, ChunkTask, Places, cached_chunk, chunk_tasks, pictures_key, prepare_together, task_key
from .item_sets import ItemStatuses, item_set, item_statuses, without_copies
from .pools import draw_pool, pool_set

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
def scratch_places(records: str = "") -> Iterator[Places]:
    """
    Make a scratch folder in the cache, and delete it when the block ends.

    Parameters
    ----------
    records : str
        Folder of the fitted detectors' records; empty if none are written.

    Raises
    ------
    BenchError
        If the cache cannot be written to.
    """
    cache = ensure_writable(cache_root(), "BANDBENCH_CACHE")
    with tempfile.TemporaryDirectory(prefix="scratch-", dir=cache) as scratch:
        yield Places(str(cache), scratch, records)


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
    """
    tasks = [
        [task for group in request.groups for task in chunk_tasks(request.domain, group, crop, views, places)]
        for request in requests
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
    futures = {workers.submit(prepare_together, [by_key[key] for key in keys]): keys for keys in parts}
    for future in as_completed(futures):
        chunks |= zip(futures[future], future.result(), strict=True)
        reporter.advance(sum(len(by_key[key].items) for key in futures[future]))
    return chunks


# --- plans -----------------------------------------------------------------------------------------------------------

Key = tuple[str, str, int]  # domain, split, replicate
PoolKey = tuple[str, int, str]  # training, replicate, split
SplitDigests = dict[tuple[str, int], tuple[str, str]]  # of all items and of test items, by domain and replicate


@dataclass(frozen=True)
class Prepared:
    """
    The item sets of a plan.

    Attributes
    ----------
    sets : dict of (domain, split, replicate) to ItemSet
    lookalikes : dict of (training domain, test domain) to Lookalikes
        Test pictures that look like training or validation pictures of any draw.
    """

    sets: dict[Key, ItemSet]
    lookalikes: dict[tuple[str, str], Lookalikes]


def prepare_sets(plan: Plan, places: Places, workers: Workers, reporter: Reporter) -> Prepared:
    """Prepare every item set of a plan; pictures that several sets share are prepared once."""
    views: list[ViewSpec] = [ViewSpec("profile")]  # for the spectrum pictures
    for spec in plan.detectors:
        view = spec.build().view
        if view not in views:
            views.append(view)
    single = [name for name in plan.study.train if training(name).is_plain]
    domains = [(name, ("train", "val")) for name in single] + [(name, ("test",)) for name in plan.study.test]
    requests = [Request(plan.domains[name, r], (splits,)) for name, splits in domains for r in range(plan.study.seeds)]
    of_pools = {key: [Request(part.domain, (pool_splits(part),)) for part in parts] for key, parts in plan.pools.items()}
    # A domain is a member of many pools, and a training of its own: it is prepared and its statuses are found once.
    unique = {_place(request): request for request in [*requests, *(one for several in of_pools.values() for one in several)]}
    parts = prepare_domains(list(unique.values()), plan.study.crop.spec(), views, places, workers, reporter)
    prepared = {place: _Listed.of(part) for place, part in zip(unique, parts, strict=True)}
    of_domains = [prepared[_place(request)] for request in requests]
    pools = {key: [prepared[_place(request)] for request in several] for key, several in of_pools.items()}
    statuses = {_key(one.part, split): of_split for one in of_domains for split, of_split in one.statuses.items()}
    pool_statuses = {(*key, split): _pool_statuses(plan, key, split, pools[key]) for key in pools for split in ("train", "val")}
    statuses = _without_copies(statuses, pool_statuses)
    digests = _split_digests(plan)
    sets = {}
    for part in (one.part for one in of_domains):
        for split in part.request.splits:
            key = _key(part, split)
            items = part.item_set(split, statuses[key])
            sets[key] = replace(items, provenance=_provenance(plan, part.domain, items, digests))
    for (name, r, split), of_pool in pool_statuses.items():
        members = [one.part for one in pools[name, r][: len(of_pool)]]
        sets[name, split, r] = _pool_set(plan, name, split, list(zip(members, of_pool, strict=True)), digests)
    return Prepared(sets, _lookalikes(plan, statuses, pool_statuses))


def pool_splits(part: PoolPart) -> tuple[str, ...]:
    """Splits of a pool's domain that are used: of a target, which gives shots, no validation pictures are."""
    return ("train",) if part.shots else ("train", "val")


@dataclass(frozen=True)
class _Listed:
    """A prepared domain with the statuses of its items, by split."""

    part: PreparedDomain
    statuses: dict[str, ItemStatuses]

    @classmethod
    def of(cls, part: PreparedDomain) -> "_Listed":
        return cls(part, {split: part.statuses(split) for split in part.request.splits})


def _place(request: Request) -> tuple[int, tuple[tuple[str, ...], ...]]:
    """Return a key that is equal for requests of the same splits of the same domain; plans hold each domain once."""
    return id(request.domain), request.groups


def _pool_statuses(plan: Plan, key: tuple[str, int], split: str, parts: Sequence[_Listed]) -> list[ItemStatuses]:
    """Choose the pictures of one split of a pool, by member; validation pictures that are training pictures are refused."""
    n_members = len(training(key[0]).members)
    statuses = [one.statuses[split] for one in (parts if split == "train" else parts[:n_members])]
    if split == "val":
        contents = {content for one in parts for content in one.statuses["train"].contents}
        trained = dict.fromkeys(contents - {""}, f"the training pictures of {key[0]}")
        statuses = [without_copies(each, trained) for each in statuses]
    return draw_pool(statuses, plan.study.pool, n_members, [plan.study.seed, key[1], split])


def _pool_set(
    plan: Plan,
    name: str,
    split: str,
    parts: Sequence[tuple[PreparedDomain, ItemStatuses]],
    digests: SplitDigests,
) -> ItemSet:
    members = []
    for part, statuses in parts:
        items = part.item_set(split, statuses)
        members.append(replace(items, provenance=_provenance(plan, part.domain, items, digests)))
    pool = pool_set(name, members)
    n_dropped = plan.dropped.get((name, parts[0][0].domain.replicate), {}).get(split, 0)
    return replace(pool, provenance=replace(pool.provenance, n_dropped=n_dropped))


def _key(part: PreparedDomain, split: str) -> Key:
    return part.domain.name, split, part.domain.replicate


def _without_copies(
    statuses: dict[Key, ItemStatuses], pools: Mapping[PoolKey, Sequence[ItemStatuses]] = MappingProxyType({})
) -> dict[Key, ItemStatuses]:
    """Refuse validation pictures that are training pictures, and test pictures that are either, under whatever name."""
    refused = dict(statuses)
    fitted: dict[str, str] = {}
    for (name, split, r), of_items in statuses.items():
        if split == "val":
            trained = dict.fromkeys(statuses[name, "train", r].contents, f"the training pictures of {name}")
            refused[name, split, r] = without_copies(of_items, trained)
        if split in ("train", "val"):
            fitted |= dict.fromkeys(of_items.contents, f"the training or validation pictures of {name}")
    for (name, _, _), members in pools.items():
        for of_items in members:
            fitted |= dict.fromkeys(of_items.contents, f"the training or validation pictures of {name}")
    fitted.pop("", None)
    tests = {key: without_copies(of_items, fitted) for key, of_items in statuses.items() if key[1] == "test"}
    return refused | tests


def _provenance(plan: Plan, domain: OpenDomain, items: ItemSet, digests: SplitDigests) -> Provenance:
    """Complete the provenance of an item set by what the plan knows of its domain."""
    name, r = domain.name, domain.replicate
    split_list, test_list = digests[unperturbed(name), r]
    return replace(
        items.provenance,
        split_list=split_list,
        test_list=test_list,
        n_dropped=plan.dropped.get((name, r), {}).get(items.split, 0),
        facts=plan.facts.get(dataset_name(name), {}),
        may_be_shown=domain.dataset is not None and domain.dataset.may_be_shown,
        framing=framing_of([domain]),
    )


def _split_digests(plan: Plan) -> SplitDigests:
    """Return the digests of all items and of the test items, by domain without its perturbation, and draw."""
    digests = {}
    for (name, r), domain in plan.domains.items():
        if (unperturbed(name), r) not in digests:
            digests[unperturbed(name), r] = split_digest(whole(domain).items), split_digest(whole(domain).split("test"))
    return digests


def _lookalikes(
    plan: Plan, statuses: dict[Key, ItemStatuses], pools: Mapping[PoolKey, Sequence[ItemStatuses]]
) -> dict[tuple[str, str], Lookalikes]:
    """Find the lookalikes of test pictures in every training; perturbed pictures are compared as they were before."""
    alike: dict[tuple[str, str], dict[str, str]] = {}
    usable = {key: of_items.usable_hashes() for key, of_items in statuses.items()}
    for (train, r, split), members in pools.items():
        each = [of_items.usable_hashes() for of_items in members]
        usable[train, split, r] = [name for names, _ in each for name in names], np.concatenate([found for _, found in each])
    nearest: dict[tuple[str, int, bytes], NDArray[np.intp]] = {}  # perturbed pictures have the hashes of the plain ones
    for train in plan.study.train:
        for r in range(plan.study.seeds):
            ids = [name for split in ("train", "val") for name in usable[train, split, r][0]]
            hashes = np.concatenate([usable[train, split, r][1] for split in ("train", "val")])
            for test in plan.study.test:
                names, test_hashes = usable[test, "test", r]
                key = train, r, test_hashes.tobytes()
                if key not in nearest:
                    nearest[key] = lookalike_of(test_hashes, hashes)
                pairs = alike.setdefault((train, test), {})
                for i in np.flatnonzero(nearest[key] >= 0):
                    pairs.setdefault(names[i], ids[nearest[key][i]])
    return {key: Lookalikes.of(pairs) for key, pairs in alike.items()}
