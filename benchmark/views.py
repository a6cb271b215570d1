"""
What a detector is handed: crops turned into features, in two steps.

``base`` does all work that no band changes and is cached by content; ``features`` applies a band to it and is cheap.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar, Protocol

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from .contracts import View, ViewSpec
from .encoders import EncoderSpec, load_encoder
from .errors import EmptyBandError, PluginError, StudyError, unknown_name
from .frequency import dct, spectra
from .frequency.bands import Band
from .frequency.filters import filter_pixels

ALL_PASS = Band()


class ViewKernel(Protocol):
    """
    How one view is computed; frozen, its fields are the options of the `ViewSpec`.

    Attributes
    ----------
    expensive : bool
        Whether features are worth keeping on disk for every band, too.
    """

    expensive: ClassVar[bool]

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

    expensive: ClassVar[bool] = False
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

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> View:
        if self.variant == "clean":
            return View(*spectra.power_profile(base, shape, band, self.bin_width))
        frequency = spectra.published_ring_frequency(*shape)
        kept = band.keeps(frequency)
        if kept.sum() < 4:
            raise EmptyBandError(f"{band} keeps {kept.sum()} rings of a {shape[0]}x{shape[1]} crop; this profile needs 4.")
        values = spectra.published_features(base[:, kept], self.n_features, self.isometric)
        if self.isometric:
            return View(values, frequency[kept])
        return View(values, np.interp(np.linspace(0, 1, self.n_features), np.linspace(0, 1, kept.sum()), frequency[kept]))


@dataclass(frozen=True)
class DirectionalView:
    """
    Log of the mean power in rings and directions, ring by ring: what the radial profile averages away.

    Row and column directions come first and in the middle of the sectors, where up-sampling leaves its traces.
    """

    expensive: ClassVar[bool] = False
    sectors: int = 8
    bin_width: float = 0.04
    version: int = 1
    colour: bool = False

    def __post_init__(self) -> None:
        if not 2 <= self.sectors <= 64:
            raise StudyError(f"view 'directional' takes 2 to 64 sectors, got {self.sectors}.")

    def base(self, crops: NDArray[np.uint8]) -> NDArray:
        return spectra.directional_power(crops, self.sectors, self.bin_width)

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> View:
        frequency = spectra.directional_grid(*shape, self.sectors, self.bin_width).frequency
        if band.kind == "all":
            return View(np.log(base + spectra.POWER_FLOOR), frequency)
        if band.mode == "reweight":
            return View(np.log(base * band.gain(frequency) ** 2 + spectra.POWER_FLOOR), frequency)
        kept = band.keeps(frequency)
        if not kept.any():
            raise EmptyBandError(f"{band} keeps no ring of width {self.bin_width:g} of a {shape[0]}x{shape[1]} crop.")
        return View(np.log(base[:, kept] + spectra.POWER_FLOOR), frequency[kept])


@dataclass(frozen=True)
class CoefficientView:
    """
    Magnitudes of a 2-D transform, or their logs, one column per coefficient and channel, lowest frequency first.

    Parameters
    ----------
    colour : bool
        Three channels, side by side for each coefficient, and not grey.
    log : bool
        ``ln(|x| + 1e-12)``; without it the coefficients as they are (signed for the DCT, magnitudes for the FFT).
    plane : bool
        Hand out (n_crops, rows, cols, channels) in the transform's own order, for networks; what a band takes away is then
        constant instead of missing.
    """

    expensive: ClassVar[bool] = False
    colour: bool = False
    log: bool = True
    plane: bool = False
    version: int = 2

    def transform(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Coefficients, shape of `crops` but for the halved last axis of a real FFT."""
        raise NotImplementedError

    def radii(self, shape: tuple[int, int]) -> NDArray[np.float64]:
        """Radial frequency of each coefficient in cycles/pixel, (rows, cols)."""
        raise NotImplementedError

    def base(self, crops: NDArray[np.uint8]) -> NDArray:
        # float32: its rounding moves a log coefficient by less than 1e-4 unless the coefficient is below 1e-3 grey levels.
        values = self.transform(crops)
        if self.log:
            values = dct.log_magnitude(values)
        n, shape = len(crops), crops.shape[1:3]
        if self.plane:
            return values.reshape(*values.shape[:3], -1)
        # Sorted, a band is one or two contiguous runs of columns: reading it touches no other page of the file.
        order, _ = self._columns(shape)
        return values.reshape(n, order.size, -1)[:, order].reshape(n, -1)

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> View:
        if self.plane:
            return self._plane(base, shape, band)
        frequency = np.repeat(self._columns(shape)[1], 3 if self.colour else 1)
        if band.kind == "all":
            return View(base, frequency)
        if band.mode == "reweight":
            return View(self._reweighted(base, band.gain(frequency)), frequency)
        kept = self._kept(band, frequency, shape)
        return View(spectra.columns_of(base, kept), frequency[kept])

    def _plane(self, base: NDArray, shape: tuple[int, int], band: Band) -> View:
        if band.kind == "all":
            return View(base)
        radii = self.radii(shape)[:, :, None]
        if band.mode == "reweight":
            return View(self._reweighted(base, band.gain(radii)))
        nothing = np.log(dct.PUBLISHED_EPSILON) if self.log else 0.0
        return View(np.where(self._kept(band, radii, shape), base, base.dtype.type(nothing)))

    def _reweighted(self, base: NDArray, gain: NDArray[np.float64]) -> NDArray:
        if not self.log:
            return base * gain.astype(base.dtype)
        with np.errstate(divide="ignore"):
            return base + np.maximum(np.log(gain), np.log(dct.PUBLISHED_EPSILON)).astype(base.dtype)

    def _kept(self, band: Band, frequency: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
        kept = band.keeps(frequency)
        if not kept.any():
            raise EmptyBandError(f"{band} keeps no coefficient of a {shape[0]}x{shape[1]} crop.")
        return kept

    def _columns(self, shape: tuple[int, int]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        return _sorted_columns(type(self), shape)


@lru_cache(maxsize=16)
def _sorted_columns(kind: "type[CoefficientView]", shape: tuple[int, int]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Flat indices of the coefficients from the lowest to the highest frequency, ties in reading order; and the frequencies."""
    radii = kind().radii(shape).ravel()
    order = np.argsort(np.round(radii, 12), kind="stable")
    return order, radii[order]


@dataclass(frozen=True)
class DctView(CoefficientView):
    """Orthonormal type-II DCT of grey levels 0..255 (arXiv 2003.08685)."""

    def transform(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        return dct.dct2(crops.astype(np.float32))

    def radii(self, shape: tuple[int, int]) -> NDArray[np.float64]:
        return dct.dct_frequency(*shape)


@dataclass(frozen=True)
class FftView(CoefficientView):
    """Magnitude of the orthonormal FFT; the half plane, because the other half repeats it."""

    def transform(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.abs(np.asarray(scipy.fft.rfft2(crops.astype(np.float32), axes=(1, 2), norm="ortho")))

    def radii(self, shape: tuple[int, int]) -> NDArray[np.float64]:
        return np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :])


@dataclass(frozen=True)
class PixelsView:
    """The crops themselves, uint8; a band acts on them in mode ``pixels`` only."""

    expensive: ClassVar[bool] = False
    colour: bool = True
    version: int = 1

    def base(self, crops: NDArray[np.uint8]) -> NDArray:
        return crops

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> View:
        if band.kind != "all":
            raise StudyError(f"view 'pixels' has no frequencies to {band.mode}; use mode pixels.")
        return View(base)


@dataclass(frozen=True)
class EmbeddingView(EncoderSpec):
    """
    Vectors of a frozen picture encoder, float32.

    A band acts on the crops, in mode ``pixels`` only.
    """

    expensive: ClassVar[bool] = True
    device: str = "auto"
    version: int = 1
    colour: bool = True

    def base(self, crops: NDArray[np.uint8]) -> NDArray:
        return load_encoder(self, self.device).embed(crops)

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> View:
        if band.kind != "all":
            raise StudyError(f"view 'embedding' has no frequencies to {band.mode}; use mode pixels.")
        return View(base)


KERNELS: dict[str, type[ViewKernel]] = {
    "profile": ProfileView,
    "directional": DirectionalView,
    "dct": DctView,
    "fft": FftView,
    "pixels": PixelsView,
    "embedding": EmbeddingView,
}


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
        values = spectra.published_profile(crops, kernel.n_features, band, kernel.isometric)
        return replace(kernel.features(kernel.base(crops[:1]), shape, ALL_PASS), values=values)
    return kernel.features(kernel.base(crops), shape, band)
