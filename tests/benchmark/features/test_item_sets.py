"""Item sets: the statuses of a split's items, refusals, and the files of a set."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from bandbench.benchmark.contracts import Item, ViewSpec
from bandbench.benchmark.domains.catalogue import DatasetSpec, OpenDomain
from bandbench.benchmark.domains.guard import guarded
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.features.chunks import Chunk, ChunkTask, Places
from bandbench.benchmark.features.item_sets import (
    ItemStatuses,
    item_set,
    item_statuses,
    iter_problems,
    without_copies,
    without_items,
)
from bandbench.benchmark.pictures.crops import CropSpec
from bandbench.benchmark.records import ItemSet
from bandbench.benchmark.results.scores import OK, ItemStatus, Reason, Status

GONE = ItemStatus(Status.MISSING, "the file is gone.", Reason.GONE)
TOO_SMALL = ItemStatus(Status.ERROR, "8x8 pixels is too small.", Reason.TOO_SMALL)
ITEMS = (
    Item("real/a", 0, "train", target="p"),
    Item("real/b", 0, "test", target="q"),
    Item("real/c", 0, "test", target="r"),
    Item("fake/d", 1, "test", target="s"),
    Item("fake/e", 1, "test", target="t"),
)


class Listed(OpenDomain):
    """A domain with the items of this test."""

    items = ITEMS  # pyright: ignore[reportIncompatibleMethodOverride, reportAssignmentType]


DOMAIN = Listed("mine", DatasetSpec("folder", "somewhere"), 0, 0)


def prepared(
    tmp_path: Path, contents: str = "abcde", statuses: dict[str, ItemStatus] | None = None, colour: bool = False
) -> tuple[list[ChunkTask], list[Chunk]]:
    """Two chunks, reals and fakes, with a crop per usable item."""
    tasks, chunks = [], []
    places = Places(str(tmp_path), str(tmp_path), "")
    for label in (0, 1):
        items = tuple(item for item in ITEMS if item.label == label)
        of_items = tuple((statuses or {}).get(item.id, OK) for item in items)
        folder = tmp_path / f"chunk-{label}-{colour}"
        folder.mkdir()
        np.save(folder / "rows.npy", np.array([i for i, status in enumerate(of_items) if status == OK], np.int32))
        view = ViewSpec("pixels" if colour else "profile")
        tasks.append(ChunkTask(DOMAIN.spec, 0, 0, items, CropSpec(48), (view,), places))
        of_class = tuple(contents[ITEMS.index(item)] for item in items)
        chunks.append(Chunk(str(folder), of_class, of_items, tuple(map(ord, of_class)), 6.0, True))
    return tasks, chunks


def test_refused_items_have_their_reason_and_those_that_were_lost_keep_theirs() -> None:
    items = tuple(Item(name, 0, "test") for name in "abcd")
    statuses = ItemStatuses(items, tuple("ABCD"), (0, 0, 0, 0), (OK, OK, OK, GONE))
    shared = ItemStatus(Status.ERROR, "shared.", Reason.SHARED)
    found = without_items(without_copies(statuses, {"A": "the train pictures", "D": "…"}), {"a", "b", "d"}, shared).statuses
    assert [status.reason for status in found] == [Reason.SEEN, Reason.SHARED, None, Reason.GONE]
    assert found[0].detail == "the same picture is among the train pictures."


def test_statuses_are_those_of_one_split_reals_first(tmp_path: Path) -> None:
    statuses = item_statuses(DOMAIN, "test", *prepared(tmp_path, statuses={"fake/d": GONE}))
    assert [item.id for item in statuses.items] == ["real/b", "real/c", "fake/d", "fake/e"]
    assert statuses.contents == tuple("bcde")
    assert statuses.statuses == (OK, OK, GONE, OK)
    ids, hashes = statuses.usable_hashes()
    assert ids == ["real/b", "real/c", "fake/e"]
    assert hashes.tolist() == [ord(letter) for letter in "bce"]
    assert item_statuses(DOMAIN, "val", [], []) == ItemStatuses((), (), (), ())


def test_a_picture_of_both_classes_is_in_neither(tmp_path: Path) -> None:
    statuses = item_statuses(DOMAIN, "test", *prepared(tmp_path, contents="axyzx")).statuses
    assert [status.reason for status in statuses] == [Reason.BOTH_CLASSES, None, None, Reason.BOTH_CLASSES]


def test_a_picture_of_the_other_class_that_cannot_be_used_refuses_none(tmp_path: Path) -> None:
    statuses = item_statuses(DOMAIN, "test", *prepared(tmp_path, contents="axyzx", statuses={"fake/e": GONE})).statuses
    assert statuses == (OK, OK, OK, GONE)


@pytest.mark.parametrize("lost", [False, True])
def test_of_grey_and_colour_the_worse_status_counts(tmp_path: Path, lost: bool) -> None:
    """`lost` says for which of both the picture was lost."""
    pairs = [
        prepared(tmp_path, colour=colour, statuses={"real/b": GONE} if colour == lost else None) for colour in (False, True)
    ]
    tasks, chunks = ([*pairs[0][i], *pairs[1][i]] for i in (0, 1))
    assert item_statuses(DOMAIN, "test", tasks, chunks).statuses == (GONE, OK, OK, OK)


def made(tmp_path: Path, split: str = "test", **options: dict[str, ItemStatus]) -> ItemSet:
    parts = prepared(tmp_path, **options)  # pyright: ignore[reportArgumentType]
    return item_set(DOMAIN, split, item_statuses(DOMAIN, split, *parts), *parts)


def test_an_item_set_has_its_table_and_the_place_of_every_crop(tmp_path: Path) -> None:
    items = made(tmp_path, statuses={"real/b": GONE})
    assert (items.n_items, items.n_ok, items.problems) == (4, 3, (("real/b", "missing", "the file is gone."),))
    assert items.seconds_per_item == pytest.approx((6 / 3 + 6 / 2) / 2)
    assert pq.read_table(items.table).column("item").to_pylist() == ["real/b", "real/c", "fake/d", "fake/e"]
    with np.load(items.index) as index:
        # chunk, row of its crops, position among the usable items; the first crop of the reals is of the training item
        assert index["grey"].tolist() == [[0, 1, 0], [1, 0, 1], [1, 1, 2]]
        assert index["colour"].size == 0
    assert [Path(folder).name for folder in items.grey] == ["chunk-0-False", "chunk-1-False"]
    assert items.colour == ()


def test_the_digest_of_an_item_set_depends_on_contents_statuses_and_perturbation(tmp_path: Path) -> None:
    def digest_of(name: str, domain: OpenDomain = DOMAIN, **options: object) -> tuple[str, str]:
        (tmp_path / name).mkdir()
        parts = prepared(tmp_path / name, **options)  # pyright: ignore[reportArgumentType]
        items = item_set(domain, "test", item_statuses(domain, "test", *parts), *parts)
        return items.digest, items.provenance.pictures

    plain = digest_of("plain")
    assert digest_of("again") == plain
    lost = digest_of("lost", statuses={"real/b": GONE})
    assert lost[0] != plain[0] and lost[1] == plain[1]  # the same pictures are listed
    alike = ItemStatus(Status.ERROR, "it looks like another.", Reason.LOOKALIKE)
    left_out = digest_of("left_out", statuses={"real/b": alike})
    assert left_out[1] != plain[1]  # it is scored on fewer pictures, on purpose
    assert digest_of("another", contents="axcde", statuses={"real/b": alike})[1] == left_out[1]
    other = digest_of("other", contents="abcdx")
    assert other[0] != plain[0] and other[1] != plain[1]
    noisy = digest_of("noisy", replace(DOMAIN, name="mine+noise:sd=5"))
    assert noisy[0] != plain[0] and noisy[1] == plain[1]


def test_only_fitted_splits_say_what_was_learned(tmp_path: Path) -> None:
    parts = prepared(tmp_path)
    domain = guarded(DOMAIN, [])
    before = set((tmp_path / "items").glob("*"))
    item_set(domain, "test", item_statuses(domain, "test", *parts), *parts)
    tested = set((tmp_path / "items").glob("*")) - before
    item_set(domain, "train", item_statuses(domain, "train", *parts), *parts)
    fitted = set((tmp_path / "items").glob("*")) - before - tested
    assert len(fitted) == len(tested) + 1


def test_a_class_without_a_usable_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        DataError,
        match=r"mine: no usable fake picture in test \(fake/d: [^;]*[^.;]; fake/e: .*[^.]\)\. Choose a smaller",
    ):
        made(tmp_path, statuses={"fake/d": TOO_SMALL, "fake/e": GONE})


def test_a_class_that_is_not_listed_is_not_missed(tmp_path: Path) -> None:
    assert made(tmp_path, split="train").n_items == 1


def test_a_problem_is_told_once_per_data_set(tmp_path: Path) -> None:
    items = made(tmp_path, statuses={"real/b": GONE})
    others = replace(items, domain="mine+noise:sd=5"), replace(items, domain="other")
    assert [problem[:2] for problem in iter_problems([items, *others])] == [("mine", "real/b"), ("other", "real/b")]
