"""Add the detectors of a score matrix: one submission for each column of scores."""

import dataclasses
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...benchmark.domains.names import training, training_of_json
from ...benchmark.errors import DataError
from ...benchmark.reporting import Reporter
from ...benchmark.results.scores import write_table
from .add import Checker, SubmissionReport, outcome_of
from .files import META_FILE, Submission
from .matrix import MatrixColumns, ScoreMatrix, read_matrix
from .matrix_meta import Higher, MatrixMeta, dataset_of, load_matrix_meta, names_of, submission_text
from .meta import load_meta
from .references import DomainCatalogue


@dataclass(frozen=True)
class MatrixRow:
    """
    Row that a column of a score matrix gives.

    Attributes
    ----------
    column, name, detector, train : str
        Column of the file; submission; detector and its training as the board shows them.
    higher : {"fake", "real"}
        Class that a higher score stands for; scores of the second are kept with the other sign.
    is_stated : bool
        True if the description says so; else ``fake`` is taken.
    n, n_scored, n_tested : int
        Pictures, those of them with a score, and those of them that are test pictures.
    is_home : bool
        True if a training domain is among the test domains.
    """

    column: str
    name: str
    detector: str
    train: str
    higher: str
    is_stated: bool
    n: int
    n_scored: int
    is_home: bool = False
    n_tested: int = 0


@dataclass(frozen=True)
class MatrixReport:
    """
    Outcome of `add_matrix`.

    Attributes
    ----------
    dataset : str
    columns : dict of str to str
        Column of the file by its meaning.
    ignored : tuple of str
        Columns that hold no scores.
    domains : dict of str to (int, int)
        By test domain, fakes and reals.
    n_training : int
        Lines of training pictures, which are left out.
    rows : tuple of MatrixRow
    reports : tuple of SubmissionReport
        One per row that could be used; none of a dry run.
    refused : dict of str to str
        By column: the reason why its scores cannot be used.
    """

    dataset: str
    columns: dict[str, str]
    ignored: tuple[str, ...]
    domains: dict[str, tuple[int, int]]
    n_training: int
    rows: tuple[MatrixRow, ...]
    reports: tuple[SubmissionReport, ...] = ()
    refused: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        domains = {name: {"fakes": fakes, "reals": reals} for name, (fakes, reals) in self.domains.items()}
        rows = [vars(row) for row in self.rows]
        return {**vars(self), "domains": domains, "rows": rows, "reports": [report.as_dict() for report in self.reports]}


def add_matrix(
    file: Path,
    meta_file: Path | None,
    uri: str,
    catalogue: DomainCatalogue,
    columns: MatrixColumns,
    dataset: str | None = None,
    higher: Higher | None = None,
    replace: bool = False,
    dry_run: bool = False,
    reporter: Reporter | None = None,
) -> MatrixReport:
    """
    Add one submission for each detector of a score matrix.

    Parameters
    ----------
    file : Path
        See `matrix.read_matrix`.
    meta_file : Path or None
        See `matrix_meta.MatrixMeta`.
    uri, catalogue, replace
        See `add_submission`.
    columns : MatrixColumns
    dataset, higher : str, optional
        Take the place of those of the description.
    dry_run : bool
        Read the matrix and say what would be added; write nothing.
    reporter : Reporter, optional
        Shows the progress.

    Returns
    -------
    MatrixReport

    Raises
    ------
    DataError
        If the matrix cannot be read, or one of the submissions is there already with other scores. Nothing is written then.
    """
    meta = load_matrix_meta(meta_file)
    matrix = read_matrix(file, columns, list(meta.detectors))
    meta = meta.model_copy(update={key: value for key, value in (("dataset", dataset), ("higher", higher)) if value})
    dataset = dataset_of(meta.dataset or file.stem)
    names = names_of(dataset, [meta.label(column) for column in matrix.scores])
    domains = matrix.domains(dataset)
    rows = tuple(_matrix_row(matrix, meta, column, name, domains) for column, name in zip(matrix.scores, names, strict=True))
    report = MatrixReport(dataset, matrix.columns, matrix.ignored, domains, matrix.n_training, rows)
    with tempfile.TemporaryDirectory(prefix="bandbench-") as folder:
        submissions = {row: _written(matrix, meta, meta_file, dataset, row, Path(folder, row.name)) for row in rows}
        for submission in submissions.values():
            outcome_of(submission, replace)
        if dry_run:
            return dataclasses.replace(report, refused=_without_scores(rows))
        checker = Checker(uri, catalogue)
        if reporter is not None:
            reporter.stage("checking the scores", len(rows))
        reports, refused = [], {}
        for row, submission in submissions.items():
            try:
                reports.append(checker.added(submission, Path(folder, row.name, META_FILE), replace))
            except DataError as error:
                refused[row.column] = str(error)
            if reporter is not None:
                reporter.advance()
    if not reports:
        raise DataError("\n".join(f"{column}: {reason}" for column, reason in refused.items()))
    return dataclasses.replace(report, reports=tuple(reports), refused=refused)


def _without_scores(rows: Sequence[MatrixRow]) -> dict[str, str]:
    """Return the reason of each column that cannot be used, as it has no score at all."""
    refused = {row.column: "no test picture has a finite score." for row in rows if not row.n_tested}
    if len(refused) == len(rows):
        raise DataError("\n".join(f"{column}: {reason}" for column, reason in refused.items()))
    return refused


def _matrix_row(matrix: ScoreMatrix, meta: MatrixMeta, column: str, name: str, domains: Collection[str]) -> MatrixRow:
    scores, higher = matrix.scores[column], meta.higher_of(column)
    facts = meta.of(column, name, domains)
    trained = training(training_of_json(facts["train"]))
    is_scored = np.isfinite(scores)
    n_scored, n_tested = int(is_scored.sum()), int((is_scored & matrix.is_test).sum())
    read = (trained.label(), higher or "fake", higher is not None, len(scores), n_scored)
    at_home = any(domain in domains for domain in trained.domains)
    return MatrixRow(column, name, facts["detector"], *read, is_home=at_home, n_tested=n_tested)


def _written(
    matrix: ScoreMatrix, meta: MatrixMeta, meta_file: Path | None, dataset: str, row: MatrixRow, folder: Path
) -> Submission:
    """Write the submission of one column."""
    folder.mkdir()
    text = submission_text(meta_file, meta.of(row.column, row.name, matrix.domains(dataset)))
    (folder / META_FILE).write_text(text, encoding="utf-8")
    scores = folder / "scores-0.parquet"
    write_table(scores, matrix.table(row.column, dataset, negated=row.higher == "real"), durable=False)
    return Submission(load_meta(folder / META_FILE), (scores,))
