"""Estimate of the crops, bytes and seconds of a preparation, extrapolated from a sample of its sources."""

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...benchmark.workers import one_thread
from ..copies.prepared import OK, Preparation
from ..copies.survey import Source
from .cut import FaceCropper

PER_GROUP, AT_MOST = 3, 30  # sources in the sample


@dataclass(frozen=True)
class Sample:
    """
    Crops, bytes and seconds of one source.

    Attributes
    ----------
    crops, bytes : int
    seconds : float
        On one worker.
    """

    crops: int
    bytes: int
    seconds: float


@dataclass(frozen=True)
class Estimate:
    """
    Expected crops, bytes and seconds of one class in one domain, or of all sources.

    Attributes
    ----------
    domain : str
    label : int
        -1 for both classes.
    sources : int
    known : int
        Sources that earlier runs have done.
    sampled : int
        Sources in the sample.
    crops, bytes, seconds : float
        Of the sources that are not done yet, extrapolated from the sample; `seconds` on one worker.
    """

    domain: str
    label: int
    sources: int
    known: int
    sampled: int
    crops: float
    bytes: float
    seconds: float


def estimate(
    cropper: FaceCropper,
    sources: Sequence[Source],
    preparation: Preparation | None,
    retry: bool,
    advance: Callable[[], None],
) -> list[Estimate]:
    """
    Cut a sample of the sources in a temporary folder and extrapolate from it.

    Parameters
    ----------
    cropper : FaceCropper
    sources : sequence of Source
    preparation : Preparation, optional
        Crops of earlier runs.
    retry : bool
        Count sources that gave no crop as not done.
    advance : callable
        Called after each source of the sample.

    Returns
    -------
    list of Estimate
        Of each class in each domain, reals first; the last one is of everything, each source counted once.
    """
    pending = [source for source in sources if not _is_done(cropper, source, preparation, retry)]
    samples: dict[str, Sample] = {}
    for source in choose_samples(pending):
        samples[source.id] = _measure(cropper, source)
        advance()
    keys = sorted({(domain, source.label) for source in sources for domain in source.domains})
    groups = [(*key, [s for s in sources if key[0] in s.domains and s.label == key[1]]) for key in keys]
    pending_ids = {source.id for source in pending}
    estimates = [_of_group(domain, label, members, pending_ids, samples) for domain, label, members in groups]
    return [*estimates, _of_all(sources, pending_ids, {(e.domain, e.label): e for e in estimates}, len(samples))]


def choose_samples(sources: Sequence[Source]) -> list[Source]:
    """
    Draw a sample with a fixed seed.

    Returns
    -------
    list of Source
        Up to three of each class in each domain, and fewer where that would be more than thirty in all; at least one of each.
    """
    order = random.Random(0).sample(sources, len(sources))
    groups: dict[tuple[tuple[str, ...], int], list[Source]] = {}
    for source in order:
        groups.setdefault((source.domains, source.label), []).append(source)
    n_per_group = max(1, min(PER_GROUP, AT_MOST // max(len(groups), 1)))
    return [source for members in groups.values() for source in members[:n_per_group]]


def _is_done(cropper: FaceCropper, source: Source, preparation: Preparation | None, retry: bool) -> bool:
    record = preparation.record(source.id) if preparation else None
    if preparation is None or record is None or (retry and record.status != OK):
        return False
    return cropper.is_fresh(record, source, preparation)


def _measure(cropper: FaceCropper, source: Source) -> Sample:
    """Cut one source in a temporary folder; one that cannot be read counts with the time that this took."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="bench-prepare-") as folder, one_thread():
        try:
            record = cropper.cut(source, Path(folder))
        except OSError:
            return Sample(0, 0, time.perf_counter() - start)
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
    return Sample(len(record.crops), size, time.perf_counter() - start)


def _of_group(domain: str, label: int, members: Sequence[Source], pending: set[str], samples: dict[str, Sample]) -> Estimate:
    """Multiply the mean of the group's samples by its pending sources; every group with one of those has a sample."""
    own = [samples[source.id] for source in members if source.id in samples]
    n = sum(source.id in pending for source in members)

    def total(name: str) -> float:
        return n * statistics.fmean(getattr(sample, name) for sample in own) if n else 0.0

    return Estimate(domain, label, len(members), len(members) - n, len(own), *map(total, ("crops", "bytes", "seconds")))


def _of_all(sources: Sequence[Source], pending: set[str], groups: dict[tuple[str, int], Estimate], n_samples: int) -> Estimate:
    """Add up over pending sources, each with the mean of the first group that it belongs to."""
    totals = dict.fromkeys(("crops", "bytes", "seconds"), 0.0)
    for source in sources:
        if source.id in pending:
            group = groups[source.domains[0], source.label]
            for name in totals:
                totals[name] += getattr(group, name) / (group.sources - group.known)
    return Estimate("", -1, len(sources), len(sources) - len(pending), n_samples, **totals)
