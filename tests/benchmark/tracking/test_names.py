"""Metrics that a row is checked against, under their present names, and times of use."""

import pytest

from bandbench.benchmark.tracking.names import checked, is_checked, used_at


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("in_domain_auc", True),
        ("cross_domain_auc", True),
        ("auc", True),
        ("test/a/deep/auc", True),
        ("test/a/eer", False),
        ("val_auc", False),
        ("worst_auc", False),
    ],
)
def test_aucs_of_tests_and_their_means_are_checked(metric: str, expected: bool) -> None:
    assert is_checked(metric) is expected


def test_old_names_are_replaced_and_the_present_one_wins() -> None:
    assert checked([("auc", 0.5), ("gain", 0.1), ("test/a/auc", 0.6)]) == {"in_domain_auc": 0.5, "test/a/auc": 0.6}
    assert checked([("in_domain_auc", 0.7), ("auc", 0.5)]) == {"in_domain_auc": 0.7}


@pytest.mark.parametrize(("text", "expected"), [("12.5", 12.5), (None, 3.0), ("", 3.0), ("yesterday", 3.0)])
def test_a_tag_that_is_no_time_gives_the_time_of_finishing(text: str | None, expected: float) -> None:
    assert used_at(text, 3.0) == expected
