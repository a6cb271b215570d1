"""Shortcut audits of prepared pictures: facts of the files of item sets, and the audits of the domains of a plan."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from ..contracts import FAKE, REAL, SPLITS, ViewSpec
from ..domains.names import REALS, chain_of, dataset_name, unperturbed
from ..errors import DataError
from ..frequency.bands import Band
from ..invocation import bench
from ..pictures import audit as audits
from ..pictures.audit import AUDITOR, FactTable, audit, join
from ..pictures.file_facts import MISSING, TRACES
from ..pictures.shortcuts import Shortcut
from ..records import ItemSet, Plan
from ..registry import DetectorSpec
from ..reporting import Reporter
from ..results.scores import item_groups, item_labels
from ..store.files import digest, read_json, write_json
from ..views import view_kernel, view_key
from ..workers import Workers, as_completed
from .load import load_view
from .plan_sets import Prepared

FACTS_VIEW = ViewSpec("file_facts")
STRICT_WAY_OUT = (
    "Store both classes alike (one format, one quality, one size, one colour mode) and run again; without --strict the run "
    "goes on, and its rows are marked."
)
AMBIGUOUS_NOTE = "--strict does not refuse this; `{command}` finds out if detectors use it."


@dataclass(frozen=True)
class AuditTask:
    """
    An audit of prepared pictures: work for a worker.

    Attributes
    ----------
    sets : tuple of ItemSet
        Audited together.
    reals : ItemSet or None
        Source of reals that the fakes of `sets` are set against, instead of the reals among them.
    folder : str
        Of the cache: `audits` lies in it.
    """

    sets: tuple[ItemSet, ...]
    reals: ItemSet | None
    folder: str

    @property
    def place(self) -> Path:
        """File that keeps the outcome; its name is a digest of all that the outcome depends on."""
        sets = [[dataset_name(items.domain), items.digest] for items in self.sets]
        reals = [dataset_name(self.reals.domain), self.reals.digest] if self.reals else None
        detector = DetectorSpec(AUDITOR).key_parts()
        key = digest([audits.VERSION, detector, view_key(view_kernel(FACTS_VIEW)), sets, reals])
        return Path(self.folder, "audits", key[:2], f"{key}.json")


@dataclass(frozen=True)
class PlanAudits:
    """
    Shortcut audits of a plan.

    Attributes
    ----------
    domains : mapping of str to Shortcut
        By training or test domain.
    reals : mapping of str to mapping of str to Shortcut
        Of the fakes of a test domain and the reals of a source, by domain and source.
    """

    domains: Mapping[str, Shortcut] = field(default_factory=dict)
    reals: Mapping[str, Mapping[str, Shortcut]] = field(default_factory=dict)

    def marked(self) -> list[tuple[Shortcut, str]]:
        """Return the audits that mark rows, each with its sentence."""
        found = [(audited, audited.sentence(domain)) for domain, audited in self.domains.items()]
        found += [(a, a.sentence(domain, source)) for domain, each in self.reals.items() for source, a in each.items()]
        return [(audited, sentence) for audited, sentence in found if audited.is_marked]


def fact_table(items: ItemSet) -> FactTable:
    """Return the facts of the files of an item set, of its items with status ``ok`` in their order."""
    view, rows = load_view(items, FACTS_VIEW, Band())
    _, first = np.unique(rows, return_index=True)  # all crops of an item have the facts of its file
    table = pq.read_table(items.table)
    return FactTable(view.values[first], item_labels(table), item_groups(table))


def audit_sets(sets: Sequence[ItemSet]) -> Shortcut | None:
    """
    Audit the pictures of some item sets of one domain together.

    Returns
    -------
    Shortcut or None
        None where a class has fewer than two groups.
    """
    return _audit(join([fact_table(items) for items in sets]))


def audit_against(fakes: FactTable, reals: FactTable) -> Shortcut | None:
    """
    Audit the fakes of a domain and the reals of a source together; see `audit_sets`.

    Where either are computed pictures, of which no traces in the pixels are taken, those of the others are left out, too.
    """
    sides = [fakes[fakes.labels == FAKE], reals[reals.labels == REAL]]
    has_traces = all((side.facts[:, TRACES] != MISSING).any() for side in sides)
    table = join(sides)
    if not has_traces:
        table.facts[:, TRACES] = MISSING
    return _audit(table)


def _audit(table: FactTable) -> Shortcut | None:
    made = audit(table) if table.has_both_classes else None
    return made.shortcut if made else None


def do_audit(task: AuditTask) -> Shortcut | None:
    """Audit the pictures of a task, in a worker, and keep the outcome; see `audit_sets`."""
    if task.reals is None:
        shortcut = audit_sets(task.sets)
    else:
        shortcut = audit_against(join([fact_table(items) for items in task.sets]), fact_table(task.reals))
    write_json(task.place, {"shortcut": shortcut.to_json() if shortcut else None}, durable=False)
    return shortcut


def audit_plan(plan: Plan, prepared: Prepared, folder: str, workers: Workers, reporter: Reporter) -> PlanAudits:
    """
    Audit the training and test domains of a plan, and the fakes of its test domains against each source of reals.

    A perturbed test domain or source has no audit: its pictures are in the files of the unperturbed one. Outcomes are kept, so
    that pictures that were audited before are not audited again.

    Parameters
    ----------
    plan : Plan
    prepared : Prepared
        Its pictures.
    folder : str
        Of the cache.
    workers : Workers
    reporter : Reporter
    """
    study, sets = plan.study, prepared.sets
    tested = [name for name in study.test if unperturbed(name) == name]
    tasks: dict[tuple[str, str], AuditTask] = {}
    for name in dict.fromkeys((*study.train, *tested)):
        # Later draws divide much the same pictures into training and validation ones.
        of_domain = [sets[key] for split in SPLITS if (key := (name, split, 0)) in sets]
        tasks[name, ""] = AuditTask(tuple(of_domain), None, folder)
    for source in (name for name in plan.sources if not chain_of(name)):
        reals = sets[source, REALS, 0]
        for name in tested:
            if not _are_its_own(sets[name, "test", 0], reals):
                tasks[name, source] = replace(tasks[name, ""], reals=reals)
    made = _audited(tasks, workers, reporter)
    by_domain = {name: made[name, ""] for name, source in tasks if not source and (name, "") in made}
    by_reals = {name: {source: made[name, source] for source in plan.sources if (name, source) in made} for name in tested}
    return PlanAudits(by_domain, {name: each for name, each in by_reals.items() if each})


def _are_its_own(tested: ItemSet, reals: ItemSet) -> bool:
    """Return True if the reals of a source are the reals of a test domain, of which the classes are audited anyway."""
    if dataset_name(tested.domain) != dataset_name(reals.domain):
        return False
    own, others = pq.read_table(tested.table), pq.read_table(reals.table)
    names = {item for item, label in zip(own["item"].to_pylist(), own["label"].to_pylist(), strict=True) if label == REAL}
    return names == set(others["item"].to_pylist())


def _audited(
    tasks: Mapping[tuple[str, str], AuditTask], workers: Workers, reporter: Reporter
) -> dict[tuple[str, str], Shortcut]:
    """Take the outcomes that were kept, and make the others."""
    reporter.stage("auditing files", len(tasks))
    made: dict[tuple[str, str], Shortcut | None] = {}
    futures = {}
    for key, task in tasks.items():
        kept = read_json(task.place)
        if isinstance(kept, dict) and "shortcut" in kept:
            made[key] = Shortcut.from_json(kept["shortcut"])
        else:
            futures[workers.submit(do_audit, task)] = key
    reporter.advance(len(made))
    for future in as_completed(futures):
        made[futures[future]] = future.result()
        reporter.advance(1)
    return {key: shortcut for key, shortcut in made.items() if shortcut is not None}


def refuse_shortcuts(made: PlanAudits) -> None:
    """
    Refuse pictures whose files give the classes away by facts that no generator leaves itself.

    Raises
    ------
    DataError
        With one sentence for each.
    """
    refused = [sentence for shortcut, sentence in made.marked() if shortcut.is_unambiguous]
    if refused:
        raise DataError("\n".join([*refused, STRICT_WAY_OUT]))


def ambiguous_notes(made: PlanAudits) -> Iterator[str]:
    """Yield a sentence for each marked audit that is ambiguous, and that `refuse_shortcuts` lets pass."""
    for shortcut, sentence in made.marked():
        if shortcut.ambiguous:
            yield f"{sentence[0].upper()}{sentence[1:]} {AMBIGUOUS_NOTE.format(command=bench('data audit'))}"
