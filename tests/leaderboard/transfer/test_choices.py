"""AUC by the way in which a band was chosen."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bandbench.benchmark.results.cell_document import NarrowBand
from bandbench.benchmark.results.rows import Row
from bandbench.leaderboard.transfer.choices import choice_gaps, selection_gaps

Maker = Callable[..., Any]


def band(**aucs: float) -> NarrowBand:
    return NarrowBand("band", 0.1, 0.2, (0.6, 0.01), {f"set/{name}": (value, 0.01) for name, value in aucs.items()})


@pytest.fixture
def chosen(row_maker: Maker, test_maker: Maker) -> Row:
    """Trained on set/a, 0.7 on both other domains."""
    return row_maker(tests=[test_maker("set/a", 0.9), test_maker("set/b", 0.7), test_maker("set/c", 0.7)])


def test_left_out_domains_choose_by_the_others(chosen: Row) -> None:
    """One band is best on set/b, another on set/c: what is best on the one is what the other gets."""
    narrow = [band(a=0.5, b=0.9, c=0.6), band(a=0.5, b=0.55, c=0.8)]
    gaps, n = choice_gaps(narrow, [chosen])
    assert n == 3
    assert gaps.selected == pytest.approx(0.7)
    assert gaps.left_out == pytest.approx((0.55 + 0.6) / 2)
    assert gaps.oracle == pytest.approx((0.9 + 0.8) / 2)


def test_other_rows_of_the_cell_are_candidates(chosen: Row, row_maker: Maker, test_maker: Maker) -> None:
    allpass = row_maker(role="allpass", tests=[test_maker("set/b", 0.8), test_maker("set/c", 0.8)])
    gaps, n = choice_gaps([], [allpass, chosen])
    assert n == 2
    assert (gaps.selected, gaps.left_out) == (pytest.approx(0.7), pytest.approx(0.8))


def test_a_band_that_lacks_a_domain_is_no_candidate(chosen: Row) -> None:
    for incomplete in (band(a=0.5, b=0.9), band(b=math.nan, c=0.9)):
        gaps, n = choice_gaps([incomplete], [chosen])
        assert n == 1
        assert math.isnan(gaps.left_out)


def test_one_other_domain_is_not_enough(row_maker: Maker, test_maker: Maker) -> None:
    row = row_maker(tests=[test_maker("set/a", 0.9), test_maker("set/b", 0.7)])
    gaps, _ = choice_gaps([band(a=0.5, b=0.9)], [row])
    assert math.isnan(gaps.left_out)
    assert gaps.oracle == pytest.approx(0.9)


def test_without_a_chosen_band_nothing_is_known(row_maker: Maker) -> None:
    gaps, n = choice_gaps([band(b=0.9, c=0.9)] * 2, [row_maker(role="fixed")])
    assert (n, math.isnan(gaps.selected)) == (0, True)


def test_selection_gaps() -> None:
    tests = np.array([[0.6, 0.6, 0.6], [0.9, 0.5, 0.7], [0.5, 0.8, 0.8]])
    found = selection_gaps([0.9, 0.8, 0.7], tests)
    assert found.selected == pytest.approx(0.6)
    assert found.oracle == pytest.approx((0.9 + 0.8 + 0.8) / 3)
    # Left out 1: candidate 2 has 0.8 on the others. Left out 2: candidate 1 (0.8). Left out 3: candidate 1 (0.7).
    assert found.left_out == pytest.approx((0.5 + 0.5 + 0.7) / 3)


def test_selection_laws() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        val, tests = rng.random(6), np.round(rng.random((6, 4)), 1)
        found = selection_gaps(val, tests)
        assert found.oracle >= max(found.selected, found.left_out) - 1e-12
        order = rng.permutation(6)
        again = selection_gaps(val[order], tests[order][:, rng.permutation(4)])
        assert [again.selected, again.left_out, again.oracle] == pytest.approx([found.selected, found.left_out, found.oracle])


def test_selection_is_undefined_where_an_auc_is_missing() -> None:
    assert math.isnan(selection_gaps([0.5, 0.6], [[0.5, np.nan], [0.5, 0.6]]).oracle)
    assert math.isnan(selection_gaps([], np.zeros((0, 2))).selected)
    one = selection_gaps([0.5, 0.6], [[0.7], [0.6]])
    assert (one.selected, math.isnan(one.left_out), one.oracle) == (0.6, True, 0.7)
