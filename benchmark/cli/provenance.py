"""Messages about the data of a command: missing parts, domains and pictures that were left out."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console

from ..domains.catalogue import OpenDomain, remarks
from ..domains.names import dataset_name
from ..errors import listed

SHOWN_PARTS = 10
SPLIT_WORDS = {"train": "training", "val": "validation", "test": "test"}


def print_missing(facts: Mapping[str, Mapping[str, Any]], console: Console) -> None:
    """Print the missing parts of data sets, a line per data set; `facts` are `Dataset.facts` by name."""
    for name, dataset_facts in facts.items():
        if dataset_facts.get("missing"):
            _print(f"{name} is not complete: {listed(dataset_facts['missing'], SHOWN_PARTS, '; ')}.", console)


def left_out_text(domain: str, reason: str) -> str:
    """Return the message about a domain that is left out while the rest of its data set is used."""
    return f"{domain} is left out, the rest of {dataset_name(domain)} is used: {reason.rstrip('.')}."


def print_unusable(left_out: Mapping[str, str], console: Console) -> None:
    """Print the domains of whole data sets that are left out, with their reasons."""
    for domain, reason in left_out.items():
        _print(left_out_text(domain, reason), console)


def print_remarks(domains: Iterable[OpenDomain], console: Console) -> None:
    """Print how the data sets of some domains were read: groups, and files that were passed over."""
    for name, lines in remarks(domains).items():
        for line in lines:
            console.print(f"{name}: {line}", markup=False, highlight=False, soft_wrap=True)


def print_dropped(dropped: Mapping[str, Mapping[str, int]], console: Console) -> None:
    """Print the numbers of pictures that the guard left out, by domain and split."""
    for domain, counts in dropped.items():
        left_out = [f"{n} {SPLIT_WORDS[split]}" for split, n in counts.items() if n]
        if left_out:
            why = "they share a clip or an identity with pictures on the other side"
            _print(f"{domain}: {' and '.join(left_out)} pictures were left out (--drop-leaks): {why}.", console)


def _print(text: str, console: Console) -> None:
    console.print(text, markup=False, highlight=False, style="yellow", soft_wrap=True)
