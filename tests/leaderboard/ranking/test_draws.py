"""Bootstrap draws for many rows: equal to repeating the items, the same for every row, and in little memory."""

from functools import partial

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bandbench.benchmark.metrics.bootstrap import GroupBootstrap
from bandbench.benchmark.metrics.roc import Scored, weighted_auc
from bandbench.leaderboard.ranking import draws
from bandbench.leaderboard.ranking.draws import drawn_aucs, nests, weighted_aucs

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 2, 240)
GROUPS = np.repeat(np.arange(60), 4)
names = partial(np.char.mod, "%03d")


def scored(prefix: str = "g", decimals: int = 9, seed: int = 1) -> Scored:
    values = np.random.default_rng(seed).normal(size=240) + 0.8 * LABELS
    return Scored(LABELS, np.round(values, decimals), np.char.add(prefix, names(GROUPS)))


@pytest.mark.parametrize("decimals", [9, 0])
def test_a_draw_is_the_auc_of_repeated_items(decimals: int) -> None:
    items, counts = scored(decimals=decimals), np.random.default_rng(3).multinomial(60, np.full(60, 1 / 60), size=50).T
    found = weighted_aucs(items.labels, items.scores, GROUPS, counts.astype(np.float32))
    for draw, auc in zip(counts.T, found, strict=True):
        times = draw[GROUPS]
        assert auc == pytest.approx(roc_auc_score(np.repeat(LABELS, times), np.repeat(items.scores, times)), abs=1e-9)


@pytest.mark.parametrize("decimals", [9, 0])
def test_the_auc_of_a_draw_is_that_of_the_bootstrap_of_a_cell(decimals: int) -> None:
    items, counts = scored(decimals=decimals), np.random.default_rng(4).multinomial(60, np.full(60, 1 / 60), size=50)
    ours = weighted_aucs(items.labels, items.scores, GROUPS, counts.T.astype(np.float32))
    np.testing.assert_allclose(ours, weighted_auc(items.labels, items.scores, counts[:, GROUPS]), rtol=0, atol=1e-12)


def test_many_fakes_are_added_up_in_blocks() -> None:
    labels, scores = np.arange(6000) % 2, RNG.normal(size=6000)
    found = weighted_aucs(labels, scores, np.arange(6000), np.ones((6000, 2), dtype=np.float32))
    np.testing.assert_allclose(found, roc_auc_score(labels, scores), rtol=1e-12)


def test_spread_is_that_of_the_bootstrap_of_a_cell() -> None:
    items = scored()
    ours = drawn_aucs([{"x": [items]}], 4000)[0, 0]
    theirs = GroupBootstrap([items], 4000, seed=5).under_draws(items, lambda s, w: weighted_auc(s.labels, s.scores, w))
    assert ours.std() == pytest.approx(theirs.std(), rel=0.06)
    assert ours.mean() == pytest.approx(theirs.mean(), abs=0.003)


def test_rows_meet_the_same_groups() -> None:
    one, other = scored(seed=1), scored(seed=2)
    alone = drawn_aucs([{"x": [one]}], 50)
    both = drawn_aucs([{"x": [other]}, {"x": [one]}], 50)
    np.testing.assert_array_equal(both[1], alone[0])
    mean = drawn_aucs([{"x": [one, other]}], 50)
    np.testing.assert_allclose(mean[0], both.mean(axis=0))


def test_domains_with_common_groups_are_drawn_together() -> None:
    home, shared, apart = scored("a:"), scored("a:", seed=2), scored("b:")
    tests = {"z": [apart], "y": [shared], "x": [home]}
    assert [domains for domains, _ in nests(tests)] == [["x", "y"], ["z"]]
    found = drawn_aucs([{**tests, "y": [home]}], 50)[0]
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_a_chain_of_common_groups_is_one_nest() -> None:
    def part(low: int, high: int) -> list[Scored]:
        mine = np.isin(GROUPS, range(low, high))
        return [Scored(LABELS[mine], RNG.normal(size=mine.sum()), names(GROUPS[mine]))]

    tests = {"a": part(0, 30), "b": part(40, 60), "c": part(20, 50)}
    assert [(domains, len(groups)) for domains, groups in nests(tests)] == [(["a", "b", "c"], 60)]


def test_slices_that_bound_the_memory_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    tests = [{"x": [scored()], "y": [scored("other")]}]
    whole = drawn_aucs(tests, 100)
    monkeypatch.setattr(draws, "NUMBERS_AT_ONCE", 240 * 7)
    np.testing.assert_array_equal(drawn_aucs(tests, 100), whole)


def test_a_draw_that_lost_a_class_is_undefined() -> None:
    items = Scored(np.array([0, 0, 1, 1]), np.arange(4.0), names(np.arange(4)))
    found = drawn_aucs([{"x": [items]}], 300)[0, 0]
    assert 0.05 < np.isnan(found).mean() < 0.25  # 2 * (1/2)^4 of all draws lack one of the classes
    assert (found[np.isfinite(found)] == 1).all()
