"""AUCs as texts."""

import ast
from math import nan
from pathlib import Path

import pytest

from bandbench.benchmark.metrics.digits import auc_text, bound_text, interval_text, measured_text

ROOT = Path(__file__).parents[3]


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


def rounded_aucs(source: str) -> list[str]:
    """Return the expressions on AUCs that f-strings of a module round to few digits; signed ones are differences."""
    parts = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FormattedValue) and node.format_spec]
    stated = [(ast.unparse(part.value), ast.unparse(part.format_spec).strip("f'\"")) for part in parts if part.format_spec]
    return [value for value, spec in stated if "auc" in value.lower() and spec in {".1", ".2", ".3", ".4"}]


@pytest.mark.parametrize("folder", ["api", "benchmark", "datasets", "detectors", "leaderboard"])
def test_no_other_code_rounds_an_auc(folder: str) -> None:
    paths = sorted((ROOT / folder).rglob("*.py"))
    assert {str(path): found for path in paths if (found := rounded_aucs(path.read_text()))} == {}


def test_a_rounded_auc_is_noticed() -> None:
    source = 'f"{auc:.3f} {effect.stored_auc[0]:.2f} {auc:.6f} {auc - other_auc:+.3f} {auc_text(auc)} {width:.3f}"'
    assert rounded_aucs(source) == ["auc", "effect.stored_auc[0]"]
