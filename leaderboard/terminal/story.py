"""Sentences about a board, for the terminal: at the end, where a reader of a long table is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..story.parts import Sentence

if TYPE_CHECKING:
    from rich.console import Console


def print_story(sentences: Sequence[Sentence], console: "Console") -> None:
    """Print a line for each sentence; nothing without any."""
    if not sentences:
        return
    console.print("In short", style="bold")
    for sentence in sentences:
        # Names are data: they must not be read as markup.
        console.print(f"- {sentence.text}", markup=False, highlight=False, emoji=False)
