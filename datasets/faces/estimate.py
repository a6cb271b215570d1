"""How much a preparation will make of a data set, from a few of its sources."""

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
from .cut import Workshop

PER_GROUP, AT_MOST = 3, 30  # sources that are tried


@dataclass(frozen=True)
class Sample:
    """
    What one source gave.

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
    What is to be expected of one class in one domain, or of everything.

    Attributes
    ----------
    domain : str
    label : int
        -1 for both classes.
    sources : int
    known : int
        Of these, done already.
    sampled : int
        Sources that were tried.
    crops, bytes, seconds : float
        Of the sources that are left, extrapolated from those that were tried; `seconds` on one worker.
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
    workshop: Workshop,
    sources: Sequence[Source],
    preparation: Preparation | None,
    retry: bool,
    advance: Callable[[], None],
) -> list[Estimate]:
    """
    Prepare a few sources in a temporary folder and reckon from them.

    Parameters
    ----------
    workshop : Workshop
    sources : sequence of Source
    preparation : Preparation, optional
        What is there already.
    retry : bool
        Whether sources that gave no crop are to be done again.
    advance : callable
        Called for each source that was tried.

    Returns
    -------
    list of Estimate
        Of each class in each domain, reals first; the last one is of everything, each source counted once.
    """
    left = [source for source in sources if not _is_done(workshop, source, preparation, retry)]
    tried: dict[str, Sample] = {}
    for source in choose_samples(left):
        tried[source.id] = _try(workshop, source)
        advance()
    keys = sorted({(domain, source.label) for source in sources for domain in source.domains})
    groups = [(*key, [s for s in sources if key[0] in s.domains and s.label == key[1]]) for key in keys]
    open_ids = {source.id for source in left}
    found = [_of_group(domain, label, members, open_ids, tried) for domain, label, members in groups]
    return [*found, _of_all(sources, open_ids, {(e.domain, e.label): e for e in found}, len(tried))]


def choose_samples(sources: Sequence[Source]) -> list[Source]:
    """Up to three sources of each class in each domain, thirty in all, by chance and always the same."""
    order = random.Random(0).sample(sources, len(sources))
    groups: dict[tuple[tuple[str, ...], int], list[Source]] = {}
    for source in order:
        groups.setdefault((source.domains, source.label), []).append(source)
    each = max(1, min(PER_GROUP, AT_MOST // max(len(groups), 1)))
    return [source for members in groups.values() for source in members[:each]]


def _is_done(workshop: Workshop, source: Source, preparation: Preparation | None, retry: bool) -> bool:
    record = preparation.record(source.id) if preparation else None
    if preparation is None or record is None or (retry and record.status != OK):
        return False
    return workshop.is_fresh(record, source, preparation)


def _try(workshop: Workshop, source: Source) -> Sample:
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="bench-prepare-") as folder, one_thread():
        try:
            record = workshop.cut(source, Path(folder))
        except OSError:
            return Sample(0, 0, time.perf_counter() - start)
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
    return Sample(len(record.crops), size, time.perf_counter() - start)


def _of_group(domain: str, label: int, members: Sequence[Source], left: set[str], tried: dict[str, Sample]) -> Estimate:
    samples = [tried[source.id] for source in members if source.id in tried] or list(tried.values())
    n = sum(source.id in left for source in members)

    def total(name: str) -> float:
        return n * statistics.fmean(getattr(sample, name) for sample in samples) if n else 0.0

    sampled = sum(source.id in tried for source in members)
    return Estimate(domain, label, len(members), len(members) - n, sampled, *map(total, ("crops", "bytes", "seconds")))


def _of_all(sources: Sequence[Source], left: set[str], groups: dict[tuple[str, int], Estimate], sampled: int) -> Estimate:
    """Add up over sources, each with the mean of the first group that it belongs to."""
    totals = dict.fromkeys(("crops", "bytes", "seconds"), 0.0)
    for source in sources:
        if source.id in left:
            group = groups[source.domains[0], source.label]
            for name in totals:
                totals[name] += getattr(group, name) / (group.sources - group.known)
    return Estimate("", -1, len(sources), len(sources) - len(left), sampled, **totals)
