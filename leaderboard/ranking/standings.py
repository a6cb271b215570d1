"""Standings of a board's rows, within each set of rows whose means are over the same test pictures."""

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
        In the order of `rows`.
    """
    sets, index = comparable_sets(rows)
    places = [Standing(rank_reason=ONLY_CHOSEN) for _ in rows]
    reader = ScoreReader()
    for number, comparable in enumerate(sets):
        chosen = [i for i, row in enumerate(rows) if index[i] == number and row.role == "chosen"]
        if not comparable.abroad or len(chosen) > MOST_ROWS:
            reason = f"more than {MOST_ROWS} rows" if comparable.abroad else "tested in-domain only"
            places = [Standing(rank_reason=reason) if i in chosen else standing for i, standing in enumerate(places)]
            continue
        entrants, readable = [], []
        for i in chosen:
            try:
                entrants.append(_entrant(reader, rows[i], folders.get(rows[i].run_id), comparable.domains))
                readable.append(i)
            except DataError as error:
                places[i] = Standing(rank_reason=str(error))
        for i, place in zip(readable, rank(entrants, comparable.domains).placements if entrants else (), strict=True):
            places[i] = Standing(place.low, place.high, place.tie_group, place.reason)
    return places


def _entrant(reader: ScoreReader, row: Row, folder: Path | None, domains: Sequence[str]) -> Entrant:
    document = find_cell(folder)
    files = document.files_of(row) if document else ()
    if folder is None or not files:
        raise DataError("its score files were not found")
    return reader.entrant(f"{row.detector} on {row.train}", [folder / file for file in files], set(domains))
