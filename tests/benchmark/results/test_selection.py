"""Selection rules: a row says on which pictures its band was chosen, or that it was not."""

import pytest

from bandbench.benchmark.results.selection import MEANINGS, Selection, selection_of


@pytest.mark.parametrize(
    ("train", "role", "n", "rule"),
    [
        ("a", "chosen", 5, Selection.TRAINING_DOMAIN),
        ("a & b", "chosen", 5, Selection.TRAINING_DOMAINS),
        ("a & 10 shots of b", "chosen", 5, Selection.NOT_TARGET),
        ("a & b", "chosen", 1, Selection.NO_CHOICE),
        ("a", "allpass", 5, Selection.NO_CHOICE),
        ("a", "fixed", 5, Selection.NO_CHOICE),
    ],
)
def test_the_rule_follows_from_the_training_and_the_candidates(train: str, role: str, n: int, rule: Selection) -> None:
    assert selection_of(train, role, n) is rule
    assert selection_of(train, role, n, submitted=True) is Selection.NOT_STATED


def test_every_rule_has_a_meaning() -> None:
    assert {rule: rule.meaning for rule in Selection} == MEANINGS
