"""The pictures of a board in the sizes of a paper: SVG and PDF to be set beside text, PNG where nothing else is taken."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..benchmark.figures import plots as figures
from ..benchmark.figures.formats import FigureFormat
from ..benchmark.figures.looks import PAPER
from ..benchmark.figures.plots import Priced
from ..benchmark.pictures.perturbations import chain_of
from ..benchmark.results.cell_document import CellDocument, find_cell
from ..benchmark.results.rows import Row
from ..benchmark.store import ensure_writable
from .ranking.comparable import comparable_sets


@dataclass(frozen=True)
class PaperFigure:
    """
    A figure that is not drawn yet.

    Attributes
    ----------
    name : str
        Of its file, without suffix.
    draw : callable
        Takes a path and says whether there was anything to draw; None is yes.
    """

    name: str
    draw: Callable[[Path], bool | None]


def write_figures(
    rows: Sequence[Row], folders: Mapping[str, Path], target: Path, formats: Sequence[FigureFormat]
) -> list[Path]:
    """
    Draw a board.

    Parameters
    ----------
    rows : sequence of Row
                With ``run_id``; best first.
    folders : mapping of str to Path
        Artifacts by run.
    target : Path
        Folder for the files, made if it is not there.
    formats : sequence of FigureFormat

    Returns
    -------
    list of Path
        Of the files. Each study has a train x test map, and a map and lines of perturbations where there are any; each set of
        test pictures has AUC against cost; each cell has its sweep and its band transfer where it has narrow bands.

    Raises
    ------
    BenchError
        If the folder cannot be written.
    """
    ensure_writable(target, "--figures")
    written = []
    for figure in _numbered([*_of_studies(rows), *_of_sets(rows), *_of_cells(rows, folders)]):
        for kind in formats:
            path = target / f"{figure.name}.{kind}"
            if figure.draw(path) is not False:
                written.append(path)
    return written


def _numbered(found: Sequence[PaperFigure]) -> list[PaperFigure]:
    """Figures with names that no other has, in no writing of capitals."""
    seen: dict[str, int] = {}
    named = []
    for figure in found:
        n = seen[figure.name.lower()] = seen.get(figure.name.lower(), 0) + 1
        named.append(figure if n == 1 else PaperFigure(f"{figure.name}_{n}", figure.draw))
    return named


def _slug(*parts: str) -> str:
    """Name of a file from names that may hold anything."""
    return "-".join(re.sub(r"[^\w.]+", "_", part).strip("._")[:60] or "_" for part in parts if part)


def _of_studies(rows: Sequence[Row]) -> list[PaperFigure]:
    studies = list(dict.fromkeys(row.study for row in rows))
    found = []
    for study in studies:
        mine = [row for row in rows if row.study == study]
        chosen = [row for row in mine if row.role == "chosen" and row.tests]
        prefix = study if len(studies) > 1 else ""
        if chosen:
            title = f"{study}: test AUC of the chosen bands"
            found.append(PaperFigure(_slug(prefix, "train_x_test"), partial(_heat, chosen, title)))
        if any(row.robustness for row in mine):
            title = f"{study}: test AUC under perturbations"
            found.append(PaperFigure(_slug(prefix, "robustness"), partial(_robustness, mine, title)))
        chains = dict.fromkeys(chain_of(test.domain) for row in chosen for test in row.tests)
        for series, strengths in figures.perturbation_series(list(chains)).items():
            for metric in figures.METRIC_NAMES:
                title = f"{study}: test pictures under {series}"
                draw = partial(_strengths, chosen, strengths, title, metric)
                found.append(PaperFigure(_slug(prefix, series, metric), draw))
    return found


def _heat(rows: Sequence[Row], title: str, path: Path) -> None:
    figures.save_heat_map(path, rows, title, PAPER)


def _robustness(rows: Sequence[Row], title: str, path: Path) -> None:
    figures.save_robustness(path, rows, title, PAPER)


def _strengths(rows: Sequence[Row], strengths: dict[str, float], title: str, metric: str, path: Path) -> bool:
    return figures.save_strength_lines(path, rows, strengths, title, metric, PAPER)


def _of_sets(rows: Sequence[Row]) -> list[PaperFigure]:
    sets, index = comparable_sets(rows)
    found = []
    for number, one in enumerate(sets):
        mine = [row for i, row in enumerate(rows) if index[i] == number and row.role != "allpass"]
        several = len({row.train for row in mine}) > 1
        priced = [Priced(_point(row, several), row.score_ms, row.headline) for row in mine]
        title = f"Set {one.name}: {', '.join(one.domains[:3])}" + (f" and {len(one.domains) - 3} more" * (len(one.domains) > 3))
        what = "mean cross-domain AUC" if one.abroad else "in-domain AUC"
        name = _slug("cost", one.name if len(sets) > 1 else "")
        found.append(PaperFigure(name, partial(_cost, priced, title, what)))
    return found


def _point(row: Row, several: bool) -> str:
    """Name of a point: short, as there are many."""
    train = f" ← {row.train}" if several else ""
    band = f" {row.band}" if row.role == "fixed" else ""
    return f"{row.detector}{train}{band}"[:44]


def _cost(priced: Sequence[Priced], title: str, what: str, path: Path) -> bool:
    return figures.save_cost(path, priced, title, what, PAPER)


def _of_cells(rows: Sequence[Row], folders: Mapping[str, Path]) -> list[PaperFigure]:
    found = []
    for row in {row.run_id: row for row in reversed(rows)}.values():
        folder = folders.get(row.run_id)
        document = find_cell(folder)
        name, label = (row.detector, row.train), f"{row.detector} on {row.train}"
        if document and document.trials:
            found.append(PaperFigure(_slug("sweep", *name), partial(_sweep, document, label)))
        if document and document.narrow:
            found.append(PaperFigure(_slug("band_transfer", *name), partial(_band_transfer, document, label)))
    return found


def _sweep(document: CellDocument, label: str, path: Path) -> bool:
    return figures.save_sweep(path, document.trials, document.evidence, document.band, label, PAPER)


def _band_transfer(document: CellDocument, label: str, path: Path) -> bool:
    title = f"{label}: where the evidence is, at home and abroad"
    return figures.save_band_transfer(path, document.narrow, document.train, title, PAPER)
