"""Looks of figures: sizes on a screen and on paper, and files that the same numbers give again."""

import re
from pathlib import Path

import matplotlib
import pytest
from PIL import Image

from bandbench.benchmark.figures.looks import COLUMN, PAGE, PAPER, SCREEN, Look


@pytest.mark.parametrize(
    ("look", "wanted", "width"),
    [
        (SCREEN, 1.0, COLUMN),
        (SCREEN, 5.0, 5.0),
        (PAPER, 1.0, COLUMN),
        (PAPER, COLUMN, COLUMN),
        (PAPER, 3.4, PAGE),
        (PAPER, 9.0, 9.0),
    ],
)
def test_widths_on_paper_are_those_of_columns(look: Look, wanted: float, width: float) -> None:
    assert look.width(wanted) == width


def test_texts_are_broken_on_paper_only() -> None:
    text = "twelve words that are far too long for a single column\nand a second line"
    assert SCREEN.wrapped(text, COLUMN) == text
    lines = PAPER.wrapped(text, 1.5).splitlines()
    assert max(map(len, lines)) <= int(1.5 / 0.062)
    assert " ".join(lines) == text.replace("\n", " ")
    assert PAPER.wrapped("a word", 0.01) == "a word"  # 12 letters fit always


def draw(look: Look, path: Path, **options: str) -> bytes:
    with look.figure(path, 2.0, 1.0, **options) as figure:
        figure.add_subplot().set_title("$x_1$")
    return path.read_bytes()


def test_a_figure_has_the_size_and_resolution_of_its_look(tmp_path: Path) -> None:
    for look in (SCREEN, PAPER):
        draw(look, tmp_path / "figure.png")
        with Image.open(tmp_path / "figure.png") as picture:
            assert picture.size == (2 * look.dpi, look.dpi)


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_the_same_figure_gives_the_same_bytes(suffix: str, tmp_path: Path) -> None:
    assert draw(PAPER, tmp_path / f"one{suffix}") == draw(PAPER, tmp_path / f"two{suffix}")


def test_names_are_no_formulas_and_letters_are_letters(tmp_path: Path) -> None:
    svg = draw(PAPER, tmp_path / "figure.svg").decode()
    assert "$x_1$" in svg
    assert re.search(r"<text[^>]*>\$x_1\$", svg)


def test_a_format_may_be_given_for_a_name_without_one(tmp_path: Path) -> None:
    assert draw(SCREEN, tmp_path / "figure.part", file_format="svg").lstrip().startswith(b"<?xml")
    assert draw(SCREEN, tmp_path / "figure").startswith(b"\x89PNG")


def test_settings_hold_while_a_figure_is_drawn_and_no_longer(tmp_path: Path) -> None:
    before = matplotlib.rcParams["font.size"]
    with PAPER.figure(tmp_path / "figure.png", 1, 1):
        assert matplotlib.rcParams["font.size"] == 7.0 != before
    assert matplotlib.rcParams["font.size"] == before


def test_a_figure_without_a_file_is_shown_by_a_notebook(tmp_path: Path) -> None:
    """The formatter of IPython finds it, and it has the resolution of its look."""
    from IPython.core.formatters import DisplayFormatter

    with SCREEN.canvas(2.0, 1.0) as figure:
        figure.add_subplot().set_title("$x_1$")
    shown, _ = DisplayFormatter().format(figure)
    (tmp_path / "shown.png").write_bytes(shown["image/png"])
    with Image.open(tmp_path / "shown.png") as picture:
        assert picture.size == (2 * SCREEN.dpi, SCREEN.dpi)
    assert list(tmp_path.iterdir()) == [tmp_path / "shown.png"]


def test_what_was_not_drawn_is_not_written(tmp_path: Path) -> None:
    assert not SCREEN.save(None, tmp_path / "figure.png")
    assert list(tmp_path.iterdir()) == []
    with SCREEN.canvas(1.0, 1.0) as figure:
        figure.add_subplot()
    assert SCREEN.save(figure, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").is_file()
