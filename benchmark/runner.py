"""One fit: a detector under one band, trained on one item set, scored on others."""

import time
import traceback
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from .bands import Band
from .errors import BenchError
from .metrics import roc_auc
from .models import fit_detector, score_detector
from .prepare import ItemSet, load_view
from .registry import DetectorSpec
from .scores import ok_rows, with_scores, write_table
from .store import digest, read_json, write_json

PROTOCOL_VERSION = 1


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
    train : ItemSet
    scored : tuple of ItemSet
        The first is the validation split of the training domain; a search hands over no other.
    records : str
        Folder for the record and its score file.
    attempt : int
        Raised by ``--fresh``, so that nothing old is taken up.
    """

    detector: DetectorSpec
    band: Band
    replicate: int
    train: ItemSet
    scored: tuple[ItemSet, ...]
    records: str
    attempt: int = 0

    @property
    def key(self) -> str:
        """Name of the record: everything that can change a score."""
        return digest(
            {
                "protocol": PROTOCOL_VERSION,
                "detector": self.detector.identity(self.replicate),
                "band": self.band.as_dict(),
                "train": self.train.digest,
                "scored": [[s.domain, s.split, s.digest] for s in self.scored],
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
    scores : str
        Path of the score file.
    fit_seconds, score_ms : float
        Fitting; scoring one picture from its view (milliseconds).
    n_train : int
        Crops.
    n_features : int
    aucs : dict of str to float
        By ``domain:split`` of everything that was scored.
    finished : float
        Seconds since the epoch.
    error : str
        Why there is no score file; such a record is never kept.
    """

    key: str
    scores: str = ""
    fit_seconds: float = 0.0
    score_ms: float = 0.0
    n_train: int = 0
    n_features: int = 0
    aucs: dict[str, float] = field(default_factory=dict)
    finished: float = 0.0
    error: str = ""


def record_path(folder: str, key: str) -> Path:
    """Where the record of a job lies; its score file is beside it."""
    return Path(folder, key[:2], f"{key}.json")


def find_record(job: Job, key: str) -> Record | None:
    """Return the record of an equal job that finished earlier, if its score file is still there."""
    known = read_json(record_path(job.records, key))
    if not known or not Path(job.records, known["scores"]).is_file():
        return None
    return Record(**{**known, "scores": str(Path(job.records, known["scores"]))})


def run_job(job: Job, key: str) -> Record:
    """
    Fit, score, write the score file, then the record.

    A detector that fails gives a record with `error` and leaves no file: it hurts its own cell and is tried again.
    """
    try:
        return _run(job, key)
    except BenchError as error:
        return Record(key, error=str(error))
    except Exception as error:  # a plugin may fail in any way
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(frame.filename).name}:{frame.lineno}"
        return Record(key, error=f"{job.detector.label} failed: {type(error).__name__}: {error} ({where})")


def _run(job: Job, key: str) -> Record:
    detector = job.detector.build(job.replicate)
    view, rows = load_view(job.train, detector.view, job.band)
    labels = item_labels(pq.read_table(job.train.table))[rows]
    start = time.perf_counter()
    fit_detector(detector, view, labels)
    fit_seconds = time.perf_counter() - start
    tables, aucs, score_seconds, n_scored = [], {}, 0.0, 0
    for items in job.scored:
        table = pq.read_table(items.table)
        tested, tested_rows = load_view(items, detector.view, job.band)
        start = time.perf_counter()
        scores = score_detector(detector, tested)
        score_seconds += time.perf_counter() - start
        n_scored += items.n_ok
        scores = mean_per_item(scores, tested_rows)
        aucs[f"{items.domain}:{items.split}"] = roc_auc(item_labels(table), scores)
        tables.append(with_scores(table, scores))
    path = record_path(job.records, key)
    write_table(path.with_suffix(".parquet"), pa.concat_tables(tables))
    record = Record(
        key,
        f"{path.parent.name}/{path.stem}.parquet",
        fit_seconds,
        1e3 * score_seconds / max(1, n_scored),
        len(view),
        int(np.prod(view.values.shape[1:])),
        aucs,
        time.time(),
    )
    write_json(path, asdict(record))
    return Record(**{**asdict(record), "scores": str(Path(job.records, record.scores))})


def item_labels(table: pa.Table) -> NDArray[np.int64]:
    """Labels of the items with status ``ok``."""
    return table.column("label").to_numpy()[ok_rows(table)].astype(np.int64)


def mean_per_item(scores: NDArray[np.float64], rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Mean score over the crops of each item; `rows` says which item a crop shows."""
    return np.bincount(rows, weights=scores) / np.bincount(rows)
