"""Formats of figures."""

import subprocess
import sys

from bandbench.benchmark.figures.formats import FigureFormat


def test_a_format_is_the_suffix_of_its_file() -> None:
    assert [f"figure.{kind}" for kind in FigureFormat] == ["figure.svg", "figure.pdf", "figure.png"]
    assert FigureFormat("pdf") is FigureFormat.pdf


def test_formats_are_named_without_loading_what_draws() -> None:
    code = "import sys, bandbench.benchmark.figures.formats; print('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
