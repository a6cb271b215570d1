"""
Marks of a row: reasons to doubt that its numbers are about deepfakes, or that they would come out again.

A mark is derived from the row's own numbers, wherever a row is shown, and is never stored with it.
"""

from enum import StrEnum

from .evidence import lies_outside
from .rows import Row

MIN_DRAWS = 5  # draws of training pictures from which the variance between draws is estimated well enough for a rank
SHORTCUT_AUC = 0.6  # lower bound of an AUC from facts of the files above which a row is marked
LOOKALIKE_SHARE = 0.01  # of the test pictures of one domain


class Mark(StrEnum):
    """Code of a mark, as JSON, CSV, MLflow and the page have it."""

    SHORTCUT = "shortcut"
    LOOKALIKES = "lookalikes"
    ONE_DRAW = "one_draw"
    FEW_DRAWS = "few_draws"
    NOTHING_LEARNED = "nothing_learned"
    LIKE_COIN_FLIP = "like_coin_flip"
    OUTSIDE_EVIDENCE = "outside_evidence"
    ONE_SOURCE_OF_REALS = "one_source_of_reals"

    @property
    def meaning(self) -> str:
        """One sentence for people."""
        return MEANINGS[self]


MEANINGS = {
    Mark.SHORTCUT: "Facts of the files alone, without a look at what they show, tell fakes from reals.",
    Mark.LOOKALIKES: f"More than {LOOKALIKE_SHARE:.0%} of the test pictures of a domain look like training pictures.",
    Mark.ONE_DRAW: "It was trained once: its interval leaves out that other training pictures give another AUC.",
    Mark.FEW_DRAWS: f"It was trained on fewer than {MIN_DRAWS} draws, which are too few for a rank.",
    Mark.NOTHING_LEARNED: "Its in-domain interval holds 0.5: it has learned nothing.",
    Mark.LIKE_COIN_FLIP: "Its headline interval holds 0.5, the AUC of a coin flip.",
    Mark.OUTSIDE_EVIDENCE: "The chosen band does not lie within the frequencies that carry evidence.",
    Mark.ONE_SOURCE_OF_REALS: "All of its test reals come from one source; with other reals its AUC may differ.",
}


def marks_of(row: Row) -> tuple[Mark, ...]:
    """Return the marks of a row, in the order of `Mark`."""
    marks = {
        Mark.SHORTCUT: any(s is not None and s.lo > SHORTCUT_AUC for s in (row.shortcut, *(t.shortcut for t in row.tests))),
        Mark.LOOKALIKES: any(test.n and test.lookalikes / test.n > LOOKALIKE_SHARE for test in row.tests),
        Mark.ONE_DRAW: row.seeds == 1,
        Mark.FEW_DRAWS: 1 < row.seeds < MIN_DRAWS,
        Mark.NOTHING_LEARNED: row.in_domain_auc_lo <= 0.5,  # NaN, of a row without an in-domain test, is not
        Mark.LIKE_COIN_FLIP: row.cross_domain_auc_lo <= 0.5 <= row.cross_domain_auc_hi,
        Mark.OUTSIDE_EVIDENCE: row.role == "chosen" and lies_outside(row.band, row.evidence),
        Mark.ONE_SOURCE_OF_REALS: len({source.source for test in row.tests for source in test.by_reals}) < 2,
    }
    return tuple(mark for mark in Mark if marks.get(mark, False))
