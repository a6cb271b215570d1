"""Pictures, clips and identities that occur twice: equal files, look-alikes, and leaks between splits."""

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from ...benchmark.contracts import SPLITS
from ...benchmark.domains.guard import check_no_leak
from ...benchmark.errors import DataError, listed
from ...benchmark.pictures.lookalikes import lookalike_of
from .inventory import Entry, Finding, Level
from .picture_facts import Facts, likeness

COPY = 0.995  # correlation of thumbnails: all of 300 faces that were saved anew or resized, no two different ones
SHOWN_COPIES = 3


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
        pairs = similar_pictures((entries, facts, tested), (entries, facts, training), distance)
        findings += lookalike_findings(pairs, len(tested), f"{held_out} against {' and '.join(learned)}")
    return findings


Pictures = tuple[Sequence[Entry], Mapping[int, Facts], Sequence[int]]


def similar_pictures(a: Pictures, b: Pictures, distance: int) -> list[tuple[str, str, float]]:
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


def lookalike_findings(pairs: Sequence[tuple[str, str, float]], n: int, where: str) -> list[Finding]:
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
