"""The record of a shortcut audit, and its sentence."""

import dataclasses
import math

import pytest

from bandbench.benchmark.pictures.shortcuts import Shortcut

STORED = Shortcut(1.0, 0.95, 1.0, "format", ("PNG", "JPEG 75"))


def test_it_comes_back_from_json() -> None:
    assert Shortcut.from_json(STORED.to_json()) == STORED
    assert Shortcut.from_json(None) is None
    unknown = Shortcut.from_json(STORED.to_json() | {"lo": None})
    assert unknown is not None and math.isnan(unknown.lo)


@pytest.mark.parametrize(("lo", "marked"), [(0.95, True), (0.601, True), (0.6, False), (0.4, False), (math.nan, False)])
def test_the_lower_bound_decides(lo: float, marked: bool) -> None:
    assert dataclasses.replace(STORED, lo=lo).is_marked == marked


def test_the_sentence_names_fact_values_and_auc() -> None:
    assert STORED.sentence("x") == (
        "the classes of x differ in format: PNG (real) against JPEG 75 (fake); facts of the files alone reach "
        "AUC 1.000 (0.950 to 1.000)."
    )
    assert "ambiguous" in dataclasses.replace(STORED, ambiguous=True).sentence("x")
