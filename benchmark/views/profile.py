"""Radial profile of the power spectrum: one number for each ring of frequencies."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..contracts import Features
from ..errors import EmptyBandError, StudyError
from ..frequency import spectra
from ..frequency.bands import Band
from .kernel import ALL_PASS, ViewKernel


@dataclass(frozen=True)
class ProfileView(ViewKernel):
    """Radial log-power profile; ``clean`` in fixed bins of cycles/pixel, ``published`` as in arXiv 1911.00686."""

    name: ClassVar[str] = "profile"
    variant: str = "clean"
    bin_width: float | None = None
    n_features: int = 300
    isometric: bool = False
    version: int = 1
    colour: bool = False

    def __post_init__(self) -> None:
        if self.variant not in ("clean", "published"):
            raise StudyError(f"view 'profile' has the variants clean and published, got {self.variant!r}.")

    def base(self, crops: NDArray[np.uint8]) -> NDArray:
        return spectra.radius_power(crops) if self.variant == "clean" else spectra.published_log_rings(crops)

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> Features:
        self.require_no_comb(band)
        if self.variant == "clean":
            return Features(*spectra.power_profile(base, shape, band, self.bin_width))
        frequency = spectra.published_ring_frequency(*shape)
        passed = band.keeps(frequency)
        if passed.sum() < 4:
            raise EmptyBandError(f"{band} keeps {passed.sum()} rings of a {shape[0]}x{shape[1]} crop; this profile needs 4.")
        values = spectra.published_features(base[:, passed], self.n_features, self.isometric)
        if self.isometric:
            return Features(values, frequency[passed])
        return Features(
            values, np.interp(np.linspace(0, 1, self.n_features), np.linspace(0, 1, passed.sum()), frequency[passed])
        )

    def needs_crops(self, band: Band) -> bool:
        # The published reweighting adds its epsilon after the filter, which the ring means have already swallowed.
        reweighted = band.kind != "all" and band.action.weight(np.empty(0)) is not None
        return super().needs_crops(band) or (self.variant == "published" and reweighted)

    def from_crops(self, crops: NDArray[np.uint8], band: Band) -> Features:
        if not self.joins_bands(band):
            return super().from_crops(crops, band)
        self.require_no_comb(band)
        values = spectra.published_profile(crops, self.n_features, band, self.isometric)
        return replace(self.features(self.base(crops[:1]), crops.shape[1:3], ALL_PASS), values=values)

    def joins_bands(self, band: Band) -> bool:
        return self.needs_crops(band) and not band.action.filters_crops

    def from_crops_of(self, crops: NDArray[np.uint8], bands: Sequence[Band]) -> list[Features]:
        if not all(map(self.joins_bands, bands)):
            return super().from_crops_of(crops, bands)
        for band in bands:
            self.require_no_comb(band)
        allpass = self.features(self.base(crops[:1]), crops.shape[1:3], ALL_PASS)
        profiles = spectra.published_profiles(crops, self.n_features, bands, self.isometric)
        return [replace(allpass, values=values) for values in profiles]
