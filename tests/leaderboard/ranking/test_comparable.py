"""Means over different pictures are never one ranking."""

from collections.abc import Callable
from typing import Any

import pytest

from bandbench.leaderboard.ranking.comparable import comparable_sets, headline_tests

Maker = Callable[..., Any]


def test_rows_of_two_training_domains_are_two_sets(row_maker: Maker) -> None:
    rows = [row_maker("x"), row_maker("x", "set/b"), row_maker("y")]
    sets, index = comparable_sets(rows)
    assert index == [0, 1, 0]
    assert [(one.name, one.domains) for one in sets] == [("A", ("set/b", "set/c")), ("B", ("set/a", "set/c"))]


@pytest.mark.parametrize("what", ["split_list", "pictures"])
def test_other_pictures_of_the_same_domain_are_another_set(row_maker: Maker, test_maker: Maker, what: str) -> None:
    plain = row_maker("y").tests
    other = row_maker("y", tests=[*plain[:2], test_maker("set/c", 0.8, **{what: "other"})])
    sets, index = comparable_sets([row_maker("x"), other])
    assert index == [0, 1]
    assert sets[0].domains == sets[1].domains
    assert sets[0].digest != sets[1].digest


def test_what_happened_at_home_does_not_part_rows(row_maker: Maker, test_maker: Maker) -> None:
    other = row_maker("y", tests=[test_maker("set/a", 0.9, split_list="other"), *row_maker("y").tests[1:]])
    assert comparable_sets([row_maker("x"), other])[1] == [0, 0]


def test_perturbed_domains_have_no_part(row_maker: Maker, test_maker: Maker) -> None:
    row = row_maker("x", tests=[*row_maker("x").tests, test_maker("set/b+jpeg:quality=50", 0.6)])
    assert [t.domain for t in headline_tests(row)[0]] == ["set/b", "set/c"]
    assert comparable_sets([row_maker("y"), row])[1] == [0, 0]


def test_home_only_is_no_mean_over_other_domains(row_maker: Maker) -> None:
    home = row_maker("x", "set/b", tests=row_maker("x", "set/b", domains=("set/a", "set/b")).tests[1:])
    sets, index = comparable_sets([row_maker("y", "set/a", domains=("set/a", "set/b")), home])
    assert [sets[i].abroad for i in index] == [True, False]


def test_domains_that_the_protocol_leaves_out_are_in_no_headline(row_maker: Maker) -> None:
    row = row_maker("x", not_counted=("set/b", "set/c"))
    tests, abroad = headline_tests(row)
    assert ([test.domain for test in tests], abroad) == (["set/a"], False)
    assert headline_tests(row_maker("x", "set/z", not_counted=("set/a", "set/b", "set/c"))) == ([], False)
