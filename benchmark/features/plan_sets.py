"""Item sets of a plan: its domains, pools and sources of reals, without copies and leaks between their splits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from ..contracts import ViewSpec
from ..domains.catalogue import OpenDomain, framing_of
from ..domains.guard import whole
from ..domains.names import REALS, dataset_name, training, training_domains, unperturbed
from ..domains.splits import split_digest
from ..pictures.lookalikes import Lookalikes
from ..records import ItemSet, Plan, PoolPart, Provenance
from ..reporting import Reporter
from ..study.study_file import override
from ..workers import Workers
from .chunks import Places
from .item_sets import ItemStatuses, class_without_pictures, without_copies
from .lookalike_leaks import can_be_drawn_anew
from .plan_lookalikes import Key, PlanStatuses, PoolKey, leave_out_lookalikes, lookalikes_of_plan, split_again
from .pools import draw_pool, pool_set
from .prepare import PreparedDomain, Request, prepare_domains

HELD_OUT = ("test", REALS)
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

    A data set with too many look-alikes across its splits is grouped by them and split again, see `plan_lookalikes`.

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
        again = split_again(plan, pictures.statuses(), prepare, reporter)
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
    sides = PlanStatuses(_without_copies(statuses, of_pools), of_pools)
    plan = _without_unusable(plan, sides, reporter)
    if not plan.study.allow_lookalikes:
        plan = leave_out_lookalikes(plan, sides, reporter)
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
    return Prepared(plan, sets, lookalikes_of_plan(plan, sides, tests), lookalikes_of_plan(plan, sides, sources))


def _without_unusable(plan: Plan, sides: PlanStatuses, reporter: Reporter) -> Plan:
    """Leave out the test domains of which a class has no usable picture, unless that leaves none."""
    reasons: dict[str, str] = {}
    for name in plan.study.test:
        of_draws = [class_without_pictures(name, "test", sides.domains[name, "test", r]) for r in range(plan.study.seeds)]
        if reason := next(filter(None, of_draws), ""):
            reasons[name] = reason
    test = [name for name in plan.study.test if name not in reasons]
    if not reasons or not test:  # where none is left, making the item sets says why
        return plan
    for name, reason in reasons.items():
        reporter.note(f"left out: {reason}")
        for r in range(plan.study.seeds):
            del sides.domains[name, "test", r]
    return replace(plan, study=override(plan.study, {"test": test}), unusable=plan.unusable | reasons)


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
