"""Pixels: the crops themselves."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..contracts import Features
from ..frequency.bands import Band
from .kernel import ViewKernel


@dataclass(frozen=True)
class PixelsView(ViewKernel):
    """The crops themselves, uint8; a band acts on them in mode ``pixels`` only."""

    name: ClassVar[str] = "pixels"
    colour: bool = True
    version: int = 1

    def base(self, crops: NDArray[np.uint8]) -> NDArray:
        return crops

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> Features:
        self.require_no_band(band)
        return Features(base)
