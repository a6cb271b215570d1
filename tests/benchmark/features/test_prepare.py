"""Expensive views of filtered pictures: kept beside the crops, computed once whoever asks, and equal to the direct way."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.encoders import Encoder
from bandbench.benchmark.features.load import chunk_view
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.views import features_from_crops, view_kernel
from bandbench.benchmark.workers import Workers
from conftest import run, small_study

pytest.importorskip("torch", reason="pip install 'bandbench[deep]'")
Maker = Callable[..., Path]
BAND = Band("low", 0.2, order=2, mode="pixels")
SPEC = DetectorSpec.parse("clip_probe/random").build().view


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many crops every call of an encoder was given; all work is done in this process."""
    sizes: list[int] = []
    embed = Encoder.embed

    def counted(self: Encoder, crops: np.ndarray) -> np.ndarray:
        sizes.append(len(crops))
        time.sleep(0.05)  # so that calls at the same time overlap
        return embed(self, crops)

    def here(self: Workers, function: Callable[..., Any], *args: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        done.set_result(function(*args))
        return done

    monkeypatch.setattr(Encoder, "embed", counted)
    monkeypatch.setattr(Workers, "submit", here)
    yield sizes


@pytest.fixture
def chunk(tmp_path: Path) -> Path:
    """A prepared chunk of 12 crops of 9 items."""
    folder = tmp_path / "chunk"
    folder.mkdir()
    np.save(folder / "crops.npy", np.random.default_rng(0).integers(0, 256, (12, 48, 48, 3), dtype=np.uint8))
    np.save(folder / "rows.npy", np.array([0, 0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 8], np.int32))
    return folder


def test_a_study_over_bands_embeds_every_picture_once_per_band(picture_folder: Maker, embedded: list[int]) -> None:
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
    with pytest.raises(Exception, match="Did you mean 'openai'"):
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
