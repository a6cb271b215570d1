"""Power in rings and directions of the spectrum."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..contracts import Features
from ..errors import EmptyBandError, StudyError
from ..frequency import spectra
from ..frequency.bands import Band
from .kernel import ViewKernel


@dataclass(frozen=True)
class DirectionalView(ViewKernel):
    """
    Log of the mean power in rings and directions, ring by ring: what the radial profile averages away.

    Row and column directions come first and in the middle of the sectors, where up-sampling leaves its traces. A cell holds
    points of a lattice and others, so the features of a comb are computed from the crops: each cell is the mean over those of
    its coefficients that the comb leaves, and cells without any are left out.
    """

    name: ClassVar[str] = "directional"
    sectors: int = 8
    bin_width: float = 0.04
    version: int = 1
    colour: bool = False

    def __post_init__(self) -> None:
        if not 2 <= self.sectors <= 64:
            raise StudyError(f"view 'directional' takes 2 to 64 sectors, got {self.sectors}.")

    def base(self, crops: NDArray[np.uint8]) -> NDArray:
        return spectra.directional_power(crops, self.sectors, self.bin_width)

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> Features:
        frequency = spectra.directional_grid(*shape, self.sectors, self.bin_width).frequency
        if band.kind == "all":
            return Features(np.log(base + spectra.POWER_FLOOR), frequency)
        weight, passed = band.acting_on(frequency)
        power = base if weight is None else base * weight**2
        if passed is None:
            return Features(np.log(power + spectra.POWER_FLOOR), frequency)
        if not passed.any():
            raise EmptyBandError(f"{band} keeps no ring of width {self.bin_width:g} of a {shape[0]}x{shape[1]} crop.")
        return Features(np.log(power[:, passed] + spectra.POWER_FLOOR), frequency[passed])

    def needs_crops(self, band: Band) -> bool:
        return band.is_comb or super().needs_crops(band)

    def from_crops(self, crops: NDArray[np.uint8], band: Band) -> Features:
        if not band.is_comb:
            return super().from_crops(crops, band)
        grid = spectra.directional_grid(*crops.shape[1:3], self.sectors, self.bin_width, band)
        if not grid.starts.size:
            raise EmptyBandError(f"{band} keeps no coefficient of a {crops.shape[1]}x{crops.shape[2]} crop.")
        return Features(np.log(spectra.cell_power(crops, grid) + spectra.POWER_FLOOR), grid.frequency)
