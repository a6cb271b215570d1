"""The decisions of a cell, each alone: the chosen band, the evidence interval, the oracle, and the order of the questions."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from made_cells import interval, made_cell, trial

from bandbench.benchmark.frequency.bands import MAX_FREQUENCY, Band
from bandbench.benchmark.metrics.roc import Interval
from bandbench.benchmark.records import Assessment, Cell, CellResult, Job, Record, Trial
from bandbench.benchmark.search.cell import run_cell
from bandbench.benchmark.search.selection import choose, evidence_interval

ALL = Band()
WIDE = Band.between(0.1, 0.4)
NARROW = Band.between(0.2, 0.3)


# --- the rule of choice ----------------------------------------------------------------------------------------------


def test_the_narrowest_band_within_one_standard_error_of_the_best_is_chosen() -> None:
    trials = [trial(ALL, 0.90, 0.02), trial(WIDE, 0.895, 0.02), trial(NARROW, 0.885, 0.02)]
    assert choose(trials).band == NARROW


def test_one_standard_error_is_the_limit() -> None:
    best = trial(ALL, 0.875, 0.03125)  # numbers that are exact in binary
    assert choose([best, trial(NARROW, 0.84375)]).band == NARROW
    assert choose([best, trial(NARROW, 0.84)]).band == ALL


def test_the_standard_error_is_that_of_the_best_band() -> None:
    assert choose([trial(ALL, 0.9, 0.01), trial(NARROW, 0.88, 0.05)]).band == ALL
    assert choose([trial(ALL, 0.9, 0.05), trial(NARROW, 0.88, 0.01)]).band == NARROW


def test_of_bands_that_are_best_alike_the_narrower_one_gives_the_standard_error() -> None:
    trials = [trial(ALL, 0.9, 0.1), trial(WIDE, 0.9, 0.01), trial(NARROW, 0.85, 0.01)]
    assert choose(trials).band == WIDE


def test_a_band_without_evidence_of_its_own_is_not_chosen() -> None:
    """With few pictures one standard error is wide; a narrow band may lie within it by chance."""
    assert choose([trial(ALL, 0.8, 0.1), trial(NARROW, 0.72, 0.1)]).band == ALL
    assert choose([trial(ALL, 0.8, 0.1), trial(NARROW, 0.72, 0.05)]).band == NARROW


def test_all_pass_is_chosen_where_no_band_has_evidence() -> None:
    assert choose([trial(ALL, 0.51, 0.05), trial(NARROW, 0.58, 0.05), trial(WIDE, 0.55, 0.05)]).band == ALL


def test_evidence_of_many_bands_is_held_to_a_higher_bar() -> None:
    """2.5 standard errors above 0.5 are evidence for one band of two, and not for one of fifty."""
    two = [trial(ALL, 0.65, 0.05), trial(NARROW, 0.625, 0.05)]
    more = [trial(Band("low", 0.2 + i / 100), 0.5, 0.05) for i in range(48)]
    assert choose(two).band == NARROW
    assert choose([*two, *more]).band == ALL  # 3 standard errors are none either: nothing is clear, so all-pass


def test_equal_widths_go_to_the_higher_auc_and_then_to_the_band_that_sorts_first() -> None:
    first, second = Band("low", 0.2), Band.between(0.1, 0.3)
    assert first.passed_width == pytest.approx(second.passed_width)
    best = trial(ALL, 0.9, 0.05)
    assert choose([best, trial(first, 0.87), trial(second, 0.88)]).band == second
    assert choose([best, trial(first, 0.88), trial(second, 0.87)]).band == first
    tied = [trial(first, 0.88), trial(second, 0.88)]
    assert choose([best, *tied]).band == choose([best, *tied[::-1]]).band == min(first, second)


def test_an_auc_without_a_standard_error_ties_with_its_equals_alone() -> None:
    unknown = Trial(ALL, "allpass", Interval(0.9, *[float("nan")] * 3), ())
    assert choose([unknown, trial(NARROW, 0.9)]).band == NARROW
    assert choose([unknown, trial(NARROW, 0.89)]).band == ALL


# --- the evidence interval -------------------------------------------------------------------------------------------

STEP = 0.02


def sweep(aucs: Sequence[float], error: float = 0.05) -> list[Trial]:
    """Neighbouring narrow bands from 0.1 cycles/pixel on."""
    return [trial(Band.between(0.1 + i * STEP, 0.12 + i * STEP), auc, error, "sweep") for i, auc in enumerate(aucs)]


def test_the_evidence_is_the_run_of_clear_bands_around_the_best() -> None:
    assert evidence_interval(sweep([0.9, 0.5, 0.8, 0.95, 0.8, 0.5, 0.9]), STEP) == pytest.approx((0.14, 0.20))


def test_neighbours_touch_and_do_not_overlap() -> None:
    assert evidence_interval(sweep([0.5, 0.9, 0.5]), STEP) == pytest.approx((0.12, 0.14))
    assert evidence_interval(sweep([0.9, 0.9, 0.9]), STEP) == pytest.approx((0.10, 0.16))


def test_the_evidence_ends_where_the_axis_ends() -> None:
    corner = MAX_FREQUENCY - 0.02
    ends = [trial(Band.between(low, low + 0.02), 0.9, 0.01, "sweep") for low in (0.0, corner)]
    assert evidence_interval(ends[:1], 0.03) == pytest.approx((0, 0.025))
    assert evidence_interval(ends[1:], 0.03) == pytest.approx((corner - 0.005, MAX_FREQUENCY))


def test_no_band_above_chance_is_no_evidence() -> None:
    assert evidence_interval([], STEP) is None
    assert evidence_interval(sweep([0.5, 0.55, 0.45]), STEP) is None
    assert evidence_interval(sweep([0.1, 0.05]), STEP) is None  # below chance on the validation pictures of home is none


def test_an_interval_that_ends_above_one_half_is_evidence() -> None:
    """1.96 standard errors, the two-sided 95 % of a single look."""
    assert evidence_interval(sweep([0.5 + 1.95 * 0.05]), STEP) is None
    assert evidence_interval(sweep([0.5 + 1.97 * 0.05]), STEP) is not None


def test_the_intervals_of_a_sweep_hold_together() -> None:
    """Bonferroni: 2.5 standard errors are evidence in one look, and not in forty, of which one would be so by chance."""
    assert evidence_interval(sweep([0.625]), STEP) == pytest.approx((0.10, 0.12))
    assert evidence_interval(sweep([0.625, *[0.5] * 24]), STEP) is None
    # Of 25 looks the limit is the 0.001 quantile: 3.09 standard errors.
    assert evidence_interval(sweep([0.5 + 3.08 * 0.05, *[0.5] * 24]), STEP) is None
    assert evidence_interval(sweep([0.5 + 3.10 * 0.05, *[0.5] * 24]), STEP) is not None


def test_a_band_without_an_interval_is_no_evidence() -> None:
    assert evidence_interval(sweep([0.9], error=float("nan")), STEP) is None


# --- the course of a cell --------------------------------------------------------------------------------------------


class SearchOf:
    """A search that proposes bands of a list, and keeps what it is told."""

    def __init__(self, bands: Sequence[Band] = ()) -> None:
        self.bands = bands
        self.asked: list[tuple[int, int]] = []
        self.hints: list[Band] = []
        self.told: list[tuple[int, float | None]] = []
        self.swept: list[Band] = []

    def add_sweep(self, bands: Sequence[Band], values: Sequence[float]) -> None:
        self.swept += bands

    def ask(self, start: int, stop: int, hints: Sequence[Band]) -> list[tuple[int, Band]]:
        self.asked.append((start, stop))
        self.hints = list(hints)
        return [(100 + number, self.bands[number]) for number in range(start, stop)]

    def tell(self, number: int, value: float | None) -> None:
        self.told.append((number, value))


class Played:
    """
    A cell that was played to its end with answers made by hand.

    Attributes
    ----------
    result : CellResult
    jobs : list of list of Job
        What was asked to be fitted, question by question.
    """

    def __init__(
        self,
        cell: Cell,
        search: SearchOf | None = None,
        validation: Callable[[Band], float] = lambda band: 0.9,
        sealed: Callable[[Band, str, int], float] = lambda band, domain, draw: 0.5,
        failing: dict[Band, Record] | None = None,
    ) -> None:
        self.jobs: list[list[Job]] = []
        self.observed: list[Trial] = []
        self._failing, self._validation, self._sealed = failing or {}, validation, sealed
        self._bands: dict[str, Band] = {}
        course = run_cell(cell, search or SearchOf(), self)  # type: ignore[arg-type]
        answers: list[Any] | None = None
        try:
            while True:
                work = course.send(answers)  # type: ignore[arg-type]
                answers = [self._answer(piece) for piece in work]
                if any(isinstance(piece, Job) for piece in work):
                    self.jobs.append([piece for piece in work if isinstance(piece, Job)])
        except StopIteration as stop:
            self.result: CellResult = stop.value

    def tried(self, cell: Cell, trials: Sequence[Trial]) -> None:
        self.observed += trials

    def _answer(self, piece: Job | Assessment) -> Record | Interval:
        if isinstance(piece, Assessment):
            return interval(self._validation(self._bands[piece.scores[0]]), 0.01)
        if piece.band in self._failing:
            return self._failing[piece.band]
        name = f"{piece.band} {piece.replicate}"
        self._bands[name] = piece.band
        aucs = {items.domain: self._sealed(piece.band, items.domain, piece.replicate) for items in piece.tests}
        return Record(piece.key, val_scores=name, sealed=aucs)

    def roles(self) -> list[tuple[str, Band, str]]:
        return [(one.role, one.band, one.domain) for one in self.result.tested]


LOW, HIGH = Band("low", 0.2), Band("high", 0.3)
NO_SWEEP: dict[str, Any] = {"sweep": None, "search": {"trials": 2}}


def test_every_band_is_fitted_on_every_draw_stage_by_stage() -> None:
    cell = made_cell(
        draws=2, sweep={"width": 0.3, "step": 0.3}, search={"trials": 3, "batch": 2}, bands=[{"kind": "high", "low": 0.3}]
    )
    search = SearchOf([LOW, NARROW, WIDE])
    played = Played(cell, search)
    swept = cell.study.sweep_bands
    asked = [[(job.band, job.replicate) for job in jobs] for jobs in played.jobs]
    wanted = [[ALL, *swept, HIGH], [LOW, NARROW], [WIDE]]
    assert asked[:3] == [[(band, draw) for band in bands for draw in (0, 1)] for bands in wanted]
    assert search.asked == [(0, 2), (2, 3)]
    assert [one.stage for one in played.result.trials] == ["allpass", *["sweep"] * len(swept), "fixed", *["search"] * 3]
    assert played.observed == list(played.result.trials)


def test_the_search_is_told_the_validation_auc_and_begins_with_what_the_sweep_suggests() -> None:
    cell = made_cell(sweep={"width": 0.1, "step": 0.1}, search={"trials": 2})
    aucs = {Band.between(0.2, 0.3, order=10): 0.9, LOW: 0.7, HIGH: 0.8}
    search = SearchOf([LOW, HIGH])
    played = Played(cell, search, validation=lambda band: aucs.get(band, 0.5))
    assert search.told == [(100, 0.7), (101, 0.8)]
    assert search.swept == cell.study.sweep_bands
    assert played.result.evidence == pytest.approx((0.195, 0.295), abs=0.01)
    low, high = played.result.evidence or (0, 0)
    assert search.hints == [Band.between(low, high), Band("low", high), Band("high", low)]


def test_test_pictures_are_scored_for_the_oracle_or_not_before_the_choice() -> None:
    cell = made_cell(**NO_SWEEP, bands=[{"kind": "high", "low": 0.4}])
    fixed = Band("high", 0.4)
    for oracle in (True, False):
        played = Played(made_cell(**NO_SWEEP, bands=[{"kind": "high", "low": 0.4}], oracle=oracle), SearchOf([LOW, NARROW]))
        scored = {job.band for jobs in played.jobs[:2] for job in jobs if job.tests}
        assert scored == ({ALL, fixed, LOW, NARROW} if oracle else {ALL, fixed})
        assert {job.band for job in played.jobs[-1]} == {played.result.chosen.band, ALL, fixed}  # type: ignore[union-attr]
        assert all(job.tests == cell.replicates[0].tests for job in played.jobs[-1])


def test_test_scores_do_not_move_the_choice() -> None:
    aucs = {ALL: 0.9, LOW: 0.85, NARROW: 0.897}
    chosen = []
    for sealed in ({ALL: 0.1, LOW: 0.9, NARROW: 0.2}, {ALL: 0.9, LOW: 0.2, NARROW: 0.1}):
        search = SearchOf([LOW, NARROW])
        played = Played(made_cell(**NO_SWEEP), search, aucs.__getitem__, lambda band, *_, sealed=sealed: sealed[band])
        chosen.append(played.result.chosen)
    assert [one.band for one in chosen if one] == [NARROW, NARROW]


def test_the_chosen_band_comes_first_then_all_pass_fixed_bands_and_the_oracles() -> None:
    cell = made_cell(**NO_SWEEP, bands=[{"kind": "high", "low": 0.3}])
    played = Played(cell, SearchOf([LOW, NARROW]), validation=lambda band: 0.9)
    assert [role for role, _, _ in played.roles()] == ["chosen", "allpass", "fixed", "oracle", "oracle"]
    assert played.result.chosen == played.result.trials[-1]
    assert played.roles()[0][1] == NARROW
    assert played.roles()[2][1] == HIGH


def oracles(sealed: Callable[[Band, str, int], float], **changes: Any) -> list[tuple[str, Band]]:
    """Oracle of each test domain, of bands that validation cannot tell apart."""
    played = Played(made_cell(**(NO_SWEEP | changes)), SearchOf([LOW, NARROW]), sealed=sealed)
    return [(one.domain, one.band) for one in played.result.tested if one.role == "oracle"]


def test_the_oracle_of_a_domain_is_the_band_that_scores_best_there() -> None:
    aucs = {
        (ALL, "home"): 0.6,
        (LOW, "home"): 0.9,
        (NARROW, "home"): 0.7,
        (ALL, "away"): 0.5,
        (LOW, "away"): 0.2,
        (NARROW, "away"): 0.8,
    }
    assert oracles(lambda band, domain, draw: aucs[band, domain]) == [("home", LOW), ("away", NARROW)]


def test_of_oracles_that_tie_the_band_tried_first_is_taken() -> None:
    assert oracles(lambda band, domain, draw: 0.7) == [("home", ALL), ("away", ALL)]
    assert oracles(lambda band, domain, draw: 0.6 if band == ALL else 0.7) == [("home", LOW), ("away", LOW)]


def test_an_oracle_is_best_on_the_mean_over_draws() -> None:
    aucs = {ALL: (0.6, 0.6), LOW: (0.9, 0.2), NARROW: (0.6, 0.7)}
    assert oracles(lambda band, domain, draw: aucs[band][draw], draws=2) == [("home", NARROW), ("away", NARROW)]


def test_a_study_without_oracles_has_none() -> None:
    assert oracles(lambda band, domain, draw: 0.7, oracle=False) == []


def test_a_band_of_another_mode_is_not_chosen() -> None:
    """The sweep keeps bands where the search reweights them; its bands locate the evidence and are no answer."""
    cell = made_cell(mode="reweight", sweep={"width": 0.1, "step": 0.1}, search={"trials": 0})
    search = SearchOf()
    played = Played(cell, search, validation=lambda band: 0.6 if band.kind == "all" else 0.9)
    assert played.result.chosen is not None
    assert played.result.chosen.band == Band(mode="reweight")
    assert played.result.evidence is not None
    assert search.swept == []


def test_a_cell_whose_reference_fails_has_no_result() -> None:
    played = Played(made_cell(**NO_SWEEP), SearchOf([LOW, NARROW]), failing={ALL: Record("k", error="no memory")})
    assert (played.result.error, played.result.chosen, played.result.tested) == ("no memory", None, ())
    assert len(played.jobs) == 1


def test_a_band_that_fails_is_a_gap_and_the_search_goes_on() -> None:
    search = SearchOf([LOW, NARROW])
    aucs = {ALL: 0.6, NARROW: 0.9}
    played = Played(made_cell(**NO_SWEEP), search, aucs.__getitem__, failing={LOW: Record("k", error="no memory")})
    assert played.result.gaps == (f"{LOW}: no memory",)
    assert search.told == [(100, None), (101, 0.9)]
    assert played.result.chosen is not None
    assert played.result.chosen.band == NARROW
    assert LOW not in [band for _, band, _ in played.roles()]


def test_a_band_with_too_few_frequencies_is_no_gap() -> None:
    empty = {LOW: Record("k", error="keeps 1 frequency", empty=True)}
    result = Played(made_cell(**NO_SWEEP), SearchOf([LOW, NARROW]), failing=empty).result
    assert result.gaps == ()
    assert [one.empty for one in result.trials] == [False, True, False]
    assert result.error == ""
