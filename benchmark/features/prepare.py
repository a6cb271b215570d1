"""Prepare the pictures of a plan, each once, and assemble its item sets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..contracts import ViewSpec
from ..domains.catalogue import framing_of
from ..domains.guard import whole
from ..domains.splits import split_digest
from ..pictures.lookalikes import Lookalikes, lookalike_of
from ..pictures.perturbations import dataset_name, unperturbed
from ..records import ItemSet, Plan
from ..reporting import Reporter
from ..workers import Workers, as_completed
from .chunks import Chunk, ChunkTask, Places, chunk_tasks, known_chunk, pictures_key, prepare_together, task_key
from .item_sets import Outcomes, item_set, outcomes, without_copies


def prepare_chunks(tasks: Sequence[ChunkTask], workers: Workers, reporter: Reporter) -> dict[str, Chunk]:
    """Prepare pictures that are not in the cache yet, each once; return the chunks by `task_key`."""
    wanted = {task_key(task): task for task in tasks}
    reporter.stage("preparing pictures", sum(len(task.items) for task in wanted.values()))
    chunks = {key: chunk for key, task in wanted.items() if (chunk := known_chunk(task))}
    reporter.advance(sum(len(wanted[key].items) for key in chunks))
    groups: dict[str, list[str]] = {}
    for key, task in wanted.items():
        if key not in chunks:
            groups.setdefault(pictures_key(task), []).append(key)
    # What is made of the same pictures stays together, so that they are read once, unless that would leave workers idle.
    alone = len(groups) < 2 * workers.jobs
    parts = [[key] for keys in groups.values() for key in keys] if alone else list(groups.values())
    futures = {workers.submit(prepare_together, [wanted[key] for key in keys]): keys for keys in parts}
    for future in as_completed(futures):
        chunks |= zip(futures[future], future.result(), strict=True)
        reporter.advance(sum(len(wanted[key].items) for key in futures[future]))
    return chunks


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

    sets: dict[tuple[str, str, int], ItemSet]
    lookalikes: dict[tuple[str, str], Lookalikes]


def prepare_sets(plan: Plan, places: Places, workers: Workers, reporter: Reporter) -> Prepared:
    """Prepare every item set of a plan; pictures that several sets share are handled once."""
    views: list[ViewSpec] = [ViewSpec("profile")]  # for the spectrum pictures
    for spec in plan.detectors:
        view = spec.build().view
        if view not in views:
            views.append(view)
    crop = plan.study.crop.spec()
    pools: list[tuple[str, tuple[str, ...]]] = [(name, ("train", "val")) for name in plan.study.train]
    pools += [(name, ("test",)) for name in plan.study.test]
    wanted = {
        (name, splits, r): chunk_tasks(plan.domains[name, r], splits, crop, views, places)
        for name, splits in pools
        for r in range(plan.study.seeds)
    }
    chunks = prepare_chunks([task for tasks in wanted.values() for task in tasks], workers, reporter)
    return _item_sets(plan, wanted, chunks)


def _item_sets(
    plan: Plan, wanted: dict[tuple[str, tuple[str, ...], int], list[ChunkTask]], chunks: dict[str, Chunk]
) -> Prepared:
    """Item sets out of prepared chunks; a picture that is on two sides, under whatever name, is scored on neither test side."""
    pools = {key: (tasks, [chunks[task_key(task)] for task in tasks]) for key, tasks in wanted.items()}
    found = {
        (name, split, r): outcomes(plan.domains[name, r], split, *pool)
        for (name, splits, r), pool in pools.items()
        for split in splits
    }
    seen: dict[str, str] = {}
    for (name, split, r), outcome in list(found.items()):
        if split == "val":
            trained = dict.fromkeys(found[name, "train", r].contents, f"the training pictures of {name}")
            found[name, split, r] = without_copies(outcome, trained)
        if split in ("train", "val"):
            seen |= dict.fromkeys(outcome.contents, f"the training or validation pictures of {name}")
    seen.pop("", None)
    sets = {}
    digests = _split_digests(plan)
    for (name, splits, r), pool in pools.items():
        domain = plan.domains[name, r]
        for split in splits:
            if split == "test":
                found[name, split, r] = without_copies(found[name, split, r], seen)
            made = item_set(domain, split, found[name, split, r], *pool)
            known = replace(
                made.provenance,
                split_list=digests[unperturbed(name), r][0],
                test_list=digests[unperturbed(name), r][1],
                n_dropped=plan.dropped.get((name, r), {}).get(split, 0),
                facts=plan.facts.get(dataset_name(name), {}),
                may_be_shown=domain.dataset is not None and domain.dataset.may_be_shown,
                framing=framing_of([domain]),
            )
            sets[name, split, r] = replace(made, provenance=known)
    return Prepared(sets, _lookalikes(plan, found))


def _split_digests(plan: Plan) -> dict[tuple[str, int], tuple[str, str]]:
    """Digests of all items and of the test items, by domain without its perturbation, and draw."""
    found = {}
    for (name, r), domain in plan.domains.items():
        if (unperturbed(name), r) not in found:
            found[unperturbed(name), r] = split_digest(whole(domain).items), split_digest(whole(domain).split("test"))
    return found


def _lookalikes(plan: Plan, found: dict[tuple[str, str, int], Outcomes]) -> dict[tuple[str, str], Lookalikes]:
    """What test pictures look like in every training domain; of perturbed domains as they are without the perturbation."""
    alike: dict[tuple[str, str], dict[str, str]] = {}
    shown = {key: outcome.shown() for key, outcome in found.items()}
    known: dict[tuple[str, int, bytes], NDArray[np.intp]] = {}  # perturbed pictures have the hashes of the plain ones
    for train in plan.study.train:
        for r in range(plan.study.seeds):
            ids = [name for split in ("train", "val") for name in shown[train, split, r][0]]
            hashes = np.concatenate([shown[train, split, r][1] for split in ("train", "val")])
            for test in plan.study.test:
                names, tested = shown[test, "test", r]
                key = train, r, tested.tobytes()
                if key not in known:
                    known[key] = lookalike_of(tested, hashes)
                pairs = alike.setdefault((train, test), {})
                for i in np.flatnonzero(known[key] >= 0):
                    pairs.setdefault(names[i], ids[known[key][i]])
    return {key: Lookalikes.of(pairs) for key, pairs in alike.items()}
