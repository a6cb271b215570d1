"""The course of a cell: the order of its questions, and the answers that each decision may use."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bandbench.benchmark.frequency.bands import MAX_FREQUENCY, Band
from bandbench.benchmark.metrics.roc import Interval
from bandbench.benchmark.metrics.simultaneous import Clarity
from bandbench.benchmark.records import Assessment, Cell, CellResult, Job, Record, SimultaneousTest, Trial
from bandbench.benchmark.results.evidence import EvidenceStretch
from bandbench.benchmark.search.cell import run_cell
from made_cells import interval, made_cell

ALL = Band()
WIDE = Band.between(0.1, 0.4)
NARROW = Band.between(0.2, 0.3)


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
        self.comparisons: list[SimultaneousTest] = []
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

    def _answer(self, piece: Job | Assessment | SimultaneousTest) -> Record | Interval | Clarity:
        if isinstance(piece, SimultaneousTest):
            self.comparisons.append(piece)
            return self._compared(piece)
        if isinstance(piece, Assessment):
            return interval(self._validation(self._bands[piece.scores[0]]), 0.01)
        if piece.band in self._failing:
            return self._failing[piece.band]
        name = f"{piece.band} {piece.replicate}"
        self._bands[name] = piece.band
        aucs = {items.domain: self._sealed(piece.band, items.domain, piece.replicate) for items in piece.tests}
        return Record(piece.key, scores=name, sealed=aucs)

    def _compared(self, piece: SimultaneousTest) -> Clarity:
        """Take every difference of 0.1 for clear."""
        than = self._validation(self._bands[piece.reference[0]]) if piece.reference else 0.5
        differences = tuple(piece.sign * (self._validation(self._bands[files[0]]) - than) for files in piece.scores)
        return Clarity(tuple(value > 0.1 for value in differences), tuple(20 * value for value in differences))

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
    assert played.result.evidence == (EvidenceStretch(0.0, round(MAX_FREQUENCY, 6), True, None),)  # whose band is all-pass
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
    assert played.result.evidence is not None
    (stretch,) = played.result.evidence
    assert (stretch.low, stretch.high) == pytest.approx((0.2, 0.3), abs=0.001)
    passing = Band.between(stretch.low, stretch.high)
    wider = Band.between(stretch.low - 0.1, stretch.high + 0.1)
    assert search.hints == [passing, wider, Band("low", stretch.high), Band("high", stretch.low)]
    assert [one.band for one in played.result.trials if one.stage == "evidence"] == [passing, wider]


def test_bands_taken_out_are_compared_with_all_pass_and_make_stretches_necessary() -> None:
    cell = made_cell(sweep={"width": 0.1, "step": 0.1, "kinds": ["band", "stop"]}, search={"trials": 0})
    aucs = {
        Band.between(0.2, 0.3, order=10): 0.9,
        Band.between(0.5, 0.6, order=10): 0.9,
        Band.between(0.2, 0.3, "stop", order=10): 0.6,
        Band.between(0.0, 0.1, "stop", order=10): 0.7,
    }
    played = Played(cell, validation=lambda band: aucs.get(band, 0.95 if band.kind in ("all", "stop") else 0.5))
    alone, removed, better = played.comparisons
    assert (len(alone.scores), alone.reference, alone.sign) == (7, (), 1)
    assert (len(removed.scores), removed.reference, removed.sign) == (7, (f"{ALL} 0",), -1)
    assert (len(better.scores), better.reference, better.sign) == (7, (f"{ALL} 0",), 1)
    flags = [(round(s.low, 1), round(s.high, 1), s.sufficient, s.necessary) for s in list(played.result.evidence or [])]
    assert flags == [(0.0, 0.1, False, True), (0.2, 0.3, True, True), (0.5, 0.6, True, False)]


def test_a_study_without_a_sweep_asks_for_no_evidence_and_one_whose_bands_all_fail_finds_none() -> None:
    assert Played(made_cell(**NO_SWEEP), SearchOf([LOW, NARROW])).result.evidence is None
    cell = made_cell(sweep={"width": 0.3, "step": 0.3}, search={"trials": 0})
    failing = {band: Record("k", error="no memory") for band in cell.study.sweep_bands}
    assert Played(cell, failing=failing).result.evidence == ()


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


def test_a_study_without_oracles_has_none() -> None:
    played = Played(made_cell(**NO_SWEEP, oracle=False), SearchOf([LOW, NARROW]))
    assert [role for role, _, _ in played.roles()] == ["chosen", "allpass"]


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


class PlayedLate(Played):
    """A cell whose chosen band fails on the test domains, which it was not scored on before."""

    def _answer(self, piece: Job | Assessment | SimultaneousTest) -> Record | Interval | Clarity:
        if isinstance(piece, Job) and piece.band == LOW and piece.tests:
            return Record(piece.key, error="its worker process died twice")
        return super()._answer(piece)


def test_a_cell_whose_chosen_band_fails_on_the_test_domains_has_no_result() -> None:
    cell = made_cell(**NO_SWEEP, oracle=False)
    aucs = {LOW: 0.95}
    played = PlayedLate(cell, SearchOf([LOW, HIGH]), validation=lambda band: aucs.get(band, 0.5))
    assert next(job.band for job in played.jobs[-1] if job.tests) == LOW
    assert (played.result.error, played.result.tested) == ("its worker process died twice", ())
    assert len(played.result.trials) == 3


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


def test_a_search_of_combs_alone_chooses_no_band_of_the_sweep() -> None:
    """The sweep locates evidence on the axis; which comb carries it is another question, which its bands do not answer."""
    comb = Band("comb", period=2)
    aucs = {comb: 0.9, Band("anticomb", period=2): 0.6}
    settings: dict[str, Any] = {"sweep": {"width": 0.1, "step": 0.1}, "oracle": False}

    def value(band: Band) -> float:
        return aucs[band] if band.is_comb else 0.9 if band.kind == "all" or band.edges[0] > 0.45 else 0.6

    for kinds, is_comb in ((["comb", "anticomb"], True), (["low", "comb", "anticomb"], False)):
        cell = made_cell(**settings, search={"trials": 2, "kinds": kinds})
        played = Played(cell, SearchOf(list(aucs)), value)
        assert played.result.evidence
        assert played.result.chosen is not None
        assert (played.result.chosen.band == comb) is is_comb


def test_fixed_combs_are_scored_and_an_anticomb_is_compared_with_all_pass() -> None:
    entries = [{"kind": "comb", "period": 4}, {"kind": "anticomb", "period": 4}]
    comb, anticomb = Band("comb", period=4), Band("anticomb", period=4)
    cell = made_cell(sweep=None, search={"trials": 0}, bands=entries, oracle=False)
    played = Played(cell, validation=lambda band: 0.95 if band == anticomb else 0.8)
    wanted = [("chosen", anticomb), ("allpass", ALL), ("fixed", comb), ("fixed", anticomb)]
    assert [(role, band) for role, band, _ in played.roles()] == wanted
    assert played.result.plateau is None
