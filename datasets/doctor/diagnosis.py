"""
Examination of a copy of a data set before it is used.

Findings are missing parts, files that do not decode, duplicates and look-alikes, leaks between splits, and facts other than
the pictures that separate the classes.

Every file is opened once, by workers; what is kept of it is some hundred bytes (`Facts`).
"""

import hashlib
import importlib.util
import itertools
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...benchmark.contracts import FAKE, LABEL_NAMES, REAL, SPLITS, matching_variants
from ...benchmark.domains.catalogue import DatasetSpec
from ...benchmark.domains.guard import check_no_leak
from ...benchmark.errors import DataError, listed, unknown_name
from ...benchmark.invocation import install_extra
from ...benchmark.pictures.lookalikes import DISTANCE, lookalike_of
from ...benchmark.reporting import Reporter
from ...benchmark.workers import Workers, running_workers
from .confounds import Answer, ask
from .inventory import Entry, Finding, Inventory, Level, look_at, same_sized_clips, take_inventories
from .picture_facts import Facts, likeness

PER_TASK = 32  # files that a worker is handed at a time
IN_FLIGHT = 4  # tasks per worker that are on their way
COPY = 0.995  # correlation of thumbnails: all of 300 faces that were saved anew or resized, no two different ones
FEW = 2000  # stills that are looked at here, because starting workers would take longer
COST = {"still": 1, "frames": 3, "clip": 10}  # about, in stills
COMMON_SIZES = 3
SHOWN_COPIES = 3
LEVELS: tuple[Level, ...] = ("fault", "gap", "note")
EXIT_CODES: Mapping[str, int] = {"complete": 0, "partial": 3, "unusable": 2}


@dataclass(frozen=True)
class Options:
    """
    Options of an examination.

    Attributes
    ----------
    crop : int
        Side of the crops that a run will cut, in pixels.
    sample : int
        Files per domain and class that are opened; 0 opens all.
    distance : int
        Bits in which perceptual hashes of look-alikes may differ.
    seed, replicate : int
        Of the splits that are drawn.
    jobs : int
        Worker processes.
    """

    crop: int = 128
    sample: int = 0
    distance: int = DISTANCE
    seed: int = 0
    replicate: int = 0
    jobs: int = 1


@dataclass(frozen=True)
class CountRow:
    """
    Counts of one class in one split of one domain.

    Attributes
    ----------
    domain : str
    split : str
        Empty for what belongs to none.
    label : int
    n : int
        Pictures, clips or folders of frames.
    opened, bad : int
        How many were opened, and how many of these cannot be used.
    videos, identities : int
        Different ones; 0 where nothing is known of them.
    """

    domain: str
    split: str
    label: int
    n: int
    opened: int
    bad: int
    videos: int
    identities: int


@dataclass(frozen=True)
class Diagnosis:
    """
    The diagnosis of one copy of a data set.

    Attributes
    ----------
    inventory : Inventory
    facts : dict of int to Facts
        By position among the entries; only of those that were opened.
    counts : list of CountRow
    findings : list of Finding
        Faults first.
    answers : dict of str to list of Answer
        How well each fact tells the classes, by domain.
    """

    inventory: Inventory
    facts: dict[int, Facts]
    counts: list[CountRow]
    findings: list[Finding]
    answers: dict[str, list[Answer]]

    @property
    def has_only_reals(self) -> bool:
        """True if the copy has no fakes, so that it is a domain only together with those of another."""
        return all(row.label == REAL for row in self.counts)

    @property
    def verdict(self) -> str:
        """``complete``, ``partial`` or ``unusable``."""
        levels = {finding.level for finding in self.findings}
        return "unusable" if "fault" in levels else "partial" if "gap" in levels else "complete"

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-like data, complete."""
        inventory = self.inventory
        return {
            "name": inventory.name,
            "folder": inventory.folder,
            "prepared": bool(inventory.place.prepared),
            "verdict": self.verdict,
            "files": len(inventory.entries),
            "opened": len(self.facts),
            "counts": [{**asdict(row), "label": LABEL_NAMES[row.label]} for row in self.counts],
            "findings": [_finding_dict(finding) for finding in self.findings],
            "confounds": [_answer_dict(domain, answer) for domain, answers in self.answers.items() for answer in answers],
        }


@dataclass(frozen=True)
class Report:
    """
    The diagnoses of all copies, and findings between them.

    Attributes
    ----------
    diagnoses : list of Diagnosis
    across : list of Finding
        Findings between data sets.
    opened : int
        Files.
    seconds : float
        That opening them took.
    options : Options
    """

    diagnoses: list[Diagnosis]
    across: list[Finding]
    opened: int
    seconds: float
    options: Options

    @property
    def verdict(self) -> str:
        """The worst verdict of all copies."""
        verdicts = [d.verdict for d in self.diagnoses] + (["partial"] if any(f.level == "gap" for f in self.across) else [])
        return max(verdicts, key=["complete", "partial", "unusable"].index)

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.verdict]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-like data, complete."""
        return {
            "verdict": self.verdict,
            "options": asdict(self.options),
            "opened": self.opened,
            "seconds": self.seconds,
            "datasets": [diagnosis.as_dict() for diagnosis in self.diagnoses],
            "across": [_finding_dict(finding) for finding in self.across],
        }


def _finding_dict(finding: Finding) -> dict[str, Any]:
    files = [{"path": path, "detail": detail} for path, detail in finding.files]
    return {**asdict(finding), "count": finding.n, "files": files}


def _answer_dict(domain: str, answer: Answer) -> dict[str, Any]:
    real, fake = answer.values
    shared = {"domain": domain, "fact": answer.question.name, "real": real, "fake": fake}
    return {**shared, answer.measure: answer.score, "standard_error": answer.error, "notable": answer.notable}


# --- the whole -------------------------------------------------------------------------------------------------------


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
        *leaks(inventory.entries),
        *_confound_findings(answers),
        *usability(inventory, counts),
    ]
    return Diagnosis(inventory, facts, counts, sorted(findings, key=lambda f: LEVELS.index(f.level)), answers)


def _sampled(inventory: Inventory, facts: Mapping[int, Facts]) -> list[Finding]:
    n, opened = len(inventory.entries), len(facts)
    if opened == n:
        return []
    text = f"{opened} of {n} files were opened; what is said of contents holds for these"
    return [Finding("sample", "note", text, "without --sample all are opened")]


# --- counts and usability --------------------------------------------------------------------------------------------


def count(inventory: Inventory, facts: Mapping[int, Facts], options: Options) -> list[CountRow]:
    """Count the entries per domain, split and class."""
    members: dict[tuple[str, int, str], list[int]] = defaultdict(list)
    for i, entry in enumerate(inventory.entries):
        for domain in entry.domains:
            members[domain, entry.item.label, entry.split].append(i)
    order = (*SPLITS, "")
    rows = []
    for (domain, label, split), positions in sorted(members.items(), key=lambda m: (*m[0][:2], order.index(m[0][2]))):
        items = [inventory.entries[i].item for i in positions]
        opened = [facts[i] for i in positions if i in facts]
        videos = {item.video for item in items if item.video}
        people = {name for item in items for name in (item.target, item.donor) if name}
        bad = sum(bool(file_facts.error) or file_facts.side < options.crop for file_facts in opened)
        rows.append(CountRow(domain, split, label, len(positions), len(opened), bad, len(videos), len(people)))
    return rows


def usability(inventory: Inventory, counts: Sequence[CountRow]) -> list[Finding]:
    """Find the domains that cannot be used for training, for testing, or for both."""
    usable: Counter[tuple[str, str, int]] = Counter()
    for row in counts:
        usable[row.domain, row.split, row.label] += row.n - row.bad
    domains = sorted({row.domain for row in counts})
    findings = []
    hopeless = 0
    for domain in domains:
        present = {LABEL_NAMES[row.label] for row in counts if row.domain == domain}
        required = [LABEL_NAMES.index(name) for name in LABEL_NAMES if name in {*inventory.classes, *present}]
        lacks = {s: [LABEL_NAMES[label] for label in required if usable[domain, s, label] <= 0] for s in SPLITS}
        shown = ", ".join(f"{split} has no usable {' and no '.join(names)}" for split, names in lacks.items() if names)
        if lacks["test"] and (lacks["train"] or lacks["val"]):
            hopeless += 1
            findings.append(Finding("unusable", "gap", f"no run can use it: {shown}", "add what is missing", domain))
        elif shown:
            purpose = "can be trained on but not tested on" if lacks["test"] else "can be tested on but not trained on"
            findings.append(Finding("unusable", "gap", f"{purpose}: {shown}", "add what is missing", domain))
    if not domains and not any(finding.level == "fault" for finding in inventory.findings):
        return [Finding("unusable", "fault", "there is no picture at all", "the other lines say why")]
    if domains and hopeless == len(domains):
        return [Finding(f.kind, "fault", f.text, f.remedy, f.where) for f in findings]
    return findings


# --- files -----------------------------------------------------------------------------------------------------------


def _by_side(entries: Sequence[Entry], matches: Iterable[tuple[int, str]]) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    """Group (position, detail) by class and split: ``real, train``."""
    groups: dict[tuple[int, str], list[tuple[str, str]]] = defaultdict(list)
    for i, detail in matches:
        entry = entries[i]
        groups[entry.item.label, entry.split].append((entry.item.id, detail))
    for (label, split), files in sorted(groups.items()):
        yield f"{LABEL_NAMES[label]}, {split or 'no split'}", tuple(files)


def bad_files(inventory: Inventory, facts: Mapping[int, Facts]) -> list[Finding]:
    """Find files that are missing, undecodable, changed, truncated or blank."""
    again = "get them again, or delete them"
    redo = "delete the folders of their sources below crops/, then run the same bench data prepare"
    mend = redo if inventory.place.prepared else again
    kinds: list[tuple[str, Level, str, str, Callable[[Entry, Facts], str]]] = [
        ("missing", "gap", "gone", mend, lambda e, f: f.error if _is_gone(f) else ""),
        ("undecodable", "gap", "cannot be used", mend, lambda e, f: "" if _is_gone(f) else f.error),
        ("changed", "gap", "not what it was when it was prepared", redo, _changed_since),
        ("truncated", "gap", "used in part", again, lambda e, f: f.warning),
        (
            "blank",
            "note",
            "one flat colour",
            "look at them",
            lambda e, f: "" if f.error or f.look is not None else "shows nothing.",
        ),
    ]
    findings = []
    for kind, level, text, remedy, says in kinds:
        matches = [(i, detail) for i, file_facts in facts.items() if (detail := says(inventory.entries[i], file_facts))]
        for where, files in _by_side(inventory.entries, matches):
            findings.append(Finding(kind, level, text, remedy, where, files))
    return findings


def _is_gone(facts: Facts) -> bool:
    return facts.error == "the file is gone."


def _changed_since(entry: Entry, facts: Facts) -> str:
    same = not (entry.sha256 and facts.sha256) or facts.sha256.hex() == entry.sha256
    return "" if same else "has another SHA-256 than its record."


def sizes(entries: Sequence[Entry], facts: Mapping[int, Facts], crop: int) -> list[Finding]:
    """Find pictures that are smaller than a crop, and count the sizes."""
    small = [
        (i, f"{file_facts.size} pixels.") for i, file_facts in facts.items() if not file_facts.error and file_facts.side < crop
    ]
    findings = []
    if small:
        largest = min(facts[i].side for i, _ in small)
        remedy = f"--crop {largest} takes all of them; or take them out: in a run they are rows without a score"
        text = f"smaller than the crop of {crop}x{crop}"
        findings += [Finding("size", "gap", text, remedy, where, files) for where, files in _by_side(entries, small)]
    counts = Counter(file_facts.size for file_facts in facts.values() if not file_facts.error)
    if len(counts) > 1:
        total = sum(counts.values())
        sizes = [f"{size} ({n / total:.0%})".replace("%", " %") for size, n in counts.most_common()]
        text = f"{len(counts)} sizes: {listed(sizes, COMMON_SIZES)}"
        findings.append(Finding("size", "note", text, count=len(counts)))
    return findings


# --- what is there twice ---------------------------------------------------------------------------------------------


def copies(entries: Sequence[Entry], facts: Mapping[int, Facts]) -> list[Finding]:
    """Find files with the same bytes: in both classes, in several splits, or within one."""
    by_content: dict[bytes, list[int]] = defaultdict(list)
    for i, file_facts in facts.items():
        if file_facts.sha256 and not file_facts.error:
            by_content[file_facts.sha256].append(i)
    sorts: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for positions in by_content.values():
        if len(positions) < 2:
            continue
        labels, splits = {entries[i].item.label for i in positions}, {entries[i].split for i in positions if entries[i].used}
        sort = "classes" if len(labels) > 1 else "splits" if len(splits) > 1 else "same"
        first, *repeats = sorted(entries[i].item.id for i in positions)
        sorts[sort].append((first, f"is also {listed(repeats, SHOWN_COPIES)}"))
    texts: dict[str, tuple[Level, str, str]] = {
        "classes": ("gap", "the same picture among reals and fakes; a run scores neither", "delete those of the wrong class"),
        "splits": ("gap", "the same file in several splits; a run scores it in none but the first", "delete one of each"),
        "same": ("note", "the same file more than once in one class and split", "delete one of each"),
    }
    return [Finding("duplicate", *texts[s][:2], texts[s][2], files=tuple(sorted(sorts[s]))) for s in texts if sorts[s]]


def lookalikes(entries: Sequence[Entry], facts: Mapping[int, Facts], distance: int) -> list[Finding]:
    """Find test pictures that resemble one of training or validation, and validation pictures like one of training."""
    findings = []
    for held_out, learned in (("test", ("train", "val")), ("val", ("train",))):
        tested = [i for i in facts if entries[i].split == held_out]
        training = [i for i in facts if entries[i].split in learned]
        pairs = _alike((entries, facts, tested), (entries, facts, training), distance)
        findings += _lookalike_findings(pairs, len(tested), f"{held_out} against {' and '.join(learned)}")
    return findings


Some = tuple[Sequence[Entry], Mapping[int, Facts], Sequence[int]]


def _alike(a: Some, b: Some, distance: int) -> list[tuple[str, str, float]]:
    """Find the pictures of `a` that resemble one of `b` without being the same file: both ids and their correlation."""
    (entries_a, facts_a, rows_a), (entries_b, facts_b, rows_b) = a, b
    rows_a = [i for i in rows_a if facts_a[i].look is not None]
    rows_b = [i for i in rows_b if facts_b[i].look is not None]
    if not rows_a or not rows_b:
        return []
    hashes = [np.array([f[i].look for i in some], dtype=np.uint64) for f, some in ((facts_a, rows_a), (facts_b, rows_b))]
    pairs = []
    for i, place in zip(rows_a, lookalike_of(hashes[0], hashes[1], distance), strict=True):
        j = rows_b[place]
        if place < 0 or (facts_a[i].sha256 and facts_a[i].sha256 == facts_b[j].sha256):
            continue
        pairs.append((entries_a[i].item.id, entries_b[j].item.id, likeness(facts_a[i], facts_b[j])))
    return sorted(pairs)


def _lookalike_findings(pairs: Sequence[tuple[str, str, float]], n: int, where: str) -> list[Finding]:
    same = "a picture of the other side, saved anew, resized or brightened"
    harm = "look at some: trimmed copies are memory, mere likeness is harmless"
    kinds: tuple[tuple[bool, str, Level, str, str], ...] = (
        (True, "copy", "gap", f"are {same}", "delete one of each"),
        (False, "lookalike", "note", "look like a picture of the other side", harm),
    )
    findings = []
    for is_copy, kind, level, text, remedy in kinds:
        some = tuple((path, f"looks like {other}") for path, other, alike in pairs if (alike >= COPY) == is_copy)
        if some:
            findings.append(Finding(kind, level, f"{len(some)} of {n} {text}", remedy, where, some))
    return findings


def leaks(entries: Sequence[Entry]) -> list[Finding]:
    """Find clips and identities on both sides of a split."""
    sides = {split: [entry.item for entry in entries if entry.split == split] for split in SPLITS}
    findings = []
    for first, second in itertools.combinations(SPLITS, 2):
        try:
            check_no_leak(f"{first} and {second}", sides[first], sides[second])
        except DataError as error:
            findings.append(
                Finding("leak", "gap", str(error), "until then a run refuses these splits", f"{first} and {second}")
            )
    return findings


# --- what tells the classes ------------------------------------------------------------------------------------------


def confounds(entries: Sequence[Entry], facts: Mapping[int, Facts]) -> dict[str, list[Answer]]:
    """Measure, for every domain, how well each fact of the files separates the classes."""
    members: dict[str, list[int]] = defaultdict(list)
    for i, file_facts in facts.items():
        if not file_facts.error:
            for domain in entries[i].domains:
                members[domain].append(i)
    return {domain: _ask(positions, entries, facts) for domain, positions in sorted(members.items())}


def _ask(positions: Sequence[int], entries: Sequence[Entry], facts: Mapping[int, Facts]) -> list[Answer]:
    items = [entries[i].item for i in positions]
    return ask([facts[i] for i in positions], [item.label for item in items], [item.group for item in items])


def _confound_findings(answers: Mapping[str, Sequence[Answer]], where: str = "") -> list[Finding]:
    """Return one finding per remedy, on the fact and domain with the highest score."""
    by_remedy: dict[tuple[str, bool], list[tuple[str, Answer]]] = defaultdict(list)
    for domain, members in answers.items():
        for answer in members:
            if answer.notable:
                by_remedy[answer.question.remedy, answer.strong].append((domain, answer))
    findings = []
    for (remedy, strong), members in by_remedy.items():
        best: dict[str, float] = {}
        for _, answer in members:
            best[answer.question.name] = max(answer.score, best.get(answer.question.name, 0))
        domain, worst = max(members, key=lambda pair: pair[1].score)
        further = ", ".join(f"{name} ({score:.2f})" for name, score in best.items() if name != worst.question.name)
        real, fake = worst.values
        text = (
            f"{worst.question.name} alone tells the classes: {worst.measure.replace('_', ' ')} {worst.score:.2f} "
            f"(real: {real}; fake: {fake}){f'; so does {further}' if further else ''}"
        )
        n_more = len({domain for domain, _ in members}) - 1
        place = where or (f"{domain} and {n_more} more domains" if n_more else domain)
        findings.append(Finding("confound", "gap" if strong else "note", text, remedy, place))
    return findings


# --- against each other ----------------------------------------------------------------------------------------------


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
    return findings + _lookalike_findings(_alike(sides[0], sides[1], distance), len(tested_rows), where)


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
    return _confound_findings({where: answers}, where)
