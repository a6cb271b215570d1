"""Export of a recorded row: its scores as per-item CSV, and a description that a submission of them needs."""

import re
from dataclasses import dataclass
from pathlib import Path

from ...benchmark.domains.names import training
from ...benchmark.errors import DataError, listed
from ...benchmark.results.cell_document import CellDocument, TestedBand, find_cell
from ...benchmark.results.run_files import file_below
from ...benchmark.results.scores import score_table
from ...benchmark.store.yaml_text import dump_yaml
from ...benchmark.tracking.reading import cell_runs
from .score_csv import score_csv

SHOWN = 10


@dataclass(frozen=True)
class Exported:
    """
    Scores of one row.

    Attributes
    ----------
    tables : tuple of str
        CSV, one per fitted detector (draw).
    meta : str
        YAML that `meta.load_meta` reads.
    """

    tables: tuple[str, ...]
    meta: str


def export_row(
    uri: str,
    run: str | None = None,
    study: str | None = None,
    detector: str | None = None,
    train: str | None = None,
    validation: bool = False,
) -> Exported:
    """
    Read the scores of the chosen band of one recorded cell.

    Parameters
    ----------
    uri : str
        Absolute.
    run, study, detector, train : str, optional
        Properties of the cell, as many as select it. Of a cell that was recorded again, the newest is taken.
    validation : bool
        Also the scores of the validation items.

    Raises
    ------
    TrackingError
        If the store does not answer.
    DataError
        If there is no such cell, or several, or its scores cannot be read.
    """
    matches: dict[tuple[str, ...], tuple[Path, CellDocument | None]] = {}
    recorded: dict[tuple[str, ...], None] = {}
    with cell_runs(uri, study) as runs:
        for cell in sorted(runs, key=lambda cell: cell.finished):
            document = find_cell(cell.folder)
            name = (document.detector, document.train) if document else ("", "")
            recorded[name] = None
            if run in (None, cell.run_id) and detector in (None, name[0]) and train in (None, name[1]):
                matches[cell.study, *name] = cell.folder, document
        if len(matches) != 1:
            raise DataError(_ambiguous(list(matches), list(recorded)))
        ((folder, document),) = matches.values()
        return _exported(folder, document, validation)


def _ambiguous(matches: list[tuple[str, ...]], recorded: list[tuple[str, ...]]) -> str:
    if not matches:
        names = listed((f"{detector} on {train}" for detector, train in recorded), SHOWN, "; ") or "none"
        return f"no recorded cell is meant by that. Recorded: {names}."
    names = listed((f"{detector} on {train} (study {study})" for study, detector, train in matches), SHOWN, "; ")
    return f"{len(matches)} cells are meant by that: {names}. Tell one by --run, or --study, --detector and --train."


def _exported(folder: Path, document: CellDocument | None, validation: bool) -> Exported:
    try:
        if document is None or document.chosen is None:
            raise DataError(f"the scores in {folder} cannot be read (its cell.json is missing, damaged or of another version).")
        tables = tuple(score_csv(score_table(file_below(folder, file)), validation) for file in document.chosen.files)
        return Exported(tables, _meta(document, document.chosen))
    except (KeyError, OSError, ValueError) as error:
        raise DataError(f"the scores in {folder} cannot be read ({type(error).__name__}: {error}).") from error


def _meta(document: CellDocument, chosen: TestedBand) -> str:
    train = training(document.train)
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{document.detector}-{train.label(document.tests)}")[:80].strip("-.")
    description = {
        "name": name,
        "detector": document.detector,
        "train": train.to_json(),
        "band": chosen.band.as_dict(),
        "ms_per_picture": round(document.decode_ms + chosen.score_ms, 4),
        "parameters": document.detector_identity.get("parameters", {}),
    }
    return dump_yaml(description | ({"released": dict(document.released)} if document.released else {}))
