"""The guard of a plan: leaks within pools and into test pictures are refused or left out; shots are drawn from a target."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from bandbench.benchmark.contracts import REAL, Item
from bandbench.benchmark.domains.catalogue import Catalogue, OpenDomain
from bandbench.benchmark.domains.guard import HeldOut
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.features.guards import draw_shots, guard_plan, held_out_of, pool_parts
from bandbench.benchmark.records import Plan
from bandbench.benchmark.search.plan import make_plan
from bandbench.datasets.procedural import Procedural
from conftest import small_study

NEAREST, PLANTED, BLEND = (f"procedural/{name}" for name in ("nearest", "planted", "blend"))
POOL = f"{NEAREST} & {PLANTED}"
SIZES = {"procedural": {"n_train": 12, "n_val": 6, "n_test": 8, "side": 64}}


def opened(name: str, draw: int = 0) -> OpenDomain:
    return Catalogue({}, dict(SIZES)).domain(name, 0, draw)


def planned(**changes: Any) -> Plan:
    study = small_study(**({"datasets": SIZES, "test": [NEAREST, PLANTED, BLEND]} | changes))
    return make_plan(study, Catalogue({}, dict(study.datasets)))


def held(*names: str) -> dict[str, HeldOut]:
    return held_out_of(names, {name: opened(name) for name in names}, {})


def ids(items: Iterable[Item]) -> set[str]:
    return {item.id for item in items}


def share(monkeypatch: pytest.MonkeyPatch, *items: str) -> None:
    """Let some items of the procedural data set show one person."""
    listed = Procedural.items

    def one_person(self: Procedural, variant: str) -> list[Item]:
        return [replace(item, target="shared") if item.id in items else item for item in listed(self, variant)]

    monkeypatch.setattr(Procedural, "items", one_person)


# --- pools -----------------------------------------------------------------------------------------------------------


def test_a_pool_without_leaks_is_its_members_then_the_shots_of_its_targets() -> None:
    domains = {name: opened(name) for name in (NEAREST, PLANTED, BLEND)}
    parts, dropped = pool_parts(f"{POOL} & 3 shots of {BLEND}", domains, held(NEAREST, PLANTED, BLEND), drop=False)
    assert [part.domain.name for part in parts] == [NEAREST, PLANTED, BLEND]
    assert [part.shots for part in parts] == [False, False, True]
    assert [part.domain.items for part in parts[:2]] == [domains[NEAREST].items, domains[PLANTED].items]
    assert ids(parts[2].domain.items) == ids(draw_shots(domains[BLEND], 3).items)
    assert dropped == {}


def test_leaks_between_members_are_refused_or_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first fake of planted's training pictures shows the first person of nearest's validation pictures."""
    share(monkeypatch, "planted/train/00000", "nearest/val/00000")
    with pytest.raises(DataError, match=r"train of procedural/planted and val of procedural/nearest share identity 'shared'"):
        planned(train=[[NEAREST, PLANTED]])
    plan = planned(train=[[NEAREST, PLANTED]], drop_leaks=True)
    assert plan.dropped_leaks == {POOL: {"train": 1, "val": 0}}
    assert [len(part.domain.split("train")) for part in plan.pools[POOL, 0]] == [24, 23]


@pytest.mark.parametrize(("split", "dropped"), [("train", {"train": 1, "val": 0}), ("val", {"train": 0, "val": 1})])
def test_what_a_member_shares_with_test_pictures_is_refused_or_dropped(
    monkeypatch: pytest.MonkeyPatch, split: str, dropped: dict[str, int]
) -> None:
    """Also with those of a domain of the data set that is no member of the pool; validation pictures count as trained on."""
    share(monkeypatch, f"planted/{split}/00000", "blend/test/00000")
    domains = {name: opened(name) for name in (NEAREST, PLANTED)}
    with pytest.raises(DataError, match=f"^{split} of {PLANTED} and test of {BLEND} share identity 'shared'"):
        pool_parts(POOL, domains, held(BLEND), drop=False)
    parts, lost = pool_parts(POOL, domains, held(BLEND), drop=True)
    assert lost == dropped
    assert ids(domains[PLANTED].items) - ids(parts[1].domain.items) == {f"planted/{split}/00000"}
    assert ids(parts[0].domain.items) == ids(domains[NEAREST].items)
    assert pool_parts(POOL, domains, held(NEAREST), drop=False)[1] == {}


def test_a_shot_that_shares_a_person_with_test_pictures_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shots are drawn from what is left, so that they are as many."""
    share(monkeypatch, "blend/train/00000", "blend/test/00000")
    domains = {name: opened(name) for name in (NEAREST, BLEND)}
    name = f"{NEAREST} & 11 shots of {BLEND}"
    with pytest.raises(DataError, match=f"train of {BLEND} and test of {BLEND} share identity 'shared'"):
        pool_parts(name, domains, held(BLEND), drop=False)
    parts, lost = pool_parts(name, domains, held(BLEND), drop=True)
    assert lost == {"train": 1, "val": 0}
    assert len(parts[1].domain.items) == 22
    assert "blend/train/00000" not in ids(parts[1].domain.items)


def test_each_draw_of_a_plan_is_guarded_and_single_domains_have_no_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    share(monkeypatch, "planted/train/00000", "nearest/val/00000")
    study = small_study(train=[NEAREST, POOL], test=[BLEND], seeds=2, datasets=SIZES, drop_leaks=True)
    names = (NEAREST, PLANTED, BLEND)
    guarded = guard_plan(study, {(name, r): opened(name, r) for name in names for r in range(2)}, {})
    assert set(guarded.pools) == {(POOL, 0), (POOL, 1)}
    assert {key: counts for key, counts in guarded.dropped.items() if any(counts.values())} == {
        (POOL, r): {"train": 1, "val": 0} for r in range(2)
    }


# --- shots -----------------------------------------------------------------------------------------------------------


def test_more_shots_hold_those_of_fewer() -> None:
    few, more = (ids(draw_shots(opened(PLANTED), n).items) for n in (3, 8))
    assert few < more
    assert (len(few), len(more)) == (6, 16)
    shots = draw_shots(opened(PLANTED), 3).items
    assert {item.split for item in shots} == {"train"}
    assert sum(item.label == REAL for item in shots) == 3
    assert ids(draw_shots(opened(PLANTED, 1), 3).items) != few


def test_more_shots_than_there_are_pictures_are_refused() -> None:
    assert len(draw_shots(opened(PLANTED), 12).items) == 24
    with pytest.raises(DataError, match=r"13 shots per class were asked for, and its training split has 12 real pictures"):
        draw_shots(opened(PLANTED), 13)
