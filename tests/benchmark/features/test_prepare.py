"""Preparation of domains: pictures that are shared are prepared once, items are selected, and copies are refused."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bandbench.benchmark.contracts import FAKE, REAL, ViewSpec
from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.features import prepare
from bandbench.benchmark.features.chunks import ChunkTask, Places, chunk_tasks, prepare_together
from bandbench.benchmark.features.prepare import (
    SPLIT_GROUPS,
    PreparedDomain,
    Request,
    prepare_domains,
    scratch_places,
    select_items,
)
from bandbench.benchmark.pictures.crops import CropSpec
from bandbench.benchmark.results.scores import OK
from bandbench.benchmark.store.folders import cache_root
from conftest import Here, SilentReporter

Maker = Callable[..., Path]
PROCEDURAL = {"procedural": {"n_train": 6, "n_val": 4, "n_test": 5, "side": 64}}


def prepared(requests: list[Request], places: Places, *views: ViewSpec) -> list[PreparedDomain]:
    views = views or (ViewSpec("profile"),)
    return prepare_domains(requests, CropSpec(48), views, places, Here(1), SilentReporter())


@pytest.fixture
def tasks_done(monkeypatch: pytest.MonkeyPatch) -> list[ChunkTask]:
    """Tasks that were handed to a worker."""
    done: list[ChunkTask] = []

    def noted(tasks: list[ChunkTask]) -> Any:
        done.extend(tasks)
        return prepare_together(tasks)

    monkeypatch.setattr(prepare, "prepare_together", noted)
    return done


def test_pictures_that_two_domains_share_are_prepared_once(tasks_done: list[ChunkTask]) -> None:
    catalogue = Catalogue({}, PROCEDURAL)
    domains = [catalogue.domain(f"procedural/{name}", 0) for name in ("nearest", "planted")]
    with scratch_places() as places:
        nearest, planted = prepared([Request(domain) for domain in domains], places)
        assert len(tasks_done) == 2 * 3  # the reals, and fakes of either, in both groups of splits
        shared = [a.folder == b.folder for a, b in zip(nearest.chunks, planted.chunks, strict=True)]
        assert shared == [task.items[0].label == REAL for task in nearest.tasks]
        again = prepared([Request(domain) for domain in domains], places)
    assert len(tasks_done) == 2 * 3
    assert [chunk.folder for part in again for chunk in part.chunks] == [
        chunk.folder for part in (nearest, planted) for chunk in part.chunks
    ]


def test_a_request_is_cut_group_by_group(picture_folder: Maker) -> None:
    domain = Catalogue({"mine": str(picture_folder(n=10))}).domain("mine", 0)
    with scratch_places() as places:
        (part,) = prepared([Request(domain)], places)
        groups = [
            task for splits in SPLIT_GROUPS for task in chunk_tasks(domain, splits, CropSpec(48), part.tasks[0].views, places)
        ]
    assert list(part.tasks) == groups
    assert [{item.split for item in task.items} for task in part.tasks] == [{"train", "val"}] * 2 + [{"test"}] * 2
    assert part.request.splits == ("train", "val", "test", "")
    for split in part.request.splits:
        statuses = part.statuses(split)
        assert list(statuses.items) == domain.split(split)
        assert set(statuses.statuses) <= {OK}


def test_a_scratch_folder_is_deleted_with_all_in_it() -> None:
    with scratch_places("records") as places:
        assert (places.cache, places.records) == (str(cache_root()), "records")
        assert Path(places.scratch).parent == cache_root()
        Path(places.scratch, "file").write_text("")
    assert not Path(places.scratch).exists()
    assert cache_root().is_dir()


def test_a_larger_limit_adds_pictures_of_both_classes(picture_folder: Maker) -> None:
    domain = Catalogue({"mine": str(picture_folder(n=12))}).domain("mine", 0)
    few, more, other, all_ = (
        {item.id for item in select_items(domain, "all", limit, seed).items}
        for limit, seed in ((3, 0), (8, 0), (3, 1), (99, 0))
    )
    assert few < more < all_ == {item.id for item in domain.items}
    assert few != other
    assert sorted(name.split("/")[0] for name in few) == ["fake"] * 3 + ["real"] * 3


def test_a_selection_is_of_one_split_and_the_domain_stays_whole(picture_folder: Maker) -> None:
    domain = Catalogue({"mine": str(picture_folder(n=12))}).domain("mine", 0)
    tested = select_items(domain, "test")
    assert list(tested.split("test")) == domain.split("test")
    assert not tested.split("train") and domain.split("train")


def test_an_empty_selection_is_refused(picture_folder: Maker) -> None:
    domain = Catalogue({"real_faces": str(picture_folder(n=10) / "real")}).domain("real_faces", 0)
    assert select_items(domain, "all", classes=(REAL,)).items
    with pytest.raises(DataError, match="real_faces has no fake picture in the split all; choose another --split"):
        select_items(domain, "all", classes=(REAL, FAKE))
    with pytest.raises(DataError, match="real_faces has no picture in the split nowhere"):
        select_items(domain, "nowhere")


def test_shards_begin_at_different_chunks_and_get_the_same(tasks_done: list[ChunkTask]) -> None:
    """Each finds in the cache what the others have prepared."""
    request = Request(Catalogue({}, PROCEDURAL).domain("procedural/nearest", 0))
    orders, folders = [], []
    for turn in (0.0, 0.5):
        shutil.rmtree(cache_root(), ignore_errors=True)
        with scratch_places(turn=turn) as places:
            (part,) = prepared([request], places)
        orders.append([task.items[0].id for task in tasks_done])
        folders.append([chunk.folder for chunk in part.chunks])
        tasks_done.clear()
    first, turned = orders
    assert len(first) == 4
    assert turned == first[2:] + first[:2]
    assert folders[0] == folders[1]
