"""Pixels are handed over as they are, and have no frequencies."""

import numpy as np
import pytest

from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.errors import StudyError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.views import view_kernel

CROPS = np.random.default_rng(0).integers(0, 256, (6, 48, 48)).astype(np.uint8)


def test_pixels_view() -> None:
    kernel = view_kernel(ViewSpec("pixels", {"colour": False}))
    np.testing.assert_array_equal(kernel.features(kernel.base(CROPS), (48, 48), Band()).values, CROPS)
    with pytest.raises(StudyError, match="use mode pixels"):
        kernel.features(CROPS, (48, 48), Band("low", 0.2))
