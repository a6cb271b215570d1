"""
Sentences above a board: who leads, what survives on other domains, which frequencies carry it, and what is doubtful.

Every number in a sentence is one of the board; its part of the sentence names the row and the column, the place in the ranking
of the detectors, or the rows that it counts. A tie is called a tie, and "survives" takes an interval above the AUC of a coin.
"""

import math
from collections.abc import Collection, Sequence

from ...benchmark.results.marks import Mark, marks_of
from ...benchmark.results.rows import Row
from ..ranking.detectors import DetectorPlace
from ..submissions.meta import NOT_STATED
from .doubts import doubts
from .frequencies import frequencies
from .leader import leading
from .parts import CHANCE, Part, Parts, Sentence, Topic, about_chance, count, fact, measured, name_of, of_all


def story(rows: Sequence[Row], ranking: Sequence[DetectorPlace] = (), computed: Collection[str] = ()) -> list[Sentence]:
    """
    Return four or five sentences about a board.

    Parameters
    ----------
    rows : sequence of Row
        Of the whole board, with their standings.
    ranking : sequence of DetectorPlace
        Of the detectors, see `ranking.detectors.detector_ranking`.
    computed : collection of str
        Data sets whose pictures are computed, see `notes.may_be_copies`.

    Returns
    -------
    list of Sentence
        Empty for a board without rows, or of controls alone.
    """
    contestants = [row for row in rows if _is_contestant(row, computed)]
    if not contestants:
        return []
    first = leading(rows, ranking, contestants)
    parts = {
        Topic.LEADER: first.parts,
        Topic.TRANSFER: transfer(contestants, first.subject),
        Topic.LATER: later(contestants, first.subject),
        Topic.FREQUENCIES: frequencies(contestants, first.subject),
        Topic.DOUBT: doubts(contestants, computed),
    }
    return [Sentence.of(topic, some) for topic, some in parts.items() if some]


def _is_contestant(row: Row, computed: Collection[str]) -> bool:
    """Return True for a chosen band of the present settings that is no control and has no random encoder."""
    marks = marks_of(row, computed)
    return row.role == "chosen" and row.is_current and Mark.CONTROL not in marks and Mark.RANDOM_ENCODER not in marks


def transfer(contestants: Sequence[Row], subject: Row) -> Parts:
    """
    Return a sentence on what is left on other domains.

    Parameters
    ----------
    contestants : sequence of Row
    subject : Row
        The row that the sentence gives the numbers of, if its AUC survives and it has learned something at home; else the
        best of those.
    """
    # Shots are pictures of the test domain, and where the training is unknown no domain is known to be another one.
    stated = [row for row in contestants if row.train != NOT_STATED]
    tested = [row for row in stated if not math.isnan(row.cross_domain_auc) and not row.shots]
    if not stated:
        return ["No row states what it was trained on, so nothing here shows transfer."]
    if not tested:
        return ["No row was tested on another domain than its own, so nothing here shows transfer."]
    surviving = [row for row in tested if row.cross_domain_auc_lo > CHANCE]
    nothing = "Nothing is shown to survive on other domains: "
    if not surviving and len(tested) == 1:
        return [nothing, "the interval of ", *measured(tested[0], "cross_domain_auc"), " does not lie above chance."]
    if not surviving:
        return [nothing, "none of ", count(tested), " rows has a cross-domain AUC whose interval lies above chance."]
    learned = [row for row in surviving if Mark.NOTHING_LEARNED not in marks_of(row)] or surviving
    shown = subject if subject in learned else max(learned, key=lambda row: row.cross_domain_auc)
    verb = "keeps" if len(surviving) == 1 else "keep"
    alone = len(tested) == 1 and len(contestants) > 1
    which: Parts = ["the only row that can tell"] if alone else of_all(surviving, tested)
    start = ["On other domains, ", *which, f" {verb} a cross-domain AUC whose interval lies above chance. "]
    return [*start, *_from_home(shown)]


def _from_home(row: Row) -> Parts:
    """Return how far a row falls from its own domain to the others, and on which of them it is lowest."""
    parts: list[str | Part] = [*name_of(row), ", "]
    if math.isnan(row.in_domain_auc):
        parts += ["reaches ", *measured(row, "cross_domain_auc"), " there"]
    else:
        parts += ["goes from ", *measured(row, "in_domain_auc"), " in-domain to ", *measured(row, "cross_domain_auc"), " there"]
    if len(row.home_and_abroad()[1]) > 1 and not math.isnan(row.worst_auc):
        parts += ["; its lowest AUC is ", *measured(row, "worst_auc"), " on ", fact(row, "worst_domain", row.worst_domain)]
    return [*parts, "."]


def later(contestants: Sequence[Row], subject: Row) -> Parts:
    """Return a sentence on generators that came out after all training ones; nothing where no row has such a mean."""
    asked = [row for row in contestants if not math.isnan(row.later_auc)]
    if not asked:
        return []
    row = subject if subject in asked else max(asked, key=lambda one: one.later_auc)
    start: Parts = ["On generators that came out after all of its training ones, ", *name_of(row), ", has a mean AUC of "]
    return [*start, *measured(row, "later_auc"), ".", *about_chance(row.later_auc_lo, row.later_auc_hi)]
