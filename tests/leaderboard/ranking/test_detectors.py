"""Ranking of detectors over trainings: who is compared, over what, and who has no rank."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from bandbench.benchmark.errors import DataError
from bandbench.benchmark.metrics.roc import Scored
from bandbench.benchmark.results.marks import Mark
from bandbench.benchmark.results.rows import Row
from bandbench.leaderboard.ranking.detectors import ALONE, DetectorPlace, detector_ranking, training_noun
from bandbench.leaderboard.ranking.entrants import Entrant

Maker = Callable[..., Any]
DOMAINS = ("set/a", "set/b", "set/c")
DRAWS = 5
N_PICTURES = 120


class MadeScores:
    """Scores of rows from a strength by detector: the distance of fakes from reals in standard deviations."""

    def __init__(self, strengths: Mapping[str, float], home: Mapping[str, float] | None = None, draws: int = DRAWS) -> None:
        self.strengths, self.home, self.draws = strengths, home or {}, draws

    def entrant(self, row: Row) -> Entrant:
        if row.detector not in self.strengths:
            raise DataError("its score files were not found")
        labels = np.arange(N_PICTURES) % 2
        tests = {test.domain: [self._fit(row, test.domain, k, labels) for k in range(self.draws)] for test in row.tests}
        return Entrant(row.detector, tests, {name: f"items of {name}" for name in tests}, f"sets of {row.train}")

    def _fit(self, row: Row, domain: str, draw: int, labels: np.ndarray) -> Scored:
        strength = self.strengths[row.detector]
        if domain == row.train:
            strength = self.home.get(row.detector, strength + 0.5)
        names = [row.detector, row.train, domain, str(draw)]
        rng = np.random.default_rng(list("/".join(names).encode()))
        pictures = np.random.default_rng(list(domain.encode())).normal(size=len(labels))
        groups = np.char.mod(f"{domain} %03d", np.arange(len(labels)))
        return Scored(labels, strength * labels + 0.7 * pictures + 0.7 * rng.normal(size=len(labels)), groups)


@pytest.fixture
def board(row_maker: Maker) -> Callable[..., list[Row]]:
    def make(*detectors: str, train: tuple[str, ...] = DOMAINS, **changes: Any) -> list[Row]:
        return [row_maker(name, domain, **{"seeds": DRAWS, **changes}) for name in detectors for domain in train]

    return make


def by_name(places: list[DetectorPlace]) -> dict[str, DetectorPlace]:
    return {place.detector: place for place in places}


def test_the_best_detector_leads_and_the_coin_has_no_rank(board: Callable[..., list[Row]]) -> None:
    strengths = {"good": 2.0, "fair": 1.0, "fair too": 1.0, "coin_flip": 0.0}
    places = detector_ranking(board(*strengths), MadeScores(strengths, {"coin_flip": 0.0}))
    assert places[0].detector == "good"
    found = by_name(places)
    assert (found["good"].rank_low, found["good"].rank_high, found["good"].tie_group) == (1, 1, 1)
    assert {(found[name].rank_low, found[name].rank_high) for name in ("fair", "fair too")} == {(2, 3)}
    coin = found["coin_flip"]
    assert (coin.rank_low, coin.tie_group, coin.reason, coin.is_coin) == (None, None, "control", True)
    assert coin.lo < 0.5 < coin.hi
    assert found["good"].train == DOMAINS


def test_the_mean_is_over_training_domains_that_weigh_the_same(board: Callable[..., list[Row]], row_maker: Maker) -> None:
    """One training domain has a third test domain; its two others count as much as the one of another."""
    scores = MadeScores({"a": 1.0, "b": 0.8})
    rows = board("a", "b", train=("set/a",))
    rows += [row_maker(name, "set/b", seeds=DRAWS, domains=("set/a", "set/b")) for name in ("a", "b")]
    place = by_name(detector_ranking(rows, scores))["a"]

    def mean(row: Row) -> float:
        entrant = scores.entrant(row)
        return float(np.mean([_auc(fit) for name in entrant.tests if name != row.train for fit in entrant.tests[name]]))

    assert place.auc == pytest.approx(np.mean([mean(rows[0]), mean(rows[2])]))
    assert place.lo < place.auc < place.hi


def test_a_domain_that_the_protocol_leaves_out_is_no_part_of_the_mean(board: Callable[..., list[Row]]) -> None:
    scores, rows = MadeScores({"a": 1.0, "b": 0.8}), board("a", "b", train=("set/a",), not_counted=("set/c",))
    place = by_name(detector_ranking(rows, scores))["a"]
    assert place.auc == pytest.approx(np.mean([_auc(fit) for fit in scores.entrant(rows[0]).tests["set/b"]]))
    assert detector_ranking(board("a", "b", train=("set/a",), not_counted=("set/b", "set/c")), scores) == []


def _auc(scored: Scored) -> float:
    fakes, reals = scored.scores[scored.labels == 1], scored.scores[scored.labels == 0]
    return float((fakes[:, np.newaxis] > reals).mean())


def test_who_has_learned_nothing_at_home_has_no_rank_and_does_not_count(board: Callable[..., list[Row]]) -> None:
    strengths = {"good": 1.5, "lucky": 1.0, "fair": 0.7}
    found = by_name(detector_ranking(board(*strengths), MadeScores(strengths, {"lucky": 0.0})))
    assert found["lucky"].marks == (Mark.NOTHING_LEARNED,)
    assert (found["lucky"].rank_low, found["lucky"].reason) == (None, "nothing learned")
    assert found["fair"].rank_high == 2


@pytest.mark.parametrize(("draws", "reason"), [(1, "one draw"), (3, "fewer than 5 draws")])
def test_few_draws_give_an_interval_and_no_rank(draws: int, reason: str, board: Callable[..., list[Row]]) -> None:
    strengths = {"good": 1.5, "fair": 0.7}
    places = detector_ranking(board(*strengths, seeds=draws), MadeScores(strengths, draws=draws))
    assert {(place.rank_low, place.reason) for place in places} == {(None, reason)}
    assert all(place.lo < place.auc < place.hi for place in places)


def test_who_lacks_a_training_domain_is_not_compared(board: Callable[..., list[Row]]) -> None:
    strengths = {"good": 1.5, "fair": 0.7, "half": 3.0, "more": 0.7}
    rows = [row for row in board(*strengths) if row.detector != "half" or row.train == "set/a"]
    found = by_name(detector_ranking(rows, MadeScores(strengths)))
    assert (found["half"].reason, math.isnan(found["half"].auc)) == ("not trained on set/b, set/c", True)
    assert found["good"].rank_low == 1
    assert found["good"].train == DOMAINS


def test_rows_without_scores_and_alone_say_so(board: Callable[..., list[Row]]) -> None:
    found = by_name(detector_ranking(board("good", "lost"), MadeScores({"good": 1.5})))
    assert found["lost"].reason == "its score files were not found"
    assert found["good"].reason == ALONE
    assert found["good"].auc > 0.7


def test_only_chosen_bands_that_were_tested_abroad_count(board: Callable[..., list[Row]], row_maker: Maker) -> None:
    home = row_maker("good", "set/a", tests=row_maker().tests[:1])
    rows = [home, *board("good", role="allpass"), *board("good", current=False)]
    assert detector_ranking(rows, MadeScores({"good": 1.5})) == []


def test_studies_have_rankings_of_their_own_and_submissions_join_them(board: Callable[..., list[Row]]) -> None:
    strengths = {"good": 1.5, "fair": 0.7, "theirs": 1.0}
    scores = MadeScores(strengths)
    theirs = board("theirs", study="", source="submitted")
    rows = [*board("good", "fair", study="y"), *board("good", "fair", study="x"), *theirs]
    assert [(place.study, place.detector) for place in detector_ranking(rows, scores)] == [
        (study, name) for study in ("x", "y") for name in ("good", "theirs", "fair")
    ]
    assert {place.study for place in detector_ranking(theirs, scores)} == {""}


def test_training_domains_on_which_nothing_was_learned_are_named(board: Callable[..., list[Row]], row_maker: Maker) -> None:
    rows = [*board("good"), *board("fair", train=DOMAINS[1:]), row_maker("fair", "set/a", seeds=DRAWS, in_domain_auc_lo=0.4)]
    found = by_name(detector_ranking(rows, MadeScores({"good": 1.5, "fair": 1.0})))
    assert found["fair"].to_json()["nothing_learned_on"] == ["set/a"]
    assert found["good"].nothing_learned_on == ()


def test_a_control_of_another_package_says_so_itself(board: Callable[..., list[Row]]) -> None:
    strengths = {"good": 1.5, "fair": 0.7, "theirs": 2.0}
    rows = [*board("good", "fair"), *board("theirs", control=True)]
    found = by_name(detector_ranking(rows, MadeScores(strengths)))
    assert (found["theirs"].reason, found["good"].rank_high) == ("control", 1)


def test_a_random_encoder_has_no_rank(board: Callable[..., list[Row]]) -> None:
    strengths = {"good": 1.5, "fair": 0.7, "probe/random": 2.0}
    rows = [*board("good", "fair"), *board("probe/random", random_encoder=True)]
    found = by_name(detector_ranking(rows, MadeScores(strengths)))
    assert (found["probe/random"].reason, found["probe/random"].rank_low) == ("random encoder", None)
    assert found["probe/random"].marks == (Mark.RANDOM_ENCODER,)
    assert (found["good"].rank_high, found["fair"].rank_high) == (1, 2)


def test_the_json_form_has_what_others_read(board: Callable[..., list[Row]]) -> None:
    strengths = {"good": 1.5, "coin_flip": 0.0}
    first, coin = (place.to_json() for place in detector_ranking(board(*strengths), MadeScores(strengths)))
    assert {"detector", "auc", "lo", "hi", "rank_low", "rank_high", "tie_group"} <= first.keys()
    assert coin["marks"] == ["control", "like_coin_flip"]


def test_trainings_with_pictures_of_a_target_are_left_out_and_named(board: Callable[..., list[Row]]) -> None:
    """A few pictures of the target make another question: they would raise the mean of who is strong on `set/b`."""
    scores = MadeScores({"good": 1.5, "fair": 0.7})
    pool, shots = "set/a & set/b", "set/a & 10 shots of set/b"
    plain = board("good", "fair", train=("set/a", pool))
    rows = [*plain, *board("good", "fair", train=(shots,), shots=10)]
    places = detector_ranking(rows, scores)
    assert [place.train for place in places] == [("set/a", pool)] * 2
    assert [(place.auc, place.lo) for place in places] == [(place.auc, place.lo) for place in detector_ranking(plain, scores)]
    form = places[0].to_json()
    assert form["train"] == ["set/a", ["set/a", "set/b"]] == [row.to_json()["train"] for row in plain[:2]]
    assert form["left_out"] == [["set/a", "10 shots of set/b"]]
    assert detector_ranking(rows[4:], scores) == []


def test_who_lacks_a_pool_is_told_so_by_its_short_name(board: Callable[..., list[Row]]) -> None:
    domains = (*DOMAINS, "set/d", "set/e")
    pool = " & ".join(domains[1:])
    rows = [*board("good", "fair", train=(pool,), domains=domains), *board("lost", train=("set/a",), domains=domains)]
    found = by_name(detector_ranking(rows, MadeScores({"good": 1.5, "fair": 0.7, "lost": 1.0})))
    assert found["lost"].reason == "not trained on all but set/a"


@pytest.mark.parametrize(
    ("train", "noun"), [(("a", "b"), "training domain"), (("a", "a & b"), "training"), ((), "training domain")]
)
def test_pools_are_no_training_domains(train: tuple[str, ...], noun: str) -> None:
    assert training_noun(train) == noun
