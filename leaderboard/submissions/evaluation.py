"""From submitted scores to a row: screened against the test items, computed as rows of recorded cells are, and verified."""

import math
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from ...benchmark.domains.names import training, training_of_json
from ...benchmark.errors import DataError, listed
from ...benchmark.metrics.digits import auc_text
from ...benchmark.results.cell_document import SHORT, CellDocument, Lookalikes, TestedBand, keep_cell_document, versions
from ...benchmark.results.rows import Row, SubmissionFacts
from ...benchmark.results.scores import write_table
from ...benchmark.store.files import digest, publish_folder, write_json
from ...benchmark.store.folders import cache_root
from ..row_cache import RowCache
from .files import Submission
from .findings import Finding, FindingKind, summary
from .meta import NOT_STATED, SubmissionMeta, label
from .references import References
from .score_files import read_score_file
from .screening import Screened, comparable_digests, screen
from .verification import Verification, verify

VERSION = 3  # raised when the same submitted files give another row
BOOTSTRAP = 1000  # draws
MANY_ITEMS, FEW_DRAWS = 100_000, 200  # on so many test items, the error of a rate is known well enough from fewer draws
CACHE_NAME = "submissions"  # of their rows, in the place of a store's address
RUN_PREFIX = "submission:"


@dataclass(frozen=True)
class Evaluation:
    """
    Row of a submission, with the findings about its scores.

    Attributes
    ----------
    row : Row
        As `results.cell_rows` gives it, with the facts that a board shows about a submission.
    folder : Path
        With ``cell.json`` and the score files that the row follows from.
    findings : list of Finding
        Mistakes and gaps in the submitted scores.
    remarks : list of str
        Limits of the row that are no mistakes.
    verification : Verification
    """

    row: Row
    folder: Path
    findings: list[Finding]
    remarks: list[str]
    verification: Verification


def evaluate(submission: Submission, references: References, rows: Sequence[Row], runs: Mapping[str, Path]) -> Evaluation:
    """
    Screen the scores of a submission against the references and compute its row.

    Parameters
    ----------
    submission : Submission
    references : References
    rows : sequence of Row
        Recorded rows of the board.
    runs : mapping of str to Path
        Artifacts by run.

    Raises
    ------
    DataError
        If the training domain is unknown, or no test domain has usable scores.
    """
    draws, findings = _screen_draws(submission, references)
    folder = _write_folder(submission, draws)
    row = _row(submission.meta.name, folder)
    if all(math.isnan(test.auc) for test in row.tests):
        raise DataError(
            "\n".join([f"the submission '{submission.meta.name}' has no AUC on any test domain.", *summary(findings)])
        )
    findings += _wrong_way_round(row)
    remarks = [] if draws[0].validation else ["no validation scores came along, so nothing can be said of fixed thresholds."]
    if draws[0].sources:
        sources = ", ".join(draws[0].sources)
        remarks.append(f"the reals of {sources} are taken as they came: there is nothing here to check them against.")
    if row.train == NOT_STATED:
        remarks.append("the training data are not stated, so all test domains count as other domains.")
    elif not any(test.domain in training(row.train).members for test in row.tests):
        remarks.append(f"{row.train_label} is none of the test domains: all of them count as other domains than that.")
    verification = verify(folder, rows, runs)
    write_json(folder / "verification.json", verification.as_dict(), durable=False)
    others = [*remarks, verification.reason]
    board_row = _board_row(row, submission.meta, verification, [*map(str, findings), *others], [*summary(findings), *others])
    return Evaluation(board_row, folder, findings, remarks, verification)


def _screen_draws(submission: Submission, references: References) -> tuple[list[Screened], list[Finding]]:
    """Screen every score file; leave out the domains that are not usable in all of them."""
    train = _train_name(submission.meta)
    _require_training_domain(train, references)
    draws, findings = [], []
    for k, file in enumerate(submission.files):
        table, unread = read_score_file(file, submission.meta.domains, references.catalogue.canonical_chain)
        draws.append(screen(table, train, references))
        of_draw = [*unread, *draws[-1].findings]
        findings += [replace(finding, draw=k) for finding in of_draw] if len(submission.files) > 1 else of_draw
    usable = set.intersection(*(set(draw.tests) for draw in draws))
    for domain in sorted({name for draw in draws for name in draw.tests} - usable):
        findings.append(Finding(FindingKind.LEFT_OUT, "left out, as it is not in every score file.", domain))
    if not usable:
        raise DataError("\n".join([f"the submission '{submission.meta.name}' has no usable test scores.", *summary(findings)]))
    for draw in draws:
        for domain in draw.tests.keys() - usable:
            del draw.tests[domain]
    in_all = set.intersection(*(set(draw.sources) for draw in draws))
    for source in sorted({name for draw in draws for name in draw.sources} - in_all):
        text = "left out, as they are not in every score file."
        findings.append(Finding(FindingKind.LEFT_OUT, text, f"reals of {source}"))
    for draw in draws:
        for source in draw.sources.keys() - in_all:
            del draw.sources[source]
    return draws, findings


def _train_name(meta: SubmissionMeta) -> str:
    """Return the name of a submission's training; each domain of a pool is a label of its own."""
    return training_of_json([label(part) for part in training(meta.train).parts])


def _require_training_domain(train: str, references: References) -> None:
    """Refuse a misspelt training domain: its test pictures would count as those of another domain."""
    for domain in training(train).domains:
        try:
            references.of(domain, frozenset())
        except DataError as error:
            raise DataError(f"train: {error}") from error


def _row(name: str, folder: Path) -> Row:
    """Compute the row from the score files, or take it from the cache, as rows of recorded cells are."""
    with RowCache(CACHE_NAME) as cache:
        outcome = cache.of({name: folder})[name]
    if outcome.refused:
        raise DataError(outcome.refused)
    (row,) = outcome.rows
    return row


SHOWN_TURNED = 5
TURNED = 0.2  # at most this AUC is reported, also where a handful of pictures leaves its interval wide


def _wrong_way_round(row: Row) -> list[Finding]:
    """
    Report domains on which reals clearly score above fakes.

    Where the scores are right on the training domain, an AUC below 0.5 on another domain is a result and no mistake.
    """
    members = training(row.train).members
    if any(test.domain in members and (test.auc_lo > 0.5 or test.auc >= 1 - TURNED) for test in row.tests):
        return []
    below = [test for test in row.tests if test.auc_hi < 0.5 or test.auc <= TURNED]
    turned = [f"{t.domain} (AUC {auc_text(t.auc)}, at most {auc_text(t.auc_hi)})" for t in below]
    if not turned:
        return []
    text = (
        f"reals score above fakes on {listed(turned, SHOWN_TURNED)}: are the scores the wrong way round? Higher has to mean "
        "more fake. They are taken as they came."
    )
    return [Finding(FindingKind.WRONG_WAY_ROUND, text)]


def _board_row(row: Row, meta: SubmissionMeta, verification: Verification, notes: list[str], brief: list[str]) -> Row:
    facts = {name: getattr(meta, name) for name in ("name", "authors", "contact", "url", "description", "licence")}
    return replace(
        row,
        run_id=RUN_PREFIX + meta.name,
        fit_seconds=math.nan,
        ms_per_picture=math.nan if meta.ms_per_picture is None else meta.ms_per_picture,
        score_ms=math.nan,
        source="submitted",
        verified=verification.verified,
        submission=SubmissionFacts(**facts, notes=tuple(notes), summary=tuple(brief), verification=verification.as_dict()),
    )


def _write_folder(submission: Submission, draws: Sequence[Screened]) -> Path:
    """
    Write a folder like that of a recorded cell, and return its path.

    It is named by a digest of the submission and of the references, so that it can be deleted and written again.
    """
    used = {domain: reference.digest for draw in draws for domain, reference in draw.references.items()}
    key = digest([VERSION, submission.digest, used])
    final = cache_root() / "submissions" / key
    if (final / "cell.json").is_file():
        return final
    temporary = final.with_name(f".{key}.{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    files = []
    for k, draw in enumerate(draws):
        tables = [draw.validation] if draw.validation else []
        files.append(f"scores/00-chosen-{k}.parquet")
        write_table(
            temporary / files[-1], pa.concat_tables([*tables, *draw.tests.values(), *draw.sources.values()]), durable=False
        )
    keep_cell_document(_document(submission.meta, key, draws[0], files), temporary, durable=False)
    publish_folder(temporary, final)
    return final


def _document(meta: SubmissionMeta, key: str, screened: Screened, files: list[str]) -> CellDocument:
    """Return the ``cell.json`` of submitted scores; fields that only a run can know are empty."""
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
        train=_train_name(meta),
        tests=tuple(screened.tests),
        seed=None,
        seeds=len(files),
        attempt=0,
        bootstrap=BOOTSTRAP if max(map(len, screened.tests.values())) < MANY_ITEMS else FEW_DRAWS,
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
        reals={source: Lookalikes() for source in screened.sources},
        versions=versions(),
        finished=0.0,
        released=meta.released,
        reported=tuple(entry.record() for entry in meta.reported),
    )
