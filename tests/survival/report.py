"""The page docs/explanation/survival.md, of which the table is made by ``make survival``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

REPORT = Path(__file__).parents[2] / "docs" / "explanation" / "survival.md"
TEXT = Path(__file__).with_name("survival.md")  # what stands above the table


@dataclass(frozen=True)
class Line:
    """
    A line of the table.

    Attributes
    ----------
    what : str
    n : int
        Times that it was tried.
    detail : str
    faults : tuple of str
        Broken laws; empty if all held.
    """

    what: str
    n: int
    detail: str
    faults: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the line with its faults, for the terminal."""
        return "\n  ".join([f"{self.what}: {self.n} tried, {len(self.faults)} faults", *self.faults])

    def row(self) -> str:
        """Return the line of the table."""
        return f"| {self.what} | {self.n} | {self.detail} | {len(self.faults)} |"


def write_report(lines: Sequence[Line], path: Path = REPORT) -> None:
    """Write the page."""
    table = ["| what | tried | | broken laws |", "|---|---|---|---|", *(line.row() for line in lines)]
    path.write_text(TEXT.read_text(encoding="utf-8").rstrip() + "\n\n" + "\n".join(table) + "\n", encoding="utf-8")
