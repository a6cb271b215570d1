"""Features of item sets: equal to the direct way, and expensive views of filtered pictures are computed once and kept."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.errors import BenchError
from bandbench.benchmark.features import load
from bandbench.benchmark.features.load import bands_together, chunk_view, first_crop, iter_crops, load_view, share_bands
from bandbench.benchmark.features.prepare import Request, prepare_domains, scratch_places
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.pictures.crops import CropSpec
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.views import features_from_crops, view_kernel
from bandbench.benchmark.views.encoders.encoder import Encoder
from bandbench.benchmark.workers import Workers
from conftest import Here, SilentReporter, noise_picture, run, small_study
from made_cells import item_set

pytest.importorskip("torch", reason="pip install 'bandbench[deep]'")
BAND = Band("low", 0.2, order=2, mode="pixels")
SPEC = DetectorSpec.parse("clip_probe/random").build().view


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Numbers of crops of every call of an encoder; all work is done in this process."""
    sizes: list[int] = []
    embed = Encoder.embed

    def counted(self: Encoder, crops: np.ndarray) -> np.ndarray:
        sizes.append(len(crops))
        time.sleep(0.05)  # so that calls at the same time overlap
        return embed(self, crops)

    monkeypatch.setattr(Encoder, "embed", counted)
    monkeypatch.setattr(Workers, "submit", Here.submit)
    yield sizes


@pytest.fixture
def chunk(tmp_path: Path) -> Path:
    """A prepared chunk of 12 crops of 9 items."""
    folder = tmp_path / "chunk"
    folder.mkdir()
    np.save(folder / "crops.npy", np.random.default_rng(0).integers(0, 256, (12, 48, 48, 3), dtype=np.uint8))
    np.save(folder / "rows.npy", np.array([0, 0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 8], np.int32))
    return folder


def test_a_study_over_bands_embeds_every_picture_once_per_band(
    picture_folder: Callable[..., Path], embedded: list[int]
) -> None:
    plan = {"bands": [{"kind": "low", "high": 0.2}], "mode": "pixels", "seeds": 2, "sweep": None, "search": {"trials": 0}}
    detectors = ["clip_probe/random", {"name": "clip_probe/random", "params": {"C": 0.1}}]
    outcome = run(small_study(detectors=detectors, bootstrap=100, **plan), {"mine": picture_folder(n=10)})
    assert not outcome.failures and not outcome.gaps and outcome.computed == 8
    assert sum(embedded) == 2 * 20


def test_what_is_kept_is_the_direct_result(chunk: Path, embedded: list[int]) -> None:
    view, rows = chunk_view(str(chunk), SPEC, BAND) or pytest.fail("no crops")
    wanted = features_from_crops(view_kernel(SPEC), np.load(chunk / "crops.npy"), BAND)
    np.testing.assert_array_equal(view.values, wanted.values)
    assert rows.tolist() == [0, 0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 8]
    other, _ = chunk_view(str(chunk), SPEC, Band("low", 0.21, order=2, mode="pixels")) or pytest.fail("no crops")
    assert np.abs(other.values - view.values).max() > 1e-4


def test_those_who_ask_at_the_same_time_wait_for_one(chunk: Path, embedded: list[int]) -> None:
    with ThreadPoolExecutor(4) as pool:
        views = list(pool.map(lambda _: chunk_view(str(chunk), SPEC, BAND), range(4)))
    assert embedded == [12]
    assert len(list(chunk.glob("view-embedding-*.npy"))) == 1 and not list(chunk.glob("*.lock"))
    first, *others = [view[0].values for view in views if view]
    assert len(others) == 3 and all((first == values).all() for values in others)


def test_a_failure_leaves_nothing_behind(chunk: Path) -> None:
    absent = ViewSpec("embedding", {**SPEC.options, "weights": "openia", "model": "ViT-B-32"})
    with pytest.raises(BenchError, match="Did you mean 'openai'"):
        chunk_view(str(chunk), absent, BAND)
    assert not list(chunk.glob("view-*"))
    assert chunk_view(str(chunk), SPEC, BAND)


def test_cheap_views_of_filtered_pictures_are_not_kept(chunk: Path) -> None:
    assert chunk_view(str(chunk), ViewSpec("pixels"), BAND)
    assert not list(chunk.glob("view-*"))


def test_a_chunk_without_a_usable_picture_has_no_view(chunk: Path) -> None:
    np.save(chunk / "crops.npy", np.empty((0, 48, 48, 3), np.uint8))
    np.save(chunk / "rows.npy", np.empty(0, np.int32))
    assert chunk_view(str(chunk), SPEC, BAND) is None


@pytest.mark.parametrize("band", [Band(), Band("low", 0.2, mode="keep"), Band("high", 0.1, order=2, mode="pixels")])
def test_features_of_an_item_set_are_those_of_its_crops(picture_folder: Callable[..., Path], band: Band) -> None:
    domain = Catalogue({"mine": str(picture_folder(n=6))}).domain("mine", 0)
    spec = ViewSpec("profile")
    with scratch_places() as places:
        request = Request(domain, (("train", "val", "test"),))
        (prepared,) = prepare_domains([request], CropSpec(48), [spec], places, Here(1), SilentReporter())
        items = prepared.item_set("test", prepared.statuses("test"))
        features, rows = load_view(items, spec, band)
        first, whole = first_crop(items, 0), list(iter_crops(items, colour=False))
    numbers = [int(item.id[-7:-4]) + 1000 * item.label for item in domain.split("test")]
    crops = np.stack([noise_picture(n, 64, 1.6 if n >= 1000 else 1.0)[8:56, 8:56] for n in numbers])
    np.testing.assert_array_equal(features.values, features_from_crops(view_kernel(spec), crops, band).values)
    assert rows.tolist() == list(range(len(numbers)))
    assert not features.values.flags.writeable
    np.testing.assert_array_equal(first, crops[0])
    np.testing.assert_array_equal(np.concatenate([part for part, _ in whole]), crops)
    assert np.concatenate([places for _, places in whole]).tolist() == list(range(len(numbers)))


def test_large_results_are_memory_maps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "LARGE", 100)
    small, large = load._allocate((12,), np.dtype(np.float64), tmp_path), load._allocate((13,), np.dtype(np.float64), tmp_path)
    assert (type(small), type(large)) == (np.ndarray, np.memmap)
    assert large.shape == (13,) and not list(tmp_path.iterdir())  # its file has no name


PUBLISHED = ViewSpec("profile", {"variant": "published"})
REWEIGHTED = [Band(kind, 0.1, order=order, mode="reweight") for kind in ("low", "high") for order in (1, 9)]  # type: ignore[arg-type]


def test_bands_prepared_together_are_those_prepared_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "crops.npy", np.random.default_rng(0).integers(0, 256, (6, 24, 24), dtype=np.uint8))
    rows = np.stack([np.zeros(6, np.int32), np.arange(6, dtype=np.int32), np.arange(6, dtype=np.int32)], axis=1)
    np.savez(tmp_path / "index.npz", grey=rows, colour=rows[:0])
    items = item_set("home", "train", grey=(str(tmp_path),), index=str(tmp_path / "index.npz"))
    alone = [load_view(items, PUBLISHED, band)[0].values for band in REWEIGHTED]
    load.FILTERED_CHUNKS.clear()
    share_bands([items], PUBLISHED, REWEIGHTED)
    monkeypatch.setattr(load, "features_from_crops", None)
    for band, values in zip(REWEIGHTED, alone, strict=True):
        np.testing.assert_array_equal(load_view(items, PUBLISHED, band)[0].values, values)


def test_as_many_bands_are_prepared_together_as_a_worker_can_hold() -> None:
    few, many = (item_set("home", "train", n_ok=n) for n in (100, 10**6))
    assert bands_together([few, few], PUBLISHED, REWEIGHTED[0]) == load.MOST_TOGETHER
    assert bands_together([few, many], PUBLISHED, REWEIGHTED[0]) == 1
    # Features of these follow from a base that is read, or are kept on disk.
    assert bands_together([few], ViewSpec("profile"), REWEIGHTED[0]) == 1
    assert bands_together([few], PUBLISHED, Band("low", 0.1, mode="keep")) == 1
    assert bands_together([few], SPEC, BAND) == 1
