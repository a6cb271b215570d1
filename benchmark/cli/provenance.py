"""Messages about the data of a command: missing parts, domains and pictures that were left out."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console

from ...api.notes import dropped_lines, left_out_text, missing_lines, remark_lines
from ..domains.catalogue import OpenDomain
from ..errors import plain_text


def print_missing(facts: Mapping[str, Mapping[str, Any]], console: Console) -> None:
    """Print the missing parts of data sets, a line per data set; `facts` are `Dataset.facts` by name."""
    _print(missing_lines(facts), console)


def print_lost(lines: Iterable[str], console: Console) -> None:
    """Print the lines on sources of data sets that gave no picture, see `catalogue.lost_sources`."""
    _print(lines, console)


def print_unusable(left_out: Mapping[str, str], console: Console) -> None:
    """Print the domains of whole data sets that are left out, with their reasons."""
    _print([left_out_text(domain, reason) for domain, reason in left_out.items()], console)


def print_remarks(domains: Iterable[OpenDomain], console: Console) -> None:
    """Print how the data sets of some domains were read: groups, and files that were passed over."""
    for line in remark_lines(domains):
        console.print(plain_text(line), markup=False, highlight=False, soft_wrap=True)


def print_dropped(dropped: Mapping[str, Mapping[str, int]], console: Console) -> None:
    """Print the numbers of pictures that the guard left out, by domain and split."""
    _print(dropped_lines(dropped), console)


def _print(lines: Iterable[str], console: Console) -> None:
    for line in lines:
        console.print(plain_text(line), markup=False, highlight=False, style="yellow", soft_wrap=True)
