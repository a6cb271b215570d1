"""Rows of submissions on a board, checked and computed anew whenever a board is built."""

from dataclasses import replace
from pathlib import Path

from ...benchmark.errors import BenchError
from ..rows import Board, ranked
from .evaluation import RUN_PREFIX, evaluate
from .files import find_submissions, load_submission
from .references import DomainCatalogue, References


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
    rows, refused, folders = list(board.rows), list(board.refused), {}
    tested = {test.domain for row in board.rows for test in row.tests}
    references = References(board.rows, board.folders, catalogue)
    for name, place in places.items():
        try:
            evaluation = evaluate(load_submission(place), references, board.rows, board.folders)
        except (BenchError, OSError) as error:
            refused.append(f"submission {name}: {error}")
            continue
        if not board.study or tested & {test.domain for test in evaluation.row.tests}:
            rows.append(evaluation.row)
            folders[RUN_PREFIX + name] = evaluation.folder
    return replace(board, rows=ranked(rows) if folders else board.rows, refused=refused), folders
