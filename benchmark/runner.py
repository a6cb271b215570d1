"""One fit: a detector under one band, trained on one item set, scored on others."""

import math
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from cachetools import LRUCache, cached
from numpy.typing import NDArray

from ..frequency.bands import Band
from ..recording.learning_curves import epochs_of
from ..errors import BenchError, EmptyBandError
from ..metrics.detection import Interval, auc_interval, roc_auc
from ..fitted import fit_detector, score_detector
from ..features.prepare import ItemSet, load_view
from ..registry import DetectorSpec
from ..results.scores import is_whole, ok_rows, read_scores, with_scores, write_table
from ..store import digest, read_json, write_json

PROTOCOL_VERSION = 2


@dataclass(frozen=True)
class Job:
    """
    What a worker needs for one fit.

    Attributes
    ----------
    detector : DetectorSpec
    band : Band
    replicate : int
        Also the seed of a stochastic detector.
    train, val : ItemSet
        Of the training domain.
    tests : tuple of ItemSet
        Scored into a file of their own, which nothing opens until the band is chosen.
    records : str
        Folder for the record and its score files.
    attempt : int
        Raised by ``--fresh``, so that nothing old is taken up.
    """

    detector: DetectorSpec
    band: Band
    replicate: int
    train: ItemSet
    val: ItemSet
    tests: tuple[ItemSet, ...]
    records: str
    attempt: int = 0

    @cached_property
    def key(self) -> str:
        """Name of the record: everything that can change a score."""
        return digest(
            {
                "protocol": PROTOCOL_VERSION,
                "detector": self.detector.identity(self.replicate),
                "band": self.band.as_dict(),
                "train": self.train.digest,
                "scored": [[s.domain, s.split, s.digest] for s in (self.val, *self.tests)],
                "attempt": self.attempt,
            }
        )


@dataclass(frozen=True)
class Record:
    """
    What is known of one finished fit.

    Attributes
    ----------
    key : str
    val_scores, test_scores : str
        Paths of the score files; the second is empty if no test set was scored.
    fit_seconds, score_ms : float
        Fitting; scoring one picture from its view (milliseconds).
    n_train : int
        Crops.
    n_features : int
    sealed : dict of str to float
        AUC of every test domain, for the oracle alone: no choice may look at it.
    finished : float
        Seconds since the epoch.
    epochs : list of dict
        `epochs_of` the fitted detector.
    error : str
        Why there is no score file; such a record is never kept.
    empty : bool
        Whether the reason is that the band holds too few frequencies, which no repetition would change.
    """

    key: str
    val_scores: str = ""
    test_scores: str = ""
    fit_seconds: float = 0.0
    score_ms: float = 0.0
    n_train: int = 0
    n_features: int = 0
    sealed: dict[str, float] = field(default_factory=dict)
    finished: float = 0.0
    epochs: list[dict[str, float]] = field(default_factory=list)
    error: str = ""
    empty: bool = False


def record_path(folder: str, key: str) -> Path:
    """Where the record of a job lies; its score files are beside it."""
    return Path(folder, key[:2], f"{key}.json")


def find_record(job: Job) -> Record | None:
    """Return the record of an equal job that finished earlier, if its score files are still there and whole."""
    path = record_path(job.records, job.key)
    known = read_json(path)
    if not known:
        return None
    sizes = known.pop("bytes")
    files = {name: path.with_name(known[name]) for name in sizes}
    if not all(is_whole(files[name], size) for name, size in sizes.items()):
        return None
    return Record(**{**known, **{name: str(file) for name, file in files.items()}})


def run_jobs(jobs: Sequence[Job]) -> list[Record]:
    """
    Fit, score, write the score files, then the record, of jobs that share what they read.

    A detector that fails gives a record with `error` and leaves no record file: it hurts its own cell and is tried again.
    """
    return [_reported(job) for job in jobs]


def _reported(job: Job) -> Record:
    try:
        return _run(job)
    except BenchError as error:
        return Record(job.key, error=str(error), empty=isinstance(error, EmptyBandError))
    except Exception as error:  # a plugin may fail in any way
        return Record(job.key, error=failure(job.detector.label, error))


def failure(label: str, error: Exception) -> str:
    """Say what a detector raised, and where."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{label} failed: {type(error).__name__}: {error} ({Path(frame.filename).name}:{frame.lineno})"


def _run(job: Job) -> Record:
    detector = job.detector.build(job.replicate)
    view, rows = load_view(job.train, detector.view, job.band)
    labels = _read_items(job.train.table).labels[rows]
    start = time.perf_counter()
    fit_detector(detector, view, labels)
    fit_seconds = time.perf_counter() - start
    del view
    path = record_path(job.records, job.key)
    names: dict[str, str] = {}
    aucs: dict[str, float] = {}
    score_seconds = 0.0
    for kind, sets in (("val", (job.val,)), ("test", job.tests)):
        tables = []
        for items in sets:
            tested, tested_rows = load_view(items, detector.view, job.band)
            start = time.perf_counter()
            scores = score_detector(detector, tested)
            score_seconds += time.perf_counter() - start
            known, scores = _read_items(items.table), mean_per_item(scores, tested_rows)
            tables.append(with_scores(known.table, scores))
            if kind == "test":
                aucs[items.domain] = roc_auc(known.labels, scores)
        if tables:
            names[f"{kind}_scores"] = f"{job.key}.{kind}.parquet"
            write_table(path.with_name(names[f"{kind}_scores"]), pa.concat_tables(tables), durable=False)
    record = Record(
        key=job.key,
        fit_seconds=fit_seconds,
        score_ms=1e3 * score_seconds / max(1, sum(items.n_ok for items in (job.val, *job.tests))),
        n_train=len(labels),
        n_features=math.prod(detector.__dict__["_fitted_shape"]),
        sealed=aucs,
        finished=time.time(),
        epochs=epochs_of(detector),
    )
    files = {name: path.with_name(file) for name, file in names.items()}
    sizes = {name: file.stat().st_size for name, file in files.items()}
    write_json(path, {**asdict(record), **names, "bytes": sizes}, durable=False)
    return replace(record, **{name: str(file) for name, file in files.items()})


@dataclass(frozen=True)
class Assessment:
    """
    Work for a worker: the interval of a trial's AUC.

    Attributes
    ----------
    scores : tuple of str
        Validation score files, one per replicate.
    n_draws : int
    """

    scores: tuple[str, ...]
    n_draws: int


def assess(assessment: Assessment) -> Interval:
    """Mean validation AUC over replicates, with its interval."""
    return auc_interval([read_scores(Path(path))[0].scored for path in assessment.scores], assessment.n_draws)


@dataclass(frozen=True)
class _Items:
    """An item table, and the labels of its items with status ``ok``."""

    table: pa.Table
    labels: NDArray[np.int64]


@cached(LRUCache(64_000_000, getsizeof=lambda items: items.table.nbytes))
def _read_items(path: str) -> _Items:
    table = pq.read_table(path)
    return _Items(table, item_labels(table))


def item_labels(table: pa.Table) -> NDArray[np.int64]:
    """Labels of the items with status ``ok``."""
    return table.column("label").to_numpy()[ok_rows(table)].astype(np.int64)


def mean_per_item(scores: NDArray[np.float64], rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Mean score over the crops of each item; `rows` says which item a crop shows."""
    return np.bincount(rows, weights=scores) / np.bincount(rows)
