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
    ambiguous = dataclasses.replace(STORED, ambiguous=True, fact="bytes per pixel").sentence("x")
    assert (
        "; a detector of this and other traces in the pixels reaches AUC 1.000 (0.950 to 1.000). This is ambiguous:"
        in ambiguous
    )
    assert STORED.sentence("x", "ffhq").startswith("the fakes of x and the reals of ffhq differ in format: PNG (real) against")


@pytest.mark.parametrize(("ambiguous", "lo", "unambiguous"), [(False, 0.7, True), (True, 0.7, False), (False, 0.5, False)])
def test_a_trace_that_a_generator_may_leave_is_ambiguous(ambiguous: bool, lo: float, unambiguous: bool) -> None:
    assert dataclasses.replace(STORED, ambiguous=ambiguous, lo=lo).is_unambiguous == unambiguous
