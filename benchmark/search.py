"""
One cell of a study, from the all-pass reference to the scored test domains.

A cell is a generator: it yields the work that it wants done next and is sent what came of it, in the same order. It sees
no clock, no worker and no tracking store, so its course depends on the scores alone.

Where the oracle is wanted, every fit is scored on the test domains at once, because fitting is what costs. Those scores
lie sealed in files of their own: nothing before `_test` reads them.
"""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any, Protocol

from ..frequency.bands import MAX_FREQUENCY, Band
from .optuna_history import History
from ..metrics.detection import Interval
from ..features.prepare import ItemSet
from ..registry import DetectorSpec
from .fit import Assessment, Job, Record
from ..study.study_file import Study

SWEEP_STAGES = {"band": "sweep", "stop": "stop_sweep"}  # of narrow bands, by what is done with them
Work = Sequence[Job] | Sequence[Assessment]
Course = Generator[Work, list[Any], "CellResult"]
RULE = (
    "narrowest band within one standard error of the best validation AUC, of those whose own AUC is clearly above 0.5; "
    "all-pass where there is none"
)


@dataclass(frozen=True)
class Replicate:
    """Prepared item sets of one draw."""

    number: int
    train: ItemSet
    val: ItemSet
    tests: tuple[ItemSet, ...]


@dataclass(frozen=True)
class Cell:
    """A detector and a training domain, over all replicates, with the settings of its study."""

    study: Study
    detector: DetectorSpec
    train: str
    replicates: tuple[Replicate, ...]
    records: str
    attempt: int = 0

    @property
    def label(self) -> str:
        """How progress and logs call it."""
        return f"{self.detector.label} on {self.train}"


@dataclass(frozen=True)
class Trial:
    """
    A band that was tried: what validation says of it.

    Attributes
    ----------
    band : Band
    stage : {"allpass", "sweep", "stop_sweep", "search", "fixed"}
    auc : Interval
        Of the validation items of the training domain, mean over replicates.
    records : tuple of Record
        One per replicate.
    error : str
        Why there is no AUC.
    """

    band: Band
    stage: str
    auc: Interval
    records: tuple[Record, ...]
    error: str = ""

    @property
    def empty(self) -> bool:
        """Whether the band holds too few frequencies to be tried at all."""
        return any(record.empty for record in self.records)


@dataclass(frozen=True)
class Tested:
    """A band scored on the test domains; `domain` is set where it is the oracle of that domain only."""

    role: str
    band: Band
    records: tuple[Record, ...]
    domain: str = ""


@dataclass(frozen=True)
class CellResult:
    """Everything that one cell found out; an `error` means that there is no chosen band."""

    cell: Cell
    trials: tuple[Trial, ...] = ()
    evidence: tuple[float, float] | None = None
    chosen: Trial | None = None
    tested: tuple[Tested, ...] = ()
    gaps: tuple[str, ...] = field(default=())
    error: str = ""


class Observer(Protocol):
    """Who wants to know what a cell has found while it runs."""

    def tried(self, cell: Cell, trials: Sequence[Trial]) -> None:
        """Some bands have been tried."""
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
    study = cell.study
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
        asked = history.ask(start, min(start + study.search.batch, study.search.trials), hints)
        tried = yield from _try_bands(cell, [band for _, band in asked], ["search"] * len(asked), observer)
        for (number, _), trial in zip(asked, tried, strict=True):
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
    """Fit every band on every replicate and look at the validation scores."""
    # All-pass and fixed bands get a row whatever is chosen, so their test scores are wanted in any case.
    records = yield from _fit(
        cell, [(band, cell.study.oracle or stage in ("allpass", "fixed")) for band, stage in zip(bands, stages, strict=True)]
    )
    errors = [next((record.error for record in mine if record.error), "") for mine in records]
    scored = [mine for mine, error in zip(records, errors, strict=True) if not error]
    intervals = iter((yield [Assessment(tuple(record.val_scores for record in mine), cell.study.bootstrap) for mine in scored]))
    unknown = Interval(math.nan, math.nan, math.nan, math.nan)
    trials = [
        Trial(band, stage, unknown if error else next(intervals), mine, error)
        for band, stage, mine, error in zip(bands, stages, records, errors, strict=True)
    ]
    observer.tried(cell, trials)
    return trials


def _fit(cell: Cell, bands: Sequence[tuple[Band, bool]]) -> Generator[Work, list[Any], list[tuple[Record, ...]]]:
    """Fit bands on every replicate; those that are marked are scored on the test domains, too."""
    n = len(cell.replicates)
    records = yield [
        Job(cell.detector, band, r.number, r.train, r.val, r.tests if tested else (), cell.records, cell.attempt)
        for band, tested in bands
        for r in cell.replicates
    ]
    return [tuple(records[i * n : (i + 1) * n]) for i in range(len(bands))]


def _test(
    cell: Cell, chosen: Band, allpass: Band, fixed: Sequence[Band], trials: Sequence[Trial]
) -> Generator[Work, list[Any], list[Tested]]:
    roles = [("chosen", chosen), ("allpass", allpass), *(("fixed", band) for band in fixed)]
    records = yield from _fit(cell, [(band, True) for _, band in roles])
    tested = [Tested(role, band, mine) for (role, band), mine in zip(roles, records, strict=True) if not _failed(mine)]
    return tested + (_oracles(cell, {trial.band: trial.records for trial in trials}) if cell.study.oracle else [])


def _failed(records: Sequence[Record]) -> bool:
    return any(record.error for record in records)


def _oracles(cell: Cell, by_band: dict[Band, tuple[Record, ...]]) -> list[Tested]:
    """For every test domain the band that scores best there: what could not have been known beforehand."""
    best: dict[str, tuple[float, Band]] = {}
    for band, records in by_band.items():
        for items in cell.replicates[0].tests:
            auc = sum(record.sealed[items.domain] for record in records) / len(records)
            if items.domain not in best or auc > best[items.domain][0]:
                best[items.domain] = (auc, band)
    return [Tested("oracle", band, by_band[band], domain) for domain, (_, band) in best.items()]


def evidence_interval(sweep: Sequence[Trial], step: float) -> tuple[float, float] | None:
    """
    Stretch of the frequency axis on which single narrow bands carry evidence.

    The contiguous run of sweep bands around the best one whose AUC interval lies above 0.5. The intervals are
    simultaneous, 95 % for all bands of the sweep together (Bonferroni): with forty looks at the axis, one or two
    pointwise intervals exclude 0.5 by chance. Every band stands for the stretch of one step around its centre, so
    that neighbours touch and do not overlap.

    Parameters
    ----------
    sweep : sequence of Trial
        In ascending order of frequency.
    step : float
        Between neighbours, in cycles/pixel.

    Returns
    -------
    (low, high) in cycles/pixel, or None if no band carries evidence
    """
    if not sweep:
        return None
    clear = _clear(sweep)
    if not any(clear):
        return None
    best = max((i for i, yes in enumerate(clear) if yes), key=lambda i: sweep[i].auc.value)
    first = last = best
    while first > 0 and clear[first - 1]:
        first -= 1
    while last + 1 < len(sweep) and clear[last + 1]:
        last += 1
    low, high = (sum(sweep[i].band.edges) / 2 for i in (first, last))
    return round(max(0.0, low - step / 2), 6), round(min(MAX_FREQUENCY, high + step / 2), 6)


def _hints(evidence: tuple[float, float] | None, study: Study) -> list[Band]:
    """Bands that the sweep suggests to try first: its evidence alone, all below its end, all above its start."""
    if evidence is None:
        return []
    low, high = evidence
    hints = [Band.between(low, high, mode=study.mode)]
    if high < MAX_FREQUENCY:
        hints.append(Band("low", high, mode=study.mode))
    if low > 0:
        hints.append(Band("high", low, mode=study.mode))
    return hints


def choose(trials: Sequence[Trial]) -> Trial:
    """
    Choose a band by `RULE`.

    A wider band can tie with one that carries all the evidence; the narrow one says more. Equal widths go to the
    higher AUC, then to the band that sorts first. With few pictures one standard error is wide, and a narrow band may lie
    within it by chance: it has to show evidence of its own.

    Parameters
    ----------
    trials : sequence of Trial
        Without errors; the first is all-pass.
    """
    best = max(trials, key=lambda t: (t.auc.value, -t.band.passed_width))
    error = best.auc.error if best.auc.error == best.auc.error else 0.0
    tied = [t for t, sure in zip(trials, _clear(trials), strict=True) if sure and t.auc.value >= best.auc.value - error]
    return min(tied or trials[:1], key=lambda t: (round(t.band.passed_width, 6), -t.auc.value, t.band))


def _clear(trials: Sequence[Trial]) -> list[bool]:
    """Which AUCs lie above 0.5, at 95 % for all of them together (Bonferroni)."""
    z = NormalDist().inv_cdf(1 - 0.025 / len(trials))
    return [trial.auc.value - z * trial.auc.error > 0.5 for trial in trials]  # NaN is not above
