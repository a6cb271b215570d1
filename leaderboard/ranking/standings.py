"""Standings of a board's rows, within each set of rows whose means are over the same test pictures."""

from collections.abc import Mapping, Sequence

from ...benchmark.errors import DataError
from ...benchmark.results.marks import marks_of, without_rank
from ...benchmark.results.rows import Row, Standing
from .comparable import comparable_sets
from .entrants import RowScores
from .ranks import rank

MOST_ROWS = 300  # of a set: every two of them are compared
ONLY_CHOSEN = "only chosen bands are ranked"
EARLIER = "of settings, pictures or code before the last run"


def standings(rows: Sequence[Row], scores: RowScores) -> list[Standing]:
    """
    Rank the chosen bands of each comparable set against each other.

    A row whose marks forbid a rank (`marks.WITHOUT_RANK`: a control, a random encoder, too few draws, nothing learned) has
    none, and the others are ranked as if it were not there.

    Parameters
    ----------
    rows : sequence of Row
    scores : RowScores

    Returns
    -------
    list of Standing
        In the order of `rows`.
    """
    sets, index = comparable_sets(rows)
    places = [_without_comparison(row) for row in rows]
    for number, comparable in enumerate(sets):
        members = [i for i in range(len(rows)) if index[i] == number and places[i] is None]
        if not comparable.abroad or len(members) > MOST_ROWS:
            reason = f"more than {MOST_ROWS} rows" if comparable.abroad else "tested in-domain only"
            places = [Standing(rank_reason=reason) if i in members else place for i, place in enumerate(places)]
            continue
        compared = _ranked(rows, members, scores, comparable.domains)
        places = [compared.get(i, place) for i, place in enumerate(places)]
    return [place or Standing() for place in places]


def _without_comparison(row: Row) -> Standing | None:
    """Return the standing of a row that is not compared, with the reason; None for one that is."""
    if row.role != "chosen":
        return Standing(rank_reason=ONLY_CHOSEN)
    if not row.is_current:
        return Standing(rank_reason=EARLIER)
    mark = without_rank(marks_of(row))
    return Standing(rank_reason=mark.label) if mark else None


def _ranked(rows: Sequence[Row], members: Sequence[int], scores: RowScores, domains: Sequence[str]) -> Mapping[int, Standing]:
    """Rank the rows of a set; those without readable scores get the reason."""
    entrants, readable, places = [], [], {}
    for i in members:
        try:
            entrants.append(scores.entrant(rows[i]).on(domains))
            readable.append(i)
        except DataError as error:
            places[i] = Standing(rank_reason=str(error))
    for i, place in zip(readable, rank(entrants, domains).placements if entrants else (), strict=True):
        places[i] = Standing(place.low, place.high, place.tie_group, place.reason)
    return places
