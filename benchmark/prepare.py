"""
From items to cached views: read, decode, crop and transform every picture once.

Pictures are handled in chunks. A chunk's folder in the cache is named by the content of its pictures and the way they are
cropped; it holds ``crops.npy``, ``rows.npy`` (the picture that each crop comes from), ``meta.json`` (among others a hash of
what each picture shows) and one ``view-*.npy`` per view, of expensive views also one per band. Domains that share pictures
share chunks, and so do all draws of training and validation pictures: an item set is a list of rows of chunks. A chunk with a
picture that could not be used goes to the run's scratch folder instead, so that no failure is ever cached.
"""

import contextlib
import fcntl
import hashlib
import math
import os
import tempfile
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from cachetools import LRUCache, cached
from numpy.typing import NDArray

from ..pictures import crops as images
from ..frequency.bands import Band
from ..domains.catalogue import DatasetSpec, OpenDomain
from ..contracts import Framing, Item, View, ViewSpec
from ..errors import BenchError, DataError
from ..frequency.filters import filter_pixels
from ..pictures.crops import CropSpec
from ..domains.seen import write_learned
from ..pictures.lookalikes import Lookalikes, hashes_of, reduced
from ..pictures.perturbations import dataset_name, identity, perturb
from ..results.scores import item_table, write_table
from ..store import digest, publish_folder, read_json, write_json
from ..views import ALL_PASS, ViewKernel, features_from_crops, needs_crops, view_kernel

CHUNK_FORMAT = 2  # raised when the files of a chunk change
CHUNK_SIZE = 128
LARGE = 2**30  # bytes
OK = ("ok", "")
Reader = Callable[[Item], bytes]


@dataclass(frozen=True)
class Places:
    """Folders that a run writes to."""

    cache: str
    scratch: str
    records: str


@dataclass(frozen=True)
class ChunkTask:
    """What a worker needs to prepare some pictures of one data set, perturbed or not."""

    dataset: DatasetSpec
    seed: int
    replicate: int
    items: tuple[Item, ...]
    crop: CropSpec
    views: tuple[ViewSpec, ...]
    places: Places
    perturbation: str = ""

    @property
    def colour(self) -> bool:
        """Views of one task agree on it: see `chunk_tasks`."""
        return view_kernel(self.views[0]).colour


@dataclass(frozen=True)
class Chunk:
    """
    Prepared pictures.

    Attributes
    ----------
    folder : str
        With ``crops.npy``, ``rows.npy`` and the views.
    contents : tuple of str
        Content of every item: SHA-256 or the data set's fingerprint; empty where it could not be read. Perturbed or not, a
        picture is the same content.
    statuses : tuple of (status, detail)
        Of every item.
    hashes : tuple of int
        `perceptual_hash` of every item, as it is before any perturbation; 0 where its status is not ``ok``.
    seconds : float
        What reading, decoding and transforming took when it was done, whoever did it.
    fresh : bool
        Whether it was done just now.
    """

    folder: str
    contents: tuple[str, ...]
    statuses: tuple[tuple[str, str], ...]
    hashes: tuple[int, ...]
    seconds: float
    fresh: bool


def known_chunk(task: ChunkTask) -> Chunk | None:
    """Return a chunk that is all on disk already, if that can be told without reading a picture."""
    contents = tuple(item.fingerprint for item in task.items)
    if not all(contents):
        return None
    folder = Path(task.places.cache, "chunks", *_chunk_name(contents, task))
    if not (folder / "meta.json").exists() or not all(_view_file(folder, spec).exists() for spec in task.views):
        return None
    return prepare_chunk(task)


def prepare_chunk(task: ChunkTask) -> Chunk:
    """Make sure that every view of a chunk is on disk."""
    return _prepare(task, task.dataset.open(task.seed, task.replicate).read, {})


def prepare_together(tasks: Sequence[ChunkTask]) -> list[Chunk]:
    """Prepare chunks that show the same pictures under several perturbations; every picture is read once."""
    read: Reader = tasks[0].dataset.open(tasks[0].seed, tasks[0].replicate).read
    if len(tasks) > 1:
        read = cache(read)
    hashes: dict[str, int] = {}
    return [_prepare(task, read, hashes) for task in tasks]


def _prepare(task: ChunkTask, read: Reader, hashes: dict[str, int]) -> Chunk:
    contents, statuses, data = _identify(read, task.items)
    folder = Path(task.places.cache, "chunks", *_chunk_name(contents, task))
    meta = read_json(folder / "meta.json")
    fresh = meta is None
    if meta is None:
        cut = _crops(read, task, contents, statuses, data, hashes)
        statuses = cut.statuses
        clean = all(status == OK for status in statuses)
        if not clean:
            folder = Path(task.places.scratch, "chunks", folder.name)
        meta = {"seconds": cut.seconds, "n_items": len(task.items), "hashes": cut.hashes}
        _write_chunk(folder, cut.crops, cut.rows, meta)
    seconds = meta["seconds"]
    for spec in task.views:
        seconds += _prepare_view(folder, spec)
    return Chunk(str(folder), contents, tuple(statuses), tuple(meta["hashes"]), seconds, fresh)


def _identify(read: Reader, items: Sequence[Item]) -> tuple[tuple[str, ...], list[tuple[str, str]], dict[str, bytes]]:
    """Content of every item without decoding it; files are read here, once, and handed on."""
    contents, statuses, data = [], [], {}
    for item in items:
        status, content = OK, item.fingerprint
        if not content:
            status, raw = _read(read, item)
            if status == OK:
                data[item.id] = raw
                content = hashlib.sha256(raw).hexdigest()
        contents.append(content)
        statuses.append(status)
    return tuple(contents), statuses, data


def _read(read: Reader, item: Item) -> tuple[tuple[str, str], bytes]:
    try:
        return OK, read(item)
    except FileNotFoundError:
        return ("missing", "the file is gone."), b""
    except (OSError, BenchError) as error:
        return ("error", f"cannot be read ({getattr(error, 'strerror', None) or error})."), b""


def _chunk_name(contents: Sequence[str], task: ChunkTask) -> tuple[str, str]:
    perturbed = [identity(task.perturbation)] if task.perturbation else []
    key = digest(["chunk", CHUNK_FORMAT, images.VERSION, contents, asdict(task.crop), task.colour, *perturbed])
    return key[:2], key


class _Crops(NamedTuple):
    """Crops of some items, the item that each shows, and what became of every item."""

    crops: NDArray[np.uint8]
    rows: NDArray[np.int32]
    statuses: list[tuple[str, str]]
    hashes: list[int]
    seconds: float


def _crops(
    read: Reader,
    task: ChunkTask,
    contents: Sequence[str],
    statuses: Sequence[tuple[str, str]],
    data: dict[str, bytes],
    known_hashes: dict[str, int],
) -> _Crops:
    start = time.perf_counter()
    crops, rows, outcome = [], [], []
    reductions: dict[str, NDArray[np.uint8]] = {}
    for i, (item, content, status) in enumerate(zip(task.items, contents, statuses, strict=True)):
        raw = data.get(item.id, b"")
        if status == OK and item.fingerprint:
            status, raw = _read(read, item)
        if status == OK:
            try:
                picture = images.decode(raw, task.colour or bool(task.perturbation))
                cut = images.cut(_perturbed(picture, content, task), task.crop)
                crops += cut
                rows += [i] * len(cut)
                if content not in known_hashes:
                    reductions[content] = reduced(picture)
            except DataError as error:
                status = ("error", str(error))
        outcome.append(status)
    side = task.crop.side
    shape = (0, side, side, 3) if task.colour else (0, side, side)
    stack = np.stack(crops) if crops else np.empty(shape, np.uint8)
    if reductions:
        known_hashes.update(zip(reductions, hashes_of(np.stack(list(reductions.values()))).tolist(), strict=True))
    hashes = [known_hashes[c] if status == OK else 0 for c, status in zip(contents, outcome, strict=True)]
    return _Crops(stack, np.array(rows, dtype=np.int32), outcome, hashes, time.perf_counter() - start)


def _perturbed(picture: NDArray[np.uint8], content: str, task: ChunkTask) -> NDArray[np.uint8]:
    """A picture after what is done to it: given in colour even where grey is wanted, so that every view sees the same."""
    if not task.perturbation:
        return picture
    changed = perturb(picture, task.perturbation, content)
    return images.in_colour(changed) if task.colour else images.in_grey(changed)


def _write_chunk(folder: Path, crops: NDArray, rows: NDArray, meta: dict[str, object]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".chunk-", dir=folder.parent))
    np.save(temporary / "crops.npy", crops)
    np.save(temporary / "rows.npy", rows)
    write_json(temporary / "meta.json", meta)
    publish_folder(temporary, folder)


def _view_file(folder: Path, spec: ViewSpec, band: Band = ALL_PASS) -> Path:
    """File of the base of a view of the crops, or of filtered crops."""
    name = _view_file_name(spec.name, view_kernel(spec))
    return folder / (name if band.kind == "all" else f"{name.removesuffix('.npy')}-{digest(band.as_dict())[:16]}.npy")


@lru_cache
def _view_file_name(name: str, kernel: ViewKernel) -> str:
    return f"view-{name}-{digest([name, asdict(kernel)])[:16]}.npy"  # type: ignore[call-overload]


def _prepare_view(folder: Path, spec: ViewSpec, band: Band = ALL_PASS) -> float:
    """Write the base of one view of the crops, filtered first, unless it is there; return the seconds that it took."""
    path = _view_file(folder, spec, band)
    cost = path.with_suffix(".json")
    if not path.exists():
        crops = np.load(folder / "crops.npy", mmap_mode="r")
        if not len(crops):
            return 0.0
        start = time.perf_counter()
        base = view_kernel(spec).base(filter_pixels(crops, band))
        temporary = path.with_name(f".{path.stem}.{os.getpid()}.npy")
        np.save(temporary, base)
        write_json(cost, {"seconds": time.perf_counter() - start})
        temporary.replace(path)
    return (read_json(cost) or {"seconds": 0.0})["seconds"]


# --- item sets -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GuardedDomain(OpenDomain):
    """
    A domain without the training and validation items that share something with held-out ones.

    Attributes
    ----------
    plain : OpenDomain
        The whole domain.
    left_out : frozenset of str
        Ids.
    """

    left_out: frozenset[str] = frozenset()

    @cached_property
    def items(self) -> Sequence[Item]:
        """All items that are used, every split."""
        return [item for item in whole(self).items if item.id not in self.left_out]


def guarded(domain: OpenDomain, left_out: Iterable[Item]) -> GuardedDomain:
    """Return a domain without some of its items."""
    ids = frozenset(item.id for item in left_out)
    return GuardedDomain(domain.name, domain.spec, domain.seed, domain.replicate, domain, domain.dataset, left_out=ids)


def whole(domain: OpenDomain) -> OpenDomain:
    """Return a domain with everything that the data set lists, whatever the guard left out."""
    return domain.plain if isinstance(domain, GuardedDomain) and domain.plain else domain


@dataclass(frozen=True)
class Provenance:
    """
    What a row has to say of an item set besides its scores.

    Attributes
    ----------
    split_list, test_list : str
        `protocol.split_digest` of all items of its domain in this draw, and of the test items among them.
    pictures : str
        Digest of ids and contents, whatever could be decoded: the same for equal pictures only.
    n_dropped : int
        Items of its split that the guard left out.
    facts : mapping of str
        `Dataset.facts` of its data set.
    lookalikes : Lookalikes
        Items that look like one that the detector was fitted or validated on.
    may_be_shown : bool
        `Dataset.may_be_shown` of its data set.
    framing : Framing
        `Dataset.framing` of its data set.
    """

    split_list: str = ""
    test_list: str = ""
    pictures: str = ""
    n_dropped: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)
    lookalikes: Lookalikes = field(default_factory=Lookalikes)
    may_be_shown: bool = False
    framing: Framing = field(default_factory=Framing)


@dataclass(frozen=True)
class ItemSet:
    """
    One split of one domain in one replicate, prepared.

    Attributes
    ----------
    domain, split : str
    digest : str
        Of ids, contents, labels, groups and statuses, and of what was done to the pictures: what a record's key needs.
    table : str
        Path of its item table (Parquet).
    grey, colour : tuple of str
        Chunk folders that hold its crops; empty if no view needed them.
    index : str
        Path of a NumPy archive with ``grey`` and ``colour``, arrays of int32 (n_crops, 3): chunk, row within the
        chunk, and position among the items with status ``ok``.
    n_items, n_ok : int
    problems : tuple of (item id, status, detail)
    seconds_per_item : float
        Reading, decoding and transforming.
    provenance : Provenance
    """

    domain: str
    split: str
    digest: str
    table: str
    grey: tuple[str, ...]
    colour: tuple[str, ...]
    index: str
    n_items: int
    n_ok: int
    problems: tuple[tuple[str, str, str], ...]
    seconds_per_item: float
    provenance: Provenance = field(default_factory=Provenance)


def chunk_tasks(
    domain: OpenDomain, splits: Sequence[str], crop: CropSpec, views: Sequence[ViewSpec], places: Places
) -> list[ChunkTask]:
    """
    Cut some splits of a domain, taken together, into tasks.

    By class, so that pools of pictures shared by domains are shared as chunks; and not by split, so that every picture is
    handled once however its replicates are drawn.
    """
    items = sorted((item for split in splits for item in domain.split(split)), key=lambda item: (item.label, item.id))
    tasks = []
    for colour in (False, True):
        wanted = tuple(v for v in views if view_kernel(v).colour == colour)
        if not wanted:
            continue
        for label in (0, 1):
            mine = [item for item in items if item.label == label]
            for start in range(0, len(mine), CHUNK_SIZE):
                part = tuple(mine[start : start + CHUNK_SIZE])
                source = (domain.spec, domain.seed, domain.replicate)
                tasks.append(ChunkTask(*source, part, crop, wanted, places, domain.perturbation))
    return tasks


@dataclass(frozen=True)
class Outcomes:
    """Items of one split, the content of each, the hash of what it shows, and what became of it."""

    items: tuple[Item, ...]
    contents: tuple[str, ...]
    hashes: tuple[int, ...]
    statuses: tuple[tuple[str, str], ...]

    def shown(self) -> tuple[list[str], NDArray[np.uint64]]:
        """Ids and hashes of the items with status ``ok``."""
        ok = [i for i, status in enumerate(self.statuses) if status == OK]
        return [self.items[i].id for i in ok], np.array([self.hashes[i] for i in ok], dtype=np.uint64)


def outcomes(domain: OpenDomain, split: str, tasks: Sequence[ChunkTask], chunks: Sequence[Chunk]) -> Outcomes:
    """Pick one split out of prepared chunks (in the order of their `chunk_tasks`)."""
    items = domain.split(split)
    wanted = {item.id for item in items}
    found: dict[str, tuple[tuple[str, str], str, int]] = {}
    for task, chunk in zip(tasks, chunks, strict=True):
        for item, content, status, shown in zip(task.items, chunk.contents, chunk.statuses, chunk.hashes, strict=True):
            # Grey and colour come from the same bytes; the worse outcome counts.
            if item.id in wanted and found.get(item.id, (OK,))[0] == OK:
                found[item.id] = status, content, shown
    given, contents, hashes = zip(*(found[item.id] for item in items), strict=True) if items else ((), (), ())
    labels: dict[str, set[int]] = {}
    for item, content, status in zip(items, contents, given, strict=True):
        if status == OK:
            labels.setdefault(content, set()).add(item.label)
    both = ("error", "the same picture is among the real and the fake ones.")
    statuses = tuple(
        both if len(labels.get(content, ())) == 2 else status for content, status in zip(contents, given, strict=True)
    )
    return Outcomes(tuple(items), contents, hashes, statuses)


def without_copies(outcome: Outcomes, taken: Mapping[str, str]) -> Outcomes:
    """
    Refuse items that a detector has seen, whatever their name: a score on them would be memory.

    Parameters
    ----------
    outcome : Outcomes
    taken : mapping of str to str
        Contents of training and validation items, and what to call where they are.
    """
    statuses = tuple(
        ("error", f"the same picture is among {taken[content]}.") if status == OK and content in taken else status
        for content, status in zip(outcome.contents, outcome.statuses, strict=True)
    )
    return replace(outcome, statuses=statuses)


def without_items(outcome: Outcomes, ids: Container[str], why: str) -> Outcomes:
    """Refuse some items, whatever they hold."""
    statuses = tuple(
        ("error", why) if status == OK and item.id in ids else status
        for item, status in zip(outcome.items, outcome.statuses, strict=True)
    )
    return replace(outcome, statuses=statuses)


def item_set(domain: OpenDomain, split: str, outcome: Outcomes, tasks: Sequence[ChunkTask], chunks: Sequence[Chunk]) -> ItemSet:
    """
    Make the item set of one split, and write its item table and index.

    Raises
    ------
    DataError
        If a class that is listed has no usable picture left.
    """
    items, statuses = outcome.items, outcome.statuses
    problems = tuple((item.id, *status) for item, status in zip(items, statuses, strict=True) if status != OK)
    for label, name in ((0, "real"), (1, "fake")):
        mine = [status for item, status in zip(items, statuses, strict=True) if item.label == label]
        if mine and OK not in mine:
            raise DataError(_nothing_left(domain.name, split, name, problems))
    listed = [[i.id, c, i.label, i.group, s[0]] for i, c, s in zip(items, outcome.contents, statuses, strict=True)]
    key = digest([identity(domain.perturbation), listed] if domain.perturbation else listed)
    usable = {item.id: n for n, item in enumerate(i for i, s in zip(items, statuses, strict=True) if s == OK)}
    place = Path(tasks[0].places.scratch, "items", f"{key[:16]}-{domain.replicate}-{split}-{digest(domain.name)[:8]}")
    write_table(place.with_suffix(".parquet"), item_table(domain.name, items, statuses), durable=False)
    folders: dict[str, tuple[str, ...]] = {}
    index: dict[str, NDArray[np.int32]] = {}
    for name, colour in (("grey", False), ("colour", True)):
        mine = [(task, chunk) for task, chunk in zip(tasks, chunks, strict=True) if task.colour == colour]
        folders[name], index[name] = _index(mine, usable)
    np.savez(place.with_suffix(".npz"), **index)  # pyright: ignore[reportArgumentType] (arrays by name)
    if split != "test":
        known = [content for content, status in zip(outcome.contents, statuses, strict=True) if status == OK]
        write_learned(place.with_suffix(".parquet"), domain, items, known)
    seconds = [chunk.seconds / len(task.items) for task, chunk in zip(tasks, chunks, strict=True)]
    return ItemSet(
        domain=domain.name,
        split=split,
        digest=key,
        table=str(place.with_suffix(".parquet")),
        grey=folders["grey"],
        colour=folders["colour"],
        index=str(place.with_suffix(".npz")),
        n_items=len(items),
        n_ok=len(usable),
        problems=problems,
        seconds_per_item=sum(seconds) / len(seconds),
        provenance=Provenance(pictures=digest(sorted([i.id, c] for i, c in zip(items, outcome.contents, strict=True)))),
    )


def _index(chunks: Sequence[tuple[ChunkTask, Chunk]], position: dict[str, int]) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Folders of the chunks that hold some items, and where in them: (chunk, row, position of the item)."""
    folders: list[str] = []
    parts = [np.empty((0, 3), dtype=np.int32)]
    for task, chunk in chunks:
        place = np.array([position.get(item.id, -1) for item in task.items], dtype=np.int32)
        item_of_row = place[np.load(Path(chunk.folder, "rows.npy"))]
        rows = np.flatnonzero(item_of_row >= 0).astype(np.int32)
        if rows.size:
            parts.append(np.stack([np.full(rows.size, len(folders), dtype=np.int32), rows, item_of_row[rows]], axis=1))
            folders.append(chunk.folder)
    return tuple(folders), np.concatenate(parts)


def _nothing_left(domain: str, split: str, label: str, problems: Sequence[tuple[str, str, str]]) -> str:
    shown = "; ".join(f"{item}: {detail}" for item, _, detail in problems[:3])
    more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
    hint = " Choose a smaller window with --crop." if any("smaller than" in p[2] for p in problems) else ""
    why = f" ({shown}{more})" if shown else ""
    return f"{domain}: no usable {label} picture in {split}{why}.{hint}"


def load_view(items: ItemSet, spec: ViewSpec, band: Band) -> tuple[View, NDArray[np.intp]]:
    """
    Features of an item set under a band.

    Returns
    -------
    view : View of n_crops
    rows : array of int (n_crops,)
        Position, among the items with status ``ok``, of the item that each crop shows.
    """
    kernel = view_kernel(spec)
    folders = items.colour if kernel.colour else items.grey
    index = _read_index(items.index)["colour" if kernel.colour else "grey"]
    # Chunks are in ascending order in the index.
    bounds = np.searchsorted(index[:, 0], np.arange(len(folders) + 1))
    values: NDArray | None = None
    frequency = None
    for folder, start, stop in zip(folders, bounds[:-1], bounds[1:], strict=True):
        rows = index[start:stop, 1]
        part = _chunk_features(kernel, spec, folder, rows, band)
        if values is None:
            values = _room((len(index), *part.values.shape[1:]), part.values.dtype, Path(items.index).parent)
            frequency = part.frequency
        values[start:stop] = part.values
    assert values is not None  # an item set has pictures of both classes
    values.setflags(write=False)
    return View(values, frequency), index[:, 2].astype(np.intp)


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


def chunk_view(folder: str, spec: ViewSpec, band: Band) -> tuple[View, NDArray[np.intp]] | None:
    """
    Features of all crops of a prepared chunk under a band, and which of its items each crop shows.

    Returns
    -------
    view : View of n_crops
    rows : array of int (n_crops,)
        None in the place of both if not one of its items could be used.
    """
    rows = np.load(Path(folder, "rows.npy"))
    if not rows.size:
        return None
    return _chunk_features(view_kernel(spec), spec, folder, np.arange(len(rows), dtype=np.int32), band), rows.astype(np.intp)


def _room(shape: tuple[int, ...], dtype: np.dtype, folder: Path) -> NDArray:
    """An array to be filled; a large one lies in a nameless file, whose pages need not all be in memory."""
    if math.prod(shape) * dtype.itemsize < LARGE:
        return np.empty(shape, dtype)
    with tempfile.TemporaryFile(dir=folder) as file:
        return np.memmap(file, dtype=dtype, mode="w+", shape=shape)


@cached(LRUCache(32_000_000, getsizeof=lambda index: sum(array.nbytes for array in index.values())))
def _read_index(path: str) -> dict[str, NDArray[np.int32]]:
    with np.load(path) as archive:
        return dict(archive)


@lru_cache(maxsize=256)
def _open_array(path: str) -> NDArray:
    """Open a file of a chunk without reading it: workers share its pages, and what is not asked for is never read."""
    return np.load(path, mmap_mode="r")


def _chunk_features(kernel: ViewKernel, spec: ViewSpec, folder: str, rows: NDArray[np.int32], band: Band) -> View:
    filtered = ALL_PASS
    if needs_crops(kernel, band):
        if not kernel.expensive:
            whole = _filtered_chunk(kernel, folder, band)
            return whole if len(rows) == len(whole) else whole[rows]
        _prepare_filtered(Path(folder), spec, band)
        filtered, band = band, ALL_PASS
    base = _open_array(str(_view_file(Path(folder), spec, filtered)))
    part = kernel.features(base, _crop_shape(folder), band)
    return part if len(rows) == len(part) else part[rows]


def _prepare_filtered(folder: Path, spec: ViewSpec, band: Band) -> None:
    """Write the base of one view of filtered crops unless it is there; whoever else wants it waits instead of computing it."""
    path = _view_file(folder, spec, band)
    if path.exists():
        return
    lock = path.with_suffix(".lock")
    with lock.open("a") as file:
        with contextlib.suppress(OSError):  # a disk without locks costs time alone
            fcntl.flock(file, fcntl.LOCK_EX)
        try:
            _prepare_view(folder, spec, band)
        finally:
            lock.unlink(missing_ok=True)  # those who wait hold the file all the same


def _crop_shape(folder: str) -> tuple[int, int]:
    return _open_array(str(Path(folder, "crops.npy"))).shape[1:3]


@cached(LRUCache(64_000_000, getsizeof=lambda view: view.values.nbytes))
def _filtered_chunk(kernel: ViewKernel, folder: str, band: Band) -> View:
    """Features that have to start from the crops; kept for the other draws that ask for the same pictures."""
    crops = np.asarray(_open_array(str(Path(folder, "crops.npy"))))
    return features_from_crops(kernel, crops, band)


def iter_problems(sets: Sequence[ItemSet]) -> Iterator[tuple[str, str, str, str]]:
    """Every item that could not be used, once: (data set, item, status, detail)."""
    seen = set()
    for items in sets:
        name = dataset_name(items.domain)
        for item, status, detail in items.problems:
            if (name, item) not in seen:
                seen.add((name, item))
                yield name, item, status, detail
