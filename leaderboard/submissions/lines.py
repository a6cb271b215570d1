"""Lines on submissions for the terminal: below the table, and of those that were added."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ...benchmark.errors import listed
from ...benchmark.metrics.digits import auc_text
from ...benchmark.results.rows import Row
from .add import Outcome
from .add_matrix import MatrixReport, MatrixRow
from .findings import shared_notes, summary
from .meta import NOT_STATED, label, plain


def submission_lines(rows: Sequence[Row]) -> list[str]:
    """Return the contributor, the row and the notes of each submission; notes of several come once, at the end."""
    submitted = [(row, row.submission) for row in rows if row.submission is not None]
    own, shared = shared_notes((facts.name, facts.summary) for _, facts in submitted)
    lines = []
    for row, facts in submitted:
        by = f" by {label(facts.authors)}" if facts.authors else ""
        lines.append(f"submission {facts.name}{by}: {label(row.detector)} ← {label(row.train_label)}")
        lines += [f"  {plain(note)}" for note in own[facts.name]]
    return [*lines, *map(plain, shared)]


OUTCOMES = {
    Outcome.ADDED: "added",
    Outcome.REPLACED: "replaced",
    Outcome.UNCHANGED: "was there already, and nothing was added",
}
SHOWN_DOMAINS = 10


@dataclass(frozen=True)
class MatrixLines:
    """
    Lines on a score matrix that was added.

    Attributes
    ----------
    said, found : list of str
        The rows, and what was found to be wrong with them.
    """

    said: list[str]
    found: list[str]


def matrix_lines(report: MatrixReport, is_dry_run: bool) -> MatrixLines:
    """Return the lines that say how a score matrix was read, and what became of its detectors."""
    columns = ", ".join(f"{meaning} from '{name}'" for meaning, name in report.columns.items())
    said = [f"{report.dataset}: {columns}."]
    if report.ignored:
        said.append(f"No numbers or not named as detectors: {listed(report.ignored, SHOWN_DOMAINS)}.")
    if report.n_training:
        said.append(f"{report.n_training:,} lines of the training split are left out.")
    said.append(f"{len(report.domains)} test domain{'s' * (len(report.domains) != 1)}:")
    shown = list(report.domains.items())[:SHOWN_DOMAINS]
    said += [f"  {name}: {fakes:,} fakes, {reals:,} reals" for name, (fakes, reals) in shown]
    if more := len(report.domains) - len(shown):
        said.append(f"  and {more} more")
    outcomes = {one.name: one for one in report.reports}
    promise = f", {'which' if not report.refused else f'{len(report.rows) - len(report.refused)} of which'} would be added"
    said.append(f"{len(report.rows)} detector{'s' * (len(report.rows) != 1)}{promise if is_dry_run else ''}:")
    for row in report.rows:
        said.append(f"  {_row_line(row)}")
        if row.name in outcomes:
            tests = [test.auc for test in outcomes[row.name].tests if not math.isnan(test.auc)]
            mean = (
                f"; mean AUC {auc_text(sum(tests) / len(tests))} over {len(tests)} test domain{'s' * (len(tests) > 1)}"
                if tests
                else ""
            )
            said.append(f"    {OUTCOMES[outcomes[row.name].outcome]}{mean}")
    own, shared = shared_notes((one.name, summary(one.findings)) for one in report.reports)
    found = [f"{name}: {text}" for name, texts in own.items() for text in texts]
    found += [f"{column}: not added; {reason}" for column, reason in report.refused.items()]
    return MatrixLines([*map(label, said[:1]), *said[1:]], [*found, *shared])


def _row_line(row: MatrixRow) -> str:
    """Return name, training, direction and coverage of a row."""
    direction = f"higher = more {row.higher}{'' if row.is_stated else ' (assumed, as nothing says so)'}"
    if row.higher == "real":
        direction += ", so kept with the other sign"
    coverage = "" if row.n_scored == row.n else f"; {row.n - row.n_scored:,} of {row.n:,} pictures without a finite score"
    train = "training data not stated" if row.train == NOT_STATED else f"trained on {label(row.train)}"
    if row.train != NOT_STATED and not row.is_home:
        train += ", none of the test domains, so all of them count as other ones"
    return f"{row.name}: {label(row.detector)}, {train}; {direction}{coverage}"
