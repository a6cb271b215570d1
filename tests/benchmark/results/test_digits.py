"""AUCs as texts."""

from math import nan

import pytest

from bandbench.benchmark.results.digits import auc_text, bound_text, interval_text, measured_text


@pytest.mark.parametrize(
    ("value", "text"), [(1.0, "1.000"), (0.99983, "0.999"), (0.9994, "0.999"), (0.5, "0.500"), (0.0, "0.000"), (nan, "–")]
)
def test_what_is_below_one_does_not_look_as_if_it_reached_it(value: float, text: str) -> None:
    assert auc_text(value) == text


def test_two_digits_stay_below_one_too() -> None:
    assert [auc_text(value, digits=2) for value in (0.995, 0.9999, 1.0, 0.5)] == ["0.99", "0.99", "1.00", "0.50"]


def test_an_interval_has_both_ends_or_is_empty() -> None:
    assert interval_text(0.971, 0.99997, "–") == "0.971–0.999"
    assert interval_text(0.9, 1.0, one="1") == "0.900-1"
    assert interval_text(nan, nan) == ""


def test_an_auc_without_an_interval_stands_alone() -> None:
    assert measured_text(0.75, nan, nan) == "0.750"
    assert measured_text(0.99983, 0.971, 0.99997) == "0.999 (0.971-0.999)"
    assert measured_text(nan, nan, nan) == "–"


def test_ends_for_a_narrow_column_have_four_places() -> None:
    assert [bound_text(value) for value in (0.971, 0.99997, 1.0)] == [".971", ".999", "1"]
