"""Lines that several commands print at their end."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

from ...api.notes import problem_lines
from ..errors import plain_text
from ..pictures.shortcuts import Shortcut


def say(console: Console, text: str) -> None:
    """Print a line that should be noticed, without breaking it."""
    console.print(plain_text(text), markup=False, highlight=False, style="yellow", soft_wrap=True)


def print_shortcut(domain: str, shortcut: Shortcut | None, console: Console, source: str = "") -> None:
    """Print one sentence where facts of the files alone tell the classes of a domain, or its fakes from reals of a source."""
    if shortcut is not None and shortcut.is_marked:
        sentence = shortcut.sentence(domain, source)
        say(console, sentence[0].upper() + sentence[1:])


def print_problems(problems: Sequence[tuple[str, str, str, str]], console: Console) -> None:
    """Print the pictures that could not be used: (data set, item, status, detail)."""
    for line in problem_lines(problems):
        say(console, line)


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
