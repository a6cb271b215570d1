"""The recorder of a run: rows and failures of its cells, and the documents that the tracking store gets."""

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..domains.names import unperturbed
from ..epochs import series_of
from ..errors import listed
from ..frequency.bands import Band
from ..metrics.roc import Interval
from ..models.of_cell import MODEL, left_out
from ..records import Cell, CellResult, ItemSet, Trial
from ..registry import datasets
from ..reporting import Reporter
from ..results.cell_document import SHORT, fact_text, find_cell
from ..results.columns import CLIP_COLUMNS, CLIP_ROW_COLUMNS, metric_name, row_columns, test_columns
from ..results.marks import marks_of
from ..results.rows import Row, read_rows
from ..store.files import contents_digest, digest
from ..store.seal import damaged_files
from ..tracking.documents import RunDocument
from ..tracking.names import ROW_FILES
from ..tracking.outbox import Outbox
from .cell_folder import cell_folder
from .keys import cell_key, cell_provenance, study_key, variant_digest
from .run_notes import cell_note, study_note

NAMED_TESTS = 3  # test domains in the name of a study's run


class Recorder:
    """
    Observer of the cells of a run, which collects rows and failures and puts documents into the outbox.

    Parameters
    ----------
    outbox : Outbox
    reporter : Reporter

    Attributes
    ----------
    rows : list of Row
        Leaderboard rows of the cells that are finished.
    failures : dict of str to str
        Reason by cell without a result.
    gaps : dict of str to tuple of str
        Bands of a cell that could not be scored.
    incomplete : list of str
        Finished cells whose runs the tracking store lacks, wholly or in part.
    changed : list of str
        Finished cells whose files are not those that the tracking store got.
    damaged : list of str
        Finished cells that the tracking store has, or is going to get, and whose files are not as they were written.
    """

    def __init__(self, outbox: Outbox, reporter: Reporter) -> None:
        self.rows: list[Row] = []
        self.failures: dict[str, str] = {}
        self.gaps: dict[str, tuple[str, ...]] = {}
        self.incomplete: list[str] = []
        self.changed: list[str] = []
        self.damaged: list[str] = []
        self._outbox = outbox
        self._reporter = reporter
        self._started = time.time()
        self._best: dict[str, float] = {}

    def tried(self, cell: Cell, trials: Sequence[Trial]) -> None:
        """Put the trials into the outbox and report every new best AUC."""
        stub = self._cell_stub(cell)
        self._outbox.put([_trial_document(cell, stub, trial) for trial in trials if not trial.error])
        empty = [trial for trial in trials if trial.empty]
        if empty:
            self._reporter.note(f"{cell.label}: {len(empty)} bands were left out, the first: {empty[0].error}")
        for trial in trials:
            if not trial.error and trial.auc.value > self._best.get(cell.label, -math.inf):
                self._best[cell.label] = trial.auc.value
                self._reporter.best(cell.label, trial.band, trial.auc.value)

    def take_up(self, cell: Cell) -> bool:
        """
        Add the rows of a cell if an earlier run finished it; return True if it did.

        A cell whose runs the tracking store lacks, or whose files are damaged, is not taken up.
        """
        rows = read_rows(cell_folder(cell))
        if not rows:
            return False
        if not self._is_recorded(cell):
            (self.changed if self._is_changed(cell) else self.incomplete).append(cell.label)
            return False
        # Files beside a store on this machine were compared with those there; a server, and what waits, are not.
        if damaged_files(cell_folder(cell)):
            self.damaged.append(cell.label)
            return False
        self.rows += rows
        if rows[0].gaps:
            self.gaps[cell.label] = rows[0].gaps
        return True

    def _is_recorded(self, cell: Cell) -> bool:
        """Return True if the tracking store has the run of a finished cell, its files and model, and the runs of its trials."""
        folder, stub = cell_folder(cell), self._cell_stub(cell)
        if not self._outbox.has(replace(stub, artifacts=str(folder), model=_model_folder(folder))):
            return False
        document = find_cell(folder)
        trials = document.trials if document else ()
        keys = [_trial_key(stub, trial.stage, trial.band) for trial in trials if not trial.error]
        return all(self._outbox.has(replace(stub, key=key, kind="trial", parent=stub)) for key in keys)

    def _is_changed(self, cell: Cell) -> bool:
        """Return True if the scores or the document of a finished cell are not those that the tracking store got."""
        sent = self._outbox.contents_of(self._cell_stub(cell))
        return bool(sent) and contents_digest(cell_folder(cell), ROW_FILES) != sent

    def finished(self, result: CellResult, rows: list[Row]) -> None:
        """Put a cell whose folder was written (`keep_cell`) into the outbox, or keep the reason why it has no result."""
        cell = result.cell
        if result.error:
            self.failures[cell.label] = result.error
            return
        if result.gaps:
            self.gaps[cell.label] = result.gaps
        self.rows += rows
        folder = cell_folder(cell)
        if reason := left_out(folder):
            self._reporter.note(f"{cell.label}: its model is not kept: {reason}")
        document = _cell_document(cell, self._cell_stub(cell), result, rows[0], folder)
        self._outbox.put([replace(document, used=time.time())])

    def study_finished(self, cells: Sequence[Cell], folder: Path, rows: Sequence[Row]) -> None:
        """
        Put the study itself, with the files of its folder, into the outbox.

        All of its cells, those of earlier runs included, are current from now on: they get one common time of use.

        Parameters
        ----------
        cells : sequence of Cell
            Of this run.
        folder : Path
        rows : sequence of Row
            Of the study, those of other runs included.
        """
        now = time.time()
        self._outbox.put([replace(self._cell_stub(cell), used=now) for cell in cells if cell.label not in self.failures])
        cell = cells[0]
        stub, tests = replace(_study_stub(cell, self._started), used=now), cell.replicates[0].tests
        params = {
            "seed": cell.study.seed,
            "seeds": cell.study.seeds,
            "mode": cell.study.mode,
            "crop": f"{cell.study.crop.placement} {cell.study.crop.side}",
            "trials": cell.study.search.trials,
            # Parts of the study's key, which never change: training domains may join later.
            "test": ", ".join(sorted(items.domain for items in tests)),
            "test_pictures": digest(sorted(items.provenance.pictures for items in tests))[:SHORT],
        }
        if sources := cell.replicates[0].sources:
            params["reals"] = ", ".join(items.domain for items in sources)
        state = digest(sorted(row.cell for row in rows))[:16]
        artifacts, note = str(folder) if rows else "", study_note(cell, folder)
        document = replace(stub, params=_text(params), artifacts=artifacts, note=note, end=time.time(), state=state)
        self._outbox.put([document])

    def _cell_stub(self, cell: Cell) -> RunDocument:
        study = _study_stub(cell, self._started)
        return RunDocument(
            key=cell_key(cell),
            kind="cell",
            name=cell.title,
            study=cell.study.name,
            study_key=study.key,
            parent=study,
            start=self._started,
            tags={
                "detector": cell.detector.label,
                "train": cell.train,
                "splits": cell_provenance(cell).split_id,
                "variant": variant_digest(cell),
            },
        )


def _study_stub(cell: Cell, start: float) -> RunDocument:
    tests = list(dict.fromkeys(unperturbed(items.domain) for items in cell.replicates[0].tests))
    attempt = f" (attempt {cell.attempt + 1})" if cell.attempt else ""
    name = f"{cell.study.name} tested on {listed(tests, NAMED_TESTS)}{attempt}"
    key = study_key(cell)
    return RunDocument(key, "study", name, cell.study.name, key, start=start)


def _text(values: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}


def _band_params(band: Band) -> dict[str, Any]:
    params = {"band": band, **{f"band.{name}": value for name, value in band.as_dict().items() if value is not None}}
    if band.is_comb:  # which has no ends on the axis
        return params
    low, high = band.edges
    return {**params, "band.low": f"{low:.6g}", "band.high": f"{high:.6g}"}


def _passed(band: Band) -> dict[str, float]:
    """Return the part of the axis that a band passes; of a comb, the share of the plane of frequencies."""
    return {"band.passed_share": band.passed_share} if band.is_comb else {"band.passed_width": band.passed_width}


def _trial_document(cell: Cell, parent: RunDocument, trial: Trial) -> RunDocument:
    finished = max(record.finished for record in trial.records)
    params = {
        "detector": cell.detector.label,
        "train": cell.train,
        "stage": trial.stage,
        **_band_params(trial.band),
    }
    seconds = sum(record.fit_seconds for record in trial.records)
    return RunDocument(
        key=_trial_key(parent, trial.stage, trial.band),
        kind="trial",
        name=str(trial.band),
        study=cell.study.name,
        study_key=parent.study_key,
        parent=parent,
        start=finished - seconds,
        end=finished,
        params=_text(params),
        tags=dict(parent.tags),
        metrics={**_interval_metrics("val_auc", trial.auc), **_passed(trial.band)},
    )


def _trial_key(cell: RunDocument, stage: str, band: Band) -> str:
    return digest([cell.key, stage, band.as_dict()])


def _model_folder(folder: Path) -> str:
    """Return the folder of a cell's model; empty if none is kept."""
    return str(folder / MODEL) if (folder / MODEL).is_dir() else ""


def _interval_metrics(name: str, interval: Interval) -> dict[str, float]:
    return {name: interval.value, f"{name}_lo": interval.low, f"{name}_hi": interval.high}


def _cell_document(cell: Cell, stub: RunDocument, result: CellResult, row: Row, folder: Path) -> RunDocument:
    assert result.chosen is not None
    view = cell.detector.build().view
    params = {
        "detector": cell.detector.label,
        "train": cell.train,
        "view": view.name,
        **_band_params(result.chosen.band),
        "rule": row.rule,
        "selection": row.selection or "",
        "splits": row.split_id,
        **({"clips": cell.study.clips.value} if any(test.clips for test in row.tests) else {}),
        **_shortcut_params(row),
        **{f"dropped_leaks.{split}": n for split, n in row.dropped_leaks.items()},
        **{f"data.{name}.{key}": fact_text(value) for name, facts in row.data.items() for key, value in facts.items()},
        **{f"detector.{name}": value for name, value in cell.detector.build().parameters().items()},
    }
    first = cell.replicates[0]
    inputs = [_input(part, "train") for part in first.train.parts] + [_input(part, "validation") for part in first.val.parts]
    inputs += [_input(test, "test") for test in first.tests] + [_input(source, "reals") for source in first.sources]
    chosen = next(band for band in result.tested if band.role == "chosen")
    marks = marks_of(row, {name for name, plugin in datasets.found.classes.items() if plugin.computed})
    return replace(
        stub,
        tags=stub.tags | {"marks": ", ".join(mark.value for mark in marks)},
        params=_text(params),
        metrics={**_search_metrics(result), **row_metrics(row)},
        series=series_of([record.epochs for record in chosen.records], "draw"),
        artifacts=str(folder),
        inputs=tuple(inputs),
        note=cell_note(row, cell, folder, marks),
        model=_model_folder(folder),
        end=row.finished,
    )


def _shortcut_params(row: Row) -> dict[str, Any]:
    if row.shortcut is None:
        return {}
    return {"shortcut": row.shortcut.is_marked, "shortcut.fact": row.shortcut.fact}


def _search_metrics(result: CellResult) -> dict[str, float]:
    assert result.chosen is not None
    # Of several stretches the ends of all of them; the note and cell.json have each.
    evidence = result.evidence or ()
    low = min((stretch.low for stretch in evidence), default=math.nan)
    high = max((stretch.high for stretch in evidence), default=math.nan)
    ends = {"evidence.low": low, "evidence.high": high, "evidence.stretches": float(len(evidence))}
    return {**_interval_metrics("val_auc", result.chosen.auc), **ends}


def row_metrics(row: Row) -> dict[str, float]:
    """Return the metrics of a row for the run of its cell: names of the CSV, of test domains ``test/DOMAIN/NAME``."""
    metrics = {"lookalikes": float(sum(test.lookalikes for test in row.tests if not test.is_perturbed))}
    metrics |= {column.name: row.value(column.name) for column in row_columns() if column.mlflow}
    if row.shortcut:
        metrics |= {f"shortcut.{name}": getattr(row.shortcut, name) for name in ("auc", "lo", "hi")}
    metrics |= {column.name: row.metrics[column.name] for column in CLIP_ROW_COLUMNS if column.name in row.metrics}
    logged, of_clips = ([column.name for column in columns if column.mlflow] for columns in (test_columns(), CLIP_COLUMNS))
    for test in row.tests:
        # A batch holds a thousand metrics: of perturbed domains, which are many, the AUC alone. All else is in the artifacts.
        for name in ["auc"] if test.is_perturbed else [*logged, *(of_clips if test.clips else [])]:
            metrics[metric_name(test.domain, name)] = test.value(name)
    return metrics


def _input(items: ItemSet, context: str) -> tuple[str, str, str]:
    return items.domain, items.digest, context
