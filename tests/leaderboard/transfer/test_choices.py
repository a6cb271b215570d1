"""What choosing at home costs, from what a cell holds."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from bandbench.benchmark.results.cell_document import NarrowBand
from bandbench.benchmark.results.rows import Row
from bandbench.leaderboard.transfer.choices import choice_gaps

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
