"""One fit: a detector under one band, trained on one item set, scored on others."""

import contextlib
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import pyarrow as pa
from cachetools import LRUCache, cached
from numpy.typing import NDArray

from ..epochs import epochs_of
from ..errors import PLUGIN_FAILURES, BenchError, DiskError, EmptyBandError
from ..features import load
from ..features.load import load_view
from ..fitted import failure, fit_detector, score_detector
from ..metrics.intervals import auc_interval
from ..metrics.roc import Interval, Scored, roc_auc
from ..metrics.simultaneous import Clarity, clearly_above_chance, clearly_different
from ..records import Assessment, Job, Record, SimultaneousTest
from ..results.scores import (
    item_groups,
    item_labels,
    mean_per_item,
    read_file,
    validation_scores,
    with_scores,
    write_table,
)
from ..store.disk import disk_failure
from ..store.files import file_digest, read_json, write_json

SCORES = ".parquet"  # ends the name of a record's score file
DIGEST = "scores_sha256"  # key of a record's file
RECORD_KEYS = {field.name for field in fields(Record)} - {"scores"} | {DIGEST}


def record_path(folder: str, key: str) -> Path:
    """Return the path of a job's record; its score file is beside it."""
    return Path(folder, key[:2], f"{key}.json")


def find_record(job: Job) -> Record | None:
    """Return the record of an equal job that finished earlier, if its score file is still the one that the fit wrote."""
    path = record_path(job.records, job.key)
    document = read_json(path)
    if not isinstance(document, dict) or set(document) != RECORD_KEYS:
        return None  # damaged, or of an earlier version
    digest, scores = document.pop(DIGEST), path.with_suffix(SCORES)
    with contextlib.suppress(OSError):
        if file_digest(scores) == digest:
            return Record(**{**document, "scores": str(scores)})
    return None


def run_jobs(jobs: Sequence[Job]) -> list[Record]:
    """
    Run jobs that share features: fit, score, write the score file, then the record.

    A detector that fails gives a record with `error` and leaves no record file, so that the next run tries it again. A disk
    that fails is no fault of the detector, and raises.

    Parameters
    ----------
    jobs : sequence of Job

    Returns
    -------
    list of Record
        In the order of the jobs.
    """
    _share_features(jobs)
    return [_reported(job) for job in jobs]


def bands_together(job: Job) -> int:
    """Return how many bands are best fitted by one worker, since their features are computed together."""
    try:
        return load.bands_together([job.train, job.val, *job.tests, *job.sources], job.detector.build(0).view, job.band)
    except PLUGIN_FAILURES:  # a plugin may fail in any way; its fit reports it
        return 1


def _share_features(jobs: Sequence[Job]) -> None:
    """Compute the features of several bands together, where that takes less time."""
    bands = list(dict.fromkeys(job.band for job in jobs))
    if len(bands) < 2 or any(bands_together(job) < 2 for job in jobs):
        return
    sets = [items for job in jobs for items in (job.train, job.val, *job.tests, *job.sources)]
    with contextlib.suppress(*PLUGIN_FAILURES):  # the fit of the band that fails reports it
        load.share_bands(sets, jobs[0].detector.build(0).view, bands)


def _reported(job: Job) -> Record:
    try:
        return _run(job)
    except DiskError:
        raise
    except BenchError as error:
        return Record(job.key, error=str(error), empty=isinstance(error, EmptyBandError))
    except PLUGIN_FAILURES as error:  # a plugin may fail in any way
        if failed := disk_failure(error, [Path(job.train.table), Path(job.train.index)]):
            raise failed from error
        return Record(job.key, error=failure(job.detector.label, error))


def _run(job: Job) -> Record:
    detector = job.detector.build(job.replicate)
    view, rows = load_view(job.train, detector.view, job.band)
    learned = _read_items(job.train.table)
    labels, groups = learned.labels[rows], learned.groups[rows]
    start = time.perf_counter()
    fit_detector(detector, view, labels, groups=groups)
    fit_seconds = time.perf_counter() - start
    del view
    path = record_path(job.records, job.key)
    tables = []
    aucs: dict[str, float] = {}
    score_seconds = 0.0
    for items in (job.val, *job.tests, *job.sources):
        tested, tested_rows = load_view(items, detector.view, job.band)
        start = time.perf_counter()
        scores = score_detector(detector, tested)
        score_seconds += time.perf_counter() - start
        listed, scores = _read_items(items.table), mean_per_item(scores, tested_rows)
        tables.append(with_scores(listed.table, scores))
        if items.split == "test":
            aucs[items.domain] = roc_auc(listed.labels, scores)
    file = path.with_suffix(SCORES)
    digest = write_table(file, pa.concat_tables(tables), durable=False)
    record = Record(
        key=job.key,
        scores=str(file),
        fit_seconds=fit_seconds,
        score_ms=1e3 * score_seconds / max(1, sum(items.n_ok for items in (job.val, *job.tests, *job.sources))),
        n_train=len(labels),
        n_features=math.prod(detector.__dict__["_fitted_shape"]),
        sealed=aucs,
        finished=time.time(),
        epochs=epochs_of(detector),
    )
    kept = {name: value for name, value in asdict(record).items() if name != "scores"}  # folders of results may be moved
    write_json(path, {**kept, DIGEST: digest}, durable=False)
    return record


def assess(assessment: Assessment) -> Interval:
    """Compute the mean validation AUC over replicates, with its interval."""
    return auc_interval(_scored(assessment.scores))


def compare(comparison: SimultaneousTest) -> Clarity:
    """Test simultaneously which bands are better than chance, or differ from the reference, on validation pictures."""
    bands = [_scored(files) for files in comparison.scores]
    if not comparison.reference:
        return clearly_above_chance(bands)
    return clearly_different(bands, _scored(comparison.reference), comparison.sign)


def _scored(files: Sequence[str]) -> list[Scored]:
    return [validation_scores(Path(path)) for path in files]


@dataclass(frozen=True)
class _Items:
    """An item table; labels and groups of its items with status ``ok``."""

    table: pa.Table
    labels: NDArray[np.int64]
    groups: NDArray


@cached(LRUCache(64_000_000, getsizeof=lambda items: items.table.nbytes))
def _read_items(path: str) -> _Items:
    table = read_file(Path(path))
    return _Items(table, item_labels(table), item_groups(table))
