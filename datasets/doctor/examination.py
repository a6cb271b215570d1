"""
Examination of copies of data sets before they are used, each by itself and each against the others.

Every file is opened once, by workers; what is kept of it is some hundred bytes (`Facts`).
"""

import hashlib
import importlib.util
import itertools
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from ...benchmark.contracts import FAKE, REAL, matching_variants
from ...benchmark.domains.catalogue import DatasetSpec
from ...benchmark.errors import DataError, unknown_name
from ...benchmark.invocation import install_extra
from ...benchmark.reporting import Reporter
from ...benchmark.workers import Workers, running_workers
from .confounds import ask
from .diagnosis import Diagnosis, Options, Report
from .duplicates import copies, leaks, lookalike_findings, lookalikes, similar_pictures
from .findings import bad_files, confound_findings, confounds, count, sizes, usability
from .inventory import Entry, Finding, Inventory, Level, look_at, same_sized_clips, take_inventories
from .picture_facts import Facts
from .regrouping import regrouping

PER_TASK = 32  # files that a worker is handed at a time
IN_FLIGHT = 4  # tasks per worker that are on their way
FEW = 2000  # stills that are opened in this process, because starting workers would take longer
COST = {"still": 1, "frames": 3, "clip": 10}  # time to open one, about, in stills
LEVELS: tuple[Level, ...] = ("fault", "gap", "note")


def examine(specs: Mapping[str, DatasetSpec], options: Options, reporter: Reporter, variant: str = "") -> Report:
    """
    Examine data sets, each by itself and each against the others.

    Parameters
    ----------
    specs : dict of str to DatasetSpec
        By the name that the user gave; `variant` is one of the first.
    options : Options
    reporter : Reporter
    variant : str
        A domain to look at only, or ``@compression``; empty for all.

    Raises
    ------
    BenchError
        If a data set is unknown, or its folder is not there.
    """
    inventories: list[Inventory] = []
    for name, spec in specs.items():
        reporter.stage(f"listing {name}", None)
        listing = take_inventories(name, spec, options.seed, options.replicate)
        inventories += [_only(i, variant) for i in listing] if variant and not inventories else listing
    chosen = [choose(_openable(inventory), options.sample) for inventory in inventories]
    started = time.perf_counter()
    with running_workers(options.jobs) as workers:
        looked = [_look(i, which, workers, reporter) for i, which in zip(inventories, chosen, strict=True)]
    seconds = time.perf_counter() - started
    reporter.stage("comparing", None)
    diagnoses = [diagnose(i, facts, options) for i, facts in zip(inventories, looked, strict=True)]
    return Report(diagnoses, across(diagnoses, options), sum(map(len, chosen)), seconds, options)


def _only(inventory: Inventory, variant: str) -> Inventory:
    """Select the entries of one domain, whose compression may be left out, or of one compression."""
    all_domains = {domain for entry in inventory.entries for domain in entry.domains}
    meant = set(matching_variants(variant, all_domains))
    if all_domains and not meant:
        raise DataError(unknown_name(f"domain of {inventory.name}", variant, all_domains))
    entries = []
    for entry in inventory.entries:
        domains = tuple(domain for domain in entry.domains if domain in meant)
        if domains:
            entries.append(Entry(entry.item, entry.kind, domains, entry.used, entry.sha256))
    return Inventory(inventory.name, inventory.place, inventory.classes, entries, inventory.findings)


def choose(entries: Mapping[int, Entry], sample: int) -> list[int]:
    """
    Choose the entries to open: all, or `sample` per domain and class, always the same ones.

    Parameters
    ----------
    entries : dict of int to Entry
        By position.
    sample : int

    Returns
    -------
    list of int
        Positions, ascending.
    """
    if not sample:
        return sorted(entries)
    members: dict[tuple[str, int], list[int]] = defaultdict(list)
    for i, entry in entries.items():
        for domain in entry.domains:
            members[domain, entry.item.label].append(i)
    ranks = {i: hashlib.sha256(entry.item.id.encode()).digest() for i, entry in entries.items()}
    return sorted({i for positions in members.values() for i in sorted(positions, key=ranks.__getitem__)[:sample]})


def _openable(inventory: Inventory) -> dict[int, Entry]:
    """Return the entries that the installed libraries can open."""
    entries = dict(enumerate(inventory.entries))
    if importlib.util.find_spec("av"):
        return entries
    openable = {i: entry for i, entry in entries.items() if entry.kind != "clip"}
    if len(openable) < len(entries):
        remedy = install_extra("video")
        inventory.findings.append(Finding("video", "gap", "clips were not opened: they need the extra `video`", remedy))
    return openable


def _look(inventory: Inventory, chosen: Sequence[int], workers: Workers, reporter: Reporter) -> dict[int, Facts]:
    """Open files, here or in workers, a bounded number on their way at a time."""
    reporter.stage(f"opening {inventory.name}", len(chosen))
    to_hash = same_sized_clips(inventory) if not inventory.place.prepared else frozenset()
    by_position: dict[int, Facts] = {}
    tasks = iter([chosen[i : i + PER_TASK] for i in range(0, len(chosen), PER_TASK)])

    def keep(task: Sequence[int], facts: Iterable[Facts]) -> None:
        by_position.update(zip(task, facts, strict=True))
        reporter.advance(len(task))

    def arguments(task: Sequence[int]) -> tuple[Any, ...]:
        entries = [inventory.entries[i] for i in task]
        return inventory.place, entries, to_hash & {entry.item.id for entry in entries}

    if workers.jobs == 1 or sum(COST[inventory.entries[i].kind] for i in chosen) <= FEW:
        for task in tasks:
            keep(task, look_at(*arguments(task)))
        return by_position
    waiting: dict[Future[list[Facts]], Sequence[int]] = {}
    while True:
        for task in itertools.islice(tasks, IN_FLIGHT * workers.jobs - len(waiting)):
            waiting[workers.submit(look_at, *arguments(task))] = task
        if not waiting:
            return by_position
        # Short waits keep Ctrl-C quick and the clock of the progress display moving.
        for future in wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED).done:
            keep(waiting.pop(future), future.result())


def diagnose(inventory: Inventory, facts: dict[int, Facts], options: Options) -> Diagnosis:
    """Derive the findings of one copy from its inventory and the facts of its files."""
    counts = count(inventory, facts, options)
    answers = confounds(inventory.entries, facts)
    findings = [
        *inventory.findings,
        *_sampled(inventory, facts),
        *bad_files(inventory, facts),
        *sizes(inventory.entries, facts, options.crop),
        *copies(inventory.entries, facts),
        *lookalikes(inventory.entries, facts, options.distance),
        *regrouping(inventory, facts),
        *leaks(inventory.entries),
        *confound_findings(answers),
        *usability(inventory, counts),
    ]
    return Diagnosis(inventory, facts, counts, sorted(findings, key=lambda f: LEVELS.index(f.level)), answers)


def _sampled(inventory: Inventory, facts: Mapping[int, Facts]) -> list[Finding]:
    n, opened = len(inventory.entries), len(facts)
    if opened == n:
        return []
    text = f"{opened} of {n} files were opened; what is said of contents holds for these"
    return [Finding("sample", "note", text, "without --sample all are opened")]


# --- data sets against each other --------------------------------------------------------------------------------


def across(diagnoses: Sequence[Diagnosis], options: Options) -> list[Finding]:
    """Compare data sets with each other: training against test pictures, and reals of one against fakes of another."""
    last = {diagnosis.inventory.name: diagnosis for diagnosis in diagnoses}  # what was prepared comes after its distribution
    findings = []
    for first, second in itertools.permutations(last.values(), 2):
        findings += _shared(first, second, options.distance)
        if first.has_only_reals and not second.has_only_reals:
            findings += _mixed(first, second)
    return sorted(findings, key=lambda finding: LEVELS.index(finding.level))


def _shared(learned: Diagnosis, tested: Diagnosis, distance: int) -> list[Finding]:
    where = f"training on {learned.inventory.name}, testing on {tested.inventory.name}"
    sides = []
    for diagnosis, splits in ((tested, ("test",)), (learned, ("train", "val"))):
        entries = diagnosis.inventory.entries
        sides.append((entries, diagnosis.facts, [i for i in diagnosis.facts if entries[i].split in splits]))
    (entries, facts, tested_rows), (other_entries, other_facts, learned_rows) = sides
    contents = {other_facts[i].sha256: other_entries[i].item.id for i in learned_rows if other_facts[i].sha256}
    same = [(entries[i].item.id, f"is also {contents[facts[i].sha256]}") for i in tested_rows if facts[i].sha256 in contents]
    findings = []
    if same:
        text = f"{len(same)} of {len(tested_rows)} test files are training files of the other; a run does not score them"
        findings.append(Finding("duplicate", "gap", text, "delete them on one side", where, tuple(sorted(same))))
    return findings + lookalike_findings(similar_pictures(sides[0], sides[1], distance), len(tested_rows), where)


def _mixed(reals: Diagnosis, fakes: Diagnosis) -> list[Finding]:
    """Find the facts that separate the reals of one data set from the fakes of another."""
    rows = [
        (facts, diagnosis.inventory.entries[i].item)
        for diagnosis, label in ((reals, REAL), (fakes, FAKE))
        for i, facts in diagnosis.facts.items()
        if not facts.error and diagnosis.inventory.entries[i].item.label == label
    ]
    where = f"reals of {reals.inventory.name} with fakes of {fakes.inventory.name}"
    answers = ask([facts for facts, _ in rows], [item.label for _, item in rows], [item.group for _, item in rows])
    return confound_findings({where: answers}, where)
