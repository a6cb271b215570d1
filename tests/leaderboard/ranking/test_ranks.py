"""Ranks: equal rows share one, a better one leads, and what cannot be compared gets none."""

import dataclasses
import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest

from bandbench.benchmark.metrics.roc import Scored, roc_auc
from bandbench.leaderboard.ranking.entrants import Entrant
from bandbench.leaderboard.ranking.ranks import Ranking, rank

TRUTH = 0.76025  # of normal scores whose means lie one standard deviation apart: Phi(1 / sqrt 2)


class World:
    """Test pictures of a few domains, some frames to each clip; part of a score is the clip's, part the detector's."""

    def __init__(self, seed: int, n_domains: int = 1, n_clips: int = 60, n_frames: int = 4) -> None:
        self.rng = np.random.default_rng(seed)
        clips = np.repeat(np.arange(n_clips), n_frames)
        self.clips, self.labels = clips, (clips >= n_clips // 2).astype(np.int64)
        self.groups = {f"d{i}": np.char.mod(f"set{i}:%03d", clips) for i in range(n_domains)}
        self.common = {name: self.clip_noise() for name in self.groups}

    def clip_noise(self) -> np.ndarray:
        return self.rng.normal(size=self.clips[-1] + 1)[self.clips]

    def scores(self, domain: str, strength: float) -> np.ndarray:
        """Normal with standard deviation 1 in each class, so that a strength of 1 means `TRUTH`."""
        own = 0.5 * self.clip_noise() + 0.5 * self.rng.normal(size=len(self.clips))
        return strength * self.labels + np.sqrt(0.5) * self.common[domain] + own

    def row(self, name: str, strength: float, n_replicates: int = 1) -> Entrant:
        return self.row_of_draws(name, [strength] * n_replicates)

    def row_of_draws(self, name: str, strengths: Sequence[float], training: str = "") -> Entrant:
        """Row of a recipe whose strength varies between draws of the training pictures."""

        def fits(domain: str) -> list[Scored]:
            return [Scored(self.labels, self.scores(domain, strength), self.groups[domain]) for strength in strengths]

        return Entrant(name, {d: fits(d) for d in self.groups}, {d: f"items of {d}" for d in self.groups}, training)

    def rows(self, strengths: Sequence[float]) -> list[Entrant]:
        return [self.row(f"r{i}", strength) for i, strength in enumerate(strengths)]


def places(ranking: Ranking) -> dict[str, tuple[int | None, int | None, int | None]]:
    return {p.name: (p.low, p.high, p.tie_group) for p in ranking.placements}


def changed(row: Entrant, domain: str, **fields: np.ndarray) -> Entrant:
    scored = [dataclasses.replace(one, **fields) for one in row.tests[domain]]
    return Entrant(row.name, {**row.tests, domain: scored}, row.items)


@pytest.mark.parametrize("n_rows", [2, 10])
def test_equal_detectors_share_one_rank(n_rows: int) -> None:
    """On boards of equal detectors at most 5 % may call any two different; 60 boards, so at most 7 by bad luck."""
    wrong = 0
    for seed in range(60):
        ranking = rank(World(seed).rows([1.0] * n_rows))
        wrong += any(place != (1, n_rows, 1) for place in places(ranking).values())
    assert wrong <= 7


def test_a_clearly_better_detector_leads_alone() -> None:
    found = places(rank(World(1, n_domains=2).rows([0.6, 2.2, 0.6, 0.7])))
    assert found["r1"] == (1, 1, 1)
    assert {found[name] for name in ("r0", "r2", "r3")} == {(2, 4, 2)}


def test_rank_intervals_count_significant_differences() -> None:
    ranking = rank(World(2, n_domains=3).rows([0.0, 0.3, 0.6, 0.9, 1.3, 2.0]))
    n = len(ranking.compared)
    for i, index in enumerate(ranking.compared):
        beaten_by = [
            j for j in range(n) if ranking.comparison.p_holm[i, j] <= 0.05 and ranking.comparison.differences[i, j] < 0
        ]
        beats = [j for j in range(n) if ranking.comparison.p_holm[i, j] <= 0.05 and ranking.comparison.differences[i, j] > 0]
        assert (ranking.placements[index].low, ranking.placements[index].high) == (1 + len(beaten_by), n - len(beats))
    assert places(ranking)["r5"][:2] == (1, 1)
    assert len({place[:2] for place in places(ranking).values()}) > 2
    values = [ranking.placements[i].auc.value for i in ranking.compared]
    assert values == sorted(values, reverse=True)


def test_nobody_in_a_tie_group_is_significantly_below_its_best() -> None:
    ranking = rank(World(3).rows(np.linspace(0, 2, 12)))
    groups = [ranking.placements[i].tie_group for i in ranking.compared]
    assert set(groups) == set(range(1, max(groups) + 1))
    for group in set(groups):
        first, *rest = [i for i, mine in enumerate(groups) if mine == group]
        assert (ranking.comparison.p_holm[first, rest] > 0.05).all()
        later = [i for i, mine in enumerate(groups) if mine > group]
        assert (ranking.comparison.p_holm[first, later] <= 0.05).all()


def test_twins_with_the_same_errors_are_told_apart() -> None:
    """Pairing: a small difference counts where two rows fail on the same pictures, and not where they do not."""
    world = World(4, n_clips=200)
    a = world.row("a", 1.0)
    scores = a.tests["d0"][0].scores
    twin = changed(dataclasses.replace(a, name="twin"), "d0", scores=scores - 0.15 * world.labels)
    found = places(rank([a, twin, world.row("stranger", 0.85)]))
    assert found["a"][0] < found["twin"][0]
    assert found["stranger"][:2] == (1, 3)


def test_order_of_rows_items_and_replicates_does_not_matter() -> None:
    world = World(5, n_domains=2)
    rows = [world.row(f"r{i}", s, n_replicates=2) for i, s in enumerate([0.2, 1.4, 0.3, 1.0])]
    shuffled = np.random.default_rng(0).permutation(len(world.labels))
    other = [
        Entrant(
            row.name,
            {
                d: [Scored(s.labels[shuffled], s.scores[shuffled], s.groups[shuffled]) for s in reversed(row.tests[d])]
                for d in reversed(row.tests)
            },
            row.items,
        )
        for row in rows
    ]
    first, *others = (rank(order) for order in (rows, rows[::-1], [rows[i] for i in (2, 0, 3, 1)], other))
    for again in others:
        assert places(again) == places(first)
        np.testing.assert_allclose(again.comparison.p, first.comparison.p, rtol=1e-6)
        assert sorted(p.auc.low for p in again.placements) == pytest.approx(sorted(p.auc.low for p in first.placements))


def test_the_mean_is_over_replicates_then_domains() -> None:
    world = World(6, n_domains=2)
    row = world.row("a", 1.0, n_replicates=3)
    found = rank([row, world.row("b", 0.5)]).placements[0].auc
    each = [np.mean([roc_auc(s.labels, s.scores) for s in row.tests[d]]) for d in ("d0", "d1")]
    assert found.value == pytest.approx(np.mean(each))
    assert found.low < found.value < found.high


def test_intervals_and_differences_cover_the_truth() -> None:
    """Of 250 boards of frames in clips, near 95 % of the intervals hold the true AUC, and of the true difference."""
    held, differs = 0, 0
    for seed in range(250):
        ranking = rank(World(1000 + seed).rows([1.0, 1.0]))
        auc = ranking.placements[0].auc
        held += auc.low <= TRUTH <= auc.high
        differs += ranking.comparison.p[0, 1] <= 0.05
    assert 0.90 <= held / 250 <= 0.985
    assert 0.01 <= differs / 250 <= 0.085


# --- what is not compared ----------------------------------------------------------------------------------------------


def test_rows_on_other_pictures_or_domains_get_no_rank_and_a_reason() -> None:
    rows = World(8, n_domains=3).rows([1.0, 1.0, 1.0, 3.0, 3.0, 3.0])
    rows[3] = dataclasses.replace(rows[3], items={**rows[3].items, "d1": "other items"})
    rows[4] = Entrant("r4", {"d0": rows[4].tests["d0"]}, {"d0": rows[4].items["d0"]})
    extra = {**rows[5].tests, "d9": rows[5].tests["d0"]}
    rows[5] = Entrant("r5", extra, {**rows[5].items, "d9": "items of d9"})
    for order in (rows, rows[::-1]):
        ranking = rank(order)
        told = {p.name: p for p in ranking.placements}
        assert ranking.domains == ("d0", "d1", "d2")
        assert [(told[name].low, told[name].high) for name in ("r0", "r1", "r2")] == [(1, 3)] * 3
        assert [told[name].low for name in ("r3", "r4", "r5")] == [None] * 3
        assert told["r3"].reason == "scored on other pictures of d1"
        assert told["r4"].reason == "not tested on d1, d2"
        assert told["r5"].reason == "its mean takes in d9"
        assert told["r3"].auc.value > 0.9
        assert math.isnan(told["r3"].auc.low)


def test_rows_with_more_domains_are_compared_on_those_that_are_asked_for() -> None:
    world = World(9, n_domains=2)
    rows = world.rows([1.0, 1.0, 1.0])
    rows[0] = Entrant("r0", {"d0": rows[0].tests["d0"]}, {"d0": rows[0].items["d0"]})
    assert [(p.low, p.high) for p in rank(rows, ["d0"]).placements] == [(1, 3)] * 3
    assert rank(rows, ["d0", "d1"]).placements[0].reason == "not tested on d1"


def test_a_row_that_nobody_can_be_compared_with_has_no_rank() -> None:
    row = World(10).row("alone", 1.0)
    for rows in ([row], [row, dataclasses.replace(row, name="b", items={"d0": "other items"})]):
        assert {p.reason for p in rank(rows).placements} == {
            "no other row that may be ranked was scored on the same pictures of the same domains"
        }
    assert rank([]).placements == ()


def test_degenerate_rows_say_what_is_wrong() -> None:
    world = World(11)
    good, labels = world.rows([1.0, 1.0]), world.labels
    scores = good[0].tests["d0"][0].scores

    def told(**fields: np.ndarray) -> str:
        bad = changed(dataclasses.replace(good[0], name="bad"), "d0", **fields)
        ranking = rank([*good, bad])
        assert [(p.low, p.high) for p in ranking.placements[:2]] == [(1, 2)] * 2
        assert ranking.placements[2].low is None
        return ranking.placements[2].reason

    assert told(labels=np.zeros_like(labels)) == "d0: fake pictures of no groups; two are needed to tell noise"
    assert told(labels=np.ones_like(labels)) == "d0: real pictures of no groups; two are needed to tell noise"
    assert told(groups=np.full(len(labels), "one")) == "d0: real pictures of 1 group; two are needed to tell noise"
    assert told(scores=np.where(labels == 1, np.nan, scores)) == f"d0: {labels.sum()} scores are not finite"
    assert rank([Entrant("empty", {}, {})]).placements[0].reason == "no test domain"


def test_rows_that_do_not_vary_are_compared_with_care() -> None:
    """Perfect rows are equal; one is above a coin with many clips, and not with three."""
    many, few = World(12), World(12, n_clips=6)
    for world, leads in ((many, True), (few, False)):
        row = world.row("perfect", 1.0)
        perfect = changed(row, "d0", scores=world.labels.astype(float))
        again = dataclasses.replace(perfect, name="again")
        flat = changed(dataclasses.replace(row, name="flat"), "d0", scores=np.zeros(len(world.labels)))
        ranking = rank([perfect, again, flat])
        found = places(ranking)
        assert ranking.placements[2].auc.value == 0.5
        assert found["perfect"] == found["again"]
        assert found["flat"] == ((3, 3, 2) if leads else (1, 3, 1))
        assert np.isfinite(ranking.comparison.p[np.triu_indices(3, 1)]).all()


@pytest.mark.parametrize("wrong", [0, 1])
def test_nearly_perfect_on_a_few_clips_is_not_alone_on_top(wrong: int) -> None:
    """The draws hardly see one wrong frame of hundreds; the row is held for no surer than a perfect one."""
    world = World(16, n_clips=6, n_frames=60)
    row = world.row("good", 1.0)
    scores = world.labels.astype(float)
    scores[:wrong] = 2.0
    good = changed(row, "d0", scores=scores)
    flat = changed(dataclasses.replace(row, name="flat"), "d0", scores=np.zeros(len(world.labels)))
    ranking = rank([good, flat])
    assert [(p.low, p.high) for p in ranking.placements] == [(1, 2), (1, 2)]
    assert all(p.auc.high - p.auc.low > 0.5 for p in ranking.placements)


def test_two_clips_of_each_class_tell_nothing() -> None:
    assert [(p.low, p.high) for p in rank(World(13, n_clips=4).rows([0.0, 50.0])).placements] == [(1, 2)] * 2


def test_two_clips_on_many_domains_are_no_more_than_two_clips_on_each() -> None:
    """A perfect row and a coin: the perfect one has an error of a half on each of ten domains."""
    ranking = rank(World(13, n_domains=10, n_clips=4).rows([0.0, 50.0]))
    assert [(p.low, p.high) for p in ranking.placements] == [(1, 2), (1, 2)]
    assert ranking.comparison.errors[0, 1] > 0.2


def test_numbers_of_draws_that_differ_between_domains_are_no_row() -> None:
    world = World(13, n_domains=2)
    row = world.row("a", 1.0, n_replicates=2)
    uneven = dataclasses.replace(row, tests={**row.tests, "d0": row.tests["d0"][:1]})
    reason = rank([uneven, world.row("b", 1.0), world.row("c", 1.0)]).placements[0].reason
    assert reason == "its test domains were scored in different numbers of draws"


def test_arrays_are_in_the_order_of_the_compared_rows() -> None:
    ranking = rank(World(14).rows([0.0, 3.0]))
    assert ranking.compared == (1, 0)
    assert ranking.comparison.p_holm[0, 1] <= 0.05
    assert ranking.comparison.differences[0, 1] == pytest.approx(
        ranking.placements[1].auc.value - ranking.placements[0].auc.value
    )


def test_every_pair_is_decided_alike_from_both_sides() -> None:
    ranking = rank(World(15).rows([0.0, 0.5, 1.0, 2.0]))
    for i, j in itertools.combinations(range(4), 2):
        assert ranking.comparison.p_holm[i, j] == ranking.comparison.p_holm[j, i]
        assert ranking.comparison.differences[i, j] == -ranking.comparison.differences[j, i]
