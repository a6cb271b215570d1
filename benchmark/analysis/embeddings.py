"""Feature vectors of pictures with their ids, as a detector is given them, for other programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..contracts import ViewSpec
from ..domains.catalogue import OpenDomain
from ..errors import BenchError, DataError
from ..features.load import chunk_view
from ..features.prepare import PreparedDomain, Request, prepare_domains, scratch_places, select_items
from ..frequency.bands import Band
from ..pictures.crops import CropSpec
from ..registry import DetectorSpec
from ..reporting import Reporter
from ..results.scores import OK, ItemStatus, Reason, item_table, ok_rows, write_table
from ..store.files import atomic_path
from ..workers import Workers

SUFFIXES = (".parquet", ".npz")
COLUMNS = ("domain", "item", "label", "split", "group", "status", "detail")
ABOUT = "bandbench.embeddings"


@dataclass(frozen=True)
class EmbeddingOptions:
    """
    Selection of pictures, and settings of their vectors.

    Attributes
    ----------
    detector : DetectorSpec
        Whose view gives the vectors; planes and pixels are flattened.
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
        """View of the detector."""
        return self.detector.build(self.seed).view

    def as_dict(self) -> dict[str, Any]:
        """Return the options in JSON types."""
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
        Options that they were made with.
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
    requests = [Request(selection(domain, options)) for domain in domains]
    with scratch_places() as places:
        prepared = prepare_domains(requests, options.crop, [options.view], places, workers, reporter)
        folders = dict.fromkeys(chunk.folder for part in prepared for chunk in part.chunks)
        means = _all_means(list(folders), options.view, options.band, workers, reporter)
        parts = [_domain_part(part, means) for part in prepared]
    items, vectors = pa.concat_tables([part[0] for part in parts]), [part[1] for part in parts]
    statuses = [status for part in parts for status in part[2]]
    n_features = max(part.shape[1] for part in vectors)
    if not ok_rows(items).any():
        raise DataError(_nothing_left(items, statuses[0], options))
    filled = [part if part.shape[1] else np.full((len(part), n_features), np.nan, np.float32) for part in vectors]
    return Embeddings(items, np.concatenate(filled), options.as_dict())


def selection(domain: OpenDomain, options: EmbeddingOptions) -> OpenDomain:
    """
    Return the domain with the pictures that the options select, and no others.

    Raises
    ------
    DataError
        If there is none.
    """
    return select_items(domain, options.split, options.limit, options.seed)


def _all_means(
    folders: Sequence[str], view: ViewSpec, band: Band, workers: Workers, reporter: Reporter
) -> dict[str, dict[int, NDArray[np.float32]]]:
    """Return the mean vectors of the items of every chunk, by folder and position of the item in the chunk."""
    reporter.stage("collecting vectors" if band.kind == "all" else "filtering", len(folders))
    futures = {folder: workers.submit(_means, folder, view, band) for folder in folders}
    means = {}
    for folder, future in futures.items():
        means[folder] = future.result()
        reporter.advance()
    return means


def _means(folder: str, view: ViewSpec, band: Band) -> dict[int, NDArray[np.float32]]:
    """Return the mean over the crops of each item of a chunk; a worker does it."""
    features_and_rows = chunk_view(folder, view, band)
    if features_and_rows is None:
        return {}
    values, rows = features_and_rows[0].columns, features_and_rows[1]
    first = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]])  # crops of an item lie together
    sums = np.add.reduceat(values.astype(np.float64), first, axis=0)
    means = (sums / np.diff(np.r_[first, len(rows)])[:, None]).astype(np.float32)
    return dict(zip(rows[first].tolist(), means, strict=True))


def _domain_part(
    prepared: PreparedDomain, means: Mapping[str, Mapping[int, NDArray[np.float32]]]
) -> tuple[pa.Table, NDArray[np.float32], list[ItemStatus]]:
    """Return the items of a domain, their vectors (without columns if no item has one) and their statuses."""
    by_split = [prepared.statuses(split) for split in prepared.request.splits]
    items = [item for of_split in by_split for item in of_split.items]
    statuses = [status for of_split in by_split for status in of_split.statuses]
    vectors = {
        item.id: means[chunk.folder][i]
        for task, chunk in zip(prepared.tasks, prepared.chunks, strict=True)
        for i, item in enumerate(task.items)
        if i in means[chunk.folder]
    }
    n_features = len(next(iter(vectors.values()), ()))
    undefined = np.full(n_features, np.nan, np.float32)
    rows = [vectors[item.id] if status == OK else undefined for item, status in zip(items, statuses, strict=True)]
    table = item_table(prepared.domain.name, items, statuses).select(COLUMNS)
    return table, np.array(rows, np.float32).reshape(len(items), n_features), statuses


def _nothing_left(items: pa.Table, first: ItemStatus, options: EmbeddingOptions) -> str:
    domain, item = (items.column(name)[0].as_py() for name in ("domain", "item"))
    hint = f" Choose a smaller window than --crop {options.crop.side}." if first.reason is Reason.TOO_SMALL else ""
    return f"{domain}: none of its pictures can be used; the first, {item}: {first.detail}{hint}"
