"""
What a detector is handed: crops turned into features, in two steps.

``base`` does all work that no band changes and is cached by content; ``features`` applies a band to it and is cheap.
"""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from . import dct, spectra
from .bands import Band
from .contracts import View, ViewSpec
from .errors import EmptyBandError, PluginError, StudyError, unknown_name
from .filters import filter_pixels

ALL_PASS = Band()


class ViewKernel(Protocol):
    """How one view is computed; frozen, its fields are the options of the `ViewSpec`."""

    @property
    def version(self) -> int: ...

    @property
    def colour(self) -> bool: ...

    def base(self, crops: NDArray[np.uint8]) -> NDArray:
        """All that no band changes, (n_crops, ...)."""
        ...

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> View:
        """Apply a band of mode ``keep`` or ``reweight`` to what `base` returned for crops of `shape`."""
        ...


@dataclass(frozen=True)
class ProfileView:
    """Radial log-power profile; ``clean`` in fixed bins of cycles/pixel, ``published`` as in arXiv 1911.00686."""

    variant: str = "clean"
    bin_width: float | None = None
    n_features: int = 300
    version: int = 1
    colour: bool = False

    def __post_init__(self) -> None:
        if self.variant not in ("clean", "published"):
            raise StudyError(f"view 'profile' has the variants clean and published, got {self.variant!r}.")

    def base(self, crops: NDArray[np.uint8]) -> NDArray:
        return spectra.radius_power(crops) if self.variant == "clean" else spectra.published_log_rings(crops)

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> View:
        if self.variant == "clean":
            return View(*spectra.power_profile(base, shape, band, self.bin_width))
        frequency = spectra.published_ring_frequency(*shape)
        kept = band.keeps(frequency)
        if kept.sum() < 4:
            raise EmptyBandError(f"{band} keeps {kept.sum()} rings of a {shape[0]}x{shape[1]} crop; this profile needs 4.")
        values = spectra.published_features(base[:, kept], self.n_features)
        return View(values, np.interp(np.linspace(0, 1, self.n_features), np.linspace(0, 1, kept.sum()), frequency[kept]))


@dataclass(frozen=True)
class DctView:
    """``ln(|DCT| + 1e-12)`` of grey crops, one column per coefficient, lowest frequency first (arXiv 2003.08685)."""

    version: int = 2
    colour: bool = False

    def base(self, crops: NDArray[np.uint8]) -> NDArray:
        # float32: its rounding moves a log coefficient by less than 1e-4 unless the coefficient is below 1e-3 grey levels.
        values = dct.log_magnitude(dct.dct2(crops.astype(np.float32))).reshape(len(crops), -1)
        # Sorted, a band is one or two contiguous runs of columns: reading it touches no other page of the file.
        return values[:, dct.frequency_order(*crops.shape[1:])]

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> View:
        frequency = dct.dct_frequency(*shape).ravel()[dct.frequency_order(*shape)]
        if band.mode == "reweight":
            with np.errstate(divide="ignore"):
                gain = np.maximum(np.log(band.gain(frequency)), np.log(dct.PUBLISHED_EPSILON))
            return View(base + gain.astype(base.dtype), frequency)
        if band.kind == "all":
            return View(base, frequency)
        kept = band.keeps(frequency)
        if not kept.any():
            raise EmptyBandError(f"{band} keeps no DCT coefficient of a {shape[0]}x{shape[1]} crop.")
        return View(spectra.columns_of(base, kept), frequency[kept])


@dataclass(frozen=True)
class PixelsView:
    """The crops themselves, uint8; a band acts on them in mode ``pixels`` only."""

    colour: bool = True
    version: int = 1

    def base(self, crops: NDArray[np.uint8]) -> NDArray:
        return crops

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> View:
        if band.kind != "all":
            raise StudyError(f"view 'pixels' has no frequencies to {band.mode}; use mode pixels.")
        return View(base)


KERNELS: dict[str, type[ViewKernel]] = {"profile": ProfileView, "dct": DctView, "pixels": PixelsView}


def view_kernel(spec: ViewSpec) -> ViewKernel:
    """
    Find and set up the kernel of a view.

    Raises
    ------
    PluginError
        If the view or one of its options is unknown.
    """
    if spec.name not in KERNELS:
        raise PluginError(unknown_name("view", spec.name, KERNELS))
    try:
        return KERNELS[spec.name](**spec.options)
    except TypeError as error:
        raise PluginError(f"view '{spec.name}' cannot take the options {dict(spec.options)}: {error}.") from error


def needs_crops(kernel: ViewKernel, band: Band) -> bool:
    """Whether a band has to start from the crops again, because the base does not determine its features."""
    if band.kind == "all":
        return False
    published = isinstance(kernel, ProfileView) and kernel.variant == "published"
    # The published reweighting adds its epsilon after the filter, which the ring means have already swallowed.
    return band.mode == "pixels" or (band.mode == "reweight" and published)


def features_from_crops(kernel: ViewKernel, crops: NDArray[np.uint8], band: Band) -> View:
    """
    Features of a band straight from crops; equal to the two-step way where `needs_crops` is false.

    Parameters
    ----------
    kernel : ViewKernel
    crops : array of uint8 (n_crops, side, side[, 3])
    band : Band

    Returns
    -------
    View
    """
    shape = crops.shape[1:3]
    if band.mode == "pixels":
        return kernel.features(kernel.base(filter_pixels(crops, band)), shape, ALL_PASS)
    if needs_crops(kernel, band):
        assert isinstance(kernel, ProfileView)
        values = spectra.published_profile(crops, kernel.n_features, band)
        return replace(kernel.features(kernel.base(crops[:1]), shape, ALL_PASS), values=values)
    return kernel.features(kernel.base(crops), shape, band)
