"""Add a submission: check the scores that somebody sent, and keep them among the results."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...benchmark.errors import DataError, TrackingError
from ...benchmark.results.rows import TestResult
from ..rows import Board, load_board
from .evaluation import Evaluation, evaluate
from .files import Submission, find_submissions, is_same, keep, own_folder
from .findings import Finding
from .meta import load_meta
from .references import DomainCatalogue, References
from .verification import Verification

SHOWN_OF_TESTS = ("domain", "auc", "auc_lo", "auc_hi", "n", "coverage")


@dataclass(frozen=True)
class SubmissionReport:
    """
    Outcome of `add_submission`.

    Attributes
    ----------
    name : str
    outcome : {"added", "replaced", "unchanged"}
    findings : list of Finding
    remarks : list of str
        See `Evaluation`.
    verification : Verification
    tests : tuple of TestResult
    """

    name: str
    outcome: str
    findings: list[Finding]
    remarks: list[str]
    verification: Verification
    tests: tuple[TestResult, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name, and of the test results those that a first look needs."""
        tests = [
            {name: test.value(name) for name in SHOWN_OF_TESTS} | {"by_reals": [result.to_json() for result in test.by_reals]}
            for test in self.tests
        ]
        return {
            **vars(self),
            "findings": [*map(str, self.findings)],
            "verification": self.verification.as_dict(),
            "tests": tests,
        }


def add_submission(
    meta_file: Path, score_files: Sequence[Path], uri: str, catalogue: DomainCatalogue, replace: bool = False
) -> SubmissionReport:
    """
    Check a submission and keep it among the results.

    Parameters
    ----------
    meta_file : Path
    score_files : sequence of Path
        One per fitted detector (draw, seed); their results are averaged.
    uri : str
        Of the tracking store whose runs the scores are compared with; absolute.
    catalogue : DomainCatalogue
        Domains of this machine, for those that no recorded run was tested on.
    replace : bool
        Take the place of another submission of the same name.

    Returns
    -------
    SubmissionReport
        Where the same files are there already, nothing is added.

    Raises
    ------
    DataError
        If no score can be used, or another submission has that name. Nothing is written then.
    """
    submission = Submission(load_meta(meta_file), tuple(score_files))
    evaluation = _evaluated(submission, uri, catalogue)
    name = submission.meta.name
    old = find_submissions().get(name)
    outcome = "added" if old is None else "unchanged" if is_same(old, submission) else "replaced"
    if outcome == "replaced" and not replace:
        raise DataError(f"there is another submission '{name}' in {old}; --replace takes its place.")
    if outcome != "unchanged":
        keep(submission, meta_file, own_folder() / name)
    findings, remarks = evaluation.findings, evaluation.remarks
    return SubmissionReport(name, outcome, findings, remarks, evaluation.verification, evaluation.row.tests)


def _evaluated(submission: Submission, uri: str, catalogue: DomainCatalogue) -> Evaluation:
    """Evaluate a submission with the recorded runs of a store; without them where the store cannot be read."""
    unread = ""
    try:
        board = load_board(uri)
    except TrackingError as error:
        board, unread = Board("", [], []), f"no recorded runs to check against: {error}"
    evaluation = evaluate(submission, References(board.rows, board.folders, catalogue), board.rows, board.folders)
    if unread:
        evaluation.remarks.append(unread)
    return evaluation
