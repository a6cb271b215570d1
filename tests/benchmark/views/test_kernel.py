"""The contract of a view: what it need not write itself."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.errors import StudyError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.views.kernel import ALL_PASS, ViewKernel

CROPS = np.arange(2 * 8 * 8, dtype=np.uint8).reshape(2, 8, 8)


@dataclass(frozen=True)
class Doubled(ViewKernel):
    """Twice the mean of every row, and by a band's name how it was asked for."""

    name: ClassVar[str] = "doubled"

    def base(self, crops: np.ndarray) -> np.ndarray:
        return crops.mean(axis=2)

    def features(self, base: np.ndarray, shape: tuple[int, int], band: Band) -> Features:
        self.require_no_band(band)
        return Features(2 * base[:, : shape[0]])


def test_features_from_crops_are_base_and_features() -> None:
    np.testing.assert_array_equal(Doubled().from_crops(CROPS, ALL_PASS).values, 2 * CROPS.mean(axis=2))


@pytest.mark.parametrize(("mode", "needed"), [("keep", False), ("reweight", False), ("pixels", True)])
def test_crops_are_needed_where_they_are_filtered(mode: str, needed: bool) -> None:
    assert Doubled().needs_crops(Band("low", 0.2, mode=mode)) is needed
    assert not Doubled().needs_crops(Band(mode=mode))


def test_a_view_takes_crops_of_any_side_unless_it_says_otherwise() -> None:
    Doubled().require_side(1)


def test_a_band_without_frequencies_is_refused_by_its_mode() -> None:
    with pytest.raises(StudyError, match="view 'doubled' has no frequencies to reweight; use mode pixels"):
        Doubled().features(CROPS.mean(axis=2), (8, 8), Band("low", 0.2, mode="reweight"))
