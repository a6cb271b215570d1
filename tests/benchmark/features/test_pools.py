"""Pools: which pictures are in one, each once, and the item set that they become."""

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from bandbench.benchmark.contracts import FAKE, REAL, Item, ViewSpec
from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.domains.seen import read_learned
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.features.item_sets import ItemStatuses
from bandbench.benchmark.features.load import load_view
from bandbench.benchmark.features.plan_sets import Prepared, prepare_sets
from bandbench.benchmark.features.pools import draw_pool
from bandbench.benchmark.features.prepare import scratch_places
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.records import ItemSet
from bandbench.benchmark.results.scores import OK, ItemStatus, Reason, Status, item_labels
from bandbench.benchmark.search.plan import make_plan
from bandbench.benchmark.study.protocols import PoolRule
from conftest import Here, SilentReporter, small_study

GONE = ItemStatus(Status.MISSING, "the file is gone.", Reason.GONE)
NEAREST, PLANTED, BLEND = (f"procedural/{name}" for name in ("nearest", "planted", "blend"))


def member(reals: Sequence[str], fakes: Sequence[str], gone: Sequence[str] = ()) -> ItemStatuses:
    """Pictures of one domain by their contents."""
    contents = (*reals, *fakes, *gone)
    items = tuple(Item(f"id {c}", int(c in fakes), "train") for c in contents)
    return ItemStatuses(items, contents, (0,) * len(items), tuple(GONE if c in gone else OK for c in contents))


def contents(pool: Sequence[ItemStatuses], label: int) -> list[list[str]]:
    triples = [zip(each.items, each.contents, each.statuses, strict=True) for each in pool]
    return [[c for item, c, status in own if status == OK and item.label == label] for own in triples]


def test_all_pictures_are_taken_once() -> None:
    pool = draw_pool([member("abc", "xy"), member("bcd", "z")], PoolRule.ALL, 2, [0])
    assert contents(pool, REAL) == [["a", "b", "c"], ["d"]]
    assert contents(pool, FAKE) == [["x", "y"], ["z"]]


def test_a_balanced_pool_has_as_many_reals_as_fakes_and_as_many_of_each_member() -> None:
    shared = [f"real {i}" for i in range(12)]
    members = [member(shared, [f"{name}{i}" for i in range(12)]) for name in "abc"]
    pool = draw_pool(members, PoolRule.BALANCED, 3, [0])
    assert [len(own) for label in (REAL, FAKE) for own in contents(pool, label)] == [4] * 6
    reals = [c for own in contents(pool, REAL) for c in own]
    assert sorted(reals) == sorted(shared)
    again = draw_pool(members, PoolRule.BALANCED, 3, [0])
    assert contents(again, FAKE) == contents(pool, FAKE)
    assert contents(draw_pool(members, PoolRule.BALANCED, 3, [1]), FAKE) != contents(pool, FAKE)


def test_the_smallest_member_sets_the_number() -> None:
    pool = draw_pool([member("abcdef", "uvwxyz"), member("ghi", "12")], PoolRule.BALANCED, 2, [0])
    assert [len(own) for label in (REAL, FAKE) for own in contents(pool, label)] == [2] * 4


def test_shots_are_taken_whole_but_not_twice() -> None:
    pool = draw_pool([member("ab", "x"), member("bc", "yz")], PoolRule.BALANCED, 1, [0])
    assert len(contents(pool, REAL)[0]) == len(contents(pool, FAKE)[0]) == 1
    assert contents(pool, FAKE)[1] == ["y", "z"]
    of_target = set(contents(pool, REAL)[1])
    assert of_target | set(contents(pool, REAL)[0]) >= {"b", "c"}
    assert not of_target & set(contents(pool, REAL)[0])


def test_a_picture_that_is_real_in_one_member_and_fake_in_another_is_refused() -> None:
    pool = draw_pool([member("ab", "x"), member("c", "ay")], PoolRule.ALL, 2, [0])
    assert contents(pool, REAL) == [["b"], ["c"]]
    assert contents(pool, FAKE) == [["x"], ["y"]]
    assert [status.reason for each in pool for status in each.statuses].count(Reason.BOTH_CLASSES) == 2


def test_pictures_that_cannot_be_used_stay_listed_unless_all_others_of_their_class_are_elsewhere() -> None:
    first, second = member("ab", "x", gone="r"), member("ab", "y", gone="r")  # ids are equal, too
    pool = draw_pool([first, second], PoolRule.ALL, 2, [0])
    assert [GONE in each.statuses for each in pool] == [True, False]


def test_a_balanced_pool_of_nothing_is_refused() -> None:
    with pytest.raises(DataError, match="too few real pictures.*pool: all"):
        draw_pool([member("a", "x"), member("a", "y")], PoolRule.BALANCED, 2, [0])


def prepared_study(**changes: object) -> Prepared:
    """The item sets of a study on embedded pictures; places of its files are gone."""
    keys = {
        "test": [NEAREST, PLANTED, BLEND],
        "datasets": {"procedural": {"n_train": 12, "n_val": 6, "n_test": 5, "side": 64}},
        "sweep": None,
        "search": {"trials": 0},
    }
    study = small_study(**(keys | changes))
    plan = make_plan(study, Catalogue({}, dict(study.datasets)))
    with scratch_places() as places:
        prepared = prepare_sets(plan, places, Here(1), SilentReporter())
        for (name, _, _), items in prepared.sets.items():
            if items.members:
                check_files(name, items)
    return prepared


def check_files(name: str, items: ItemSet) -> None:
    """Table, index and digests of a pool agree with those of its members."""
    table = pq.read_table(items.table)
    assert set(table["domain"].to_pylist()) == {name}
    assert len(set(table["item"].to_pylist())) == len(table)
    view, rows = load_view(items, ViewSpec("profile"), Band())
    assert sorted(rows.tolist()) == list(range(items.n_ok))
    start = 0
    for part in items.members:
        own, own_rows = load_view(part, ViewSpec("profile"), Band())
        assert np.array_equal(view.values[start : start + len(own)], own.values)
        assert np.array_equal(rows[start : start + len(own)], own_rows + start)
        assert np.array_equal(item_labels(table)[start : start + len(own)], item_labels(pq.read_table(part.table)))
        start += len(own)
    learned = read_learned([items.table])
    assert learned == read_learned([part.table for part in items.members])
    assert len(learned.seen) == items.n_ok


def test_a_pool_becomes_one_item_set_of_its_members() -> None:
    name = f"{NEAREST} & {PLANTED}"
    sets = prepared_study(train=[[PLANTED, NEAREST]]).sets
    train, val = sets[name, "train", 0], sets[name, "val", 0]
    assert [(part.domain, part.n_ok) for part in train.members] == [(NEAREST, 12), (PLANTED, 12)]
    assert (train.n_ok, val.n_ok, train.domain) == (24, 12, name)
    whole = prepared_study(train=[[PLANTED, NEAREST]], pool="all").sets[name, "train", 0]
    assert Counter(part.n_ok for part in whole.members) == Counter([24, 12])  # the reals are those of both
    assert whole.digest != train.digest


def test_shots_join_the_training_pictures_and_no_validation_pictures() -> None:
    prepared = prepared_study(train=[NEAREST], test=[NEAREST, PLANTED], shots=[0, 2, 4])
    few, more = (prepared.sets[f"{NEAREST} & {n} shots of {PLANTED}", "train", 0] for n in (2, 4))
    plain = prepared.sets[NEAREST, "train", 0]
    assert [part.n_ok for part in few.members] == [24, 2]  # the target's reals are those of the training domain
    assert [part.n_ok for part in more.members] == [24, 4]
    assert plain.n_ok == 24
    val = prepared.sets[f"{NEAREST} & 4 shots of {PLANTED}", "val", 0]
    assert [part.domain for part in val.members] == [NEAREST]
    assert prepared.sets[PLANTED, "test", 0].n_ok == 10


def test_fewer_pictures_than_shots_are_refused() -> None:
    with pytest.raises(DataError, match=r"procedural/planted: 13 shots per class were asked for.*has 12 real pictures"):
        prepared_study(train=[NEAREST], test=[PLANTED], shots=[13])


def test_a_validation_picture_of_one_member_that_another_is_trained_on_is_refused(picture_folder: Callable[..., Path]) -> None:
    roots = {name: picture_folder(name, n=20, first_seed=100 * i) for i, name in enumerate("abc")}
    catalogue = Catalogue(catalogue_folders(roots))
    trained = catalogue.domain("a", 0).split("train")[0].id
    validated = catalogue.domain("b", 0).split("val")[0].id
    shutil.copy(roots["a"] / trained, roots["b"] / validated)
    plan = make_plan(small_study(train=[["a", "b"]], test=["c"], pool="all"), Catalogue(catalogue_folders(roots)))
    with scratch_places() as places:
        val = prepare_sets(plan, places, Here(1), SilentReporter()).sets["a & b", "val", 0]
    assert val.n_ok == val.n_items - 1
    assert val.problems == ((f"b:{validated}", "error", "the same picture is among the training pictures of a & b."),)


def catalogue_folders(roots: dict[str, Path]) -> dict[str, str]:
    return {name: str(root) for name, root in roots.items()}
