"""
Look-alikes across the splits of a plan.

A data set with too many of them is grouped by look-alikes and split again where its splits are drawn; where they are given, the
offenders are left out. Those that stay are found and counted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contracts import Dataset
from ..domains.catalogue import OpenDomain, data_facts
from ..domains.guard import same_data
from ..domains.names import REALS, dataset_name, training, training_domains, unperturbed
from ..domains.reals import RealsSource
from ..pictures.lookalikes import Lookalikes, lookalike_of
from ..records import Plan
from ..reporting import Reporter
from .guards import guard_plan
from .item_sets import ItemStatuses
from .lookalike_leaks import Offenders, is_computed, looks_between, offenders, with_datasets, without_lookalikes
from .prepare import PreparedDomain, Request

Key = tuple[str, str, int]  # domain, split, replicate
PoolKey = tuple[str, int, str]  # training, replicate, split


@dataclass
class PlanStatuses:
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


def split_again(
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
    for key, domain in plan.domains.items():
        if domains[key] is not domain:
            domain.forget()
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


def leave_out_lookalikes(plan: Plan, sides: PlanStatuses, reporter: Reporter) -> Plan:
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


def _validation_lookalikes(plan: Plan, sides: PlanStatuses, name: str, r: int) -> list[str]:
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


def _scored_lookalikes(plan: Plan, sides: PlanStatuses, scored: OpenDomain, split: str, draws: Sequence[int]) -> list[str]:
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


def lookalikes_of_plan(
    plan: Plan, sides: PlanStatuses, held_out: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Lookalikes]:
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
