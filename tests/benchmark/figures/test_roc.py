"""ROC curves: what is drawn, and when there is nothing."""

import numpy as np

from bandbench.benchmark.figures.roc import LEAST_RATE, draw_roc

RATES = np.array([0.0, 0.01, 0.1, 1.0])
CURVE = np.array([0.1, 0.5, 0.8, 1.0])


def test_each_curve_is_on_both_axes_under_its_name() -> None:
    figure = draw_roc(RATES, {"set/a": CURVE, "set/$b$": CURVE / 2, "one class": np.empty(0)}, "title")
    assert figure is not None
    even, few = figure.axes
    assert (even.get_xscale(), few.get_xscale()) == ("linear", "log")
    assert few.get_xlim() == (LEAST_RATE, 1.0)
    figure.draw_without_rendering()
    assert {"0.1 %", "1 %", "10 %"} <= {label.get_text() for label in few.get_xticklabels()}
    for axes in (even, few):
        lines = {line.get_label(): line for line in axes.get_lines() if not str(line.get_label()).startswith("_")}
        assert list(lines) == ["set/a", "set/$b$"]
        np.testing.assert_array_equal(lines["set/a"].get_ydata(), CURVE)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["set/a", "set/$b$"]


def test_without_a_curve_there_is_no_figure() -> None:
    assert draw_roc(RATES, {"one class": np.empty(0)}, "title") is None


def test_many_curves_are_told_apart() -> None:
    figure = draw_roc(RATES, {str(n): CURVE for n in range(20)}, "title")
    assert figure is not None
    looks = {(line.get_color(), line.get_linestyle()) for line in figure.axes[0].get_lines()[:20]}
    assert len(looks) == 20
