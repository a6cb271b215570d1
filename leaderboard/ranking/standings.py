"""Ranks of a board's rows, within each set of rows whose means are over the same test pictures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...benchmark.errors import DataError
from ...benchmark.results.cells import row_files
from ...benchmark.store.files import read_json
from .comparable import comparable_sets
from .entrants import Entrant, ScoreReader
from .ranks import rank

MOST_ROWS = 300  # of a set: every two of them are compared
ONLY_CHOSEN = "only chosen bands are ranked"


def standings(rows: Sequence[Mapping[str, Any]], folders: Mapping[str, Path]) -> list[dict[str, Any]]:
    """
    Rank the chosen bands of each comparable set against each other.

    Parameters
    ----------
    rows : sequence of dict
        See `results.cell_rows`, with ``run_id``.
    folders : mapping of str to Path
        Artifacts by run.

    Returns
    -------
    list of dict
        For each row ``rank_low``, ``rank_high`` and ``tie_group`` (int or None), and ``rank_reason``: why there is none.
    """
    sets, index = comparable_sets(rows)
    found = [_no_rank(ONLY_CHOSEN) for _ in rows]
    reader = ScoreReader()
    for number, one in enumerate(sets):
        mine = [i for i, row in enumerate(rows) if index[i] == number and row["role"] == "chosen"]
        if not one.abroad or len(mine) > MOST_ROWS:
            reason = f"more than {MOST_ROWS} rows" if one.abroad else "tested at home only"
            found = [_no_rank(reason) if i in mine else told for i, told in enumerate(found)]
            continue
        entrants, kept = [], []
        for i in mine:
            try:
                entrants.append(_entrant(reader, rows[i], folders.get(rows[i]["run_id"]), one.domains))
                kept.append(i)
            except DataError as error:
                found[i] = _no_rank(str(error))
        for i, place in zip(kept, rank(entrants, one.domains).placements if entrants else (), strict=True):
            found[i] = {
                "rank_low": place.low, "rank_high": place.high, "tie_group": place.tie_group, "rank_reason": place.reason
            }  # fmt: skip
    return found


def _no_rank(reason: str) -> dict[str, Any]:
    return {"rank_low": None, "rank_high": None, "tie_group": None, "rank_reason": reason}


def _entrant(reader: ScoreReader, row: Mapping[str, Any], folder: Path | None, domains: Sequence[str]) -> Entrant:
    document = (read_json(folder / "cell.json") if folder else None) or {}
    files = row_files(document, row)
    if folder is None or not files:
        raise DataError("its score files were not found")
    return reader.entrant(f"{row['detector']} on {row['train']}", [folder / file for file in files], set(domains))
