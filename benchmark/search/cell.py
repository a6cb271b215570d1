"""
One cell of a study, from the all-pass reference to the scored test domains.

A cell is a generator: it yields the work to be done next and is sent the answers in the same order. It has no clock, no
worker and no tracking store, so its course depends on the scores alone.

If the study has oracles, every fit is scored on the test domains at once, because fits take most of the time. Those scores
lie sealed in files of their own: nothing before `_test` reads them.
"""

import math
from collections.abc import Generator, Sequence
from typing import Any, Protocol

from ..frequency.bands import MAX_FREQUENCY, Band
from ..metrics.roc import Interval
from ..records import SWEEP_STAGES, Assessment, Cell, CellResult, Job, Record, Replicate, Tested, Trial
from ..study.study_file import Study
from .optuna_history import History
from .selection import choose, evidence_interval, oracles

Work = Sequence[Job] | Sequence[Assessment]
Course = Generator[Work, list[Any], "CellResult"]


class Observer(Protocol):
    """Receiver of the trials of a cell while it runs."""

    def tried(self, cell: Cell, trials: Sequence[Trial]) -> None:
        """Receive bands that have been tried."""
        ...


def run_cell(cell: Cell, history: History, observer: Observer) -> Course:
    """
    Try bands on source validation, choose one, score it on every test domain.

    Parameters
    ----------
    cell : Cell
    history : History
        Of this cell.
    observer : Observer

    Yields
    ------
    sequence of Job or of Assessment
        To be answered by a list of Record or of Interval.

    Returns
    -------
    CellResult
    """
    study = cell.course
    allpass = Band(mode=study.mode)
    sweep = study.sweep_bands
    fixed = list(dict.fromkeys(entry.band(study.mode) for entry in study.bands))
    stages = ["allpass", *(SWEEP_STAGES[band.kind] for band in sweep), *["fixed"] * len(fixed)]
    trials = yield from _try_bands(cell, [allpass, *sweep, *fixed], stages, observer)
    if trials[0].error:
        return CellResult(cell, tuple(trials), error=trials[0].error)
    swept = [trial for trial in trials if trial.stage == "sweep"]
    evidence = evidence_interval(swept, study.sweep.step) if study.sweep else None

    if all(trial.band.mode == study.mode for trial in swept):
        history.add_sweep([t.band for t in swept], [t.auc.value for t in swept])
    hints = [band for band in _hints(evidence, study) if band.kind in study.search.kinds]
    for start in range(0, study.search.trials, study.search.batch):
        proposed = history.ask(start, min(start + study.search.batch, study.search.trials), hints)
        tried = yield from _try_bands(cell, [band for _, band in proposed], ["search"] * len(proposed), observer)
        for (number, _), trial in zip(proposed, tried, strict=True):
            history.tell(number, None if trial.error else trial.auc.value)
        trials += tried

    usable = [trial for trial in trials if not trial.error]
    chosen = choose([trial for trial in usable if trial.band.mode == study.mode])
    tested = yield from _test(cell, chosen.band, allpass, fixed, usable)
    gaps = tuple(dict.fromkeys(f"{t.band}: {t.error}" for t in trials if t.error and not t.empty))
    return CellResult(cell, tuple(trials), evidence, chosen, tuple(tested), gaps)


def _try_bands(
    cell: Cell, bands: Sequence[Band], stages: Sequence[str], observer: Observer
) -> Generator[Work, list[Any], list[Trial]]:
    """Fit every band on every replicate and compute its AUC on the validation pictures."""
    # All-pass and fixed bands get a row whatever is chosen, so their test scores are wanted in any case.
    records = yield from _fit(
        cell, [(band, cell.course.oracle or stage in ("allpass", "fixed")) for band, stage in zip(bands, stages, strict=True)]
    )
    errors = [next((record.error for record in draws if record.error), "") for draws in records]
    scored = [draws for draws, error in zip(records, errors, strict=True) if not error]
    intervals = iter((yield [Assessment(tuple(record.val_scores for record in draws)) for draws in scored]))
    unknown = Interval(math.nan, math.nan, math.nan, math.nan)
    trials = [
        Trial(band, stage, unknown if error else next(intervals), draws, error)
        for band, stage, draws, error in zip(bands, stages, records, errors, strict=True)
    ]
    observer.tried(cell, trials)
    return trials


def _fit(cell: Cell, bands: Sequence[tuple[Band, bool]]) -> Generator[Work, list[Any], list[tuple[Record, ...]]]:
    """Fit bands on every replicate; those that are marked are scored on the test domains, too."""
    n = len(cell.replicates)
    records = yield [_job(cell, band, replicate, tested) for band, tested in bands for replicate in cell.replicates]
    return [tuple(records[i * n : (i + 1) * n]) for i in range(len(bands))]


def _job(cell: Cell, band: Band, replicate: Replicate, tested: bool) -> Job:
    tests, sources = (replicate.tests, replicate.sources) if tested else ((), ())
    return Job(
        cell.detector, band, replicate.number, replicate.train, replicate.val, tests, cell.records, cell.attempt, sources
    )


def _test(
    cell: Cell, chosen: Band, allpass: Band, fixed: Sequence[Band], trials: Sequence[Trial]
) -> Generator[Work, list[Any], list[Tested]]:
    roles = [("chosen", chosen), ("allpass", allpass), *(("fixed", band) for band in fixed)]
    records = yield from _fit(cell, [(band, True) for _, band in roles])
    tested = [Tested(role, band, draws) for (role, band), draws in zip(roles, records, strict=True) if not _failed(draws)]
    return tested + (oracles(cell, {trial.band: trial.records for trial in trials}) if cell.course.oracle else [])


def _failed(records: Sequence[Record]) -> bool:
    return any(record.error for record in records)


def _hints(evidence: tuple[float, float] | None, study: Study) -> list[Band]:
    """Return the bands that the sweep suggests to try first: the evidence interval, all below its end, all above its start."""
    if evidence is None:
        return []
    low, high = evidence
    hints = [Band.between(low, high, mode=study.mode)]
    if high < MAX_FREQUENCY:
        hints.append(Band("low", high, mode=study.mode))
    if low > 0:
        hints.append(Band("high", low, mode=study.mode))
    return hints
