"""Names and files of a board's figures."""

from pathlib import Path

import pytest

from bandbench.benchmark.cli.paper import drawings, numbered, slug, write_figures
from bandbench.benchmark.errors import BenchError
from bandbench.benchmark.figures.formats import FigureFormat
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.rows import Row
from bandbench.leaderboard.paper import CostChart, CostPoint, PaperFigure, PerturbedTests, TrainTestMap


def nothing(path: Path) -> bool:
    return False


def test_names_that_differ_in_capitals_alone_are_numbered() -> None:
    names = [name for name, _ in numbered([("cost", nothing), ("Cost", nothing), ("map", nothing), ("cost", nothing)])]
    assert names == ["cost", "Cost_2", "map", "cost_3"]


def test_a_file_is_named_by_letters_digits_dots_and_underscores() -> None:
    assert slug("", "train_x_test") == "train_x_test"
    assert slug("a study/1", "lowpass:cutoff", "auc") == "a_study_1-lowpass_cutoff-auc"
    assert slug("..", "x") == "_-x"
    assert slug("y" * 100) == "y" * 60


def test_figures_are_written_in_every_format_and_those_without_data_not_at_all(tmp_path: Path) -> None:
    points = (CostPoint("a", 1.0, 0.8), CostPoint("b", 2.0, 0.9))
    figures = [CostChart(("cost",), "Set A", points, "AUC"), CostChart(("cost",), "Set B", (), "AUC")]
    written = write_figures(figures, tmp_path / "new", [FigureFormat.svg, FigureFormat.png])
    assert written == [tmp_path / "new" / "cost.svg", tmp_path / "new" / "cost.png"]
    assert sorted(written) == sorted((tmp_path / "new").iterdir())


def test_strengths_of_one_perturbation_are_a_figure_per_metric() -> None:
    chains = ("", "noise:sd=1", "noise:sd=2", "noise:sd=3", "blur:sigma=1")
    entries = drawings(PerturbedTests(("made",), "made: test pictures under", (), chains))
    assert [name for name, _ in entries] == ["made-noise_sd-auc", "made-noise_sd-pd1"]


def test_a_map_of_one_row_is_drawn(tmp_path: Path) -> None:
    row = Row(detector="svm", train="set/a", role="chosen", band=Band(), evidence=None, swept=False)
    figure = TrainTestMap(("map",), "made", (row,))
    assert [name for name, _ in drawings(figure)] == ["map"]


def test_an_unknown_figure_and_an_unwritable_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="nothing draws a PaperFigure"):
        drawings(PaperFigure(("x",), "x"))
    (tmp_path / "file").write_text("")
    with pytest.raises(BenchError, match="--figures"):
        write_figures([], tmp_path / "file", [])
