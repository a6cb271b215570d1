"""Figures of a board, as Matplotlib figures: a notebook shows them, and ``savefig`` writes them to a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..benchmark.domains.names import chain_of
from ..benchmark.errors import BenchError, listed, unknown_name
from ..benchmark.figures.carriers import draw_carriers
from ..benchmark.figures.plots import draw_band_transfer, draw_heat_map, draw_robustness, draw_sweep
from ..benchmark.figures.ranks import RankedLine, RankedSet, draw_ranks
from ..benchmark.figures.roc import draw_roc
from ..benchmark.invocation import bench
from ..benchmark.metrics.digits import auc_text
from ..benchmark.results.marks import headline_bounds
from ..benchmark.results.rows import Row
from ..benchmark.results.scores import by_domain
from ..leaderboard.notes import shown_rows
from ..leaderboard.page.charts import ROC_GRID, roc_curve
from ..leaderboard.ranking.comparable import comparable_sets
from .board_rows import BoardRows, is_home, row_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN_DOMAINS = 3  # in a title


@dataclass(frozen=True)
class BoardPlots:
    """
    Figures of a board.

    Parameters
    ----------
    board : BoardRows
    """

    board: BoardRows

    def train_x_test(self) -> "Figure":
        """
        Draw the test AUC of every row that a search chose, by test domain.

        Raises
        ------
        BenchError
            If the board has no such row.
        """
        rows = [row for row in self.board if row.role == "chosen" and row.tests] or [row for row in self.board if row.tests]
        if not rows:
            raise BenchError("the board has no row with a test domain, so that there is no train x test map.")
        return draw_heat_map(rows, f"{self.board.title}: test AUC of the chosen bands")

    def robustness(self) -> "Figure":
        """
        Draw the mean test AUC of every row under each perturbation of the test pictures.

        Raises
        ------
        BenchError
            If no row was tested on perturbed pictures.
        """
        rows = [row for row in self.board if row.robustness]
        if not rows:
            raise BenchError(f"no row was tested on perturbed pictures; `{bench('run robustness')}` does.")
        return draw_robustness(rows, f"{self.board.title}: test AUC under perturbations")

    def carriers(self) -> "Figure":
        """
        Draw what detectors live on: AUCs on the peaks of the spectrum, without them and under attacks, with intervals.

        Raises
        ------
        BenchError
            If no row was asked.
        """
        figure = draw_carriers(self.board.rows, f"{self.board.title}: what detectors live on")
        if figure is None:
            raise BenchError(f"no row says what its detector lives on; `{bench('run peaks_or_continuum')}` asks.")
        return figure

    def ranks(self) -> "Figure":
        """
        Draw the headline AUC of every row with its interval, and the interval of its rank; one panel per set of test pictures.

        Rows of one colour are of one tie group. Rows without a rank are grey; `Row.standing` has the reason.

        Raises
        ------
        BenchError
            If no row has an AUC.
        """
        figure = draw_ranks(_ranked_sets(shown_rows(self.board.rows)), f"{self.board.title}: headline AUC and rank intervals")
        if figure is None:
            raise BenchError("the board has no row with an AUC, so that there are no ranks.")
        return figure

    def sweep(self, row: str | int | Row) -> "Figure":
        """
        Draw the validation AUC of narrow bands over frequency, with the evidence and the chosen band.

        Parameters
        ----------
        row : str, int or Row
            As `Board.scores` takes it.

        Raises
        ------
        BenchError
            If there is no such row, or its study has no sweep.
        """
        found = self.board[row]
        cell = self.board.document(found)
        figure = draw_sweep(cell.trials, cell.evidence, cell.band, row_title(found))
        if figure is None:
            raise BenchError(_without(found, "no narrow bands were swept"))
        return figure

    def band_transfer(self, row: str | int | Row) -> "Figure":
        """
        Draw the test AUC on every domain while a narrow band slides over the frequency axis: kept alone, and taken out.

        Parameters
        ----------
        row : str, int or Row
            As `Board.scores` takes it.

        Raises
        ------
        BenchError
            If there is no such row, or its narrow bands were not scored on test domains.
        """
        found = self.board[row]
        cell = self.board.document(found)
        title = f"{row_title(found)}: AUC of narrow bands, in-domain and cross-domain"
        figure = draw_band_transfer(cell.narrow, cell.train, title)
        if figure is None:
            remedy = f"`{bench('run band_transfer')}` scores them"
            raise BenchError(f"{_without(found, 'no narrow bands were scored on test domains')} {remedy}.")
        return figure

    def roc(self, row: str | int | Row, domain: str | Sequence[str] | None = None) -> "Figure":
        """
        Draw the ROC curves of a row, means over its draws at equal false-alarm rates; on the right, few false alarms.

        Parameters
        ----------
        row : str, int or Row
            As `Board.scores` takes it.
        domain : str or sequence of str, optional
            Test domains. (default: all but the perturbed ones)

        Raises
        ------
        BenchError
            If there is no such row or domain, or its scores cannot be read.
        """
        found = self.board[row]
        draws = self.board.draws(found)
        tested = {name: sets for name, sets in by_domain(draws, "test").items() if len(sets) == len(draws)}
        wanted = [domain] if isinstance(domain, str) else list(domain or (name for name in tested if not chain_of(name)))
        for name in wanted:
            if name not in tested:
                raise BenchError(f"row {found.id}: {unknown_name('test domain', name, tested)}")
        auc = {test.domain: auc_text(test.auc) for test in found.tests}
        curves = {
            f"{name}{' (in-domain)' * is_home(found, name)}, AUC {auc[name]}": roc_curve([s.scored for s in tested[name]])
            for name in wanted
        }
        figure = draw_roc(ROC_GRID, curves, f"{row_title(found)}, {found.band}")
        if figure is None:
            raise BenchError(_without(found, "no test domain has scores of both classes"))
        return figure


def _without(row: Row, reason: str) -> str:
    return f"row {row.id} ({row_title(row)}) cannot be drawn: {reason}."


def _ranked_sets(rows: Sequence[Row]) -> list[RankedSet]:
    sets, index = comparable_sets(rows)
    return [
        RankedSet(
            f"{'cross-domain' if some.abroad else 'in-domain'} mean over {listed(some.domains, SHOWN_DOMAINS)}",
            tuple(_ranked_line(row) for row, number in zip(rows, index, strict=True) if number == place),
        )
        for place, some in enumerate(sets)
    ]


def _ranked_line(row: Row) -> RankedLine:
    band = f" {row.band}" if row.role == "fixed" else ""
    label, standing = f"{row.detector} ← {row.train_label}{band}", row.standing
    low, high = headline_bounds(row)
    ranks = (standing.rank_low, standing.rank_high, standing.tie_group) if standing else (None, None, None)
    return RankedLine(label, row.headline, low, high, *ranks)
