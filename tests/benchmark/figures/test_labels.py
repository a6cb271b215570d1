"""Names beside points: near, inside, and on nothing."""

import numpy as np
import pytest

from bandbench.benchmark.figures.labels import place_labels

FRAME = (0.0, 0.0, 400.0, 300.0)
SIZE = (60.0, 9.0)


def boxes(points: np.ndarray, offsets: list[tuple[float, float] | None]) -> list[np.ndarray]:
    half = np.array(SIZE) / 2
    return [np.r_[p + o - half, p + o + half] for p, o in zip(points, offsets, strict=True) if o is not None]


def overlap(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3])


@pytest.mark.parametrize("n", [1, 2, 30])
def test_labels_lie_on_nothing_and_inside(n: int) -> None:
    points = np.random.default_rng(n).uniform([0, 0], [400, 300], size=(n, 2))
    offsets = place_labels(points, [SIZE] * n, FRAME)
    assert None not in offsets
    placed = boxes(points, offsets)
    assert not any(overlap(a, b) for i, a in enumerate(placed) for b in placed[:i])
    assert not any(overlap(a, np.r_[p - 3, p + 3]) for a in placed for p in points)
    assert all(a[0] >= 0 and a[1] >= 0 and a[2] <= 400 and a[3] <= 300 for a in placed)


def test_points_on_one_spot_get_labels_apart() -> None:
    points = np.full((4, 2), 150.0)
    placed = boxes(points, place_labels(points, [SIZE] * 4, FRAME))
    assert len(placed) == 4
    assert not any(overlap(a, b) for i, a in enumerate(placed) for b in placed[:i])


def test_what_has_no_room_has_no_label() -> None:
    assert place_labels([(5.0, 5.0)], [(60.0, 9.0)], (0.0, 0.0, 10.0, 10.0)) == [None]
    assert place_labels([], [], FRAME) == []
