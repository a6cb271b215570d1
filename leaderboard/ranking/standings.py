"""Ranks of a board's rows, within each set of rows whose means are over the same test pictures."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ...benchmark.errors import DataError
from ...benchmark.results.cell_document import find_cell
from ...benchmark.results.rows import Row, Standing
from .comparable import comparable_sets
from .entrants import Entrant, ScoreReader
from .ranks import rank

MOST_ROWS = 300  # of a set: every two of them are compared
ONLY_CHOSEN = "only chosen bands are ranked"


def standings(rows: Sequence[Row], folders: Mapping[str, Path]) -> list[Standing]:
    """
    Rank the chosen bands of each comparable set against each other.

    Parameters
    ----------
    rows : sequence of Row
        With ``run_id``.
    folders : mapping of str to Path
        Artifacts by run.

    Returns
    -------
    list of Standing
        Of each row.
    """
    sets, index = comparable_sets(rows)
    found = [Standing(rank_reason=ONLY_CHOSEN) for _ in rows]
    reader = ScoreReader()
    for number, one in enumerate(sets):
        mine = [i for i, row in enumerate(rows) if index[i] == number and row.role == "chosen"]
        if not one.abroad or len(mine) > MOST_ROWS:
            reason = f"more than {MOST_ROWS} rows" if one.abroad else "tested at home only"
            found = [Standing(rank_reason=reason) if i in mine else told for i, told in enumerate(found)]
            continue
        entrants, kept = [], []
        for i in mine:
            try:
                entrants.append(_entrant(reader, rows[i], folders.get(rows[i].run_id), one.domains))
                kept.append(i)
            except DataError as error:
                found[i] = Standing(rank_reason=str(error))
        for i, place in zip(kept, rank(entrants, one.domains).placements if entrants else (), strict=True):
            found[i] = Standing(place.low, place.high, place.tie_group, place.reason)
    return found


def _entrant(reader: ScoreReader, row: Row, folder: Path | None, domains: Sequence[str]) -> Entrant:
    document = find_cell(folder)
    files = document.files_of(row) if document else ()
    if folder is None or not files:
        raise DataError("its score files were not found")
    return reader.entrant(f"{row.detector} on {row.train}", [folder / file for file in files], set(domains))
