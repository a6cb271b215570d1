"""Notes on the data of a run: missing parts, domains and pictures that were left out, and how data sets were read."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..benchmark.domains.catalogue import OpenDomain, remarks
from ..benchmark.domains.names import dataset_name
from ..benchmark.errors import listed

SHOWN_PARTS = 10
SHOWN_PROBLEMS = 10
SPLIT_WORDS = {"train": "training", "val": "validation", "test": "test"}


def missing_lines(facts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return a line per data set that lacks parts; `facts` are `Dataset.facts` by name."""
    missing = {name: of_dataset.get("missing") for name, of_dataset in facts.items()}
    return [f"{name} is not complete: {listed(parts, SHOWN_PARTS, '; ')}." for name, parts in missing.items() if parts]


def left_out_text(domain: str, reason: str) -> str:
    """Return the message about a domain that is left out while the rest of its data set is used."""
    return f"{domain} is left out, the rest of {dataset_name(domain)} is used: {reason.rstrip('.')}."


def dropped_lines(dropped: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return a line per domain of which the guard left pictures out; `dropped` are their numbers by domain and split."""
    why = "they share a clip or an identity with pictures on the other side"
    lines = []
    for domain, counts in dropped.items():
        left_out = [f"{n} {SPLIT_WORDS[split]}" for split, n in counts.items() if n]
        if left_out:
            lines.append(f"{domain}: {' and '.join(left_out)} pictures were left out (--drop-leaks): {why}.")
    return lines


def remark_lines(domains: Iterable[OpenDomain]) -> list[str]:
    """Return how the data sets of some domains were read: groups, and files that were passed over."""
    return [f"{name}: {line}" for name, lines in remarks(domains).items() for line in lines]


def problem_lines(problems: Sequence[tuple[str, str, str, str]]) -> list[str]:
    """Return the lines about pictures that could not be used: (data set, item, status, detail)."""
    if not problems:
        return []
    lines = [f"{len(problems)} pictures could not be used (in score files: rows with status missing or error):"]
    lines += [f"  {name}: {item}: {detail}" for name, item, _, detail in problems[:SHOWN_PROBLEMS]]
    more = len(problems) - SHOWN_PROBLEMS
    return [*lines, f"  … and {more} more"] if more > 0 else lines
