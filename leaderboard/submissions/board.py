"""Rows of submissions on a board, checked and computed anew whenever a board is built."""

from dataclasses import replace
from pathlib import Path

from ...benchmark.errors import BenchError, NothingRecordedError
from ...benchmark.invocation import bench
from ...benchmark.reporting import Reporter
from ...benchmark.results.refusals import Refusal, RefusedBecause
from ...benchmark.tracking.reading import waiting_cells
from ..rows import Board, load_board, ranked
from .evaluation import RUN_PREFIX, evaluate
from .files import find_submissions, load_submission
from .references import DomainCatalogue, References


def load_with_submissions(
    uri: str, catalogue: DomainCatalogue, study: str | None = None, reporter: Reporter | None = None, every: bool = False
) -> tuple[Board, dict[str, Path]]:
    """
    Build the board of a tracking store with all submissions; of these alone where nothing is recorded yet.

    Parameters
    ----------
    uri, study, reporter, every
        See `rows.load_board`.
    catalogue : DomainCatalogue
        See `with_submissions`.

    Returns
    -------
    board : Board
    folders : dict of str to Path
        See `with_submissions`.

    Raises
    ------
    NothingRecordedError
        If there is neither a store nor a submission, or a study is asked for and there is no store.
    TrackingError
        If the store does not answer or knows no such study.
    """
    try:
        board = load_board(uri, study, reporter, every)
    except NothingRecordedError as error:
        if not find_submissions():
            raise
        if study is not None:
            hint = f"`{bench('leaderboard')}` without --study shows the submissions."
            raise NothingRecordedError(f"no study '{study}': {error} {hint}") from error
        board = Board("", [], [], waiting=tuple(waiting_cells(uri)))
    return with_submissions(board, catalogue)


def with_submissions(board: Board, catalogue: DomainCatalogue) -> tuple[Board, dict[str, Path]]:
    """
    Add the rows of all submissions to a board.

    Parameters
    ----------
    board : Board
        Of `rows.load_board`. A board of one study gets submissions that share a test domain with it.
    catalogue : DomainCatalogue
        Domains of this machine, for those that no recorded run was tested on.

    Returns
    -------
    board : Board
        A submission that cannot be used is among ``refused``.
    folders : dict of str to Path
        By ``run_id`` of the new rows: folder with ``cell.json`` and score files.
    """
    places = find_submissions()
    rows, refusals, folders = list(board.rows), [], {}
    tested = {test.domain for row in board.rows for test in row.tests}
    references = References(board.rows, board.folders, catalogue)
    for name, place in places.items():
        try:
            evaluation = evaluate(load_submission(place), references, board.rows, board.folders)
        except (BenchError, OSError) as error:
            refusals.append(Refusal(RefusedBecause.SUBMISSION, str(error), name))
            continue
        if not board.study or tested & {test.domain for test in evaluation.row.tests}:
            rows.append(evaluation.row)
            folders[RUN_PREFIX + name] = evaluation.folder
    refused = [*board.refused, *map(str, refusals)]
    rows = ranked(rows) if folders else board.rows
    return replace(board, rows=rows, refused=refused, refusals=[*board.refusals, *refusals]), folders
