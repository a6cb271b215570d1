"""Findings on the files of one copy: counts and usability, damaged files, sizes, and confounds."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ...benchmark.contracts import LABEL_NAMES, SPLITS
from ...benchmark.errors import listed
from ...benchmark.metrics.digits import auc_text
from .confounds import Answer, ask
from .diagnosis import CountRow, Options
from .inventory import Entry, Finding, Inventory, Level
from .picture_facts import Facts

COMMON_SIZES = 3


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


# --- files -------------------------------------------------------------------------------------------------------------


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


# --- confounds ---------------------------------------------------------------------------------------------------------


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


def confound_findings(answers: Mapping[str, Sequence[Answer]], where: str = "") -> list[Finding]:
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
        further = ", ".join(
            f"{name} ({auc_text(score, digits=2)})" for name, score in best.items() if name != worst.question.name
        )
        real, fake = worst.values
        text = (
            f"{worst.question.name} alone tells the classes: AUC {auc_text(worst.score, digits=2)} "
            f"(real: {real}; fake: {fake}){f'; so does {further}' if further else ''}"
        )
        n_more = len({domain for domain, _ in members}) - 1
        place = where or (f"{domain} and {n_more} more domains" if n_more else domain)
        findings.append(Finding("confound", "gap" if strong else "note", text, remedy, place))
    return findings
