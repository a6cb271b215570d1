"""Trainings: pools, protocols and shots, from the study file to the rows."""

import json
from pathlib import Path
from typing import Any

import pytest

from bandbench.benchmark.contracts import Item
from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.errors import DataError, StudyError
from bandbench.benchmark.features.guards import draw_shots
from bandbench.benchmark.records import Plan
from bandbench.benchmark.results.rows import Row
from bandbench.benchmark.results.selection import Selection
from bandbench.benchmark.search.plan import make_plan
from bandbench.benchmark.store.files import dump_json
from bandbench.datasets.procedural import Procedural
from bandbench.leaderboard.exports import as_csv, as_document
from bandbench.leaderboard.ranking.comparable import comparable_sets
from conftest import run, small_study

NEAREST, PLANTED, BLEND, ZERO = (f"procedural/{name}" for name in ("nearest", "planted", "blend", "zeroinsert"))
QUICK = {
    "datasets": {"procedural": {"n_train": 12, "n_val": 6, "n_test": 8, "side": 64}},
    "test": [NEAREST, PLANTED, BLEND],
    "detectors": ["spectral_logreg"],
    "sweep": None,
    "search": {"trials": 0},
}


def planned(**changes: Any) -> Plan:
    study = small_study(**(QUICK | changes))
    return make_plan(study, Catalogue({}, dict(study.datasets)))


def rows_of(**changes: Any) -> dict[str, Row]:
    outcome = run(small_study(**(QUICK | changes)))
    assert not outcome.failures
    return {row.train: row for row in outcome.rows if row.role == "chosen"}


def aucs(row: Row) -> dict[str, float]:
    return {test.domain: test.auc for test in row.tests}


def test_a_list_among_the_training_domains_is_one_training() -> None:
    plan = planned(train=[PLANTED, [PLANTED, NEAREST]])
    assert plan.study.train == (PLANTED, f"{NEAREST} & {PLANTED}")
    assert [part.domain.name for part in plan.pools[f"{NEAREST} & {PLANTED}", 0]] == [NEAREST, PLANTED]
    assert plan.n_cells == 2


def test_the_name_of_a_data_set_is_a_pool_of_all_its_domains_if_it_is_in_a_list() -> None:
    (train,) = planned(train=[["procedural"]]).study.train
    assert train.split(" & ") == sorted(
        f"procedural/{name}" for name in ("zeroinsert", "nearest", "bilinear", "blend", "planted")
    )
    assert len(planned(train=["procedural"]).study.train) == 5


@pytest.mark.parametrize("pool", [[NEAREST], [NEAREST, NEAREST]])
def test_a_pool_has_two_domains(pool: list[str]) -> None:
    with pytest.raises(StudyError, match=r"is of one domain \(procedural/nearest\), and a pool has two or more"):
        planned(train=[pool])


def test_one_domain_cannot_be_left_out_of_two() -> None:
    with pytest.raises(StudyError, match="a pool has two or more"):
        planned(train=[NEAREST, PLANTED], protocol="leave_one_out")


def test_rows_of_leave_one_out_are_headlined_by_the_domain_that_was_left_out() -> None:
    rows = rows_of(train=[NEAREST, PLANTED, BLEND], protocol="leave_one_out", seeds=2)
    assert sorted(rows) == sorted([f"{NEAREST} & {PLANTED}", f"{BLEND} & {NEAREST}", f"{BLEND} & {PLANTED}"])
    row = rows[f"{BLEND} & {PLANTED}"]
    of_domain = aucs(row)
    assert row.cross_domain_auc == row.worst_auc == of_domain[NEAREST]
    assert row.in_domain_auc == pytest.approx((of_domain[BLEND] + of_domain[PLANTED]) / 2, abs=1e-12)
    assert row.in_domain_auc_lo < row.in_domain_auc < row.in_domain_auc_hi
    assert row.selection is Selection.NO_CHOICE
    sets, _ = comparable_sets(list(rows.values()))
    assert sorted(one.domains for one in sets) == [(BLEND,), (NEAREST,), (PLANTED,)]
    shown = json.loads(dump_json(as_document("small", list(rows.values()))))["rows"]
    assert {tuple(one["train"]) for one in shown} == {tuple(name.split(" & ")) for name in rows}
    assert [Row.from_json(one).train for one in shown] == list(rows)
    assert f",{BLEND} & {PLANTED}," in as_csv(list(rows.values()))


def test_a_pool_is_not_headlined_by_a_domain_that_is_no_training_domain() -> None:
    """Such a domain is left out of the pool of all training domains, whose headline it is."""
    plan = planned(train=[NEAREST, PLANTED, BLEND], test=[NEAREST, ZERO], protocol="leave_one_out")
    assert plan.study.train == (f"{BLEND} & {PLANTED}", f"{BLEND} & {NEAREST} & {PLANTED}")
    assert plan.not_counted == {f"{BLEND} & {PLANTED}": (ZERO,)}


def test_a_finished_pool_is_not_computed_again_and_its_members_may_be_named_in_any_order() -> None:
    first = run(small_study(**QUICK, train=[[NEAREST, PLANTED]]))
    again = run(small_study(**QUICK, train=[f"{PLANTED} & {NEAREST}"]))
    assert (first.computed, again.computed) == (1, 0)
    assert dump_json([row.to_json() for row in first.rows]) == dump_json([row.to_json() for row in again.rows])


def test_shots_are_learned_from_and_headlined_by_their_target() -> None:
    keys = {"train": [NEAREST], "test": [NEAREST, PLANTED, BLEND], "shots": [0, 12], "bands": [{"kind": "low", "high": 0.3}]}
    rows = rows_of(**keys, datasets={"procedural": {"n_train": 40, "n_val": 10, "n_test": 40, "side": 64, "strength": 9}})
    assert sorted(rows) == sorted([NEAREST, f"{NEAREST} & 12 shots of {PLANTED}", f"{NEAREST} & 12 shots of {BLEND}"])
    plain, few = rows[NEAREST], rows[f"{NEAREST} & 12 shots of {PLANTED}"]
    assert few.cross_domain_auc == aucs(few)[PLANTED]
    assert few.cross_domain_auc > aucs(plain)[PLANTED] + 0.05
    assert (plain.shots, few.shots) == (0, 12)
    assert (plain.selection, few.selection) == (Selection.TRAINING_DOMAIN, Selection.NOT_TARGET)
    assert few.in_domain_auc == aucs(few)[NEAREST]
    assert few.to_json()["train"] == [NEAREST, f"12 shots of {PLANTED}"]
    # The target's test pictures are those of every other row.
    pictures = {(test.domain, test.pictures, test.n) for row in rows.values() for test in row.tests}
    assert len(pictures) == 3


DATES = {NEAREST: "2019", PLANTED: "2020-05", BLEND: "2020-06"}


def test_the_mean_is_over_later_domains_alone() -> None:
    plan = planned(train=[NEAREST, PLANTED, BLEND], protocol="later_only", dates=DATES)
    assert plan.study.train == (NEAREST, PLANTED)
    assert list(plan.not_trained) == [BLEND]
    assert plan.not_counted == {PLANTED: (NEAREST,)}
    rows = rows_of(train=[NEAREST, PLANTED, BLEND], protocol="later_only", dates=DATES)
    assert rows[PLANTED].cross_domain_auc == aucs(rows[PLANTED])[BLEND]
    assert rows[PLANTED].not_counted == (NEAREST,)
    assert rows[NEAREST].cross_domain_auc == pytest.approx((aucs(rows[NEAREST])[PLANTED] + aucs(rows[NEAREST])[BLEND]) / 2)
    assert set(aucs(rows[PLANTED])) == {NEAREST, PLANTED, BLEND}  # scored all the same


def test_a_pool_is_as_late_as_its_latest_member() -> None:
    plan = planned(train=[[NEAREST, PLANTED]], protocol="later_only", dates=DATES, test=[NEAREST, PLANTED, BLEND, ZERO])
    assert plan.not_counted == {f"{NEAREST} & {PLANTED}": (ZERO,)}  # of which no date is known


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        ({}, "no release date of the training domain procedural/blend is known"),
        ({"procedural": "2020"}, r"no test domain came out after procedural/blend \(2020-12-31\)"),
        ({"procedurl": "2020"}, "Did you mean 'procedural'"),
    ],
)
def test_later_only_needs_dates(dates: dict[str, str], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        planned(train=[BLEND], protocol="later_only", dates=dates)


def test_shots_go_to_one_target_that_is_not_trained_on() -> None:
    with pytest.raises(StudyError, match="names 5 domains; shots are of one"):
        planned(train=[f"{NEAREST} & 2 shots of procedural"])
    with pytest.raises(StudyError, match="is a training domain"):
        planned(train=[f"{NEAREST} & 2 shots of {NEAREST}"])
    with pytest.raises(StudyError, match="names no training domain that the shots are added to"):
        planned(train=[f"2 shots of {NEAREST}"])


def test_more_shots_hold_those_of_fewer() -> None:
    domain = Catalogue({}, dict(QUICK["datasets"])).domain(PLANTED, 0)
    few, more = ({item.id for item in draw_shots(domain, n).items} for n in (3, 8))
    assert few < more
    assert (len(few), len(more)) == (6, 16)
    assert {item.split for item in draw_shots(domain, 3).items} == {"train"}
    assert {item.id for item in draw_shots(Catalogue({}, dict(QUICK["datasets"])).domain(PLANTED, 0, 1), 3).items} != few


def folders(picture_folder: Any, names: str) -> dict[str, Path]:
    return {name: picture_folder(name, n=20, first_seed=100 * i) for i, name in enumerate(names)}


def test_domains_of_several_folders_are_pooled(picture_folder: Any) -> None:
    bands = [{"kind": "low", "high": 0.3}]
    keys = QUICK | {"train": [["a", "b"]], "test": ["a", "b", "c"], "datasets": {}, "bands": bands}
    outcome = run(small_study(**keys), folders(picture_folder, "abc"))
    (row,) = (row for row in outcome.rows if row.role == "chosen")
    assert (row.train, row.cross_domain_auc) == ("a & b", aucs(row)["c"])
    assert set(row.splits) == {"a", "b", "c"}
    assert row.selection is Selection.TRAINING_DOMAINS


def test_leaks_between_members_are_refused_or_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = Procedural.items

    def one_person(self: Procedural, variant: str) -> list[Item]:
        """The first fake of planted's training pictures shows the first person of nearest's validation pictures."""
        items = list(listed(self, variant))
        shared = {"planted": "planted/train/00000", "nearest": "nearest/val/00000"}.get(variant)
        return [Item(**{**vars(item), "target": "shared"}) if item.id == shared else item for item in items]

    monkeypatch.setattr(Procedural, "items", one_person)
    pool = {"train": [[NEAREST, PLANTED]]}
    with pytest.raises(DataError, match=r"train of procedural/planted and val of procedural/nearest share identity 'shared'"):
        planned(**pool)
    plan = planned(**pool, drop_leaks=True)
    assert plan.dropped_leaks == {f"{NEAREST} & {PLANTED}": {"train": 1, "val": 0}}
    assert [len(part.domain.split("train")) for part in plan.pools[f"{NEAREST} & {PLANTED}", 0]] == [24, 23]
