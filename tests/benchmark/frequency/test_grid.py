"""Frequencies of a plane."""

import numpy as np
import pytest

from bandbench.benchmark.errors import DataError
from bandbench.benchmark.frequency.grid import Frequencies


def test_a_plane_has_absolute_frequencies() -> None:
    plane = Frequencies.of_plane(np.fft.fftfreq(4), np.fft.rfftfreq(6))
    assert plane.rows is not None and plane.cols is not None
    assert plane.rows[:, 0].tolist() == [0, 0.25, 0.5, 0.25]
    np.testing.assert_allclose(plane.cols[0], [0, 1 / 6, 1 / 3, 0.5])
    np.testing.assert_allclose(plane.radius, np.hypot(np.fft.fftfreq(4)[:, None], np.fft.rfftfreq(6)), rtol=1e-15)


def test_parts_of_a_plane() -> None:
    plane = Frequencies.of_plane(np.arange(3) / 8, np.arange(4) / 8)
    part = plane[plane.radius > 0.3]
    assert part.rows is not None and part.cols is not None
    assert part.radius.shape == part.rows.shape == (4,)
    np.testing.assert_allclose(np.hypot(part.rows, part.cols), part.radius)
    assert plane[:, :, None].radius.shape == (3, 4, 1)
    rings = Frequencies(np.arange(5) / 10)[[4, 1]]
    assert (rings.radius.tolist(), rings.rows) == ([0.4, 0.1], None)


@pytest.mark.parametrize("axes", [(np.zeros(3), None), (None, np.zeros(3)), (np.zeros(3), np.zeros(2))])
def test_half_a_plane_is_refused(axes: tuple) -> None:
    with pytest.raises(DataError, match=r"need rows and cols of the shape of radius, \(3,\), or neither"):
        Frequencies(np.zeros(3), *axes)
