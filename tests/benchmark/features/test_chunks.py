"""Chunks: which pictures go together, what their names in the cache depend on, and that pictures are read once."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.contracts import Dataset, Item, ViewSpec
from bandbench.benchmark.domains.catalogue import Catalogue, DatasetSpec
from bandbench.benchmark.features import chunks
from bandbench.benchmark.features.chunks import (
    ChunkTask,
    Places,
    cached_chunk,
    chunk_tasks,
    identify,
    pictures_key,
    prepare_chunk,
    prepare_together,
    prepare_view,
    read_item,
    task_key,
    view_file,
)
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.pictures.crops import CropSpec
from bandbench.benchmark.results.scores import OK, Reason, Status

Maker = Callable[..., Path]
PROFILE, PIXELS = ViewSpec("profile"), ViewSpec("pixels")  # of grey pictures, and of coloured ones
SPLITS = ("train", "val", "test")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(str(tmp_path / "cache"), str(tmp_path / "scratch"), "")


def test_every_item_that_cannot_be_used_has_its_reason(picture_folder: Maker, places: Places) -> None:
    root = picture_folder(n=10)
    Image.new("L", (1, 1)).save(root / "real" / "small.png")
    (root / "real" / "torn.png").write_bytes(b"no picture")
    domain = Catalogue({"mine": str(root)}).domain("mine", 0)
    (gone,) = [item for item in domain.items if item.id.startswith("real/") and item.id.endswith("000.png")]
    (root / gone.id).unlink()
    (task,) = [task for task in chunk_tasks(domain, SPLITS, CropSpec(48), [PROFILE], places) if task.items[0].label == 0]
    statuses = {item.id: status for item, status in zip(task.items, prepare_chunk(task).statuses, strict=True)}
    reasons = {item: status.reason for item, status in statuses.items() if status != OK}
    assert reasons == {"real/small.png": Reason.TOO_SMALL, "real/torn.png": Reason.UNDECODABLE, gone.id: Reason.GONE}
    assert statuses[gone.id].status is Status.MISSING


def test_chunks_are_of_one_class_and_one_colour_but_not_of_one_split(
    picture_folder: Maker, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "CHUNK_SIZE", 8)
    domain = Catalogue({"mine": str(picture_folder(n=10))}).domain("mine", 0)
    tasks = chunk_tasks(domain, SPLITS, CropSpec(48), [PIXELS, PROFILE], places)
    assert [(task.colour, {item.label for item in task.items}, len(task.items)) for task in tasks] == [
        (colour, {label}, n) for colour in (False, True) for label in (0, 1) for n in (8, 2)
    ]
    assert {item.split for item in tasks[0].items} == {*SPLITS}
    ids = [item.id for task in tasks[:2] for item in task.items]
    assert ids == sorted(item.id for item in domain.items if item.label == 0)
    assert [task.views for task in tasks] == [(PROFILE,)] * 4 + [(PIXELS,)] * 4


def task_of(places: Places, **changes: object) -> ChunkTask:
    items = (Item("real/a.png", 0, "train"), Item("real/b.png", 0, "test"))
    task = ChunkTask(DatasetSpec("folder", "somewhere"), 0, 0, items, CropSpec(48), (PROFILE,), places)
    return replace(task, **changes)  # pyright: ignore[reportArgumentType]


def test_the_name_of_a_chunk_depends_on_pictures_crop_colour_and_perturbation_alone(places: Places) -> None:
    contents = ("a" * 64, "b" * 64)
    task = task_of(places)
    name = chunks._chunk_name(contents, task)
    same = [
        {"seed": 3},
        {"replicate": 2},
        {"views": (ViewSpec("dct"), PROFILE)},
        {"dataset": DatasetSpec("folder", "elsewhere")},
        {"items": task.items[::-1]},
    ]
    assert {chunks._chunk_name(contents, task_of(places, **change)) for change in same} == {name}
    other = [{"crop": CropSpec(64)}, {"views": (PIXELS,)}, {"perturbation": "jpeg:quality=50"}]
    names = [chunks._chunk_name(contents, task_of(places, **change)) for change in other]
    assert len({name, chunks._chunk_name(contents[::-1], task), *names}) == 5
    assert name == (name[1][:2], name[1])


def test_tasks_of_equal_pictures_have_equal_keys(places: Places) -> None:
    catalogue = Catalogue({})
    nearest, planted, noisy = (
        chunk_tasks(catalogue.domain(name, 0), ("test",), CropSpec(48), [PROFILE], places)
        for name in ("procedural/nearest", "procedural/planted", "procedural/planted+noise:sd=5")
    )
    reals, fakes = ([i for i, task in enumerate(planted) if task.items[0].label == label] for label in (0, 1))
    assert [task_key(nearest[i]) for i in reals] == [task_key(planted[i]) for i in reals]
    assert not {task_key(nearest[i]) for i in fakes} & {task_key(planted[i]) for i in fakes}
    assert [pictures_key(task) for task in noisy] == [pictures_key(task) for task in planted]
    assert not {task_key(task) for task in noisy} & {task_key(task) for task in planted}


def test_pictures_under_several_perturbations_are_read_once(
    picture_folder: Maker, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = Catalogue({"mine": str(picture_folder(n=5))})
    plain, noisy = (
        chunk_tasks(catalogue.domain(name, 0), SPLITS, CropSpec(48), [PROFILE], places)[0]
        for name in ("mine", "mine+noise:sd=20")
    )
    reads: list[str] = []
    plugin = type(plain.dataset.open(0, 0))
    read = plugin.read
    monkeypatch.setattr(plugin, "read", lambda self, item: reads.append(item.id) or read(self, item))
    one, other = prepare_together([plain, noisy])
    assert sorted(reads) == [item.id for item in plain.items]
    assert one.folder != other.folder
    assert one.contents == other.contents
    assert one.hashes == other.hashes  # of the picture before its perturbation
    assert (np.load(Path(one.folder, "crops.npy")) != np.load(Path(other.folder, "crops.npy"))).mean() > 0.5


def test_files_beyond_what_is_kept_are_read_again(
    picture_folder: Maker, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = Catalogue({"mine": str(picture_folder(n=5))}).domain("mine", 0)
    task = chunk_tasks(domain, SPLITS, CropSpec(48), [PROFILE], places)[0]
    wanted = prepare_chunk(task)
    sizes = [Path(str(task.dataset.root), item.id).stat().st_size for item in task.items]
    monkeypatch.setattr(chunks, "KEPT_BYTES", sum(sizes[:2]))
    _, _, data = identify(task.dataset.open(0, 0).read, task.items)
    assert sum(map(len, data.values())) <= sum(sizes[:2])
    elsewhere = replace(task, places=replace(places, cache=f"{places.cache}-2"))
    for again in (prepare_chunk(elsewhere), *prepare_together([elsewhere, replace(elsewhere, perturbation="noise:sd=20")])[:1]):
        assert (again.contents, again.statuses, again.hashes) == (wanted.contents, wanted.statuses, wanted.hashes)


def test_a_file_that_changes_between_two_reads_is_left_out(
    picture_folder: Maker, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "KEPT_BYTES", 0)
    domain = Catalogue({"mine": str(picture_folder(n=5))}).domain("mine", 0)
    task = chunk_tasks(domain, SPLITS, CropSpec(48), [PROFILE], places)[0]
    plugin = type(task.dataset.open(0, 0))
    read, seen = plugin.read, set()

    def changing(self: Dataset, item: Item) -> bytes:
        data = read(self, item)
        changed = item.id in seen and item == task.items[0]
        seen.add(item.id)
        return data + b"x" if changed else data

    monkeypatch.setattr(plugin, "read", changing)
    statuses = prepare_chunk(task).statuses
    assert [status.reason for status in statuses] == [Reason.UNREADABLE, *[None] * 4]
    assert statuses[0].detail == "the file changed while it was prepared."


@pytest.mark.parametrize(
    ("returned", "detail"),
    [
        (RuntimeError("torn\n" + "x" * 1000), r"cannot be read \(read failed: RuntimeError: torn x+…\)."),
        (np.zeros((4, 4)), r"cannot be read \(read has to return the bytes of a picture file, got ndarray\)."),
        (SystemExit("usage"), r"cannot be read \(read failed: SystemExit: usage"),
        (None, "got NoneType"),
    ],
)
def test_whatever_a_data_set_reads_wrongly_is_a_status(returned: object, detail: str) -> None:
    def read(item: Item) -> bytes:
        if isinstance(returned, BaseException):
            raise returned
        return returned  # pyright: ignore[reportReturnType]

    status, raw = read_item(read, Item("a", 0, "train"))
    assert (status.status, status.reason, raw) == (Status.ERROR, Reason.UNREADABLE, b"")
    assert re.search(detail, status.detail)
    assert read_item(lambda _: bytearray(b"x"), Item("a", 0, "train")) == (OK, b"x")  # pyright: ignore[reportArgumentType]


def test_only_pictures_with_fingerprints_are_found_without_reading(picture_folder: Maker, places: Places) -> None:
    files = chunk_tasks(
        Catalogue({"mine": str(picture_folder(n=5))}).domain("mine", 0), SPLITS, CropSpec(48), [PROFILE], places
    )[0]
    prepare_chunk(files)
    assert cached_chunk(files) is None
    computed = chunk_tasks(Catalogue({}).domain("procedural/planted", 0), ("test",), CropSpec(48), [PROFILE], places)[0]
    computed = replace(computed, items=computed.items[:3])
    assert cached_chunk(computed) is None
    prepared = prepare_chunk(computed)
    assert prepared.fresh
    assert cached_chunk(computed) == replace(prepared, fresh=False)
    assert cached_chunk(replace(computed, views=(ViewSpec("dct"),))) is None


def test_a_chunk_with_an_unusable_picture_is_not_cached(picture_folder: Maker, places: Places) -> None:
    root = picture_folder(n=6)
    (root / "real" / "torn.png").write_bytes(b"no picture")
    domain = Catalogue({"mine": str(root)}).domain("mine", 0)
    real, fake = (prepare_chunk(task) for task in chunk_tasks(domain, SPLITS, CropSpec(48), [PROFILE], places))
    assert real.folder.startswith(places.scratch)
    assert fake.folder.startswith(places.cache)
    usable = [i for i, status in enumerate(real.statuses) if status == OK]
    assert np.load(Path(real.folder, "rows.npy")).tolist() == usable
    assert [hash_ != 0 for hash_ in real.hashes] == [status == OK for status in real.statuses]


def test_a_view_is_written_once(tmp_path: Path) -> None:
    np.save(tmp_path / "crops.npy", np.random.default_rng(0).integers(0, 256, (2, 48, 48), dtype=np.uint8))
    band = Band("low", 0.2, mode="pixels")
    seconds = prepare_view(tmp_path, PROFILE, band)
    path = view_file(tmp_path, PROFILE, band)
    assert path != view_file(tmp_path, PROFILE)
    path.write_bytes(b"kept")
    assert prepare_view(tmp_path, PROFILE, band) == seconds
    assert path.read_bytes() == b"kept"
