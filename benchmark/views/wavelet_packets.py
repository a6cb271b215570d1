"""Wavelet packets: energy or coefficients of each, lowest frequency first."""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..contracts import Features
from ..errors import EmptyBandError
from ..frequency import dct, spectra, wavelets
from ..frequency.bands import Band
from ..frequency.grid import Frequencies
from ..frequency.stacks import few_at_a_time
from .kernel import ViewKernel

PIXELS_AT_A_TIME = 2**24  # of 64 MB in float32; the transform needs a few times as much


@dataclass(frozen=True)
class WaveletPacketView(ViewKernel):
    """
    Log energies of wavelet packets, or the logarithms of their coefficients (Wolter et al., Machine Learning 111, 2022).

    A packet is a band: a filter keeps or weighs whole packets, by its gain at the centre of their passbands in rows and
    columns. A passband is wider than a tooth of a comb, and a point of a lattice of period 2, 4, 8 ... lies between two
    packets. For a comb or anticomb a packet therefore stands at the point of its passband that is nearest to the lattice:
    a comb keeps the packets on both sides of it.

    Parameters
    ----------
    wavelet : str
        Discrete wavelet of PyWavelets. The longer it is, the less power leaks into other packets.
    level : int
        Splits in rows and in columns: 4**level packets.
    boundary : str
        Continuation of a crop beyond its borders, see `wavelets.packet_coefficients`.
    window : bool
        Transform the crop under the window of `dct.tapered`, without its mean, so that a periodic continuation has no jump.
    coefficients : bool
        ``ln(|w| + 1e-12)`` of every coefficient, and not the log of the mean of w**2 of each packet.
    colour : bool
        Three channels, side by side, and not grey.
    """

    name: ClassVar[str] = "wavelet_packets"
    wavelet: str = "db20"
    level: int = 4
    boundary: str = "periodization"
    window: bool = True
    coefficients: bool = False
    colour: bool = False
    version: int = 1

    def __post_init__(self) -> None:
        wavelets.require_packets(self.wavelet, self.level, self.boundary)

    def require_side(self, side: int) -> None:
        wavelets.require_room(side, side, self.level)

    def base(self, crops: NDArray[np.uint8]) -> NDArray:
        return few_at_a_time(self._base, crops, PIXELS_AT_A_TIME)

    def _base(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        levels = dct.tapered(crops) if self.window else crops.astype(np.float32)
        packets = wavelets.packet_coefficients(levels, self.wavelet, self.level, self.boundary)
        order, _ = _sorted_packets(self.level)
        # (n_crops, n_packets, coefficients of one, channels)
        packets = packets.reshape(len(crops), order.size, -1, 3 if self.colour else 1)[:, order]
        if self.coefficients:
            return dct.log_magnitude(packets).reshape(len(crops), -1)
        power = np.square(packets, dtype=np.float64).mean(axis=2)
        return power.reshape(len(crops), -1).astype(np.float32)

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> Features:
        # Numbers of one packet: its coefficients, or its energy, in every channel.
        n_each = base.shape[1] // 4**self.level
        frequency = np.repeat(_sorted_packets(self.level)[1].radius, n_each)
        weight, kept = band.acting_on(self._places(band))
        values = self._log(base, None if weight is None else np.repeat(weight, n_each))
        if kept is None:
            return Features(values, frequency)
        if not kept.any():
            raise EmptyBandError(f"{band} keeps no wavelet packet of level {self.level}.")
        passed = np.repeat(kept, n_each)
        return Features(spectra.columns_of(values, passed), frequency[passed])

    def _places(self, band: Band) -> Frequencies:
        """Point of the passband of each packet at which a band acts on it."""
        order, centres = _sorted_packets(self.level)
        if not band.is_comb:
            return centres
        if 2**self.level <= band.period:
            raise EmptyBandError(
                f"{band} cannot choose among wavelet packets of level {self.level}, all of which touch its lattice; take level "
                f"{band.period.bit_length()} or more, or mode pixels."
            )
        middle, half = wavelets.packet_centres(self.level), 0.25 / 2**self.level
        nearest = np.clip(np.round(middle * band.period) / band.period, middle - half, middle + half)
        plane = Frequencies.of_plane(nearest, nearest)
        return plane[np.unravel_index(order, plane.radius.shape)]

    def _log(self, base: NDArray, weight: NDArray[np.float64] | None) -> NDArray:
        if not self.coefficients:
            return np.log((base if weight is None else base * weight**2) + spectra.POWER_FLOOR).astype(np.float32)
        if weight is None:
            return base
        with np.errstate(divide="ignore"):
            return base + np.maximum(np.log(weight), np.log(dct.PUBLISHED_EPSILON)).astype(base.dtype)


@lru_cache(maxsize=8)
def _sorted_packets(level: int) -> tuple[NDArray[np.intp], Frequencies]:
    """Flat indices of the packets, lowest radial frequency first, ties in reading order; and their centres."""
    centres = wavelets.packet_centres(level)
    plane = Frequencies.of_plane(centres, centres)
    order = np.argsort(np.round(plane.radius.ravel(), 12), kind="stable")
    return order, plane[np.unravel_index(order, plane.radius.shape)]
