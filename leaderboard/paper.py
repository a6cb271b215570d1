"""Figures of a board for a paper, as records: which there are, what each shows, and its title. `cli.paper` draws them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..benchmark.domains.names import chain_of
from ..benchmark.errors import listed
from ..benchmark.results.cell_document import CellDocument, find_cell
from ..benchmark.results.marks import is_contestant
from ..benchmark.results.rows import Row
from .ranking.comparable import comparable_sets

SHOWN_DOMAINS = 3  # in a title
LONGEST_POINT = 44  # characters of the name of a point


@dataclass(frozen=True)
class PaperFigure:
    """
    Common part of the figures.

    Attributes
    ----------
    name : tuple of str
        Parts of the file's name, without suffix; empty parts do not count. Two figures may have the same name.
    title : str
    """

    name: tuple[str, ...]
    title: str


@dataclass(frozen=True)
class TrainTestMap(PaperFigure):
    """Test AUC of rows (detector, training domain) by test domain."""

    rows: tuple[Row, ...]


@dataclass(frozen=True)
class RobustnessMap(PaperFigure):
    """Test AUC of rows by perturbation of the test pictures."""

    rows: tuple[Row, ...]


@dataclass(frozen=True)
class CarrierChart(PaperFigure):
    """AUCs on the peaks of the spectrum, without them and under attacks."""

    rows: tuple[Row, ...]


@dataclass(frozen=True)
class PerturbedTests(PaperFigure):
    """
    Rows that were tested under perturbations: of these, the ones that differ in strength alone make lines.

    Attributes
    ----------
    chains : tuple of str
        Perturbations, each once, in the order of the tests; the empty one stands for none.
    """

    rows: tuple[Row, ...]
    chains: tuple[str, ...]


@dataclass(frozen=True)
class CostPoint:
    """
    Row in a chart of AUC against cost.

    Attributes
    ----------
    name : str
    ms : float
        Milliseconds per picture, of the detector alone.
    auc : float
    contestant : bool
        False for a point that cannot be on the frontier, see `marks.is_contestant`.
    """

    name: str
    ms: float
    auc: float
    contestant: bool = True


@dataclass(frozen=True)
class CostChart(PaperFigure):
    """
    AUC of rows with the same test pictures against their cost.

    Attributes
    ----------
    axis : str
        Title of the AUC axis.
    """

    points: tuple[CostPoint, ...]
    axis: str


@dataclass(frozen=True)
class SweepChart(PaperFigure):
    """Validation AUC of the bands that a cell tried."""

    document: CellDocument


@dataclass(frozen=True)
class BandTransferMap(PaperFigure):
    """Test AUC of a cell's narrow bands by test domain."""

    document: CellDocument


def paper_figures(rows: Sequence[Row], folders: Mapping[str, Path]) -> list[PaperFigure]:
    """
    List the figures of a board.

    Parameters
    ----------
    rows : sequence of Row
        With ``run_id``; best first.
    folders : mapping of str to Path
        Artifacts by run.

    Returns
    -------
    list of PaperFigure
        Each study has a train x test map, and a map and lines of perturbations where there are any; each set of test pictures
        has AUC against cost; each cell has its sweep, and its band transfer where it has narrow bands.
    """
    return [*_of_studies(rows), *_of_sets(rows), *_of_cells(rows, folders)]


def _of_studies(rows: Sequence[Row]) -> list[PaperFigure]:
    studies = list(dict.fromkeys(row.study for row in rows))
    figures: list[PaperFigure] = []
    for study in studies:
        of_study = tuple(row for row in rows if row.study == study)
        chosen = tuple(row for row in of_study if row.role == "chosen" and row.tests)
        prefix = study if len(studies) > 1 else ""
        if chosen:
            figures.append(TrainTestMap((prefix, "train_x_test"), f"{study}: test AUC of the chosen bands", chosen))
        if any(row.robustness for row in of_study):
            figures.append(RobustnessMap((prefix, "robustness"), f"{study}: test AUC under perturbations", of_study))
        if any(row.carriers for row in of_study):
            figures.append(CarrierChart((prefix, "carriers"), f"{study}: what detectors live on", of_study))
        chains = tuple(dict.fromkeys(chain_of(test.domain) for row in chosen for test in row.tests))
        if any(chains):
            figures.append(PerturbedTests((prefix,), f"{study}: test pictures under", chosen, chains))
    return figures


def _of_sets(rows: Sequence[Row]) -> list[PaperFigure]:
    sets, index = comparable_sets(rows)
    figures: list[PaperFigure] = []
    for number, comparable in enumerate(sets):
        members = [row for i, row in enumerate(rows) if index[i] == number and row.role != "allpass"]
        several = len({row.train for row in members}) > 1
        points = tuple(CostPoint(_point_name(row, several), row.score_ms, row.headline, is_contestant(row)) for row in members)
        title = f"Set {comparable.name}: {listed(comparable.domains, SHOWN_DOMAINS)}"
        axis = "mean cross-domain AUC" if comparable.abroad else "in-domain AUC"
        figures.append(CostChart(("cost", comparable.name if len(sets) > 1 else ""), title, points, axis))
    return figures


def _point_name(row: Row, several: bool) -> str:
    """Return the name of a point, cut, as there are many; with the training domain where there are several."""
    train = f" ← {row.train_label}" if several else ""
    band = f" {row.band}" if row.role == "fixed" else ""
    return f"{row.detector}{train}{band}"[:LONGEST_POINT]


def _of_cells(rows: Sequence[Row], folders: Mapping[str, Path]) -> list[PaperFigure]:
    figures: list[PaperFigure] = []
    for row in {row.run_id: row for row in reversed(rows)}.values():
        document = find_cell(folders.get(row.run_id))
        cell, label = (row.detector, row.train), f"{row.detector} on {row.train_label}"
        if document and document.trials:
            figures.append(SweepChart(("sweep", *cell), label, document))
        if document and document.narrow:
            title = f"{label}: AUC of narrow bands, in-domain and cross-domain"
            figures.append(BandTransferMap(("band_transfer", *cell), title, document))
    return figures
