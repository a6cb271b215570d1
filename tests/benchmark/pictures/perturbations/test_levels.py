"""From numbers to grey levels."""

import numpy as np

from bandbench.benchmark.pictures.perturbations.levels import narrowed, rounded, without_colour


def test_levels_are_rounded_and_clipped_not_wrapped() -> None:
    assert rounded([-3.0, 0.4, 0.6, 254.5, 300.0]).tolist() == [0, 0, 1, 254, 255]


def test_narrowed_keeps_values() -> None:
    made = narrowed(np.array([1, 255], dtype=np.int64))
    assert (made.dtype, made.tolist()) == (np.uint8, [1, 255])


def test_equal_channels_are_grey() -> None:
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    colour = np.repeat(grey[:, :, None], 3, axis=2)
    np.testing.assert_array_equal(without_colour(colour), grey)
    colour[0, 0, 1] = 9
    assert without_colour(colour) is colour
    assert without_colour(grey) is grey
