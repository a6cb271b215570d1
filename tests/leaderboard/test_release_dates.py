"""Dates of a board: what a reader states comes first, then what was recorded, then what a data set knows."""

from collections.abc import Callable
from typing import Any

import pytest

from bandbench.benchmark.errors import BenchError
from bandbench.leaderboard.release_dates import with_release_dates

Maker = Callable[..., Any]


def known(domain: str) -> str:
    return "2019" if domain == "set/c" else ""


def test_what_is_stated_comes_first(row_maker: Maker) -> None:
    row = row_maker(released={"set/a": "2017", "set/b": "2018"})
    (dated,) = with_release_dates([row], known, {"set/b": "2018-05"})
    assert dated.released == {"set/a": "2017", "set/b": "2018-05", "set/c": "2019"}
    (dated,) = with_release_dates([row], known, {"set": "2020"})
    assert set(dated.released.values()) == {"2020"}


def test_a_domain_without_a_date_has_none(row_maker: Maker) -> None:
    (dated,) = with_release_dates([row_maker()], known, {})
    assert dated.released == {"set/c": "2019"}


def test_pools_are_dated_by_their_domains(row_maker: Maker) -> None:
    (dated,) = with_release_dates([row_maker(train="other/x & set/a")], known, {"other": "2016"})
    assert dated.released["other/x"] == "2016"


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"set/d": "2020"}, r"--released: unknown domain or data set of this board 'set/d'. Did you mean 'set/"),
        ({"set/a": "soon"}, r"the release date of set/a: a date is written 2022, 2022-08 or 2022-08-22, got 'soon'"),
    ],
)
def test_what_cannot_be_meant_is_refused(row_maker: Maker, stated: dict[str, str], message: str) -> None:
    with pytest.raises(BenchError, match=message):
        with_release_dates([row_maker()], known, stated)
