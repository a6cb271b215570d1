"""What a run tells of itself while it goes on."""

from typing import Protocol

from .bands import Band


class Reporter(Protocol):
    """What a run tells of itself while it goes on."""

    def stage(self, text: str, total: int | None) -> None:
        """Begin a stage of `total` steps (None: unknown)."""
        ...

    def advance(self, steps: int = 1) -> None:
        """Some steps are done."""
        ...

    def cells(self, done: int, total: int) -> None:
        """So many cells are done."""
        ...

    def best(self, label: str, band: Band, auc: float) -> None:
        """A cell has found its best band so far."""
        ...

    def note(self, text: str) -> None:
        """Something the user should know, worth a line."""
        ...
