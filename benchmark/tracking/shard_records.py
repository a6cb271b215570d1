"""Cells that the shards of a study have recorded, and that no board shows until the run of the whole study has sent them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..store.files import read_json
from .outbox import parts_of


@dataclass(frozen=True)
class ShardRecords:
    """
    Cells of a study that its shards have recorded and that wait for the run of the whole study.

    Attributes
    ----------
    study : str
        Name of the board.
    n_cells : int
    command : str
        Command line that runs the whole study; empty if the shards were run in Python.
    """

    study: str
    n_cells: int
    command: str = ""

    @property
    def sentence(self) -> str:
        """Sentences on the cells, and on the command that puts them on a board."""
        return self._said(f"`{self.command}`" if self.command else "the run of the whole study, with shard='none',")

    @property
    def public_sentence(self) -> str:
        """The same for a page that others read: it names no folder of this machine."""
        return self._said("the command of the shards without --shard")

    def _said(self, way_on: str) -> str:
        cells = "1 cell that is" if self.n_cells == 1 else f"{self.n_cells} cells that are"
        return (
            f"Shards of the study '{self.study}' have recorded {cells} not in the tracking store yet. When all shards have "
            f"ended, {way_on} collects them."
        )


def shard_records(uri: str) -> list[ShardRecords]:
    """
    Return the cells that wait in the outboxes of shards for a tracking store, by study.

    Parameters
    ----------
    uri : str
        Absolute.
    """
    keys: dict[str, set[str]] = {}
    commands: dict[str, str] = {}
    for part in parts_of(uri):
        for study, key in _cells_in(part.folder):
            keys.setdefault(study, set()).add(key)
            commands[study] = part.whole_command or commands.get(study, "")
    return [ShardRecords(study, len(found), commands[study]) for study, found in sorted(keys.items())]


def _cells_in(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield study and key of the finished cells in an outbox; a damaged file has none."""
    for path in sorted(folder.glob("*.runs.json")):
        for entry in _mappings(read_json(path)):
            study, key = entry.get("study"), entry.get("key")
            if entry.get("kind") == "cell" and entry.get("end") and isinstance(study, str) and isinstance(key, str):
                yield study, key


def _mappings(content: Any) -> Iterable[dict[str, Any]]:
    return [entry for entry in content if isinstance(entry, dict)] if isinstance(content, list) else []
