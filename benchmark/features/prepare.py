"""
Prepare the pictures of domains: the one way for studies, training, evaluation, embeddings and spectra.

Requested splits are cut into chunks, every chunk is prepared once however many requests share it, and statuses and item sets
are taken from the prepared chunks.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contracts import LABEL_NAMES, Dataset, ViewSpec
from ..domains.catalogue import OpenDomain, data_facts, framing_of
from ..domains.guard import guard_study, guarded, same_data, whole
from ..domains.names import dataset_name, unperturbed
from ..domains.splits import split_digest
from ..errors import DataError
from ..pictures.crops import CropSpec
from ..pictures.lookalikes import Lookalikes, lookalike_of
from ..records import ItemSet, Plan, Provenance
from ..reporting import Reporter
from ..store.files import digest
from ..store.folders import cache_root, ensure_writable
from ..workers import Workers, as_completed
from .apart import (
    Offenders,
    is_computed,
    looks_between,
    offenders,
    with_datasets,
    without_lookalikes,
)
from .chunks import Chunk, ChunkTask, Places, cached_chunk, chunk_tasks, pictures_key, prepare_together, task_key
from .item_sets import ItemStatuses, item_set, item_statuses, without_copies

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


@dataclass(frozen=True)
class Prepared:
    """
    The item sets of a plan.

    Attributes
    ----------
    plan : Plan
        As given, or with domains that were grouped by look-alikes and split again.
    sets : dict of (domain, split, replicate) to ItemSet
    lookalikes : dict of (training domain, test domain) to Lookalikes
        Test pictures that look like training or validation pictures of any draw.
    """

    plan: Plan
    sets: dict[Key, ItemSet]
    lookalikes: dict[tuple[str, str], Lookalikes]


def prepare_sets(plan: Plan, places: Places, workers: Workers, reporter: Reporter) -> Prepared:
    """
    Prepare every item set of a plan; pictures that several sets share are prepared once.

    A data set with too many look-alikes across its splits is grouped by them and split again, see `apart`.

    Raises
    ------
    DataError
        If that leaves a split without a class; if a class that is listed has no usable picture left.
    """
    views = _views(plan)
    crop = plan.study.crop.spec()

    def prepare(requests: Sequence[Request]) -> list[PreparedDomain]:
        return prepare_domains(requests, crop, views, places, workers, reporter)

    prepared = prepare(_requests(plan))
    statuses = _statuses(prepared)
    if not plan.study.allow_lookalikes:
        again = _split_again(plan, statuses, prepare, reporter)
        if again is not plan:
            plan, prepared = again, prepare(_requests(again))
            statuses = _statuses(prepared)
    statuses = _without_copies(statuses)
    if not plan.study.allow_lookalikes:
        plan, statuses = _without_lookalikes(plan, statuses, reporter)
    digests = _split_digests(plan)
    sets = {}
    for part in prepared:
        for split in part.request.splits:
            key = _key(part, split)
            items = part.item_set(split, statuses[key])
            sets[key] = replace(items, provenance=_provenance(plan, part.domain, items, digests))
    return Prepared(plan, sets, _lookalikes(plan, statuses))


def _views(plan: Plan) -> list[ViewSpec]:
    """Return the views of the detectors of a plan, and that of the spectrum pictures."""
    views = [ViewSpec("profile")]
    for spec in plan.detectors:
        view = spec.build().view
        if view not in views:
            views.append(view)
    return views


def _requests(plan: Plan) -> list[Request]:
    domains = [(name, ("train", "val")) for name in plan.study.train] + [(name, ("test",)) for name in plan.study.test]
    return [Request(plan.domains[name, r], (splits,)) for name, splits in domains for r in range(plan.study.seeds)]


def _statuses(prepared: Sequence[PreparedDomain]) -> dict[Key, ItemStatuses]:
    """Return the items of all splits that were prepared with their statuses."""
    return {_key(part, split): part.statuses(split) for part in prepared for split in part.request.splits}


def _split_again(
    plan: Plan,
    statuses: Mapping[Key, ItemStatuses],
    prepare: Callable[[Sequence[Request]], list[PreparedDomain]],
    reporter: Reporter,
) -> Plan:
    """Return the plan with the data sets grouped by look-alikes that have too many of them across drawn splits."""
    study = plan.study
    first = {(name, split): of_items for (name, split, r), of_items in statuses.items() if not r}
    datasets: dict[str, Dataset] = {}
    sentences: dict[str, list[str]] = {}

    def prepare_test(domain: OpenDomain) -> ItemStatuses:
        (part,) = prepare([Request(domain, (("test",),))])
        return part.statuses("test")

    anew = looks_between([plan.domains[name, 0] for name in study.train], first, prepare_test)
    for drawn in anew:
        same = [other for other in (*study.train, *study.test) if same_data(plan.domains[other, 0], drawn.domain)]
        datasets |= {unperturbed(other): drawn.dataset for other in same}
        sentences[dataset_name(drawn.domain.name)] = [drawn.sentence]
        reporter.note(drawn.sentence)
    if not datasets:
        return plan
    domains = with_datasets(plan.domains, datasets)
    dropped = {}
    for r in range(study.seeds):
        for name, counts in guard_study(study.train, study.test, domains, r, study.drop_leaks).items():
            dropped[name, r] = counts
    return replace(plan, domains=domains, dropped=dropped, facts=_with_sentences(data_facts(domains.values()), sentences))


def _with_sentences(facts: Mapping[str, dict[str, Any]], sentences: Mapping[str, list[str]]) -> dict[str, dict[str, Any]]:
    """Add sentences on look-alikes to the facts of data sets."""
    names = dict.fromkeys((*facts, *sentences))
    with_them = {name: dict(facts.get(name, {})) for name in names}
    for name, some in sentences.items():
        with_them[name]["lookalikes"] = [*with_them[name].get("lookalikes", ()), *some]
    return with_them


def _without_lookalikes(
    plan: Plan, statuses: dict[Key, ItemStatuses], reporter: Reporter
) -> tuple[Plan, dict[Key, ItemStatuses]]:
    """Leave out validation and test pictures that look like pictures of the same data set that are learned from, if many do."""
    left = dict(statuses)
    sentences: dict[str, list[str]] = {}
    draws = range(plan.study.seeds)
    for name in plan.study.train:
        if is_computed(plan.domains[name, 0]):
            continue
        for r in draws:
            alike = offenders(statuses[name, "val", r], [statuses[name, "train", r]])
            if alike.too_many:
                left[name, "val", r] = without_lookalikes(left[name, "val", r], alike.alike)
                if r == 0:
                    sentences.setdefault(dataset_name(name), []).append(alike.left_out(name, "validation"))
    for test in plan.study.test:
        if is_computed(plan.domains[test, 0]):
            continue
        trained = [name for name in plan.study.train if same_data(plan.domains[name, 0], plan.domains[test, 0])]
        found = [
            offenders(statuses[test, "test", r], [statuses[name, split, r] for name in trained for split in ("train", "val")])
            for r in draws
        ]
        alike = Offenders({name: other for one in reversed(found) for name, other in one.alike.items()}, found[0].n)
        if alike.too_many:
            for r in draws:
                left[test, "test", r] = without_lookalikes(left[test, "test", r], alike.alike)
            sentences.setdefault(dataset_name(test), []).append(alike.left_out(test, "test"))
    for sentence in (sentence for some in sentences.values() for sentence in some):
        reporter.note(sentence)
    return replace(plan, facts=_with_sentences(plan.facts, sentences)), left


def _key(part: PreparedDomain, split: str) -> Key:
    return part.domain.name, split, part.domain.replicate


def _without_copies(statuses: dict[Key, ItemStatuses]) -> dict[Key, ItemStatuses]:
    """Refuse validation pictures that are training pictures, and test pictures that are either, under whatever name."""
    refused = dict(statuses)
    fitted: dict[str, str] = {}
    for (name, split, r), of_items in statuses.items():
        if split == "val":
            trained = dict.fromkeys(statuses[name, "train", r].contents, f"the training pictures of {name}")
            refused[name, split, r] = without_copies(of_items, trained)
        if split in ("train", "val"):
            fitted |= dict.fromkeys(of_items.contents, f"the training or validation pictures of {name}")
    fitted.pop("", None)
    tests = {key: without_copies(of_items, fitted) for key, of_items in statuses.items() if key[1] == "test"}
    return refused | tests


def _provenance(plan: Plan, domain: OpenDomain, items: ItemSet, digests: dict[tuple[str, int], tuple[str, str]]) -> Provenance:
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


def _split_digests(plan: Plan) -> dict[tuple[str, int], tuple[str, str]]:
    """Return the digests of all items and of the test items, by domain without its perturbation, and draw."""
    digests = {}
    for (name, r), domain in plan.domains.items():
        if (unperturbed(name), r) not in digests:
            digests[unperturbed(name), r] = split_digest(whole(domain).items), split_digest(whole(domain).split("test"))
    return digests


def _lookalikes(plan: Plan, statuses: dict[Key, ItemStatuses]) -> dict[tuple[str, str], Lookalikes]:
    """Find the lookalikes of test pictures in every training domain; perturbed pictures are compared as they were before."""
    alike: dict[tuple[str, str], dict[str, str]] = {}
    usable = {key: of_items.usable_hashes() for key, of_items in statuses.items()}
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
