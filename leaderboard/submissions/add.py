"""Add a submission: check the scores that somebody sent, and keep them among the results."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from pathlib import Path
from typing import Any

from ...benchmark.errors import DataError, TrackingError
from ...benchmark.results.rows import TestResult
from ..rows import Board, load_board
from .evaluation import evaluate
from .files import Submission, find_submissions, is_same, keep, own_folder
from .findings import Finding
from .meta import load_meta
from .references import DomainCatalogue, References
from .verification import Verification

SHOWN_OF_TESTS = ("domain", "auc", "auc_lo", "auc_hi", "n", "coverage")


class Outcome(StrEnum):
    """Outcome of adding a submission."""

    ADDED = auto()
    REPLACED = auto()
    UNCHANGED = auto()


@dataclass(frozen=True)
class SubmissionReport:
    """
    Outcome of `add_submission`.

    Attributes
    ----------
    name : str
    outcome : Outcome
    findings : list of Finding
    remarks : list of str
        See `Evaluation`.
    verification : Verification
    tests : tuple of TestResult
    """

    name: str
    outcome: Outcome
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
    checker = Checker(uri, catalogue)
    return checker.added(Submission(load_meta(meta_file), tuple(score_files)), meta_file, replace)


class Checker:
    """
    Check of submissions against the recorded runs of a store, without them where the store cannot be read.

    Parameters
    ----------
    uri, catalogue
        See `add_submission`.
    """

    def __init__(self, uri: str, catalogue: DomainCatalogue) -> None:
        self._unread = ""
        try:
            self._board = load_board(uri)
        except TrackingError as error:
            self._board, self._unread = Board("", [], []), f"no recorded runs to check against: {error}"
        self._references = References(self._board.rows, self._board.folders, catalogue)

    def added(self, submission: Submission, meta_file: Path, replace: bool) -> SubmissionReport:
        """Check a submission and keep it, see `add_submission`."""
        evaluation = evaluate(submission, self._references, self._board.rows, self._board.folders)
        name = submission.meta.name
        outcome = outcome_of(submission, replace)
        if outcome is not Outcome.UNCHANGED:
            keep(submission, meta_file, own_folder() / name)
        remarks = [*evaluation.remarks, *filter(None, [self._unread])]
        return SubmissionReport(name, outcome, evaluation.findings, remarks, evaluation.verification, evaluation.row.tests)


def outcome_of(submission: Submission, replace: bool) -> Outcome:
    """
    Return what adding a submission does.

    Raises
    ------
    DataError
        If there is another one of its name, and it is not to be replaced.
    """
    old = find_submissions().get(submission.meta.name)
    outcome = Outcome.ADDED if old is None else Outcome.UNCHANGED if is_same(old, submission) else Outcome.REPLACED
    if outcome is Outcome.REPLACED and not replace:
        raise DataError(f"there is another submission '{submission.meta.name}' in {old}; --replace takes its place.")
    return outcome
