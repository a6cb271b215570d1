"""Lines that several commands print at their end."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

from ..pictures.shortcuts import Shortcut

SHOWN_PROBLEMS = 10


def say(console: Console, text: str) -> None:
    """Print a line that should be noticed, without breaking it."""
    console.print(text, markup=False, highlight=False, style="yellow", soft_wrap=True)


def print_shortcut(domain: str, shortcut: Shortcut | None, console: Console, source: str = "") -> None:
    """Print one sentence where facts of the files alone tell the classes of a domain, or its fakes from reals of a source."""
    if shortcut is not None and shortcut.is_marked:
        sentence = shortcut.sentence(domain, source)
        say(console, sentence[0].upper() + sentence[1:])


def print_problems(problems: Sequence[tuple[str, str, str, str]], console: Console) -> None:
    """Print the pictures that could not be used: (data set, item, status, detail)."""
    if not problems:
        return
    say(console, f"{len(problems)} pictures could not be used (in score files: rows with status missing or error):")
    for name, item, _, detail in problems[:SHOWN_PROBLEMS]:
        say(console, f"  {name}: {item}: {detail}")
    if len(problems) > SHOWN_PROBLEMS:
        say(console, f"  … and {len(problems) - SHOWN_PROBLEMS} more")


@dataclass(frozen=True)
class Step:
    """
    A command line that fits next.

    Attributes
    ----------
    command : str
    purpose : str
    """

    command: str
    purpose: str


def print_steps(steps: Sequence[Step], console: Console) -> None:
    """Print steps one below the other, unbroken, so that they can be copied."""
    if steps:
        lines = ["", "Next steps:", *(f"  {step.command}  # {step.purpose}" for step in steps)]
        console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


def duration(seconds: float) -> str:
    """Format a duration in seconds, minutes or hours."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
