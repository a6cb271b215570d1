"""Figures of a board, before they are drawn."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bandbench.benchmark.results.cell_document import CellDocument, NarrowBand, TriedBand
from bandbench.leaderboard import paper
from bandbench.leaderboard.paper import (
    BandTransferMap,
    CarrierChart,
    CostChart,
    CostPoint,
    PerturbedTests,
    RobustnessMap,
    SweepChart,
    TrainTestMap,
    paper_figures,
)
from made_carriers import carrier_row, comb_row

Maker = Callable[..., Any]


def test_one_study_has_names_without_it_and_several_have_it_in_front(row_maker: Maker) -> None:
    alone = paper_figures([row_maker()], {})
    assert [(type(figure), figure.name) for figure in alone] == [
        (TrainTestMap, ("", "train_x_test")),
        (CostChart, ("cost", "")),
    ]
    assert alone[0].title == "made: test AUC of the chosen bands"
    both = paper_figures([row_maker(), row_maker("b", study="other")], {})
    assert [figure.name for figure in both if isinstance(figure, TrainTestMap)] == [
        ("made", "train_x_test"),
        ("other", "train_x_test"),
    ]


def test_the_map_holds_chosen_bands_alone(row_maker: Maker) -> None:
    chosen = row_maker()
    figures = paper_figures([chosen, row_maker(role="fixed"), row_maker(role="allpass")], {})
    (train_test,) = [figure for figure in figures if isinstance(figure, TrainTestMap)]
    assert train_test.rows == (chosen,)


def test_cost_has_a_chart_per_set_without_all_pass_rows(row_maker: Maker, test_maker: Maker) -> None:
    narrower = row_maker("b", train="set/b", tests=[test_maker("set/b", 0.9)], score_ms=2.0)
    rows = [row_maker(score_ms=1.0), narrower, row_maker(role="allpass"), row_maker(role="fixed", score_ms=3.0)]
    charts = [figure for figure in paper_figures(rows, {}) if isinstance(figure, CostChart)]
    assert [(chart.name, chart.axis) for chart in charts] == [
        (("cost", "A"), "mean cross-domain AUC"),
        (("cost", "B"), "in-domain AUC"),
    ]
    first, fixed = charts[0].points
    assert first == CostPoint("svm", 1.0, rows[0].headline)
    assert fixed.name == f"svm {rows[3].band}"
    assert charts[0].title == "Set A: set/b, set/c"


def test_a_control_is_a_point_that_cannot_be_on_the_frontier(row_maker: Maker) -> None:
    rows = [row_maker(score_ms=1.0), row_maker("coin", score_ms=0.1, control=True)]
    (chart,) = [figure for figure in paper_figures(rows, {}) if isinstance(figure, CostChart)]
    assert [(point.name, point.contestant) for point in chart.points] == [("svm", True), ("coin", False)]


def test_points_name_the_training_domain_where_there_are_several(row_maker: Maker, test_maker: Maker) -> None:
    tests = [test_maker("set/c", 0.8)]
    rows = [row_maker(train=train, tests=tests) for train in ("set/a", "set/b")]
    (chart,) = [figure for figure in paper_figures(rows, {}) if isinstance(figure, CostChart)]
    assert [point.name for point in chart.points] == ["svm ← set/a", "svm ← set/b"]
    long = [row_maker("x" * 100, tests=tests)]
    (chart,) = [figure for figure in paper_figures(long, {}) if isinstance(figure, CostChart)]
    assert chart.points[0].name == "x" * 44


def test_perturbed_tests_are_handed_on_with_their_chains(row_maker: Maker, test_maker: Maker) -> None:
    names = ["set/b", "set/b+noise:sd=5", "set/c+noise:sd=5", "set/b+noise:sd=9"]
    figures = paper_figures([row_maker(tests=[test_maker(name, 0.8) for name in names])], {})
    (perturbed,) = [figure for figure in figures if isinstance(figure, PerturbedTests)]
    assert perturbed.chains == ("", "noise:sd=5", "noise:sd=9")
    assert not any(isinstance(figure, RobustnessMap) for figure in figures)
    assert not any(isinstance(figure, PerturbedTests) for figure in paper_figures([row_maker()], {}))


def swept_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a folder be that of a cell with a trial and a narrow band."""
    document = CellDocument.__new__(CellDocument)
    for name, value in (("trials", (object.__new__(TriedBand),)), ("narrow", (object.__new__(NarrowBand),))):
        object.__setattr__(document, name, value)
    monkeypatch.setattr(paper, "find_cell", lambda asked: document if asked == folder else None)


def test_the_title_of_a_sweep_has_the_short_name_of_a_pool_and_its_file_the_whole(
    row_maker: Maker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    swept_in(tmp_path, monkeypatch)
    row = row_maker("svm", pool := "set/a & set/b & other")
    (sweep,) = [figure for figure in paper_figures([row], {row.run_id: tmp_path}) if isinstance(figure, SweepChart)]
    assert (sweep.name, sweep.title) == (("sweep", "svm", pool), "svm on set/a & set/b & 1 more")


def test_a_cell_has_its_sweep_and_its_narrow_bands_once(
    row_maker: Maker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    swept_in(tmp_path, monkeypatch)
    rows = [row_maker(), row_maker(role="fixed"), row_maker("b")]
    figures = paper_figures(rows, {rows[0].run_id: tmp_path})
    of_cells = [figure for figure in figures if isinstance(figure, SweepChart | BandTransferMap)]
    assert [(type(figure), figure.name, figure.title) for figure in of_cells] == [
        (SweepChart, ("sweep", "svm", "set/a"), "svm on set/a"),
        (BandTransferMap, ("band_transfer", "svm", "set/a"), "svm on set/a: AUC of narrow bands, in-domain and cross-domain"),
    ]


def test_a_study_that_says_what_detectors_live_on_has_a_chart_of_it() -> None:
    row = carrier_row("dct_ridge", "home", ("home",))
    (chart,) = [figure for figure in paper_figures([row, comb_row("home")], {}) if isinstance(figure, CarrierChart)]
    assert (chart.name, chart.title, len(chart.rows)) == (("", "carriers"), "made: what detectors live on", 2)
    assert not any(isinstance(figure, CarrierChart) for figure in paper_figures([comb_row("home")], {}))
