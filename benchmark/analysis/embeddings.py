"""Vectors of pictures with their ids: what a detector is handed, for other programs."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..contracts import LABEL_NAMES, ViewSpec
from ..domains.catalogue import OpenDomain
from ..domains.guard import guarded
from ..errors import BenchError, DataError
from ..features.chunks import OK, Chunk, ChunkTask, Places, chunk_tasks, task_key
from ..features.item_sets import outcomes
from ..features.load import chunk_view
from ..features.prepare import prepare_chunks
from ..frequency.bands import Band
from ..pictures.crops import CropSpec
from ..registry import DetectorSpec
from ..reporting import Reporter
from ..results.scores import item_table, ok_rows, write_table
from ..store import atomic_path, cache_root, digest, ensure_writable
from ..workers import Workers

SUFFIXES = (".parquet", ".npz")
COLUMNS = ("domain", "item", "label", "split", "group", "status", "detail")
ABOUT = "bandbench.embeddings"
# Training and validation pictures together and test pictures apart, as `bench run` prepares them: both then share a cache.
# What has no split (`Dataset.all_items`) is a pool of its own.
POOLS: tuple[tuple[str, ...], ...] = (("train", "val"), ("test",), ("",))


@dataclass(frozen=True)
class EmbeddingOptions:
    """
    Which pictures become vectors, and how.

    Attributes
    ----------
    detector : DetectorSpec
        Whose view is wanted, whatever it is: planes and pixels are laid out in a row.
    band : Band
    crop : CropSpec
        A picture's vector is the mean over its windows.
    split : {"all", "train", "val", "test"}
    limit : int or None
        At most so many pictures per class and domain, drawn by `seed`.
    seed : int
    """

    detector: DetectorSpec
    band: Band
    crop: CropSpec
    split: str = "all"
    limit: int | None = None
    seed: int = 0

    @property
    def view(self) -> ViewSpec:
        """Of the detector."""
        return self.detector.build(self.seed).view

    def as_dict(self) -> dict[str, Any]:
        """All of it, ready for JSON."""
        view = {"name": self.view.name, **self.view.options}
        rest = {"split": self.split, "limit": self.limit, "seed": self.seed}
        return {"detector": self.detector.label, "view": view, "band": str(self.band), "crop": asdict(self.crop), **rest}


@dataclass(frozen=True)
class Embeddings:
    """
    Vectors of the pictures of some domains.

    Attributes
    ----------
    items : pyarrow.Table
        A row per picture and domain with the columns ``domain``, ``item``, ``label``, ``split``, ``group``, ``status`` and
        ``detail``, as in score files; reals first, by id.
    vectors : array of float32 (n_items, n_features)
        In the order of `items`; NaN where the status is not ``ok``.
    about : dict
        How they were made.
    """

    items: pa.Table
    vectors: NDArray[np.float32]
    about: dict[str, Any]

    @property
    def problems(self) -> tuple[tuple[str, str, str, str], ...]:
        """Pictures that have no vector: (domain, item, status, detail)."""
        left_out = self.items.filter(pa.array(~ok_rows(self.items)))
        return tuple(zip(*(left_out.column(name).to_pylist() for name in ("domain", "item", "status", "detail")), strict=True))

    def save(self, path: Path) -> None:
        """
        Write ``.parquet`` (vectors as lists of fixed size) or ``.npz`` (arrays by column name); NaN where there is no vector.

        Raises
        ------
        BenchError
            If the file cannot be written.
        """
        try:
            if path.suffix == ".npz":
                with atomic_path(path) as temporary, temporary.open("wb") as file:
                    np.savez(file, **self._arrays())  # pyright: ignore[reportArgumentType] (arrays by name)
            else:
                write_table(path, self.table)
        except OSError as error:
            raise BenchError(f"cannot write {path} ({error.strerror}); choose another file with --out.") from error

    @property
    def table(self) -> pa.Table:
        """`items` with a column ``vector``, float32 lists of one size; `about` as JSON among the metadata."""
        # Not null where there is none: Parquet does not give back lists of fixed size with nulls among them.
        column = pa.FixedSizeListArray.from_arrays(pa.array(self.vectors.reshape(-1)), self.vectors.shape[1])
        return self.items.append_column("vector", column).replace_schema_metadata({ABOUT: json.dumps(self.about)})

    def _arrays(self) -> dict[str, NDArray]:
        # Text as NumPy's own, which reading back needs no pickle for.
        columns = {name: np.array(self.items.column(name).to_pylist()) for name in self.items.column_names}
        return {**columns, "vector": self.vectors, "about": np.array(json.dumps(self.about))}


def embed(domains: Sequence[OpenDomain], options: EmbeddingOptions, workers: Workers, reporter: Reporter) -> Embeddings:
    """
    Turn the pictures of domains into vectors; what is in the cache is neither decoded nor computed again.

    Parameters
    ----------
    domains : sequence of OpenDomain
        Perturbed ones, and such with one class, among them.
    options : EmbeddingOptions
    workers : Workers
        The vectors do not depend on how many there are.
    reporter : Reporter

    Returns
    -------
    Embeddings

    Raises
    ------
    BenchError
        If a domain has no such picture, no picture at all can be used, or the view cannot be computed. A single picture that
        cannot be used does not raise.
    """
    view, chosen = options.view, [wanted(domain, options) for domain in domains]
    cache = ensure_writable(cache_root(), "BANDBENCH_CACHE")
    with tempfile.TemporaryDirectory(prefix="scratch-", dir=cache) as scratch:
        places = Places(str(cache), scratch, "")
        tasks = [[t for pool in POOLS for t in chunk_tasks(domain, pool, options.crop, [view], places)] for domain in chosen]
        chunks = prepare_chunks([task for mine in tasks for task in mine], workers, reporter)
        means = _all_means(list({chunk.folder for chunk in chunks.values()}), view, options.band, workers, reporter)
        parts = [_domain_part(*pair, chunks, means) for pair in zip(chosen, tasks, strict=True)]
    items, vectors = pa.concat_tables([part[0] for part in parts]), [part[1] for part in parts]
    n_features = max(part.shape[1] for part in vectors)
    if not ok_rows(items).any():
        raise DataError(_nothing_left(items, options))
    filled = [part if part.shape[1] else np.full((len(part), n_features), np.nan, np.float32) for part in vectors]
    return Embeddings(items, np.concatenate(filled), options.as_dict())


def wanted(domain: OpenDomain, options: EmbeddingOptions) -> OpenDomain:
    """
    Return the domain with nothing but the pictures that the options ask for.

    Raises
    ------
    DataError
        If there is none.
    """
    kept = [item for item in domain.items if options.split in ("all", item.split)]
    if not kept:
        raise DataError(f"{domain.name} has no picture in the split {options.split}; choose another --split, or leave it out.")
    if options.limit is not None:
        # By name, so that a larger limit adds pictures and takes none away.
        kept.sort(key=lambda item: digest([options.seed, item.id]))
        kept = [item for label in range(len(LABEL_NAMES)) for item in [i for i in kept if i.label == label][: options.limit]]
    ids = {item.id for item in kept}
    return guarded(domain, [item for item in domain.items if item.id not in ids])


def _all_means(
    folders: Sequence[str], view: ViewSpec, band: Band, workers: Workers, reporter: Reporter
) -> dict[str, dict[int, NDArray[np.float32]]]:
    """Mean vectors of the items of every chunk, by folder and number of the item in the chunk."""
    reporter.stage("collecting vectors" if band.kind == "all" else "filtering", len(folders))
    futures = {folder: workers.submit(_means, folder, view, band) for folder in folders}
    found = {}
    for folder, future in futures.items():
        found[folder] = future.result()
        reporter.advance()
    return found


def _means(folder: str, view: ViewSpec, band: Band) -> dict[int, NDArray[np.float32]]:
    """Mean over the crops of each item of a chunk: work for a worker."""
    known = chunk_view(folder, view, band)
    if known is None:
        return {}
    values, rows = known[0].columns, known[1]
    first = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]])  # crops of an item lie together
    sums = np.add.reduceat(values.astype(np.float64), first, axis=0)
    means = (sums / np.diff(np.r_[first, len(rows)])[:, None]).astype(np.float32)
    return dict(zip(rows[first].tolist(), means, strict=True))


def _domain_part(
    domain: OpenDomain, tasks: Sequence[ChunkTask], chunks: dict[str, Chunk], means: dict[str, dict[int, NDArray[np.float32]]]
) -> tuple[pa.Table, NDArray[np.float32]]:
    """Items of a domain and their vectors, which have no columns if there is not one."""
    mine = [chunks[task_key(task)] for task in tasks]
    found = [
        outcomes(domain, split, part, [chunks[task_key(task)] for task in part])
        for pool in POOLS
        for part in [[task for task in tasks if task.items[0].split in pool]]
        for split in pool
    ]
    items = [item for outcome in found for item in outcome.items]
    statuses = [status for outcome in found for status in outcome.statuses]
    vectors = {
        item.id: means[chunk.folder][i]
        for task, chunk in zip(tasks, mine, strict=True)
        for i, item in enumerate(task.items)
        if i in means[chunk.folder]
    }
    n_features = len(next(iter(vectors.values()), ()))
    nothing = np.full(n_features, np.nan, np.float32)
    rows = [vectors[item.id] if status == OK else nothing for item, status in zip(items, statuses, strict=True)]
    return item_table(domain.name, items, statuses).select(COLUMNS), np.array(rows, np.float32).reshape(len(items), n_features)


def _nothing_left(items: pa.Table, options: EmbeddingOptions) -> str:
    domain, item, detail = (items.column(name)[0].as_py() for name in ("domain", "item", "detail"))
    hint = f" Choose a smaller window than --crop {options.crop.side}." if "smaller than" in detail else ""
    return f"{domain}: none of its pictures can be used; the first, {item}: {detail}{hint}"
