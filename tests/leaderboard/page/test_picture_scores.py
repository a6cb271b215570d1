"""Ranks and verdicts of single pictures, as the page holds them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from bandbench.benchmark.metrics.roc import Scored
from bandbench.benchmark.results.scores import DomainScores
from bandbench.leaderboard.page.picture_scores import STEPS, PictureScoreWriter
from made_pages import block_of

Maker = Callable[..., Any]
LABELS = np.array([0, 0, 1, 1])
ITEMS = np.array(["d", "b", "c", "a"])


def entry(domain: str, split: str, scores: Sequence[float], items: np.ndarray = ITEMS) -> DomainScores:
    return DomainScores(domain, split, Scored(LABELS, np.array(scores), items), len(items), items)


def draw(
    scores: Sequence[float], validation: Sequence[float] | None = (0.0, 0.0, 1.0, 1.0), **others: Any
) -> list[DomainScores]:
    val = [] if validation is None else [entry("set/a", "val", validation)]
    return [*val, entry("set/b", "test", scores, **others)]


def packed(row_maker: Maker, *draws: list[DomainScores], budget: int = 10_000, n: int = 1) -> dict[str, Any]:
    writer = PictureScoreWriter(budget)
    for i in range(n):
        writer.add(f"row {i}", row_maker(), draws)
    return block_of(writer.packed()) if writer.packed() else {}


def test_ranks_and_verdicts_are_means_over_the_draws(row_maker: Maker) -> None:
    # Sorted by name: a (fake), b (real), c (fake), d (real).
    block = packed(row_maker, draw([0.1, 0.9, 0.6, 0.2]), draw([0.1, 0.2, 0.9, 0.8]), draw([0.0, 0.1, 0.2, 0.3]))
    (pictures,), (row,) = block["lists"], block["rows"]
    assert pictures == {"domain": "set/b", "items": ["a", "b", "c", "d"]}
    assert block["labels"].tolist() == [1, 0, 1, 0]
    places = np.array([[2, 4, 3, 1], [3, 2, 4, 1], [4, 2, 3, 1]])
    assert block["ranks"].tolist() == np.round(STEPS * ((places - 0.5) / 4).mean(axis=0)).astype(int).tolist()
    # The threshold is 0.5: a is called fake once of three times, b once, c twice, d never.
    assert np.unpackbits(block["verdicts"])[:4].tolist() == [0, 0, 1, 0]
    assert row == {"id": "row 0", "lists": [0], "cuts": [pytest.approx((0.5 + 0.5 + 1.0) / 3, abs=1e-4)]}


def test_half_of_the_draws_call_a_picture_fake(row_maker: Maker) -> None:
    block = packed(row_maker, draw([0.0, 0.0, 0.0, 1.0]), draw([0.0, 0.0, 0.0, 0.0]))
    assert np.unpackbits(block["verdicts"])[:4].tolist() == [1, 0, 0, 0]


def test_without_validation_pictures_there_are_ranks_alone(row_maker: Maker) -> None:
    block = packed(row_maker, draw([0.1, 0.9, 0.6, 0.2], validation=None))
    assert block["rows"][0]["cuts"] == [None]
    assert len(block["verdicts"]) == 0
    assert len(block["ranks"]) == 4


@pytest.mark.parametrize(
    "second",
    [draw([0.1, 0.2, 0.3, 0.4], items=np.array(["d", "b", "c", "x"])), draw([0.1, np.nan, 0.3, 0.4])],
    ids=["other pictures", "no number"],
)
def test_a_test_domain_that_differs_between_draws_is_left_out(row_maker: Maker, second: list[DomainScores]) -> None:
    assert packed(row_maker, draw([0.1, 0.2, 0.3, 0.4]), second) == {}


def test_rows_have_the_pictures_in_common_and_the_last_find_no_room(row_maker: Maker) -> None:
    block = packed(row_maker, draw([0.1, 0.9, 0.6, 0.2]), n=6, budget=8 + 3 * 5)
    assert len(block["lists"]) == 1
    assert [row["id"] for row in block["rows"]] == ["row 0", "row 1", "row 2"]
    assert block["left_out"] == 3
    assert packed(row_maker, draw([0.1, 0.9, 0.6, 0.2]), budget=5) == {}
