"""What is doubtful about the rows of a board: their marks, counted, and the clearest shortcut."""

from collections.abc import Collection, Sequence

from ...benchmark.metrics.digits import auc_text
from ...benchmark.results.marks import Mark, RowAudit, audits_of, marks_of
from ...benchmark.results.rows import Row
from .parts import Part, Parts, count, of_all, short

MOST = 4  # clauses
# Clauses on the rows that have a mark, worst first: for one row, and for several.
CLAUSES = {
    Mark.LOOKALIKES: (
        "has test pictures that look like training pictures",
        "have test pictures that look like training pictures",
    ),
    Mark.NOTHING_LEARNED: ("did not show to have learned anything", "did not show to have learned anything"),
    Mark.LIKE_COIN_FLIP: ("scores like a coin flip", "score like a coin flip"),
    Mark.ONE_DRAW: ("rests on one draw of the training pictures", "rest on one draw of the training pictures"),
    Mark.FEW_DRAWS: ("rests on too few draws of the training pictures", "rest on too few draws of the training pictures"),
    Mark.OUTSIDE_EVIDENCE: ("has a band outside of its evidence", "have a band outside of their evidence"),
    Mark.ONE_SOURCE_OF_REALS: (
        "was tested against a single source of reals for each domain",
        "were tested against a single source of reals for each domain",
    ),
}


def doubts(contestants: Sequence[Row], computed: Collection[str]) -> Parts:
    """
    Return a sentence on the marks of the contestants.

    Parameters
    ----------
    contestants : sequence of Row
    computed : collection of str
        Data sets whose pictures are computed, see `notes.may_be_copies`.
    """
    every = [*_shortcuts(contestants), *_marks(contestants, computed)]
    clauses = every[:MOST]
    if not clauses and len(contestants) == 1:
        return ["The only row has no mark that asks for doubt."]
    if not clauses:
        return ["None of ", count(contestants), " rows has a mark that asks for doubt."]
    parts: list[str | Part] = []
    for clause in clauses:
        parts += ["; " if parts else "Reasons for doubt: ", *clause]
    return [*parts, "; other marks stand beside the rows." if len(every) > MOST else "."]


def _marks(contestants: Sequence[Row], computed: Collection[str]) -> list[Parts]:
    marks = [marks_of(row, computed) for row in contestants]
    clauses: list[Parts] = []
    for mark, (one, several) in CLAUSES.items():
        carriers = [row for row, own in zip(contestants, marks, strict=True) if mark in own]
        if carriers:
            clauses.append([*of_all(carriers, contestants), f" {one if len(carriers) == 1 else several}"])
    return clauses


def _shortcuts(contestants: Sequence[Row]) -> list[Parts]:
    """Return what facts of the files tell, and apart from it what may be the generators' own traces."""
    found = [(row, audit) for row in contestants for audit in audits_of(row) if audit.shortcut.is_marked]
    clauses: list[Parts] = []
    for ambiguous in (False, True):
        own = [(row, audit) for row, audit in found if audit.shortcut.ambiguous == ambiguous]
        if not own:
            continue
        carriers = list({id(row): row for row, _ in own}.values())
        row, clearest = max(own, key=lambda pair: pair[1].shortcut.auc)
        reason = "traces in the pixels, which may be the generator's own" if ambiguous else "facts of the files alone"
        verb = "meets" if len(carriers) == 1 else "meet"
        start = [*of_all(carriers, contestants), f" {verb} domains whose classes can be told by {reason}"]
        where = short(f"{clearest.domain} against {clearest.source}" if clearest.source else clearest.domain)
        number = _audit_number(row, clearest)
        place = Part(where, row=row.id, column=number.column)
        clauses.append([*start, ", with an AUC of up to ", number, " on ", place])
    return clauses


def _audit_number(row: Row, audit: RowAudit) -> Part:
    domain = "" if audit.shortcut == row.shortcut else audit.domain
    column = "by_reals" if audit.source else "shortcut"
    return Part(auc_text(audit.shortcut.auc), audit.shortcut.auc, row=row.id, column=column, domain=domain)
