"""Numbers of sentences are written as the page writes them, and names are shortened."""

import math
from collections.abc import Callable
from typing import Any

from bandbench.leaderboard.story.parts import about_chance, measured, of_all, short, signed

Maker = Callable[..., Any]


def test_differences_have_a_sign() -> None:
    assert (signed(0.0123), signed(-0.5)) == ("+0.012", "\N{MINUS SIGN}0.500")


def test_long_names_are_shortened() -> None:
    assert len(short("x" * 5000)) == 60
    assert short("svm") == "svm"


def test_rows_are_counted_in_english(row_maker: Maker) -> None:
    def text(some: int, every: int) -> str:
        rows = [row_maker(str(i)) for i in range(every)]
        return "".join(part if isinstance(part, str) else part.text for part in of_all(rows[:some], rows))

    assert (text(1, 1), text(2, 2), text(1, 3)) == ("the only row", "both rows", "1 of 3 rows")


def test_a_number_without_an_interval_says_so(row_maker: Maker) -> None:
    row = row_maker(worst_auc_lo=math.nan)
    assert measured(row, "worst_auc")[-1] == " (no interval)"


def test_chance_is_named_where_an_interval_does_not_exclude_it() -> None:
    assert about_chance(0.51, 0.6) == []
    assert about_chance(math.nan, math.nan) == []
    assert about_chance(0.5, 0.6) == [" That interval includes chance."]
    assert about_chance(0.3, 0.49) == [" That is below chance."]
