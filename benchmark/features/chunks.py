"""Chunks: crops and views of up to 128 pictures, cached by the content of the pictures."""

import hashlib
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..contracts import FAKE, REAL, Item, ViewSpec
from ..domains.catalogue import DatasetSpec, OpenDomain
from ..errors import PLUGIN_FAILURES, BenchError, DataError, TooSmallError
from ..fitted import failure
from ..frequency.bands import Band
from ..frequency.filters import filter_pixels
from ..pictures import crops as images
from ..pictures import file_facts
from ..pictures.crops import CropSpec
from ..pictures.lookalikes import hashes_of
from ..pictures.perturbations import SpectrumStatistics, chain_key, perturb
from ..pictures.traces import Traces
from ..registry import datasets
from ..results.scores import OK, ItemStatus, Reason, Status
from ..store.disk import writing
from ..store.files import atomic_path, digest, publish_folder, read_json, write_json
from ..store.uses import hold_entry
from ..views import view_kernel, view_key
from ..views.kernel import ALL_PASS, ViewKernel

CHUNK_FORMAT = 3  # raised when the files of a chunk change
CHUNK_SIZE = 128
MOST_REASON = 300  # characters of an error of a data set that a status quotes
KEPT_BYTES = 2**27  # of the files of a chunk; a file beyond them is read again where it is decoded
Reader = Callable[[Item], bytes]


@dataclass(frozen=True)
class Places:
    """
    Folders that a run writes to.

    `turn` is the share of the chunks that are left to the end. Shards of one study have different ones, so that each finds in
    the cache what the others have prepared.
    """

    cache: str
    scratch: str
    records: str
    turn: float = 0.0


@dataclass(frozen=True)
class ChunkTask:
    """
    Pictures of one data set, perturbed or not, and the crops and views to make of them; a worker does it.

    `reals` are statistics of the training reals, for a perturbation that takes them.
    """

    dataset: DatasetSpec
    seed: int
    replicate: int
    items: tuple[Item, ...]
    crop: CropSpec
    views: tuple[ViewSpec, ...]
    places: Places
    perturbation: str = ""
    reals: SpectrumStatistics | None = None

    @property
    def colour(self) -> bool:
        """Decode in colour; the views of one task agree on it (`chunk_tasks`)."""
        return view_kernel(self.views[0]).colour

    @property
    def perturbation_key(self) -> list[Any]:
        """Key of the perturbation and of the training reals that it takes statistics from; empty for no perturbation."""
        return [chain_key(self.perturbation), *([self.reals.key] if self.reals else [])] if self.perturbation else []


@dataclass(frozen=True)
class Chunk:
    """
    Prepared pictures.

    Attributes
    ----------
    folder : str
        With ``crops.npy``, ``rows.npy`` and the views; grey chunks have ``facts.npy``, the facts of the file of every item.
    contents : tuple of str
        Content of every item: SHA-256 or the data set's fingerprint; empty where it could not be read. Perturbed or not, a
        picture is the same content.
    statuses : tuple of ItemStatus
        Of every item.
    hashes : tuple of int
        `perceptual_hash` of every item, as it is before any perturbation; 0 where its status is not ``ok``.
    seconds : float
        Cost of reading, decoding and transforming at the time it was done, also by an earlier run.
    fresh : bool
        It was prepared by this call.
    """

    folder: str
    contents: tuple[str, ...]
    statuses: tuple[ItemStatus, ...]
    hashes: tuple[int, ...]
    seconds: float
    fresh: bool


def cached_chunk(task: ChunkTask) -> Chunk | None:
    """Return a chunk whose files are all in the cache; None if one is missing, or if an item has no fingerprint."""
    contents = tuple(item.fingerprint for item in task.items)
    if not all(contents):
        return None
    folder = _held_folder(contents, task)
    if not (folder / "meta.json").exists() or not all(view_file(folder, spec).exists() for spec in task.views):
        return None
    return prepare_chunk(task)


def prepare_chunk(task: ChunkTask) -> Chunk:
    """Make sure that every view of a chunk is on disk."""
    return _prepare(task, task.dataset.open(task.seed, task.replicate).read, {})


def prepare_together(tasks: Sequence[ChunkTask]) -> list[Chunk]:
    """Prepare chunks that show the same pictures under several perturbations; every picture is read once."""
    read: Reader = tasks[0].dataset.open(tasks[0].seed, tasks[0].replicate).read
    if len(tasks) > 1:
        read = _keeping(read)
    hashes: dict[str, int] = {}
    return [_prepare(task, read, hashes) for task in tasks]


def _keeping(read: Reader) -> Reader:
    """Return a reader that keeps the bytes of what it has read, up to `KEPT_BYTES` of them."""
    kept: dict[str, bytes] = {}

    def read_once(item: Item) -> bytes:
        raw = kept.get(item.id)
        if raw is None:
            raw = read(item)
            if sum(map(len, kept.values())) + len(raw) <= KEPT_BYTES:
                kept[item.id] = raw
        return raw

    return read_once


def _prepare(task: ChunkTask, read: Reader, hashes: dict[str, int]) -> Chunk:
    contents, statuses, data = identify(read, task.items)
    folder = _held_folder(contents, task)
    meta = read_json(folder / "meta.json")
    crops = None
    fresh = meta is None
    if meta is None:
        cut = _crops(read, task, contents, statuses, data, hashes)
        statuses = cut.statuses
        clean = all(status == OK for status in statuses)
        if not clean:
            folder = Path(task.places.scratch, "chunks", folder.name)
        meta = {"seconds": cut.seconds, "n_items": len(task.items), "hashes": cut.hashes}
        _write_chunk(folder, cut, meta, task.places.scratch)
        crops = cut.crops
    seconds = meta["seconds"]
    for spec in task.views:
        seconds += prepare_view(folder, spec, crops=crops)
    return Chunk(str(folder), contents, tuple(statuses), tuple(meta["hashes"]), seconds, fresh)


def identify(read: Reader, items: Sequence[Item]) -> tuple[tuple[str, ...], list[ItemStatus], dict[str, bytes]]:
    """
    Return the content of every item without decoding it, with its status and the bytes of the files that had to be read.

    At most `KEPT_BYTES` are returned; the bytes of the other files are those of `read_known`.
    """
    contents, statuses, data, n_bytes = [], [], {}, 0
    for item in items:
        status, content = OK, item.fingerprint
        if not content:
            status, raw = read_item(read, item)
            if status == OK:
                if n_bytes + len(raw) <= KEPT_BYTES:
                    data[item.id] = raw
                    n_bytes += len(raw)
                content = hashlib.sha256(raw).hexdigest()
        contents.append(content)
        statuses.append(status)
    return tuple(contents), statuses, data


def read_known(read: Reader, item: Item, content: str) -> tuple[ItemStatus, bytes]:
    """Return the status and the bytes of an item whose content `identify` returned; a file may not have changed since."""
    status, raw = read_item(read, item)
    if status == OK and not item.fingerprint and hashlib.sha256(raw).hexdigest() != content:
        return ItemStatus(Status.ERROR, "the file changed while it was prepared.", Reason.UNREADABLE), b""
    return status, raw


def read_item(read: Reader, item: Item) -> tuple[ItemStatus, bytes]:
    """Return the status and the bytes of an item's file; whatever the data set's `read` does wrong is a status."""
    try:
        raw = read(item)
    except FileNotFoundError:
        return ItemStatus(Status.MISSING, "the file is gone.", Reason.GONE), b""
    except (OSError, BenchError) as error:
        detail = f"cannot be read ({getattr(error, 'strerror', None) or error})."
        return ItemStatus(Status.ERROR, detail, Reason.UNREADABLE), b""
    except PLUGIN_FAILURES as error:  # the data set may be somebody else's, whose code fails in any way
        reason = " ".join(failure("read", error).split())
        detail = f"cannot be read ({reason if len(reason) <= MOST_REASON else f'{reason[:MOST_REASON]}…'})."
        return ItemStatus(Status.ERROR, detail, Reason.UNREADABLE), b""
    if isinstance(raw, bytearray | memoryview):
        return OK, bytes(raw)
    if not isinstance(raw, bytes):
        detail = f"cannot be read (read has to return the bytes of a picture file, got {type(raw).__name__})."
        return ItemStatus(Status.ERROR, detail, Reason.UNREADABLE), b""
    return OK, raw


def _held_folder(contents: Sequence[str], task: ChunkTask) -> Path:
    """Return the folder of a chunk, which nobody deletes from now on as long as this process uses the cache."""
    cache = Path(task.places.cache)
    folder = cache.joinpath("chunks", *_chunk_name(contents, task))
    hold_entry(cache, folder)
    return folder


def _chunk_name(contents: Sequence[str], task: ChunkTask) -> tuple[str, str]:
    versions = [CHUNK_FORMAT, images.VERSION, file_facts.VERSION]
    key = digest(["chunk", *versions, contents, asdict(task.crop), task.colour, *task.perturbation_key])
    return key[:2], key


class _Crops(NamedTuple):
    """Crops of some items, the position of the item that each shows; facts of the file and the status of every item."""

    crops: NDArray[np.uint8]
    rows: NDArray[np.int32]
    facts: NDArray[np.float32] | None
    statuses: list[ItemStatus]
    hashes: list[int]
    seconds: float


def _crops(
    read: Reader,
    task: ChunkTask,
    contents: Sequence[str],
    statuses: Sequence[ItemStatus],
    data: dict[str, bytes],
    known_hashes: dict[str, int],
) -> _Crops:
    start = time.perf_counter()
    crops, rows, final = [], [], []
    reductions: dict[str, NDArray[np.uint8]] = {}
    facts, in_colour = _Facts(task), task.colour or bool(task.perturbation)
    for i, (item, content, status) in enumerate(zip(task.items, contents, statuses, strict=True)):
        raw = data.pop(item.id, None)
        if status == OK and raw is None:
            status, raw = read_known(read, item, content)
        if status == OK and raw is not None:
            try:
                decoded = file_facts.decode_with_facts(raw, in_colour, reduce=content not in known_hashes)
                shown = _perturbed(decoded.pixels, content, task)
                cut = images.cut(shown, task.crop)
                facts.add(i, shown, decoded.facts)
                crops += [window.copy() for window in cut]  # a view would keep the whole picture
                rows += [i] * len(cut)
                if decoded.reduction is not None:
                    reductions[content] = decoded.reduction
            except DataError as error:
                reason = Reason.TOO_SMALL if isinstance(error, TooSmallError) else Reason.UNDECODABLE
                status = ItemStatus(Status.ERROR, str(error), reason)
        final.append(status)
    side = task.crop.side
    shape = (0, side, side, 3) if task.colour else (0, side, side)
    stack = np.stack(crops) if crops else np.empty(shape, np.uint8)
    if reductions:
        known_hashes.update(zip(reductions, hashes_of(np.stack(list(reductions.values()))).tolist(), strict=True))
    hashes = [known_hashes[c] if status == OK else 0 for c, status in zip(contents, final, strict=True)]
    return _Crops(stack, np.array(rows, dtype=np.int32), facts.table(), final, hashes, time.perf_counter() - start)


class _Facts:
    """Facts of the files of a chunk, collected while it is read; a chunk in colour has none, as its grey one has them."""

    def __init__(self, task: ChunkTask) -> None:
        self._colour, self._perturbed = task.colour, bool(task.perturbation)
        self._facts = file_facts.no_facts(len(task.items))
        # Of computed data only the operation that is to be detected makes the classes differ in pixels.
        self._traced = not datasets.get(task.dataset.reference).computed
        self._places: list[int] = []
        self._traces = Traces()

    def add(self, place: int, picture: NDArray[np.uint8], of_file: NDArray[np.float32]) -> None:
        """Add item `place`, its picture as it is cut, and the facts of its file."""
        if self._colour:
            return
        if self._perturbed:  # it comes from no file
            file_facts.set_size(self._facts[place], *picture.shape[:2])
        else:
            self._facts[place] = of_file
        self._places.append(place)
        if self._traced:
            self._traces.add(picture)

    def table(self) -> NDArray[np.float32] | None:
        """Return the facts (n_items, n_facts); rows of items that could not be used have none."""
        if self._colour:
            return None
        if self._traced:
            measured = self._facts[self._places]
            file_facts.set_traces(measured, self._traces)
            self._facts[self._places] = measured
        else:
            self._facts[:, file_facts.TRACES] = file_facts.MISSING
        return self._facts


def _perturbed(picture: NDArray[np.uint8], content: str, task: ChunkTask) -> NDArray[np.uint8]:
    """Return a picture after the task's perturbation, which is applied in colour for grey views, too."""
    if not task.perturbation:
        return picture
    changed = perturb(picture, task.perturbation, content, task.reals)
    return images.in_colour(changed) if task.colour else images.in_grey(changed)


def _write_chunk(folder: Path, cut: _Crops, meta: dict[str, object], scratch: str) -> None:
    # Beside the scratch folder's other contents, which go with it when this process is killed.
    temporary = Path(scratch, f"{folder.name}-{secrets.token_hex(4)}")
    with writing(folder, cut.crops.nbytes):
        temporary.mkdir(parents=True)
        np.save(temporary / "crops.npy", cut.crops)
        np.save(temporary / "rows.npy", cut.rows)
        if cut.facts is not None:
            np.save(temporary / "facts.npy", cut.facts)
        write_json(temporary / "meta.json", meta, durable=False, indent=None)  # one that a power cut emptied is made again
    publish_folder(temporary, folder)


def view_file(folder: Path, spec: ViewSpec, band: Band = ALL_PASS) -> Path:
    """Return the file of the base of a view of the crops, or of filtered crops."""
    name = _view_file_name(view_kernel(spec))
    return folder / (name if band.kind == "all" else f"{name.removesuffix('.npy')}-{digest(band.as_dict())[:16]}.npy")


@lru_cache
def _view_file_name(kernel: ViewKernel) -> str:
    return f"view-{kernel.name}-{digest(view_key(kernel))[:16]}.npy"


def prepare_view(folder: Path, spec: ViewSpec, band: Band = ALL_PASS, crops: NDArray[np.uint8] | None = None) -> float:
    """
    Write the base of one view of the crops, filtered first, unless it is there; return the seconds that it took.

    `crops` are those of the chunk, for whoever has them; they are read otherwise.
    """
    path = view_file(folder, spec, band)
    cost = path.with_suffix(".json")
    if not path.exists():
        source = np.load(folder / "crops.npy", mmap_mode="r") if crops is None else crops
        if not len(source):
            return 0.0
        start = time.perf_counter()
        kernel = view_kernel(spec)
        if kernel.of_files:
            base = np.load(folder / "facts.npy")[np.load(folder / "rows.npy")]
        else:
            base = kernel.base(filter_pixels(source, band))
        # The costs are written first: a base that is there has its costs.
        with atomic_path(path, durable=False) as temporary:
            with temporary.open("wb") as file:
                np.save(file, base)
            write_json(cost, {"seconds": time.perf_counter() - start}, durable=False)
    return (read_json(cost) or {"seconds": 0.0})["seconds"]


def chunk_tasks(
    domain: OpenDomain,
    splits: Sequence[str],
    crop: CropSpec,
    views: Sequence[ViewSpec],
    places: Places,
    reals: SpectrumStatistics | None = None,
) -> list[ChunkTask]:
    """
    Cut some splits of a domain, taken together, into tasks.

    By class, so that pools of pictures shared by domains are shared as chunks; and not by split, so that every picture is
    handled once however its replicates are drawn.
    """
    items = sorted((item for split in splits for item in domain.split(split)), key=lambda item: (item.label, item.id))
    tasks = []
    for colour in (False, True):
        of_colour = tuple(view for view in views if view_kernel(view).colour == colour)
        if not of_colour:
            continue
        for label in (REAL, FAKE):
            of_class = [item for item in items if item.label == label]
            for start in range(0, len(of_class), CHUNK_SIZE):
                part = tuple(of_class[start : start + CHUNK_SIZE])
                source = (domain.spec, domain.seed, domain.replicate)
                tasks.append(ChunkTask(*source, part, crop, of_colour, places, domain.perturbation, reals))
    return tasks


def task_key(task: ChunkTask) -> str:
    """Return a key that is equal for tasks with equal results, of whatever domain or replicate they are."""
    return digest([pictures_key(task), *(task.perturbation_key or [chain_key("")])])


def pictures_key(task: ChunkTask) -> str:
    """Return a key that is equal for tasks that read the same pictures."""
    items = [[i.id, i.fingerprint] for i in task.items]
    return digest([task.dataset.key_parts(), items, task.colour])
