"""Directions of the spectrum are told apart."""

import numpy as np
import pytest

from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.errors import EmptyBandError, StudyError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.views import view_kernel


def test_directions_tell_rows_from_columns() -> None:
    stripes = np.tile(128 + 100 * np.cos(2 * np.pi * 0.25 * np.arange(48)), (48, 1)).astype(np.uint8)
    kernel = view_kernel(ViewSpec("directional", {"sectors": 4}))
    along, across = (kernel.features(kernel.base(crop[None]), (48, 48), Band()) for crop in (stripes, stripes.T))
    ring = np.flatnonzero(np.abs(along.frequency - 0.25) < 0.03)
    assert ring[np.argmax(along.values[0, ring])] % 4 != ring[np.argmax(across.values[0, ring])] % 4
    np.testing.assert_allclose(np.sort(along.values[0, ring])[-1], np.sort(across.values[0, ring])[-1], rtol=1e-3)


@pytest.mark.parametrize("sectors", [1, 65])
def test_too_few_or_too_many_sectors(sectors: int) -> None:
    with pytest.raises(StudyError, match=f"takes 2 to 64 sectors, got {sectors}"):
        view_kernel(ViewSpec("directional", {"sectors": sectors}))


def test_a_band_between_two_rings_is_refused() -> None:
    kernel = view_kernel(ViewSpec("directional", {"bin_width": 0.3}))
    with pytest.raises(EmptyBandError, match="keeps no ring of width 0.3 of a 48x48 crop"):
        kernel.features(kernel.base(np.zeros((1, 48, 48), np.uint8)), (48, 48), Band.between(0.001, 0.002))
