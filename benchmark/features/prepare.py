"""
Prepare the pictures of domains: the one way for studies, training, evaluation, embeddings and spectra.

Requested splits are cut into chunks, every chunk is prepared once however many requests share it, and statuses and item sets
are taken from the prepared chunks.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contracts import LABEL_NAMES, Dataset, ViewSpec
from ..domains.catalogue import OpenDomain, data_facts, framing_of
from ..domains.guard import guarded, same_data, whole
from ..domains.names import REALS, dataset_name, training, training_domains, unperturbed
from ..domains.reals import RealsSource
from ..domains.splits import split_digest
from ..errors import DataError
from ..pictures.crops import CropSpec
from ..pictures.lookalikes import Lookalikes, lookalike_of
from ..records import ItemSet, Plan, PoolPart, Provenance
from ..reporting import Reporter
from ..store.files import digest
from ..store.folders import cache_root, ensure_writable
from ..workers import Workers, as_completed
from .apart import (
    Offenders,
    can_be_drawn_anew,
    is_computed,
    looks_between,
    offenders,
    with_datasets,
    without_lookalikes,
)
from .chunks import Chunk, ChunkTask, Places, cached_chunk, chunk_tasks, pictures_key, prepare_together, task_key
from .guards import guard_plan
from .item_sets import ItemStatuses, item_set, item_statuses, without_copies
from .pools import draw_pool, pool_set
from .reals_spectra import reals_spectra

# Splits that are cut into chunks together, by every command, so that all share the cached chunks. Training and validation
# pictures are drawn anew by every replicate, test pictures are not. Items without a split (`Dataset.all_items`) are a group.
SPLIT_GROUPS: tuple[tuple[str, ...], ...] = (("train", "val"), ("test",), ("",))
HELD_OUT = ("test", REALS)


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
    futures = {workers.submit(prepare_together, [by_key[key] for key in keys]): keys for keys in parts}
    for future in as_completed(futures):
        chunks |= zip(futures[future], future.result(), strict=True)
        reporter.advance(sum(len(by_key[key].items) for key in futures[future]))
    return chunks


# --- plans -----------------------------------------------------------------------------------------------------------

Key = tuple[str, str, int]  # domain, split, replicate
PoolKey = tuple[str, int, str]  # training, replicate, split
Prepare = Callable[[Sequence[Request]], list[PreparedDomain]]
SplitDigests = dict[tuple[str, int], tuple[str, str]]  # of all items and of test items, by domain and replicate


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
    reals_lookalikes : dict of (training domain, source of reals) to Lookalikes
        The same of the reals of a source.
    """

    plan: Plan
    sets: dict[Key, ItemSet]
    lookalikes: dict[tuple[str, str], Lookalikes]
    reals_lookalikes: dict[tuple[str, str], Lookalikes] = field(default_factory=dict)


def prepare_sets(plan: Plan, places: Places, workers: Workers, reporter: Reporter) -> Prepared:
    """
    Prepare every item set of a plan; pictures that several sets share are prepared once.

    A data set with too many look-alikes across its splits is grouped by them and split again, see `apart`.

    Raises
    ------
    DataError
        If that leaves a split without a class; if a class that is listed has no usable picture left.
    """
    views, crop = _views(plan), plan.study.crop.spec()

    def prepare(requests: Sequence[Request]) -> list[PreparedDomain]:
        return prepare_domains(requests, crop, views, places, workers, reporter)

    pictures = _prepare_plan(plan, prepare)
    if not plan.study.allow_lookalikes:
        again = _split_again(plan, pictures.statuses(), prepare, reporter)
        if again is not plan:
            plan, pictures = again, _prepare_plan(again, prepare)
    # Other splits may have been prepared for the look-alikes among them alone.
    used = _used_splits(plan)
    of_pools = {
        (*key, split): _pool_statuses(plan, key, split, parts)
        for key, parts in pictures.pools.items()
        for split in ("train", "val")
    }
    statuses = {key: of_items for key, of_items in pictures.statuses().items() if key[:2] in used}
    sides = _Statuses(_without_copies(statuses, of_pools), of_pools)
    if not plan.study.allow_lookalikes:
        plan = _leave_out_lookalikes(plan, sides, reporter)
    digests = _split_digests(plan)
    sets = {}
    for part in (one.part for one in pictures.domains):
        for split in part.request.splits:
            key = _key(part, split)
            if key in sides.domains:
                items = part.item_set(split, sides.domains[key])
                sets[key] = replace(items, provenance=_provenance(plan, part.domain, items, digests))
    for (name, r, split), of_pool in sides.pools.items():
        members = [one.part for one in pictures.pools[name, r][: len(of_pool)]]
        sets[name, split, r] = _pool_set(plan, name, split, list(zip(members, of_pool, strict=True)), digests)
    tests, sources = ([(name, "test") for name in plan.study.test], [(name, REALS) for name in plan.sources])
    return Prepared(plan, sets, _lookalikes(plan, sides, tests), _lookalikes(plan, sides, sources))


@dataclass(frozen=True)
class _Pictures:
    """
    Prepared pictures of a plan.

    Attributes
    ----------
    domains : list of _Listed
        Of single training domains, test domains and sources of reals; and of those that may be split again.
    pools : dict of (training, replicate) to list of _Listed
    """

    domains: list["_Listed"]
    pools: dict[tuple[str, int], list["_Listed"]]

    def statuses(self) -> dict[Key, ItemStatuses]:
        """Return the items of all splits of the domains with their statuses."""
        return {_key(one.part, split): of_split for one in self.domains for split, of_split in one.statuses.items()}


@dataclass
class _Statuses:
    """
    Items of a plan with their statuses.

    Attributes
    ----------
    domains : dict of (domain, split, replicate) to ItemStatuses
    pools : dict of (training, replicate, split) to list of ItemStatuses
        By member.
    """

    domains: dict[Key, ItemStatuses]
    pools: dict[PoolKey, list[ItemStatuses]]

    def of_training(self, name: str, split: str, r: int) -> list[ItemStatuses]:
        """Return one split of a training, by member."""
        return self.pools[name, r, split] if (name, r, split) in self.pools else [self.domains[name, split, r]]

    def replace_member(self, name: str, split: str, r: int, member: int, statuses: ItemStatuses) -> None:
        """Set one split of one member of a training."""
        if (name, r, split) in self.pools:
            self.pools[name, r, split][member] = statuses
        else:
            self.domains[name, split, r] = statuses


def _used_splits(plan: Plan) -> set[tuple[str, str]]:
    """Return the domains with their splits of which a plan takes item sets, those of pools aside."""
    single = [name for name in plan.study.train if training(name).is_plain]
    used = {(name, split) for name in single for split in ("train", "val")}
    return used | {(name, "test") for name in plan.study.test} | {(name, REALS) for name in plan.sources}


def _views(plan: Plan) -> list[ViewSpec]:
    """Return the views of the detectors and controls of a plan, and those of the spectrum pictures and the audit."""
    views = [ViewSpec("profile"), ViewSpec("file_facts")]
    for spec in (*plan.detectors, *plan.controls):
        view = spec.build().view
        if view not in views:
            views.append(view)
    return views


def _prepare_plan(plan: Plan, prepare: Prepare) -> _Pictures:
    """Prepare the splits that a plan uses, and all of the domains that can be split again."""
    used = _used_splits(plan)
    groups = {name: ("train", "val") for name, split in sorted(used) if split == "train"}
    requests = [
        Request(plan.domains[name, r], (splits,))
        for name, splits in [*groups.items(), *((name, ("test",)) for name in plan.study.test)]
        for r in range(plan.study.seeds)
    ]
    requests += [Request(source, ((REALS,),)) for source in plan.sources.values()]
    if not plan.study.allow_lookalikes:
        members = [name for name in training_domains(plan.study.train) if name not in groups]
        anew = [name for name in members if can_be_drawn_anew(plan.domains[name, 0])]
        requests += [Request(plan.domains[name, 0], (("train", "val"),)) for name in anew]
    of_pools = {key: [Request(part.domain, (pool_splits(part),)) for part in parts] for key, parts in plan.pools.items()}
    # A domain is a member of many pools, and a training of its own: it is prepared and its statuses are found once.
    unique = {_place(request): request for request in [*requests, *(one for several in of_pools.values() for one in several)]}
    prepared = {place: _Listed.of(part) for place, part in zip(unique, prepare(list(unique.values())), strict=True)}
    return _Pictures(
        [prepared[_place(request)] for request in requests],
        {key: [prepared[_place(request)] for request in several] for key, several in of_pools.items()},
    )


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


# --- look-alikes across splits -----------------------------------------------------------------------------------------


def _split_again(
    plan: Plan,
    statuses: Mapping[Key, ItemStatuses],
    prepare: Callable[[Sequence[Request]], list[PreparedDomain]],
    reporter: Reporter,
) -> Plan:
    """Return the plan with the data sets grouped by look-alikes that have too many of them across drawn splits."""
    study = plan.study
    trained = training_domains(study.train)
    first = {(name, split): of_items for (name, split, r), of_items in statuses.items() if not r}
    datasets: dict[str, Dataset] = {}
    sentences: dict[str, list[str]] = {}

    def prepare_test(domain: OpenDomain) -> ItemStatuses:
        (part,) = prepare([Request(domain, (("test",),))])
        return part.statuses("test")

    for drawn in looks_between([plan.domains[name, 0] for name in trained], first, prepare_test):
        same = [other for other in (*trained, *study.test) if same_data(plan.domains[other, 0], drawn.domain)]
        of_sources = [domain for source in plan.sources.values() for domain in source.domains]
        same += [domain.name for domain in of_sources if same_data(domain, drawn.domain)]
        datasets |= {unperturbed(other): drawn.dataset for other in same}
        sentences[dataset_name(drawn.domain.name)] = [drawn.sentence]
        reporter.note(drawn.sentence)
    if not datasets:
        return plan
    domains = with_datasets(plan.domains, datasets)
    sources = {name: _source_with(source, datasets) for name, source in plan.sources.items()}
    guarded = guard_plan(study, domains, sources)
    facts = _with_sentences(data_facts([*domains.values(), *sources.values()]), sentences)
    return replace(plan, domains=domains, sources=sources, dropped=guarded.dropped, pools=guarded.pools, facts=facts)


def _source_with(source: RealsSource, datasets: Mapping[str, Dataset]) -> RealsSource:
    domains = with_datasets({(domain.name, domain.replicate): domain for domain in source.domains}, datasets)
    return replace(source, domains=tuple(domains[domain.name, domain.replicate] for domain in source.domains))


def _with_sentences(facts: Mapping[str, dict[str, Any]], sentences: Mapping[str, list[str]]) -> dict[str, dict[str, Any]]:
    """Add sentences on look-alikes to the facts of data sets."""
    names = dict.fromkeys((*facts, *sentences))
    with_them = {name: dict(facts.get(name, {})) for name in names}
    for name, some in sentences.items():
        with_them[name]["lookalikes"] = [*with_them[name].get("lookalikes", ()), *some]
    return with_them


def _leave_out_lookalikes(plan: Plan, sides: _Statuses, reporter: Reporter) -> Plan:
    """Leave out validation and scored pictures that look like training pictures of their data set, if many do."""
    sentences: dict[str, list[str]] = {}
    for name in plan.study.train:
        for r in range(plan.study.seeds):
            for text in _validation_lookalikes(plan, sides, name, r):
                if r == 0:
                    sentences.setdefault(dataset_name(training(name).members[0]), []).append(text)
    scored = [(test, plan.domains[test, 0], "test", range(plan.study.seeds)) for test in plan.study.test]
    scored += [(name, source, REALS, range(1)) for name, source in plan.sources.items()]
    plain = {(name, split) for name, _, split, _ in scored}
    for name, domain, split, draws in scored:
        texts = _scored_lookalikes(plan, sides, domain, split, draws)
        # Perturbed pictures are left out where the plain ones are: that is said once.
        if unperturbed(name) == name or (unperturbed(name), split) not in plain:
            sentences.setdefault(dataset_name(name), []).extend(texts)
    sentences = {name: list(dict.fromkeys(some)) for name, some in sentences.items()}
    for sentence in (sentence for some in sentences.values() for sentence in some):
        reporter.note(sentence)
    return replace(plan, facts=_with_sentences(plan.facts, sentences))


def _validation_lookalikes(plan: Plan, sides: _Statuses, name: str, r: int) -> list[str]:
    """Leave out validation pictures of one draw of a training that look like its training pictures; describe them."""
    texts = []
    for i, (member, validated) in enumerate(zip(training(name).members, sides.of_training(name, "val", r), strict=True)):
        if is_computed(plan.domains[member, 0]):
            continue
        alike = offenders(validated, sides.of_training(name, "train", r))
        if alike.too_many:
            sides.replace_member(name, "val", r, i, without_lookalikes(validated, alike.alike))
            texts.append(alike.left_out(member, "val"))
    return texts


def _scored_lookalikes(plan: Plan, sides: _Statuses, scored: OpenDomain, split: str, draws: Sequence[int]) -> list[str]:
    """Leave out scored pictures of a domain that look like ones of its data set that are learned from; describe them."""
    if is_computed(scored):
        return []
    trained = [
        name
        for name in plan.study.train
        if any(same_data(plan.domains[domain, 0], scored) for domain in training(name).domains)
    ]
    found = [
        offenders(
            sides.domains[scored.name, split, r],
            [
                each
                for draw in ([r] if split == "test" else range(plan.study.seeds))
                for name in trained
                for part in ("train", "val")
                for each in sides.of_training(name, part, draw)
            ],
        )
        for r in draws
    ]
    alike = Offenders({name: other for one in reversed(found) for name, other in one.alike.items()}, found[0].n)
    if not alike.too_many:
        return []
    for r in draws:
        key = scored.name, split, r
        sides.domains[key] = without_lookalikes(sides.domains[key], alike.alike)
    return [alike.left_out(scored.name, split)]


# --- item sets of a plan -----------------------------------------------------------------------------------------------


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
    tests = {key: without_copies(of_items, fitted) for key, of_items in statuses.items() if key[1] in HELD_OUT}
    return refused | tests


def _provenance(plan: Plan, domain: OpenDomain, items: ItemSet, digests: SplitDigests) -> Provenance:
    """Complete the provenance of an item set by what the plan knows of its domain."""
    name, r = domain.name, domain.replicate
    # A source of reals is no domain with splits: the digest of its pictures says all.
    split_list, test_list = digests[unperturbed(name), r] if items.split != REALS else ("", "")
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


def _lookalikes(plan: Plan, sides: _Statuses, held_out: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Lookalikes]:
    """
    Find the lookalikes of held-out pictures in every training; perturbed pictures are compared as they were before.

    `held_out` are names of domains with their split; the reals of a source are the same in every draw.
    """
    alike: dict[tuple[str, str], dict[str, str]] = {}
    usable = {key: of_items.usable_hashes() for key, of_items in sides.domains.items()}
    for (train, r, split), members in sides.pools.items():
        each = [of_items.usable_hashes() for of_items in members]
        usable[train, split, r] = [name for names, _ in each for name in names], np.concatenate([found for _, found in each])
    nearest: dict[tuple[str, int, bytes], NDArray[np.intp]] = {}  # perturbed pictures have the hashes of the plain ones
    for train in plan.study.train:
        for r in range(plan.study.seeds):
            ids = [name for split in ("train", "val") for name in usable[train, split, r][0]]
            hashes = np.concatenate([usable[train, split, r][1] for split in ("train", "val")])
            for test, split in held_out:
                names, test_hashes = usable[test, split, 0 if split == REALS else r]
                key = train, r, test_hashes.tobytes()
                if key not in nearest:
                    nearest[key] = lookalike_of(test_hashes, hashes)
                pairs = alike.setdefault((train, test), {})
                for i in np.flatnonzero(nearest[key] >= 0):
                    pairs.setdefault(names[i], ids[nearest[key][i]])
    return {key: Lookalikes.of(pairs) for key, pairs in alike.items()}
