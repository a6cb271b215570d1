"""`bandbench.leaderboard`: the recorded rows of a study, or of all, as a board that answers questions."""

import html
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..benchmark.errors import BenchError, nearest_name
from ..benchmark.metrics.digits import measured_text
from ..benchmark.results.marks import Mark, marks_of
from ..benchmark.results.refusals import Refusal
from ..benchmark.results.rows import Row
from ..benchmark.tracking.reading import ShardRecords, boards_of
from ..benchmark.tracking.store import resolve_tracking_uri
from ..leaderboard.frames import bands_frame, rows_frame, scores_frame, tests_frame
from ..leaderboard.notes import other_variants, shown_rows, unsealed_notes
from ..leaderboard.ranking.board import ranked_board
from ..leaderboard.ranking.detectors import DetectorPlace
from ..leaderboard.ranking.reals import with_reals_ranks
from ..leaderboard.release_dates import with_release_dates
from ..leaderboard.reported import with_reported
from ..leaderboard.rows import Board as RecordedRows
from ..leaderboard.rows import load_board
from ..leaderboard.submissions.board import load_with_submissions
from ..leaderboard.terminal.ranking import rank_text
from .board_inputs import RegisteredDomains, computed_datasets, known_release, published_numbers
from .board_plots import BoardPlots
from .board_rows import BoardRows
from .options import as_dates, public
from .progress import reporting

if TYPE_CHECKING:
    import pandas as pd

MOST_SHOWN = 20  # rows of the short form
INDEX, STUDY = "", "study"  # headings; the study is shown where there are several
HEADINGS = (INDEX, "rank", "detector", "trained on", STUDY, "in-domain AUC", "cross-domain AUC", "id")
NUMERIC = {INDEX, "rank", "in-domain AUC", "cross-domain AUC"}
LEGEND = "AUC on test pictures, in brackets the 95 % interval; rank: interval among rows over the same test pictures."


@dataclass(frozen=True, repr=False)
class Board(BoardRows):
    """
    Rows of the leaderboard, best first, with ranks.

    A board has a length, can be iterated over (`Row` by `Row`), and ``board[row]`` is one `Row`. Where a row is asked for, it
    may be its short id (or the first digits of it), its index in `to_pandas`, or the `Row` itself.

    Attributes
    ----------
    study : str
        Empty for several studies.
    rows : tuple of Row
        All-pass rows, the reference of the others, are among them; `Row.role` tells.
    folders : mapping of str to Path
        Folder with the score files by `Row.run_id`.
    detectors : tuple of DetectorPlace
        Ranking of the detectors over their trainings, best first.
    refused : tuple of str
        Recorded runs and submissions that could not be used, with the reason.
    refusals : tuple of Refusal
        The same with run, study, detector, training domain, a sentence (``text``) and the code of the reason (``reason``).
    unsealed : int
        Cells whose run has no digest of their files, as an earlier version recorded them.
    waiting : tuple of ShardRecords
        Cells that shards of a study have recorded, and that have no row before the run of the whole study: their number
        (``n_cells``), the ``study``, and the ``command`` that collects them.
    others : mapping of str to int
        By study: cells of earlier variants that are not shown.
    notes : tuple of str
        Remarks on the rows that are not there.
    tracking_uri : str
        MLflow store that it was read from.
    """

    detectors: tuple[DetectorPlace, ...] = ()
    refused: tuple[str, ...] = ()
    others: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    tracking_uri: str = ""
    refusals: tuple[Refusal, ...] = ()
    unsealed: int = 0
    waiting: tuple[ShardRecords, ...] = ()

    def to_pandas(self) -> "pd.DataFrame":
        """
        Return one line per row, in the order of the board.

        Returns
        -------
        DataFrame
            Every column that a board has (docs/reference/columns.md), in its type: numbers as float64, counts and ranks as
            nullable Int64, the moment of finishing in UTC. Intervals are two columns, ``NAME_lo`` and ``NAME_hi``.
        """
        return rows_frame(self.rows, computed_datasets())

    def tests(self) -> "pd.DataFrame":
        """
        Return one line per row and test domain.

        Returns
        -------
        DataFrame
            The columns that name the row, ``domain``, ``in_domain``, then AUC, error rates and counts with their intervals.
        """
        return tests_frame(self.rows)

    def scores(self, row: str | int | Row) -> "pd.DataFrame":
        """
        Return every score that a row is made of, one line per draw and picture.

        Parameters
        ----------
        row : str, int or Row
            Its id, or the first digits of it (four or more); its index in `to_pandas`; or the row itself.

        Returns
        -------
        DataFrame
            ``draw``, ``domain``, ``split`` (``val`` or ``test``), ``item``, ``label`` (1: fake), ``score`` (higher: more fake),
            ``status`` and ``detail`` (no picture is left out; one without a score has the reason), and ``group``, ``target``,
            ``donor`` and ``video``, within which pictures are not independent.

        Raises
        ------
        BenchError
            If there is no such row, or its score files cannot be read.
        """
        found = self[row]
        return scores_frame(self.folder(found), self.document(found).files_of(found))

    def bands(self, row: str | int | Row) -> "pd.DataFrame":
        """
        Return every band that was tried for a row on validation pictures of its training domain.

        Parameters
        ----------
        row : str, int or Row
            As for `scores`.

        Returns
        -------
        DataFrame
            ``band``, ``kind``, ``low`` and ``high`` (cycles/pixel), ``stage``, the validation ``auc`` with ``auc_lo``,
            ``auc_hi`` and ``auc_se``, ``chosen``, ``in_evidence`` (missing where no sweep asked, for all-pass and for combs)
            and ``error``. It has no lines for submitted scores.

        Raises
        ------
        BenchError
            If there is no such row, or its cell cannot be read.
        """
        return bands_frame(self.document(self[row]))

    @property
    def plot(self) -> BoardPlots:
        """Figures: ``board.plot.ranks()``, ``.train_x_test()``, ``.sweep(row)``, ``.roc(row)`` and others."""
        return BoardPlots(self)

    def where(self, **columns: Any) -> "Board":
        """
        Return the board of the rows that have some values.

        Ranks, tie groups and `detectors` stay those of the whole board.

        Parameters
        ----------
        **columns : object or collection of objects
            Value by column of `to_pandas`, or several values; a text may have ``*`` and ``?`` for what is left open
            (``detector="spectral_*"``).

        Raises
        ------
        BenchError
            If there is no such column.
        """
        frame = self.to_pandas()
        for name in columns:
            if name not in frame:
                hint = nearest_name(name, frame.columns)
                raise BenchError(f"the board has no column '{name}'.{hint} to_pandas() has all columns.")
        table = {name: frame[name].tolist() for name in columns}
        rows = tuple(
            row for i, row in enumerate(self.rows) if all(_is_one_of(table[name][i], columns[name]) for name in columns)
        )
        return replace(self, rows=rows)

    def recorded(self) -> RecordedRows:
        """Rows in the form that the page is made of."""
        found = list(self.refused), dict(self.folders), dict(self.others), list(self.refusals), self.unsealed
        return RecordedRows(self.study, list(self.rows), *found, self.waiting)

    def __repr__(self) -> str:
        lines = self._lines()
        columns = [_aligned(name, [line[name] for line in lines]) for name in self._headings()]
        table = ["  ".join(line).rstrip() for line in zip(*columns, strict=True)] if lines else []
        return "\n".join([self._caption(), *table, *self._remarks()])

    def _repr_html_(self) -> str:
        """Return the short form for a notebook; it has no colours of its own, so that it follows the theme of the reader."""
        names = self._headings()
        tags = [f'<th style="{_style(name)}">{name}</th>' for name in names]
        lines = [
            "".join(f'<td style="{_style(name)}">{_cell(name, line[name])}</td>' for name in names) for line in self._lines()
        ]
        body = "".join(f"<tr>{line}</tr>" for line in lines)
        table = f"<table><thead><tr>{''.join(tags)}</tr></thead><tbody>{body}</tbody></table>" if lines else ""
        remarks = "".join(f"<div><small>{html.escape(line)}</small></div>" for line in self._remarks())
        return f"<div><strong>{html.escape(self._caption())}</strong>{table}{remarks}</div>"

    def _headings(self) -> list[str]:
        several = len({row.study for row in self.rows}) > 1
        return [name for name in HEADINGS if several or name != STUDY]

    def _lines(self) -> list[dict[str, str]]:
        """Cells of the first rows that a table shows, by heading."""
        place = {id(row): i for i, row in enumerate(self.rows)}
        lines = [
            (
                str(place[id(row)]),
                rank_text(row.standing.rank_low, row.standing.rank_high) if row.standing else "",
                f"{row.detector}{' (control)' * (Mark.CONTROL in marks_of(row))}",
                row.train_label,
                row.study,
                measured_text(row.in_domain_auc, row.in_domain_auc_lo, row.in_domain_auc_hi, "–"),
                measured_text(row.cross_domain_auc, row.cross_domain_auc_lo, row.cross_domain_auc_hi, "–"),
                row.id,
            )
            for row in shown_rows(self.rows)[:MOST_SHOWN]
        ]
        return [dict(zip(HEADINGS, line, strict=True)) for line in lines]

    def _caption(self) -> str:
        n = len(shown_rows(self.rows))
        return f"{self.title}: {n} row{'s' * (n != 1)}"

    def _remarks(self) -> list[str]:
        shown = shown_rows(self.rows)
        lines = [f"and {len(shown) - MOST_SHOWN} more rows, in to_pandas()"] if len(shown) > MOST_SHOWN else []
        if n := len(self.rows) - len(shown):
            what = "all-pass bands and combs" if any(row.band.is_comb for row in self.rows) else "all-pass bands"
            lines.append(f"{n} reference row{'s' * (n > 1)} ({what}) in to_pandas() only.")
        if shown:
            lines.append(LEGEND)
        return [*lines, *self.notes, *(f"refused: {reason}" for reason in self.refused)]


@public
def leaderboard(
    study: str | None = None,
    *,
    tracking_uri: str | None = None,
    submissions: bool = True,
    every: bool = False,
    ranks: bool = True,
    released: Mapping[str, str] | None = None,
    progress: bool = True,
) -> Board:
    """
    Read the leaderboard of one study, or of all.

    Every number is computed from the score files; what was computed before is taken from the cache.

    Parameters
    ----------
    study : str, optional
        Name of a recorded study or board, such as ``band_search~mine``. (default: all)
    tracking_uri : str, optional
        MLflow store. (default: that of ``MLFLOW_TRACKING_URI``, else the one in the user's data folder)
    submissions : bool
        Also rows of submitted scores; with `study` those that share a test domain with it.
    every : bool
        Also rows of settings, pictures or code other than those of the last run.
    ranks : bool
        False leaves the ranks out, which take longest on a large board.
    released : mapping of str to str, optional
        Release dates of generators by domain or data set, in place of the recorded and the known ones.
    progress : bool
        Show the progress where rows have to be computed.

    Returns
    -------
    Board

    Raises
    ------
    TrackingError
        If the store does not answer, has nothing recorded, or knows no such study.

    Examples
    --------
    >>> import bandbench as bb
    >>> board = bb.leaderboard("band_search")  # doctest: +SKIP
    >>> board.to_pandas()[["detector", "train", "cross_domain_auc"]]  # doctest: +SKIP
    """
    return read_board(BoardOptions(study, tracking_uri, submissions, every, ranks, released, progress))


@dataclass(frozen=True)
class BoardOptions:
    """Parameters of `leaderboard`, and options of ``bench leaderboard``."""

    study: str | None = None
    tracking_uri: str | None = None
    submissions: bool = True
    every: bool = False
    ranks: bool = True
    released: Mapping[str, str] | None = None
    progress: bool = True


def read_board(options: BoardOptions) -> Board:
    """Return a board as `leaderboard` does; errors name options of the command line."""
    study, every = options.study, options.every
    uri = resolve_tracking_uri(options.tracking_uri)
    with reporting(options.progress) as reporter:
        if options.submissions:
            recorded, folders = load_with_submissions(uri, RegisteredDomains(), study, reporter, every)
            recorded = replace(recorded, folders=recorded.folders | folders)
        else:
            recorded = load_board(uri, study, reporter, every)
        rows = with_published(recorded.rows, as_dates(options.released))
        recorded = replace(recorded, rows=rows)
        detectors: Sequence[DetectorPlace] = ()
        if options.ranks:
            reporter.stage("comparing the rows", None)
            rows, detectors = rank_rows(recorded.rows, recorded.folders)
            recorded = replace(recorded, rows=rows)
    return Board(
        study=study or "",
        rows=tuple(recorded.rows),
        folders=recorded.folders,
        detectors=tuple(detectors),
        refused=tuple(recorded.refused),
        others=recorded.others,
        notes=(
            *_shown_instead(study, recorded.rows),
            *([] if every else other_variants(recorded.others)),
            *unsealed_notes(recorded.unsealed),
            *(records.sentence for records in recorded.waiting),
        ),
        unsealed=recorded.unsealed,
        tracking_uri=uri,
        refusals=tuple(recorded.refusals),
        waiting=recorded.waiting,
    )


def with_published(rows: Sequence[Row], released: Mapping[str, str] | None = None) -> list[Row]:
    """
    Add what is published of a row's domains and of its detector: release dates of generators, and reported numbers.

    Parameters
    ----------
    rows : sequence of Row
    released : mapping of str to str, optional
        Dates by domain or data set that take precedence.
    """
    return with_reported(with_release_dates(rows, known_release, released or {}), published_numbers)


def rank_rows(rows: Sequence[Row], folders: Mapping[str, Path]) -> tuple[list[Row], list[DetectorPlace]]:
    """
    Rank the rows and the detectors of a board from the score files, also over the choice of the reals.

    Parameters
    ----------
    rows : sequence of Row
    folders : mapping of str to Path
        Folder of a row's cell by ``run_id``; rows without one have no rank.

    Returns
    -------
    rows : list of Row
        In the order that they were given in.
    detectors : list of DetectorPlace
    """

    def folder_of(row: Row) -> Path | None:
        return folders.get(row.run_id)

    placed = ranked_board(with_reals_ranks(rows, folder_of), folder_of)
    return placed.rows, placed.detectors


def _shown_instead(study: str | None, rows: Sequence[Row]) -> list[str]:
    """Say which boards are shown where a study was run under other settings than its file's only."""
    others = sorted(boards_of(study, {row.study for row in rows}) - {study}) if study else []
    return [f"{study} was not run as its file says; shown is what was: {', '.join(others)}."] if others else []


def _is_one_of(value: Any, wanted: Any) -> bool:
    several = wanted if isinstance(wanted, Collection) and not isinstance(wanted, str | bytes) else [wanted]
    if isinstance(value, str):
        return any(value == one or (isinstance(one, str) and fnmatchcase(value, one)) for one in several)
    return any(bool(value == one) for one in several if not _is_missing(value))


def _is_missing(value: Any) -> bool:
    import pandas as pd

    return bool(pd.isna(value))


def _aligned(heading: str, cells: Sequence[str]) -> list[str]:
    """Heading and cells of one column of text, as wide as the widest."""
    width = max(map(len, (heading, *cells)))
    return [text.rjust(width) if heading in NUMERIC else text.ljust(width) for text in (heading, *cells)]


def _style(heading: str) -> str:
    return f"text-align:{'right' if heading in NUMERIC else 'left'};padding:0.1em 0.7em"


def _cell(heading: str, text: str) -> str:
    """Cell of the notebook's table; the id is one to be copied."""
    return f"<code>{text}</code>" if heading == "id" else html.escape(text)
