"""Windows that a model scores are told apart by identity, because their pixels are arrays."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from bandbench.benchmark.pictures.windows import FaceWindows, Window


def window(number: int = 0) -> Window:
    return Window(number, number / 25, np.zeros((8, 8, 3), dtype=np.uint8), "middle", (0, 0, 8, 8))


def test_windows_are_compared_by_identity() -> None:
    """Comparing the pixels of two windows element by element would have no single answer."""
    first, second = window(), window()
    assert first != second and [first, second].index(second) == 1
    assert len({first, second, first}) == 2
    assert FaceWindows([first], 1, "") != FaceWindows([first], 1, "")


@pytest.mark.parametrize(("field", "value"), [("picture", np.ones((8, 8, 3), dtype=np.uint8)), ("box", None)])
def test_a_window_is_not_changed_after_it_was_cut(field: str, value: object) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(window(), field, value)
