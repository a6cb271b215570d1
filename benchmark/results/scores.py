"""Score files: one row per item, nothing dropped, every metric can be recomputed from them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..contracts import SPLITS, Item
from ..domains.names import REALS, dataset_name
from ..metrics.clips import Frames
from ..metrics.roc import Scored
from ..store.files import atomic_path
from .refusals import RefusedBecause, refuse
from .run_files import MOST_SCORE_BYTES, check_scores, read_run_parquet, regular_file

ITEM_SCHEMA = pa.schema(
    [
        ("domain", pa.string()),
        ("split", pa.string()),
        ("item", pa.string()),
        ("label", pa.int8()),
        ("group", pa.string()),
        ("target", pa.string()),
        ("donor", pa.string()),
        ("video", pa.string()),
        ("status", pa.string()),  # Status
        ("detail", pa.string()),  # why it is not ok
    ]
)


SCORE_SCHEMA = ITEM_SCHEMA.append(pa.field("score", pa.float64()))


class Status(StrEnum):
    """Outcome of an item, as score files spell it."""

    OK = "ok"
    MISSING = "missing"
    ERROR = "error"


# Words of the columns that have few.
ALLOWED = {"split": (*SPLITS, REALS), "status": tuple(status.value for status in Status)}


class Reason(Enum):
    """Reason why an item has no score."""

    GONE = auto()
    UNREADABLE = auto()
    UNDECODABLE = auto()
    TOO_SMALL = auto()  # for the crop
    BOTH_CLASSES = auto()  # the same picture is listed as real and as fake
    SEEN = auto()  # the detector has learned from the same picture
    LOOKALIKE = auto()  # it looks like a picture that the detector has learned from, and too many others do
    SHARED = auto()  # it shares a clip or an identity with what the detector has learned from


@dataclass(frozen=True)
class ItemStatus:
    """
    Outcome of an item.

    Attributes
    ----------
    status : Status
    detail : str
        Sentence for people, which nothing is decided by; empty with status ``ok``.
    reason : Reason or None
        None with status ``ok``.
    """

    status: Status = Status.OK
    detail: str = ""
    reason: Reason | None = None


OK = ItemStatus()


def item_table(domain: str, items: Sequence[Item], statuses: Sequence[ItemStatus]) -> pa.Table:
    """Return the table of items and their outcomes, in `ITEM_SCHEMA`."""
    columns = [
        [domain] * len(items),
        [i.split for i in items],
        [i.id for i in items],
        [i.label for i in items],
        # Groups of different data sets never coincide, whatever they are called; those of perturbed pictures stay the same.
        [f"{dataset_name(domain)}:{i.group}" for i in items],
        [i.target for i in items],
        [i.donor for i in items],
        [i.video for i in items],
        [s.status.value for s in statuses],
        [s.detail for s in statuses],
    ]
    arrays = [pa.array(column, type) for column, type in zip(columns, ITEM_SCHEMA.types, strict=True)]
    return pa.Table.from_arrays(arrays, schema=ITEM_SCHEMA)


def with_scores(table: pa.Table, scores: NDArray[np.float64]) -> pa.Table:
    """Add the scores of the items with status ``ok``, in their order; the others get null."""
    column = np.full(len(table), np.nan)
    ok = ok_rows(table)
    column[ok] = scores
    return table.append_column(SCORE_SCHEMA.field("score"), pa.array(column, pa.float64(), mask=~ok))


def ok_rows(table: pa.Table) -> NDArray[np.bool_]:
    """Return a mask of the rows with status ``ok``."""
    return np.asarray(table.column("status").to_numpy(zero_copy_only=False) == Status.OK.value, dtype=bool)


def clip_names(table: pa.Table) -> NDArray | None:
    """
    Name the clip of every item.

    A name alone names no clip: ``Deepfakes/000``, ``FaceSwap/000`` and ``original/000`` are called 000, and pooled by that name
    four manipulations become one clip, and reals are averaged with fakes. Frames belong to one clip if they agree in ``video``,
    in group and donor, *and* in the folder that their ids name. An item without ``video`` is a clip of its own.

    Parameters
    ----------
    table : Table
        In `ITEM_SCHEMA`, of one domain and split or of several.

    Returns
    -------
    array of str (n_items,), or None
        None where no item has a ``video``.
    """
    videos = table.column("video").to_pylist()
    if not any(videos):
        return None
    columns = [table.column(name).to_pylist() for name in ("item", "group", "donor")]
    names = [_clip_name(*about) for about in zip(videos, *columns, strict=True)]
    return np.array(names, dtype=object).astype(str)


def frame_clips(table: pa.Table) -> NDArray | None:
    """Return the clip of every scored item of one item set (n_ok,), see `clip_names`; None if no two items share a clip."""
    names = clip_names(table)
    return None if names is None or len(np.unique(names)) == len(names) else names[ok_rows(table)]


def _clip_name(video: str | None, item: str, group: str, donor: str | None) -> str:
    if not video:
        return f"picture {item}"
    folder, slash, _ = item.rpartition("/")
    return f"{folder}{slash}{video} ({group}{f', {donor}' if donor else ''})"


def read_file(path: Path) -> pa.Table:
    """
    Read a table of one small file in the calling thread: half the time of ``pq.read_table``, which is made for data sets.

    Raises
    ------
    OSError, ValueError
        If it cannot be read, or is no table.
    """
    with pq.ParquetFile(path) as file:
        return file.read(use_threads=False)


def write_table(path: Path, table: pa.Table, durable: bool = True) -> str:
    """Write a table atomically, and return the SHA-256 of the file; equal tables give equal bytes."""
    with pa.BufferOutputStream() as stream:
        pq.write_table(table, stream, compression="zstd")
        content = stream.getvalue()
    with atomic_path(path, durable) as temporary:
        temporary.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class DomainScores:
    """
    Scores of one item set, as a score file holds them.

    Attributes
    ----------
    domain, split : str
    scored : Scored
        Items with status ``ok``.
    n_items : int
        All items, scored or not.
    items : array of str (n_scored,)
        Id of every scored item, which is unique within its data set.
    clips : array of str (n_scored,), or None
        Clip of every scored item (`clip_names`); None where no two items are frames of one clip.
    """

    domain: str
    split: str
    scored: Scored
    n_items: int
    items: NDArray
    clips: NDArray | None = None

    @property
    def frames(self) -> Frames:
        """Scored items with their clips; each is a clip of its own where there are none."""
        return Frames(self.scored, np.arange(len(self.scored.labels)) if self.clips is None else self.clips)

    @property
    def coverage(self) -> float:
        """Share of items that have a score."""
        return len(self.scored.labels) / self.n_items


def score_table(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """
    Read a score file as it is, one line per item.

    Parameters
    ----------
    path : Path
    columns : sequence of str, optional
        Those that are wanted, ``status``, ``label`` and ``score`` among them. (default: those of `SCORE_SCHEMA`)

    Raises
    ------
    RefusedError
        If it cannot be read, lacks a column, is beyond the limits of `run_files`, or holds a value that no score file has.
    """
    table = read_run_parquet(path, SCORE_SCHEMA, columns)
    try:
        check_scores(table, path, ALLOWED)
    except UnicodeDecodeError as error:
        refuse(RefusedBecause.DAMAGED, f"score file {path} cannot be read: {error}.")
    return table


def read_scores(path: Path) -> list[DomainScores]:
    """
    Read a score file, one entry per domain and split, in file order.

    Raises
    ------
    RefusedError
        See `score_table`.
    """
    table = score_table(path)
    column = {n: table.column(n).to_numpy(zero_copy_only=False) for n in ("item", "label", "group", "score")}
    ok, clips = ok_rows(table), clip_names(table)
    # Files hold whole item sets one after the other.
    domains, splits = (table.column(n).combine_chunks().dictionary_encode() for n in ("domain", "split"))
    pair = domains.indices.to_numpy().astype(np.int64) * len(splits.dictionary) + splits.indices.to_numpy()
    pairs, first = np.unique(pair, return_index=True)
    sets = []
    for code in pairs[np.argsort(first)]:
        in_set = pair == code
        rows = in_set & ok
        scored = Scored(
            column["label"][rows].astype(np.int64),
            column["score"][rows].astype(np.float64),
            column["group"][rows].astype(str),
        )
        domain = domains.dictionary[int(code) // len(splits.dictionary)].as_py()
        split = splits.dictionary[int(code) % len(splits.dictionary)].as_py()
        shared = clips[rows] if clips is not None and len(np.unique(clips[in_set])) < in_set.sum() else None
        sets.append(DomainScores(domain, split, scored, int(in_set.sum()), column["item"][rows].astype(str), shared))
    return sets


def validation_scores(path: Path) -> Scored:
    """
    Read the validation scores of the score file of a record; those of test items are passed over.

    Raises
    ------
    RefusedError
        If it cannot be read. Its values are not checked, as its digest was when the record was found.
    """
    regular_file(path, MOST_SCORE_BYTES, "score file")
    try:
        with pq.ParquetFile(path) as file:
            table = file.read(columns=["split", "status", "label", "group", "score"], use_threads=False)
    except (OSError, ValueError, pa.ArrowException) as error:
        refuse(RefusedBecause.DAMAGED, f"score file {path} cannot be read: {error}.")
    column = {name: table.column(name).to_numpy(zero_copy_only=False) for name in table.column_names}
    rows = (column["split"] == "val") & (column["status"] == Status.OK.value)
    return Scored(column["label"][rows].astype(np.int64), column["score"][rows], column["group"][rows].astype(str))


def by_domain(draws: Sequence[Sequence[DomainScores]], split: str) -> dict[str, list[DomainScores]]:
    """Return the scores of one split by domain, one entry per draw, from the contents of the score file of every draw."""
    grouped: dict[str, list[DomainScores]] = {}
    for entries in draws:
        for entry in entries:
            if entry.split == split:
                grouped.setdefault(entry.domain, []).append(entry)
    return grouped


def item_labels(table: pa.Table) -> NDArray[np.int64]:
    """Return the labels of the items with status ``ok``."""
    return table.column("label").to_numpy()[ok_rows(table)].astype(np.int64)


def item_groups(table: pa.Table) -> NDArray:
    """Return the groups of the items with status ``ok``, an array of str."""
    return table.column("group").to_numpy(zero_copy_only=False)[ok_rows(table)].astype(str)


def mean_per_item(scores: NDArray[np.float64], rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the mean score over the crops of each item; `rows` holds the item of every crop."""
    return np.bincount(rows, weights=scores) / np.bincount(rows)
