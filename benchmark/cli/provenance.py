"""What commands say of the data that they used: what is missing and what was left out."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console

from ..domains.catalogue import OpenDomain, remarks
from ..domains.names import dataset_name
from ..errors import listed

SHOWN_PARTS = 10
SPLIT_WORDS = {"train": "training", "val": "validation", "test": "test"}


def print_missing(facts: Mapping[str, Mapping[str, Any]], console: Console) -> None:
    """Say which parts of data sets are not there, a line per data set; `facts` are `Dataset.facts` by name."""
    for name, known in facts.items():
        if known.get("missing"):
            _print(f"{name} is not complete: {listed(known['missing'], SHOWN_PARTS, '; ')}.", console)


def left_out_text(domain: str, reason: str) -> str:
    """Say that a domain of a whole data set is left out of what a command does."""
    return f"{domain} is left out, the rest of {dataset_name(domain)} is used: {reason.rstrip('.')}."


def print_unusable(left_out: Mapping[str, str], console: Console) -> None:
    """Say which domains of whole data sets are left out, and why."""
    for domain, reason in left_out.items():
        _print(left_out_text(domain, reason), console)


def print_remarks(domains: Iterable[OpenDomain], console: Console) -> None:
    """Say how the data sets of some domains were read: what belongs together, what was passed over."""
    for name, lines in remarks(domains).items():
        for line in lines:
            console.print(f"{name}: {line}", markup=False, highlight=False, soft_wrap=True)


def print_dropped(dropped: Mapping[str, Mapping[str, int]], console: Console) -> None:
    """Say how many pictures the guard left out, by domain and split."""
    for domain, counts in dropped.items():
        left_out = [f"{n} {SPLIT_WORDS[split]}" for split, n in counts.items() if n]
        if left_out:
            why = "they share a clip or an identity with pictures on the other side"
            _print(f"{domain}: {' and '.join(left_out)} pictures were left out (--drop-leaks): {why}.", console)


def _print(text: str, console: Console) -> None:
    console.print(text, markup=False, highlight=False, style="yellow", soft_wrap=True)
