"""
The experiment that decides on a shortcut: detectors before and after both classes are stored alike.

A difference between the files of the classes need not be what a detector lives on. So it is fitted and scored twice on the same
pictures in the same draws: as they are stored, and after the perturbation `alike` has stored all of them in one way.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from ..contracts import FAKE, REAL, SPLITS
from ..domains.catalogue import Catalogue
from ..domains.names import chain_of, unperturbed
from ..errors import BenchError, DataError
from ..features.audits import fact_table
from ..features.chunks import Places
from ..features.plan_sets import prepare_sets
from ..features.prepare import scratch_places
from ..frequency.bands import Band
from ..invocation import bench
from ..metrics.delong import GroupCodes
from ..metrics.intervals import auc_interval_of, difference_interval
from ..metrics.replicates import auc_replicates
from ..metrics.roc import Interval, Scored
from ..pictures.audit import Audit, audit, join
from ..pictures.crops import open_picture
from ..pictures.perturbations import GRID, canonical
from ..pictures.shortcuts import Shortcut
from ..recording.overlap import train_overlap
from ..records import Cell, Job, Plan
from ..reporting import Reporter
from ..results.scores import read_scores
from ..store.folders import ensure_writable, results_root
from ..study.study_file import Study, override
from ..workers import Workers, as_completed
from .fit import find_record, run_jobs
from .plan import make_plan
from .run import make_cells

QUALITY = 75
SMALLER = 0.9  # of the smallest side, where sizes differ: every picture is resampled
SAMPLE = 200  # pictures of a class whose sizes are read
LEAST_CROP = 16  # pixels
MARGIN = 0.1  # of AUC, that a detector may lose and still be said not to use how the files are stored


class Verdict(StrEnum):
    """Outcome of an experiment on a domain."""

    CLEAN = "clean"
    SHORTCUT = "shortcut"
    AMBIGUOUS = "ambiguous"
    UNUSED = "unused"
    UNDECIDED = "undecided"
    FRAGILE = "fragile"

    @property
    def is_sound(self) -> bool:
        """True if no detector lost when all pictures were stored alike, and that is sure where their files differ."""
        return self in (Verdict.CLEAN, Verdict.UNUSED)


MEANINGS = {
    Verdict.CLEAN: (
        "Facts of the files do not tell the classes, and no detector clearly loses when all pictures are stored alike."
    ),
    Verdict.SHORTCUT: (
        "The files tell the classes, and detectors lose when all pictures are stored alike. What they lose may contain what "
        "compression takes from a true trace of the generator."
    ),
    Verdict.AMBIGUOUS: (
        "Traces in the pixels tell the classes, and detectors lose when all pictures are stored alike. The generator may have "
        "left these traces, or one class was resized or compressed in another way."
    ),
    Verdict.UNUSED: "The files tell the classes, but no detector loses when all pictures are stored alike: none used it.",
    Verdict.UNDECIDED: (
        "The files tell the classes, and these are too few pictures to say if detectors lose when all are stored alike."
    ),
    Verdict.FRAGILE: (
        "Facts of the files do not tell the classes, but detectors lose when all pictures are stored alike: the signal that "
        "they use does not survive compression."
    ),
}


@dataclass(frozen=True)
class Effect:
    """
    AUC of one detector before and after all pictures are stored alike, on the same test pictures.

    Attributes
    ----------
    detector : str
    stored, alike : Interval
        Mean over the draws, with the 95 % interval.
    lost : Interval
        The first less the second, with its paired interval.
    """

    detector: str
    stored: Interval
    alike: Interval
    lost: Interval

    @property
    def is_lost(self) -> bool:
        """True if the detector clearly loses."""
        return self.lost.low > 0

    @property
    def is_kept(self) -> bool:
        """True if the detector surely loses no more than `MARGIN`."""
        return self.lost.high < MARGIN

    @property
    def sentence(self) -> str:
        """Describe the loss."""
        start = f"{self.detector}: of {_digits(self.stored.value)},"
        interval = f"({self.lost.low:.2f} to {self.lost.high:.2f})"
        if self.is_lost:
            return f"{start} {_digits(self.lost.value, 2)} {interval} is gone when both classes are stored alike"
        return f"{start} nothing is clearly gone {interval} when both classes are stored alike"


@dataclass(frozen=True)
class Experiment:
    """
    The experiment on one domain.

    Attributes
    ----------
    domain : str
    chain : str
        Perturbation that stores all pictures alike.
    crop : int
        Side of the crops of both runs, in pixels.
    facts : Audit or None
        Audit of the files; None where a class has fewer than two groups.
    effects : tuple of Effect
    """

    domain: str
    chain: str
    crop: int
    facts: Audit | None
    effects: tuple[Effect, ...]

    @property
    def shortcut(self) -> Shortcut | None:
        """Audit of the files as rows have it."""
        return self.facts.shortcut if self.facts else None

    @property
    def verdict(self) -> Verdict:
        """Outcome: the audit of the files and the losses together."""
        shortcut, lost = self.shortcut, any(effect.is_lost for effect in self.effects)
        if shortcut is None or not shortcut.is_marked:
            return Verdict.FRAGILE if lost else Verdict.CLEAN
        if not lost:
            return Verdict.UNUSED if all(effect.is_kept for effect in self.effects) else Verdict.UNDECIDED
        return Verdict.AMBIGUOUS if shortcut.ambiguous else Verdict.SHORTCUT


def store_alike(
    study: Study, catalogue: Catalogue, workers: Workers, reporter: Reporter, quality: int = QUALITY
) -> list[Experiment]:
    """
    Run the experiment on every training domain of a study.

    Parameters
    ----------
    study : Study
        Its training domains are tested on themselves; its crop is made smaller where pictures are too small for it.
    catalogue : Catalogue
    workers : Workers
    reporter : Reporter
    quality : int
        Of the JPEG files that all pictures become.

    Returns
    -------
    list of Experiment
        In the order of the domains.

    Raises
    ------
    BenchError
        As `make_plan`; and if a detector fails.
    """
    home = ensure_writable(results_root(), "BANDBENCH_HOME")
    domains = catalogue.expand(study.train, study.seed)
    with scratch_places(str(home / "records")) as places:
        return [_experiment(study, catalogue, domain, quality, places, workers, reporter) for domain in domains]


def _experiment(
    study: Study, catalogue: Catalogue, domain: str, quality: int, places: Places, workers: Workers, reporter: Reporter
) -> Experiment:
    sides = _sides(catalogue, domain, study)
    resampled = int(SMALLER * min(sides)) if len(sides) > 1 else 0
    crop = _crop(study, domain, resampled or min(sides) - GRID + 1)
    step = f"alike:quality={quality}" + (f":side={resampled}" if resampled else "")
    chain = canonical(f"{chain_of(domain)}+{step}" if chain_of(domain) else step)
    facts, scored, overlap = None, [], 0.0
    for name in (domain, f"{unperturbed(domain)}+{chain}"):
        plan = make_plan(override(study, {"train": [name], "test": [name], "crop.side": crop}), catalogue)
        prepared = prepare_sets(plan, places, workers, reporter)
        if name == domain:
            sets = prepared.sets
            facts = audit(join([fact_table(sets[name, split, 0]) for split in SPLITS]))
        cells = make_cells(prepared.plan, prepared, places.records, 0)
        overlap = train_overlap([replicate.train for replicate in cells[0].replicates])
        scored.append(_scored(plan, cells, name, workers, reporter))
    effects = [_effect(detector, scored[0][detector], scored[1][detector], overlap) for detector in scored[0]]
    return Experiment(domain, chain, crop, facts, tuple(effects))


def _sides(catalogue: Catalogue, domain: str, study: Study) -> set[int]:
    """Return the shorter sides of the pictures of a domain, in pixels, of an even sample of either class."""
    opened = catalogue.domain(unperturbed(domain), study.seed)
    dataset = catalogue.open(domain, study.seed)
    sides: set[int] = set()
    for label in (REAL, FAKE):
        items = [item for item in opened.items if item.label == label]
        for item in items[:: max(1, len(items) // SAMPLE)]:
            with contextlib.suppress(BenchError, OSError), open_picture(dataset.read(item), load=False) as picture:
                sides.add(min(picture.size))
    if not sides:
        raise DataError(f"{domain}: not one of its pictures can be opened; `{bench('data doctor')}` says why.")
    return sides


def _crop(study: Study, domain: str, largest: int) -> int:
    """Return the side of the crops: that of the study, or what the smallest picture allows."""
    if largest < LEAST_CROP:
        raise DataError(
            f"{domain}: its smallest picture leaves crops of {largest} pixels after it is stored alike, fewer than the "
            f"{LEAST_CROP} that are needed; leave such pictures out."
        )
    return min(study.crop.side, largest)


def _scored(plan: Plan, cells: Sequence[Cell], domain: str, workers: Workers, reporter: Reporter) -> dict[str, list[Scored]]:
    """Fit every detector in every draw with all frequencies, or take the records; return test scores by detector and draw."""
    jobs = [
        Job(cell.detector, Band(mode=plan.study.mode), r.number, r.train, r.val, r.tests, cell.records, cell.attempt)
        for cell in cells
        for r in cell.replicates
    ]
    reporter.stage(f"fitting on {domain}", len(jobs))
    records = {i: record for i, job in enumerate(jobs) if (record := find_record(job))}
    reporter.advance(len(records))
    futures = {workers.submit(run_jobs, [job]): i for i, job in enumerate(jobs) if i not in records}
    for future in as_completed(futures):
        (records[futures[future]],) = future.result()
        reporter.advance(1)
    by_detector: dict[str, list[Scored]] = {}
    for i, job in enumerate(jobs):
        if records[i].error:
            raise BenchError(f"{job.detector.label} on {domain}: {records[i].error}")
        (scores,) = (entry for entry in read_scores(Path(records[i].scores)) if (entry.domain, entry.split) == (domain, "test"))
        by_detector.setdefault(job.detector.label, []).append(scores.scored)
    return by_detector


def _effect(detector: str, stored: Sequence[Scored], alike: Sequence[Scored], overlap: float) -> Effect:
    codes = GroupCodes(np.unique(np.concatenate([scored.groups for scored in (*stored, *alike)])))
    first, second = (auc_replicates(each, codes) for each in (stored, alike))
    return Effect(
        detector, auc_interval_of(first, overlap), auc_interval_of(second, overlap), difference_interval(first, second, overlap)
    )


def _digits(value: float, digits: int = 3) -> str:
    """Write a number between 0 and 1 without the zero: ``.981``."""
    return f"{value:.{digits}f}".removeprefix("0")
