"""`bandbench.leaderboard`: recorded rows as a board that can be questioned."""

from dataclasses import dataclass

from ..benchmark.results.rows import Row


@dataclass(frozen=True)
class Board:
    """Rows of the leaderboard, ranked."""

    rows: tuple[Row, ...]


def leaderboard(study: str | None = None, *, tracking_uri: str | None = None) -> Board:
    """Read the leaderboard of one study, or of all."""
    raise NotImplementedError
