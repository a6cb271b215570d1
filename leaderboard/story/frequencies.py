"""Which frequencies carry the evidence of a row: stretches of the axis, the chosen band, and its gain."""

import math
from collections.abc import Sequence

from ...benchmark.results.evidence import is_everywhere
from ...benchmark.results.rows import Row
from .parts import Part, Parts, fact, name_of, number, signed

MOST_STRETCHES = 3  # that a sentence lists


def frequencies(contestants: Sequence[Row], subject: Row) -> Parts:
    """
    Return a sentence on the frequencies of a row.

    Parameters
    ----------
    contestants : sequence of Row
    subject : Row
        The row that the sentence is about, unless no narrow bands were tried for it and for another they were.
    """
    row = next((one for one in (subject, *contestants) if one.evidence is not None), None)
    if row is None:
        return ["No row says which frequencies carry its evidence: no narrow bands were tried."]
    enough = [(stretch.low, stretch.high) for stretch in row.evidence or () if stretch.sufficient]
    needed = [(stretch.low, stretch.high) for stretch in row.evidence or () if stretch.necessary]
    if enough:
        found: Parts = [", detects fakes in single narrow bands at ", *_stretches(row, enough)]
    elif needed:
        found = [", loses AUC without the frequencies at ", *_stretches(row, needed)]
    else:
        found = [", has no narrow band that is clearly better than chance alone"]
    return [*name_of(row), *found, *_chosen_band(row), "."]


def _stretches(row: Row, stretches: Sequence[tuple[float, float]]) -> Parts:
    if is_everywhere(stretches):
        return ["nearly all frequencies"]
    parts: list[str | Part] = []
    if len(stretches) > MOST_STRETCHES:
        parts, stretches = ["several places, "], [(stretches[0][0], stretches[-1][1])]
    for i, (low, high) in enumerate(stretches):
        joint = "" if i == 0 else " and " if i == len(stretches) - 1 else ", "
        parts += [joint, *_range(row, low, high)]
    return [*parts, " cycles/pixel"]


def _range(row: Row, low: float, high: float) -> Parts:
    first, last = (Part(f"{end:.3f}", end, row=row.id, column="evidence") for end in (low, high))
    return [first, "–", last]


def _chosen_band(row: Row) -> Parts:
    """Return the band that the search chose, and if it gains on all frequencies."""
    if row.band.kind == "all":
        return ["; the search kept all frequencies"]
    band: Parts = ["; the search chose ", fact(row, "band", str(row.band))]
    if math.isnan(row.gain) or math.isnan(row.gain_lo):
        return band
    gain, low, high = (number(row, name, signed) for name in ("gain", "gain_lo", "gain_hi"))
    interval: Parts = [gain, " (", low, " to ", high, ")"]
    if row.gain_lo > 0:
        return [*band, ", which gains ", *interval, " on all frequencies"]
    if row.gain_hi < 0:
        return [*band, ", which loses against all frequencies: ", *interval]
    return [*band, ", whose gain on all frequencies, ", *interval, ", may be nothing"]
