"""
One cell of a study, from the all-pass reference to the scored test domains.

A cell is a generator: it yields the work to be done next and is sent the answers in the same order. It has no clock, no
worker and no tracking store, so its course depends on the scores alone.

If the study has oracles, every fit is scored on the test domains at once, because fits take most of the time. Those scores
stay sealed: before `_test`, workers read score files through `validation_scores` alone, which passes on no test item.
"""

import math
from collections.abc import Generator, Sequence
from typing import Any, Protocol

from ..frequency.bands import MAX_FREQUENCY, Band
from ..metrics.roc import Interval
from ..records import SWEEP_STAGES, Assessment, Cell, CellResult, Job, Record, Replicate, SimultaneousTest, Task, Tested, Trial
from ..results.evidence import Evidence, evidence_stretches
from ..study.study_file import Study
from ..workers import WorkLostError
from .optuna_history import History
from .selection import choose, evidence_bands, oracles, plateau, swept_bands

Work = Sequence[Job] | Sequence[Assessment] | Sequence[SimultaneousTest] | Sequence[Task]
Course = Generator[Work, list[Any], Any]


class Observer(Protocol):
    """Receiver of the trials of a cell while it runs."""

    def tried(self, cell: Cell, trials: Sequence[Trial]) -> None:
        """Receive bands that have been tried."""
        ...


def run_cell(cell: Cell, history: History, observer: Observer) -> Generator[Work, list[Any], CellResult]:
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
    sequence of Job, of Assessment or of SimultaneousTest
        To be answered by a list of Record, of Interval or of Clarity.

    Returns
    -------
    CellResult
        With an error if the work of the cell is lost.
    """
    try:
        return (yield from _tried_and_tested(cell, history, observer))
    except WorkLostError as error:
        return CellResult(cell, error=str(error))


def _tried_and_tested(cell: Cell, history: History, observer: Observer) -> Course:
    study = cell.course
    allpass = Band(mode=study.mode)
    sweep = study.sweep_bands
    fixed = list(dict.fromkeys(entry.band(study.mode) for entry in study.bands))
    stages = ["allpass", *(SWEEP_STAGES[band.kind] for band in sweep), *["fixed"] * len(fixed)]
    trials = yield from _try_bands(cell, [allpass, *sweep, *fixed], stages, observer)
    if trials[0].error:
        return CellResult(cell, tuple(trials), error=trials[0].error)
    swept = [trial for trial in trials if trial.stage == "sweep"]
    evidence = yield from _evidence(trials)
    passing = _passing(evidence, study)
    if passing:
        trials += yield from _try_bands(cell, passing, ["evidence"] * len(passing), observer)

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
    # A search of combs alone asks which comb, so the stretches of a sweep are evidence and no candidates.
    radial = study.search.has_radial
    possible = [t for t in usable if t.band.mode == study.mode and (radial or t.stage not in SWEEP_STAGES.values())]
    better = yield from _better_stops(possible)
    located = evidence if radial else None
    chosen = choose(possible, located, better)
    tested = yield from _test(cell, chosen.band, allpass, fixed, usable)
    if failed := next((record.error for record in tested[0].records if record.error), ""):
        return CellResult(cell, tuple(trials), error=failed)
    gaps = tuple(dict.fromkeys(f"{t.band}: {t.error}" for t in trials if t.error and not t.empty))
    tied = plateau(chosen, possible, located)
    return CellResult(cell, tuple(trials), evidence, chosen, tuple(tested), gaps, plateau=tied)


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
    intervals = iter((yield [Assessment(tuple(record.scores for record in draws)) for draws in scored]))
    unknown = Interval(math.nan, math.nan, math.nan, math.nan)
    trials = [
        Trial(band, stage, unknown if error else next(intervals), draws, error)
        for band, stage, draws, error in zip(bands, stages, records, errors, strict=True)
    ]
    observer.tried(cell, trials)
    return trials


def _evidence(trials: Sequence[Trial]) -> Generator[Work, list[Any], Evidence]:
    """Find the stretches of the axis whose narrow bands suffice alone, and those without which the AUC falls."""
    allpass = trials[0]
    kept, removed = ([t for t in trials if t.stage == SWEEP_STAGES[kind] and not t.error] for kind in ("band", "stop"))
    if not kept and not removed:
        return () if any(trial.stage in SWEEP_STAGES.values() for trial in trials) else None
    questions = [SimultaneousTest(_files(kept))] if kept else []
    questions += [SimultaneousTest(_files(removed), _files([allpass])[0], -1)] if removed else []
    answers = iter((yield questions))
    return evidence_stretches(
        swept_bands(kept, next(answers)) if kept else None,
        swept_bands(removed, next(answers)) if removed else None,
    )


def _better_stops(trials: Sequence[Trial]) -> Generator[Work, list[Any], list[Band]]:
    """Return the bands that take a part out and are clearly better than all-pass, the first of the trials."""
    stops = [trial for trial in trials if trial.band.takes_out]
    if not stops:
        return []
    clarity = (yield [SimultaneousTest(_files(stops), _files(trials[:1])[0])])[0]
    return [trial.band for trial, better in zip(stops, clarity.clear, strict=True) if better]


def _files(trials: Sequence[Trial]) -> tuple[tuple[str, ...], ...]:
    """Return the score files of every trial."""
    return tuple(tuple(record.scores for record in trial.records) for trial in trials)


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
    """Score the chosen band, which comes first even if it fails, all-pass and fixed bands on the test domains."""
    roles = [("chosen", chosen), ("allpass", allpass), *(("fixed", band) for band in fixed)]
    records = yield from _fit(cell, [(band, True) for _, band in roles])
    scored = [Tested(role, band, draws) for (role, band), draws in zip(roles, records, strict=True)]
    tested = [one for one in scored if one.role == "chosen" or not _failed(one.records)]
    return tested + (oracles(cell, {trial.band: trial.records for trial in trials}) if cell.course.oracle else [])


def _failed(records: Sequence[Record]) -> bool:
    return any(record.error for record in records)


def _passing(evidence: Evidence, study: Study) -> list[Band]:
    """Return the bands of the evidence whose kind the search may choose."""
    bands = evidence_bands(evidence, study.sweep.step, study.mode) if study.sweep else []
    return [band for band in bands if band.kind in study.search.kinds]


def _hints(evidence: Evidence, study: Study) -> list[Band]:
    """Return the bands that the sweep suggests to try first: those that pass the evidence, all below it, all above it."""
    if not evidence:
        return []
    low, high = evidence[0].low, max(stretch.high for stretch in evidence)
    hints = _passing(evidence, study)
    if high < MAX_FREQUENCY:
        hints.append(Band("low", high, mode=study.mode))
    if low > 0:
        hints.append(Band("high", low, mode=study.mode))
    return list(dict.fromkeys(hints))
