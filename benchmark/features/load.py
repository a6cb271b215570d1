"""Cached features of an item set under a band."""

import contextlib
import math
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from cachetools import LRUCache, cached
from cachetools.keys import hashkey
from numpy.typing import NDArray

from ..contracts import Features, ViewSpec
from ..frequency.bands import Band
from ..records import ItemSet
from ..store.disk import writing
from ..store.locks import holding
from ..views import features_from_crops, view_kernel
from ..views.kernel import ALL_PASS, ViewKernel
from .chunks import prepare_view, view_file

LARGE = 2**30  # bytes
FILTERED = 256_000_000  # bytes of features from crops that a worker keeps
FILTERED_CHUNKS: LRUCache[Any, Features] = LRUCache(FILTERED, getsizeof=lambda view: view.values.nbytes)
MOST_TOGETHER = 64  # bands: what is made once for all of them then costs each little
MOST_FEATURES = 320  # of a crop, in views of which several bands are computed together


def load_view(items: ItemSet, spec: ViewSpec, band: Band) -> tuple[Features, NDArray[np.intp]]:
    """
    Features of an item set under a band.

    Returns
    -------
    view : Features of n_crops
    rows : array of int (n_crops,)
        Position, among the items with status ``ok``, of the item that each crop shows.
    """
    kernel = view_kernel(spec)
    folders = items.colour if kernel.colour else items.grey
    index = _read_index(items.index)["colour" if kernel.colour else "grey"]
    # Chunks are in ascending order in the index.
    bounds = np.searchsorted(index[:, 0], np.arange(len(folders) + 1))
    values: NDArray | None = None
    part = None
    for folder, start, stop in zip(folders, bounds[:-1], bounds[1:], strict=True):
        rows = index[start:stop, 1]
        part = _chunk_features(kernel, spec, folder, rows, band)
        if values is None:
            values = _allocate((len(index), *part.values.shape[1:]), part.values.dtype, Path(items.index).parent)
        values[start:stop] = part.values
    assert values is not None  # an item set has pictures of both classes
    assert part is not None
    values.setflags(write=False)
    return replace(part, values=values), index[:, 2].astype(np.intp)


def bands_together(items: Sequence[ItemSet], spec: ViewSpec, band: Band) -> int:
    """Return how many bands like one are best prepared by one worker (`share_bands`); 1 where that gains nothing."""
    kernel = view_kernel(spec)
    if kernel.expensive or not kernel.joins_bands(band):
        return 1
    size = sum(one.n_ok for one in items) * MOST_FEATURES * np.dtype(np.float64).itemsize
    return int(np.clip(FILTERED // max(1, size), 1, MOST_TOGETHER))


def share_bands(items: Iterable[ItemSet], spec: ViewSpec, bands: Sequence[Band]) -> None:
    """Compute features of several bands from the crops, so that `load_view` of this process finds them."""
    kernel = view_kernel(spec)
    for folder in dict.fromkeys(folder for one in items for folder in (one.colour if kernel.colour else one.grey)):
        crops = np.asarray(_open_array(str(Path(folder, "crops.npy"))))
        for band, features in zip(bands, kernel.from_crops_of(crops, bands), strict=True):
            FILTERED_CHUNKS[hashkey(kernel, folder, band)] = features


def first_crop(items: ItemSet, place: int) -> NDArray[np.uint8]:
    """
    First crop of an item as it was cut, in colour if there is such a one.

    Parameters
    ----------
    items : ItemSet
    place : int
        Of the item, among those with status ``ok``.

    Returns
    -------
    array of uint8 (rows, cols[, 3])
    """
    kind, folders = ("colour", items.colour) if items.colour else ("grey", items.grey)
    index = _read_index(items.index)[kind]
    chunk, row, _ = index[np.flatnonzero(index[:, 2] == place)[0]]
    return np.array(_open_array(str(Path(folders[chunk], "crops.npy")))[row])


def iter_crops(items: ItemSet, colour: bool) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.intp]]]:
    """
    Yield the crops of an item set as they were cut, chunk by chunk.

    Parameters
    ----------
    items : ItemSet
    colour : bool
        The crops of views that take colour, or those of views that take grey; one kind may not have been prepared.

    Yields
    ------
    crops : array of uint8 (n_crops, side, side[, 3])
    rows : array of int (n_crops,)
        Position, among the items with status ``ok``, of the item that each crop shows.
    """
    kind, folders = ("colour", items.colour) if colour else ("grey", items.grey)
    index = _read_index(items.index)[kind]
    for chunk, folder in enumerate(folders):
        _, rows, places = index[index[:, 0] == chunk].T
        # Not `_open_array`, which would keep the pages of many chunks.
        yield np.load(Path(folder, "crops.npy"), mmap_mode="r")[rows], places.astype(np.intp)


def chunk_view(folder: str, spec: ViewSpec, band: Band) -> tuple[Features, NDArray[np.intp]] | None:
    """
    Features of all crops of a prepared chunk under a band, and which of its items each crop shows.

    Returns
    -------
    view : Features of n_crops
    rows : array of int (n_crops,)
        None in the place of both if not one of its items could be used.
    """
    rows = np.load(Path(folder, "rows.npy"))
    if not rows.size:
        return None
    return _chunk_features(view_kernel(spec), spec, folder, np.arange(len(rows), dtype=np.int32), band), rows.astype(np.intp)


def _allocate(shape: tuple[int, ...], dtype: np.dtype, folder: Path) -> NDArray:
    """Allocate the result; from 1 GiB on as an unnamed memory-mapped temporary file."""
    n_bytes = math.prod(shape) * dtype.itemsize
    if n_bytes < LARGE:
        return np.empty(shape, dtype)
    with writing(folder, n_bytes), tempfile.TemporaryFile(dir=folder) as file:
        os.posix_fallocate(file.fileno(), 0, n_bytes)  # a page for which the disk has no room would end the process later
        return np.memmap(file, dtype=dtype, mode="w+", shape=shape)


@cached(LRUCache(32_000_000, getsizeof=lambda index: sum(array.nbytes for array in index.values())))
def _read_index(path: str) -> dict[str, NDArray[np.int32]]:
    with np.load(path) as archive:
        return dict(archive)


@lru_cache(maxsize=256)
def _open_array(path: str) -> NDArray:
    """Open a file of a chunk without reading it: workers share its pages, and what is not asked for is never read."""
    return np.load(path, mmap_mode="r")


def _chunk_features(kernel: ViewKernel, spec: ViewSpec, folder: str, rows: NDArray[np.int32], band: Band) -> Features:
    filtered = ALL_PASS
    if kernel.needs_crops(band):
        if not kernel.expensive:
            features = _filtered_chunk(kernel, folder, band)
            return features if len(rows) == len(features) else features[rows]
        _prepare_filtered(Path(folder), spec, band)
        filtered, band = band, ALL_PASS
    base = _open_array(str(view_file(Path(folder), spec, filtered)))
    part = kernel.features(base, _crop_shape(folder), band)
    return part if len(rows) == len(part) else part[rows]


def _prepare_filtered(folder: Path, spec: ViewSpec, band: Band) -> None:
    """Write the base of one view of filtered crops unless it is there; whoever else wants it waits instead of computing it."""
    path = view_file(folder, spec, band)
    if path.exists():
        return
    lock = path.with_suffix(".lock")
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError, NotImplementedError):  # a disk without locks costs time alone
            held.enter_context(holding(lock))
        try:
            prepare_view(folder, spec, band)
        finally:
            lock.unlink(missing_ok=True)  # those who wait find it gone, and take one of their own


def _crop_shape(folder: str) -> tuple[int, int]:
    return _open_array(str(Path(folder, "crops.npy"))).shape[1:3]


@cached(FILTERED_CHUNKS)
def _filtered_chunk(kernel: ViewKernel, folder: str, band: Band) -> Features:
    """Features that have to start from the crops; kept for the other draws that ask for the same pictures."""
    crops = np.asarray(_open_array(str(Path(folder, "crops.npy"))))
    return features_from_crops(kernel, crops, band)
