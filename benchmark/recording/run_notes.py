"""Notes on top of a run's page in the MLflow UI, as Markdown: its subject, its results and the contents of its files."""

import re
from collections.abc import Sequence
from pathlib import Path

from ..metrics.digits import auc_text
from ..models.of_cell import MODEL, left_out
from ..records import Cell
from ..results.evidence import evidence_text, is_everywhere
from ..results.marks import Mark, audits_of, marks_of
from ..results.rows import Row, TestResult
from ..results.selection import Selection

MOST_DOMAINS = 30
FILES = {
    "sweep.png": "validation AUC as a narrow band moves over the frequencies, with the chosen band",
    "band_transfer.png": "the same on the test domains: where the evidence is, at home and abroad",
    "spectrum.png": "mean spectra of the training pictures, with the chosen band",
    "training.png": "how the training went",
    "train_x_test.png": "test AUC of the chosen bands, training by test domains",
    "shots.png": "test AUC over the number of pictures of the test domain that were trained on",
    "robustness.png": "test AUC under perturbations",
    "carriers.png": "the part of the spectrum that detectors live on",
    "mistakes.png": "the reals and fakes that were most wrongly scored",
    "splits": "which picture is in which split",
    "scores": "the score of every picture: all numbers follow from them",
    "cell.json": "what was tried and chosen, with settings, versions and digests",
}


def cell_note(row: Row, cell: Cell, folder: Path, marks: Sequence[Mark] = ()) -> str:
    """
    Describe a cell.

    Parameters
    ----------
    row : Row
        Of its chosen band.
    cell : Cell
    folder : Path
        Of the cell, finished.
    marks : sequence of Mark
        Of the row.

    Returns
    -------
    str
    """
    draws = f"{row.seeds} draws of its training and validation pictures" if row.seeds > 1 else "one draw of its pictures"
    lines = [
        f"**{text(row.detector)}**, trained on **{text(row.train_label)}** ({draws}).",
        _chosen(row),
        _evidence(row),
        "\n".join(f"- **{text(mark.label)}**: {text(mark.meaning)}" for mark in marks),
        *_shortcuts(row),
        _test_table([test for test in row.tests if not test.is_perturbed]),
        _files(folder),
        _model_line(folder),
    ]
    return "\n\n".join(line for line in lines if line)


def study_note(cell: Cell, folder: Path) -> str:
    """Describe the study that a cell belongs to; `folder` is that of the study."""
    subject = "Below it are cells, one for each detector and training domain, and below each cell the bands that it tried."
    page = "Parameters and metrics of several cells can be compared: tick them and press *Compare*."
    lines = [text(cell.study.description), subject, page, _files(folder)]
    return "\n\n".join(line for line in lines if line)


def text(value: str) -> str:
    """Escape the characters of a value that have a meaning in Markdown or HTML."""
    return re.sub(r"([\\`*_\[\]<>|#~&])", r"\\\1", " ".join(value.split()))


def _chosen(row: Row) -> str:
    """State the band, and how and on which pictures it was chosen."""
    band = f"**{text(str(row.band))}** cycles/pixel"
    if row.selection is Selection.NO_CHOICE:
        return f"Band: {band}; {row.selection.meaning}."
    where = f" ({row.selection.meaning})" if row.selection else ""
    return f"Chosen band: {band}{where}. The rule: {text(row.rule)}."


def _evidence(row: Row) -> str:
    """State the frequencies that carry evidence, or the reason why there are none, and a chosen band that lies elsewhere."""
    stretches = row.evidence
    if stretches is None:
        return "Evidence: not asked, as the study has no sweep of narrow bands."
    unit = " cycles/pixel" if stretches and not is_everywhere([(s.low, s.high) for s in stretches]) else ""
    lines = [f"Evidence: {evidence_text(stretches)}{unit}."]
    if any(stretch.sufficient for stretch in stretches):
        lines.append("A narrow band that is kept alone there has a validation AUC that is clearly above 0.5.")
    if any(stretch.necessary for stretch in stretches):
        lines.append("*Necessary*: without a narrow band there the AUC is clearly below that with all frequencies.")
    if row.plateau is not None and (row.plateau.low, row.plateau.high) != tuple(round(edge, 6) for edge in row.band.edges):
        lines.append(f"Bands between {row.plateau.low:.3f} and {row.plateau.high:.3f} cycles/pixel tie with the chosen one.")
    if Mark.OUTSIDE_EVIDENCE in marks_of(row):
        lines.append(Mark.OUTSIDE_EVIDENCE.meaning)
    return " ".join(lines)


def _shortcuts(row: Row) -> list[str]:
    """State every domain whose classes are stored in two ways, and every source of reals that is stored in another way."""
    return [f"**Shortcut**: {text(audit.sentence)}" for audit in audits_of(row) if audit.shortcut.is_marked]


def _test_table(tests: Sequence[TestResult]) -> str:
    if not tests:
        return ""
    lines = ["| test domain | AUC (95 % interval) | all frequencies | oracle |", "|---|---|---|---|"]
    lines += [
        f"| {text(t.domain)} | {auc_text(t.auc)} ({auc_text(t.auc_lo)} to {auc_text(t.auc_hi)}) "
        f"| {auc_text(t.allpass_auc)} | {auc_text(t.oracle_auc)} |"
        for t in tests[:MOST_DOMAINS]
    ]
    more = f"\n\n… and {len(tests) - MOST_DOMAINS} more, among the metrics." if len(tests) > MOST_DOMAINS else ""
    return "\n".join(lines) + more


def _files(folder: Path) -> str:
    """List the artifacts in the folder, with their contents."""
    lines = [f"- `{name}`: {meaning}" for name, meaning in FILES.items() if (folder / name).exists()]
    return "\n".join(["Artifacts:", "", *lines]) if lines else ""


def _model_line(folder: Path) -> str:
    if (folder / MODEL).is_dir():
        return (
            "Its model, fitted on the first draw, is in the list of models: `mlflow models predict -m models:/ID` takes "
            "pictures in Base64, column `image`."
        )
    return f"No model is kept: {text(reason)}" if (reason := left_out(folder)) else ""
