"""Who leads a board, and if it is a tie; where nobody is ranked, why."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ...benchmark.results.marks import Mark, marks_of
from ...benchmark.results.rows import Row
from ..ranking.comparable import comparable_sets
from ..ranking.detectors import DetectorPlace, training_noun
from .parts import (
    Part,
    Parts,
    about_chance,
    count,
    measured,
    name_of,
    name_of_place,
    of_all,
    place_measured,
    place_number,
    short,
)


@dataclass(frozen=True)
class Leading:
    """
    First sentence of a board, and the row that the next ones are about.

    Attributes
    ----------
    parts : sequence of str or Part
    subject : Row
    """

    parts: Parts
    subject: Row


def leading(rows: Sequence[Row], ranking: Sequence[DetectorPlace], contestants: Sequence[Row]) -> Leading:
    """
    Return who leads: of the detectors over several trainings, else of the rows with the same test pictures.

    Parameters
    ----------
    rows : sequence of Row
        Of the whole board, with their standings.
    ranking : sequence of DetectorPlace
    contestants : sequence of Row
        Those that may lead, at least one.
    """
    return _leading_detector(ranking, contestants) or _leading_row(rows, contestants)


def _leading_detector(ranking: Sequence[DetectorPlace], contestants: Sequence[Row]) -> Leading | None:
    """Return who leads over trainings; None unless two detectors are ranked over at least two trainings."""
    by_study: dict[str, list[DetectorPlace]] = {}
    for place in ranking:
        if place.rank_low is not None and len(place.train) > 1:
            by_study.setdefault(place.study, []).append(place)
    ranked = max(by_study.values(), key=len, default=[])
    if len(ranked) < 2:
        return None
    first, *others = sorted(ranked, key=lambda place: (-place.auc, place.detector))
    own = [row for row in contestants if row.detector == first.detector and row.train in first.train]
    own = [row for row in own if row.study == first.study] or own
    if not own:
        return None
    tied = [place for place in others if place.tie_group == first.tie_group]
    several = len({place.study for place in ranking}) > 1
    start: Parts = ["In ", Part(short(first.study), study=first.study, column="study"), ", "] if several else []
    over = place_number(first, "train", len(first.train), str(len(first.train)))
    mean: Parts = [" mean cross-domain AUC over ", over, f" {training_noun(first.train)}s"]
    name, auc = name_of_place(first), place_measured(first)
    if tied:
        parts = [*start, name, " has the highest", *mean, ", ", *auc, ", but it is a tie: ", *_tied_detectors(tied)]
    else:
        parts = [*start, name, " leads: its", *mean, " is ", *auc, _above_others(others, "ranked detector")]
    learned = [row for row in own if Mark.NOTHING_LEARNED not in marks_of(row)]
    return Leading([*parts, *about_chance(first.lo, first.hi)], max(learned or own, key=_height))


def _above_others(others: Sequence[object], noun: str) -> str:
    which = f"every other {noun}" if len(others) > 1 else f"the other {noun}"
    return f", significantly above that of {which}."


def _tied_detectors(tied: Sequence[DetectorPlace]) -> Parts:
    if len(tied) == 1:
        return [name_of_place(tied[0]), " with ", *place_measured(tied[0]), " is not significantly worse."]
    names = tuple(place.detector for place in tied)
    number = Part(str(len(tied)), len(tied), study=tied[0].study, column="tie_group", counted=names)
    return [number, " other detectors are not significantly worse."]


def _leading_row(rows: Sequence[Row], contestants: Sequence[Row]) -> Leading:
    """Return who leads in the set of test pictures that has most ranked rows, else most rows."""
    chosen = _largest_set(rows, contestants)
    ranked = sorted(filter(_is_ranked, chosen), key=_height, reverse=True)
    if not ranked:  # then none of the other sets has a ranked row either
        return _without_ranks(contestants, chosen)
    best, *others = ranked
    name, words, auc = name_of(best), headline_words(best), measured(best, best.headline_column)
    tied = [row for row in others if row.standing and best.standing and row.standing.tie_group == best.standing.tie_group]
    among: Parts = [" the ", count(ranked), " ranked rows with the same test pictures"]
    if not others:
        parts = [*name, f", is the only row with a rank; its {words} is ", *auc, "."]
    elif tied:
        parts = [*name, f", has the highest {words} of", *among, ", ", *auc, ", but it is a tie: ", *_tied_rows(tied)]
    else:
        parts = [*name, ", leads", *among, f": its {words} is ", *auc, _above_others(others, "one")]
    return Leading([*parts, *_about_chance(best)], best)


def _largest_set(rows: Sequence[Row], contestants: Sequence[Row]) -> list[Row]:
    able = {id(row) for row in contestants}
    _, index = comparable_sets(rows)
    members: dict[int, list[Row]] = {}
    for row, number in zip(rows, index, strict=True):
        if id(row) in able:
            members.setdefault(number, []).append(row)
    return max(members.values(), key=lambda some: (sum(map(_is_ranked, some)), len(some)))


def _is_ranked(row: Row) -> bool:
    return row.standing is not None and row.standing.rank_low is not None


def _tied_rows(tied: Sequence[Row]) -> Parts:
    if len(tied) == 1:
        (other,) = tied
        return [*name_of(other), ", with ", *measured(other, other.headline_column), " is not significantly worse."]
    return [count(tied), " others are not significantly worse."]


def _without_ranks(rows: Sequence[Row], comparable: Sequence[Row]) -> Leading:
    """Return the reasons why nobody leads, and the highest number of the comparable rows, which is no rank."""
    best, reasons = max(comparable, key=_height), _reasons(rows)
    which = " of the " if len(comparable) < len(rows) else ""
    among: Parts = [which, count(comparable), " rows with the same test pictures"] if which and len(comparable) > 1 else []
    words, auc = headline_words(best), measured(best, best.headline_column)
    if len(rows) == 1:
        parts: Parts = ["The only row has no rank, as it ", *reasons, "."]
        number: Parts = [f" The {words} of ", *name_of(best), ", is ", *auc, "."]
    else:
        parts = ["No row has a rank: ", *reasons, "."]
        number = [f" The highest {words}", *among, ", ", *auc, ", is that of ", *name_of(best), "; it is not a rank."]
        if len(comparable) == 1:
            number = [f" The {words} of ", *name_of(best), ", is ", *auc, "."]
    return Leading([*parts, *([] if math.isnan(best.headline) else [*number, *_about_chance(best)])], best)


def _reasons(rows: Sequence[Row]) -> Parts:
    """Return the rows by the reason why they have no rank."""
    by_reason: dict[str, list[Row]] = {}
    for row in rows:
        by_reason.setdefault(_reason_words(row), []).append(row)
    parts: list[str | Part] = []
    for reason, members in by_reason.items():
        parts += [", "] if parts else []
        parts += [*of_all(members, rows), f" {reason}"] if len(rows) > 1 else [reason]
    return parts


def _reason_words(row: Row) -> str:
    """Return the reason why a row has no rank as the end of a clause that has rows as its subject."""
    marks = marks_of(row)
    if Mark.ONE_DRAW in marks:
        return "had one draw of the training pictures"
    if Mark.FEW_DRAWS in marks:
        return "had fewer than five draws of the training pictures"
    if Mark.NOTHING_LEARNED in marks:
        return "did not show at home to have learned anything"
    return "could not be compared" if row.home_and_abroad()[1] else "had no test on another domain"


def _height(row: Row) -> float:
    return -math.inf if math.isnan(row.headline) else row.headline


def headline_words(row: Row) -> str:
    """Return the headline of a row in words."""
    if math.isnan(row.cross_domain_auc):
        return "in-domain AUC"
    return "mean cross-domain AUC" if len(row.home_and_abroad()[1]) > 1 else "cross-domain AUC"


def _about_chance(row: Row) -> Parts:
    column = row.headline_column
    return about_chance(row.value(f"{column}_lo"), row.value(f"{column}_hi"))
