"""Draw the figures of a board in the sizes of a paper: SVG and PDF to be set beside text, PNG where nothing else is taken."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from ...leaderboard.paper import (
    BandTransferMap,
    CarrierChart,
    CostChart,
    PaperFigure,
    PerturbedTests,
    RobustnessMap,
    SweepChart,
    TrainTestMap,
)
from ..figures import plots
from ..figures.carriers import save_carriers
from ..figures.formats import FigureFormat
from ..figures.looks import PAPER
from ..figures.plots import Priced
from ..store.folders import ensure_writable

LONGEST_PART = 60  # characters of a file's name that come from one name

# Takes a path; returns False where there was nothing to draw.
Drawing = Callable[[Path], bool | None]


def write_figures(figures: Iterable[PaperFigure], target: Path, formats: Sequence[FigureFormat]) -> list[Path]:
    """
    Draw figures into a folder.

    Parameters
    ----------
    figures : iterable of PaperFigure
    target : Path
        Made if it is not there.
    formats : sequence of FigureFormat

    Returns
    -------
    list of Path
        Of the files; a figure without data has none.

    Raises
    ------
    BenchError
        If the folder cannot be written.
    """
    ensure_writable(target, "--figures")
    written = []
    for name, draw in numbered([entry for figure in figures for entry in drawings(figure)]):
        for kind in formats:
            path = target / f"{name}.{kind}"
            if draw(path) is not False:
                written.append(path)
    return written


def numbered(entries: Sequence[tuple[str, Drawing]]) -> list[tuple[str, Drawing]]:
    """Add a number to names that occurred before, in any spelling of capitals: some file systems do not tell them apart."""
    counts: dict[str, int] = {}
    unique = []
    for name, draw in entries:
        n = counts[name.lower()] = counts.get(name.lower(), 0) + 1
        unique.append((name if n == 1 else f"{name}_{n}", draw))
    return unique


def slug(*parts: str) -> str:
    """Return the name of a file, of letters, digits, dots and underscores, from names that may hold any character."""
    return "-".join(re.sub(r"[^\w.]+", "_", part).strip("._")[:LONGEST_PART] or "_" for part in parts if part)


def drawings(figure: PaperFigure) -> list[tuple[str, Drawing]]:
    """
    Return the drawings of a figure with the names of their files, without suffix.

    Raises
    ------
    TypeError
        If it is a kind of figure that nothing draws.
    """
    if isinstance(figure, PerturbedTests):
        return _strength_lines(figure)
    return [(slug(*figure.name), _drawing(figure))]


def _strength_lines(figure: PerturbedTests) -> list[tuple[str, Drawing]]:
    return [
        (
            slug(*figure.name, series, metric),
            partial(_save_strengths, figure, strengths, f"{figure.title} {series}", metric),
        )
        for series, strengths in plots.perturbation_series(list(figure.chains)).items()
        for metric in plots.METRIC_NAMES
    ]


def _save_strengths(figure: PerturbedTests, strengths: dict[str, float], title: str, metric: str, path: Path) -> bool:
    return plots.save_strength_lines(path, figure.rows, strengths, title, metric, PAPER)


def _drawing(figure: PaperFigure) -> Drawing:
    match figure:
        case TrainTestMap():
            return lambda path: plots.save_heat_map(path, figure.rows, figure.title, PAPER)
        case RobustnessMap():
            return lambda path: plots.save_robustness(path, figure.rows, figure.title, PAPER)
        case CarrierChart():
            return lambda path: save_carriers(path, figure.rows, figure.title, PAPER)
        case CostChart():
            priced = [Priced(point.name, point.ms, point.auc, point.contestant) for point in figure.points]
            return lambda path: plots.save_cost(path, priced, figure.title, figure.axis, PAPER)
        case SweepChart():
            cell = figure.document
            return lambda path: plots.save_sweep(path, cell.trials, cell.evidence, cell.band, figure.title, PAPER)
        case BandTransferMap():
            cell = figure.document
            return lambda path: plots.save_band_transfer(path, cell.narrow, cell.train, figure.title, PAPER)
        case _:
            raise TypeError(f"nothing draws a {type(figure).__name__}.")
