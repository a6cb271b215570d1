"""Figures of a board: each is drawn from what was recorded, or says what is missing."""

from collections.abc import Callable
from typing import Any

import pytest

from bandbench.api.board import Board, leaderboard
from bandbench.api.board_plots import BoardPlots
from bandbench.benchmark.errors import BenchError
from bandbench.benchmark.results.rows import Row


@pytest.fixture(scope="module")
def board(recorded_store: str) -> Board:
    return leaderboard("small", tracking_uri=recorded_store, progress=False)


@pytest.fixture
def svm(board: Board) -> Row:
    return next(row for row in board if (row.detector, row.role) == ("spectral_svm", "chosen"))


def labels(figure: Any) -> str:
    figure.draw_without_rendering()
    axes = [label.get_text() for panel in figure.axes for label in (*panel.get_yticklabels(), *panel.get_xticklabels())]
    texts = [text.get_text() for panel in figure.axes for text in (panel.title, *panel.texts)]
    legends = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    return "\n".join([*axes, *texts, *legends, figure.get_suptitle()])


def test_the_map_has_every_chosen_row_and_domain(board: Board, svm: Row) -> None:
    text = labels(board.plot.train_x_test())
    assert "spectral_svm ← mine" in text and "coin_flip ← mine" in text
    assert "yours" in text
    assert f"{svm.tests[0].auc:.2f}" in text


def test_ranks_have_every_row_that_a_table_shows(board: Board) -> None:
    figure = board.plot.ranks()
    text = labels(figure)
    assert "spectral_svm ← mine low <0.300" in text  # the fixed band is told from the chosen one
    assert text.count("no rank") == len([row for row in board if row.role != "allpass"])  # two draws are too few for a rank


def test_a_sweep_has_the_bands_that_were_tried(board: Board, svm: Row) -> None:
    (axes,) = board.plot.sweep(svm.id).axes
    bands = board.bands(svm)
    swept = bands[(bands.stage == "sweep") & bands.auc.notna()]
    curve = next(line for line in axes.get_lines() if str(line.get_label()).startswith("one narrow band"))
    assert list(curve.get_ydata()) == pytest.approx(swept.auc.tolist())


def test_a_band_transfer_map_has_the_domains(board: Board, svm: Row) -> None:
    text = labels(board.plot.band_transfer(svm))
    assert "mine (home)" in text and "yours" in text


def test_roc_curves_are_named_by_domain_and_auc(board: Board, svm: Row) -> None:
    figure = board.plot.roc(svm)
    aucs = {test.domain: test.auc for test in svm.tests}
    shown = [text.get_text() for text in figure.legends[0].get_texts()]
    assert shown == [f"mine (in-domain), AUC {aucs['mine']:.3f}", f"yours, AUC {aucs['yours']:.3f}"]
    assert len(board.plot.roc(svm, "yours").legends[0].get_texts()) == 1
    with pytest.raises(BenchError, match="unknown test domain 'your'. Did you mean 'yours'"):
        board.plot.roc(svm, ["mine", "your"])


@pytest.mark.parametrize(
    ("name", "message"),
    [("carriers", "bench run peaks_or_continuum"), ("robustness", "bench run robustness")],
)
def test_what_a_board_has_not_says_what_to_run(name: str, message: str, board: Board) -> None:
    with pytest.raises(BenchError, match=message):
        getattr(board.plot, name)()


@pytest.mark.parametrize("name", ["sweep", "band_transfer"])
def test_a_row_without_narrow_bands_cannot_be_drawn(name: str, recorded_store: str) -> None:
    plain = leaderboard("plain", tracking_uri=recorded_store, progress=False)
    with pytest.raises(BenchError, match=r"row \w{10} \(spectral_logreg on mine\) cannot be drawn: no narrow bands"):
        getattr(plain.plot, name)(0)


@pytest.mark.parametrize("name", ["train_x_test", "ranks"])
def test_an_empty_board_has_no_figures(name: str, board: Board) -> None:
    draw: Callable[[], Any] = getattr(board.where(detector="nobody").plot, name)
    with pytest.raises(BenchError, match="the board has no row with"):
        draw()


def test_a_board_draws_with_its_own_rows(board: Board) -> None:
    assert board.plot == BoardPlots(board)
