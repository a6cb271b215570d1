"""Rows from others: scores that somebody brought, checked and computed anew whenever a board is built."""

import math
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from ...benchmark.errors import BenchError, DataError, TrackingError
from ...benchmark.results.cell_document import SHORT, CellDocument, TestedBand, keep_cell_document, versions
from ...benchmark.results.rows import Row, SubmissionFacts, TestResult
from ...benchmark.results.scores import write_table
from ...benchmark.store.files import digest, publish_folder, write_json
from ...benchmark.store.folders import cache_root
from ..row_cache import RowCache
from ..rows import Board, load_board, ranked
from .files import Submission, find_submissions, is_same, keep, load_submission, own_folder
from .meta import SubmissionMeta, label, load_meta
from .references import References
from .score_files import read_given
from .screening import Screened, comparable_digests, screen
from .verification import Verification, verify

VERSION = 1  # raised when the same brought files give another row
BOOTSTRAP = 1000
CACHE_NAME = "submissions"  # of their rows, in the place of a store's address
RUN_PREFIX = "submission:"
SHOWN_OF_TESTS = ("domain", "auc", "auc_lo", "auc_hi", "n", "coverage")


@dataclass(frozen=True)
class Checked:
    """
    A submission that was held against the reference.

    Attributes
    ----------
    rows : list of Row
        One row, as `results.cell_rows` gives it, with what the board says of a submission.
    folder : Path
        With ``cell.json`` and the score files that the row follows from.
    findings : list of str
        What is wrong or missing.
    remarks : list of str
        What one should know; nothing is wrong.
    verification : Verification
    """

    rows: list[Row]
    folder: Path
    findings: list[str]
    remarks: list[str]
    verification: Verification


@dataclass(frozen=True)
class SubmissionReport:
    """
    What became of a submission that was added.

    Attributes
    ----------
    name : str
    outcome : {"added", "replaced", "unchanged"}
    findings, remarks : list of str
        See `Checked`.
    verification : Verification
    tests : tuple of TestResult
    """

    name: str
    outcome: str
    findings: list[str]
    remarks: list[str]
    verification: Verification
    tests: tuple[TestResult, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name, and of the test results those that a first look needs."""
        tests = [{name: test.value(name) for name in SHOWN_OF_TESTS} for test in self.tests]
        return {**vars(self), "verification": self.verification.as_dict(), "tests": tests}


# --- adding ----


def add_submission(meta_file: Path, score_files: Sequence[Path], uri: str, replace: bool = False) -> SubmissionReport:
    """
    Check a submission and keep it among the results.

    Parameters
    ----------
    meta_file : Path
    score_files : sequence of Path
        One per fitted detector (draw, seed); their results are averaged.
    uri : str
        Of the tracking store whose runs it is held against; absolute.
    replace : bool
        Take the place of another submission of the same name.

    Returns
    -------
    SubmissionReport
        Where the same files are there already, nothing is added.

    Raises
    ------
    DataError
        If nothing can be used, or other content has that name. Nothing is left then.
    """
    given = Submission(load_meta(meta_file), tuple(score_files))
    checked = _check_against_store(given, uri)
    old = find_submissions().get(given.meta.name)
    outcome = "added" if old is None else "unchanged" if is_same(old, given) else "replaced"
    if outcome == "replaced" and not replace:
        raise DataError(f"there is another submission '{given.meta.name}' in {old}; --replace takes its place.")
    if outcome != "unchanged":
        keep(given, meta_file, own_folder() / given.meta.name)
    tests = checked.rows[0].tests
    return SubmissionReport(given.meta.name, outcome, checked.findings, checked.remarks, checked.verification, tests)


# --- on a board ------------------------------------------------------------------------------------------------------


def with_submissions(board: Board) -> tuple[Board, dict[str, Path]]:
    """
    Add the rows of all submissions to a board.

    Parameters
    ----------
    board : Board
        Of `rows.load_board`. A board of one study gets submissions that share a test domain with it.

    Returns
    -------
    board : Board
        A submission that cannot be used is among ``refused``.
    folders : dict of str to Path
        By ``run_id`` of the new rows: folder with ``cell.json`` and score files.
    """
    places = find_submissions()
    rows, refused, folders = list(board.rows), list(board.refused), {}
    tested = {test.domain for row in board.rows for test in row.tests}
    references = References(board.rows, board.folders)
    for name, place in places.items():
        try:
            checked = check(load_submission(place), references, board.rows, board.folders)
        except (BenchError, OSError) as error:
            refused.append(f"submission {name}: {error}")
            continue
        if not board.study or tested & {test.domain for test in checked.rows[0].tests}:
            rows += checked.rows
            folders[RUN_PREFIX + name] = checked.folder
    return replace(board, rows=ranked(rows) if folders else board.rows, refused=refused), folders


def _check_against_store(given: Submission, uri: str) -> Checked:
    unread = ""
    try:
        board = load_board(uri)
    except TrackingError as error:
        board, unread = Board("", [], []), f"no recorded runs to check against: {error}"
    checked = check(given, References(board.rows, board.folders), board.rows, board.folders)
    if unread:
        checked.remarks.append(unread)
    return checked


def check(given: Submission, references: References, rows: Sequence[Row], runs: Mapping[str, Path]) -> Checked:
    """
    Hold a submission against the reference and compute its row.

    Parameters
    ----------
    given : Submission
    references : References
    rows : sequence of Row
        Recorded rows of the board.
    runs : mapping of str to Path
        Their artifacts.

    Raises
    ------
    DataError
        If nothing of it can be used.
    """
    draws, findings = _screen_draws(given, references)
    folder = _write_folder(given, draws)
    row = _row(given.meta.name, folder)
    if all(math.isnan(test.auc) for test in row.tests):
        raise DataError("\n".join([f"the submission '{given.meta.name}' has no AUC on any test domain.", *findings]))
    findings += _wrong_way_round(row)
    remarks = [] if draws[0].validation else ["no validation scores came along, so nothing can be said of fixed thresholds."]
    if row.train not in {test.domain for test in row.tests}:
        remarks.append(f"{row.train} is none of the test domains: all of them count as other domains than that.")
    verification = verify(folder, rows, runs)
    write_json(folder / "verification.json", verification.as_dict(), durable=False)
    notes = [*findings, *remarks, verification.reason]
    return Checked([_board_row(row, given.meta, verification, notes)], folder, findings, remarks, verification)


def _screen_draws(given: Submission, references: References) -> tuple[list[Screened], list[str]]:
    """Every score file, less domains that are not usable in all of them."""
    _require_training_domain(label(given.meta.train), references)
    draws, findings = [], []
    for k, file in enumerate(given.files):
        table, unread = read_given(file, given.meta.domains)
        draws.append(screen(table, label(given.meta.train), references))
        said = [*unread, *draws[-1].findings]
        findings += [f"draw {k}: {one}" for one in said] if len(given.files) > 1 else said
    usable = set.intersection(*(set(draw.tests) for draw in draws))
    for domain in sorted({name for draw in draws for name in draw.tests} - usable):
        findings.append(f"{domain}: left out, as it is not in every score file.")
    if not usable:
        raise DataError("\n".join([f"the submission '{given.meta.name}' has no usable test scores.", *findings]))
    for draw in draws:
        for domain in draw.tests.keys() - usable:
            del draw.tests[domain]
    return draws, findings


def _require_training_domain(train: str, references: References) -> None:
    """Refuse a misspelt training domain: its test pictures would count as those of another domain."""
    try:
        references.of(train, frozenset())
    except DataError as error:
        raise DataError(f"train: {error}") from error


def _row(name: str, folder: Path) -> Row:
    """Row that follows from the score files; computed once, as those of recorded cells are."""
    with RowCache(CACHE_NAME) as kept:
        outcome = kept.of({name: folder})[name]
    if outcome.refused:
        raise DataError(outcome.refused)
    (row,) = outcome.rows
    return row


TURNED = 0.2  # an AUC that is worth a question, also where a handful of pictures leaves its interval wide


def _wrong_way_round(row: Row) -> list[str]:
    """Domains on which reals clearly score above fakes; where that is not so at home, it is a result and no mistake."""
    if any(test.domain == row.train and (test.auc_lo > 0.5 or test.auc >= 1 - TURNED) for test in row.tests):
        return []
    below = [test for test in row.tests if test.auc_hi < 0.5 or test.auc <= TURNED]
    turned = [f"{t.domain} (AUC {t.auc:.3f}, at most {t.auc_hi:.3f})" for t in below]
    if not turned:
        return []
    return [
        f"reals score above fakes on {', '.join(turned)}: are the scores the wrong way round? Higher has to mean more fake. "
        "They are taken as they came."
    ]


def _board_row(row: Row, meta: SubmissionMeta, verification: Verification, notes: list[str]) -> Row:
    facts = {name: getattr(meta, name) for name in ("name", "authors", "contact", "url", "description", "licence")}
    return replace(
        row,
        run_id=RUN_PREFIX + meta.name,
        fit_seconds=math.nan,
        ms_per_picture=math.nan if meta.ms_per_picture is None else meta.ms_per_picture,
        score_ms=math.nan,
        source="submitted",
        verified=verification.verified,
        submission=SubmissionFacts(**facts, notes=tuple(notes), verification=verification.as_dict()),
    )


def _write_folder(given: Submission, draws: Sequence[Screened]) -> Path:
    """Folder as that of a cell, named by what was brought and the references: it can be deleted and made again."""
    used = {domain: one.digest for draw in draws for domain, one in draw.references.items()}
    key = digest([VERSION, given.digest, used])
    final = cache_root() / "submissions" / key
    if (final / "cell.json").is_file():
        return final
    temporary = final.with_name(f".{key}.{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    files = []
    for k, draw in enumerate(draws):
        tables = [draw.validation] if draw.validation else []
        files.append(f"scores/00-chosen-{k}.parquet")
        write_table(temporary / files[-1], pa.concat_tables([*tables, *draw.tests.values()]), durable=False)
    keep_cell_document(_document(given.meta, key, draws[0], files), temporary, durable=False)
    publish_folder(temporary, final)
    return final


def _document(meta: SubmissionMeta, key: str, screened: Screened, files: list[str]) -> CellDocument:
    """Document as that of a recorded cell, as far as it is known of submitted scores."""
    digests = {domain: comparable_digests(domain, screened) for domain in screened.tests}
    return CellDocument(
        key=key,
        submission=meta.name,
        study="",
        study_key="",
        settings="",
        variant=key[:SHORT],
        detector=label(meta.detector),
        detector_identity={"name": label(meta.detector), "source": label(meta.url), "parameters": meta.parameters},
        train=label(meta.train),
        tests=tuple(screened.tests),
        seed=None,
        seeds=len(files),
        attempt=0,
        bootstrap=BOOTSTRAP,
        crop=None,
        band=meta.band,
        rule="",
        evidence=None,
        trials=(),
        narrow=(),
        tested=(TestedBand("chosen", meta.band, "", tuple(files), 0.0, 0.0),),
        decode_ms=0.0,
        gaps=(),
        problems=(),
        digests={},
        splits={},
        split_id="",
        test_splits={domain: split_list for domain, (split_list, _) in digests.items()},
        pictures={domain: pictures for domain, (_, pictures) in digests.items()},
        dropped_leaks={"train": 0, "val": 0},
        data={},
        lookalikes={},
        versions=versions(),
        finished=0.0,
    )
