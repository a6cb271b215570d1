"""Words for classes and splits are no part of what a name tells."""

import pytest

from bandbench.datasets.grouping.words import without_sides


@pytest.mark.parametrize(
    ("key", "left"), [("real_id7", "id7"), ("id7-fake", "id7"), ("train_real", ""), ("AI-generated", ""), ("real_12", "12")]
)
def test_words_for_classes_and_splits_are_stripped(key: str, left: str) -> None:
    assert without_sides(key) == left
