"""Statistics of the 63 AC bands of the discrete cosine transform of 8x8 blocks."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..contracts import Features
from ..errors import EmptyBandError, StudyError, unknown_name
from ..frequency import blocks
from ..frequency.bands import Band
from ..frequency.spectra import columns_of
from .kernel import ViewKernel

STATISTICS = ("laplace", "benford", "both")
SCALE_FLOOR = (
    1e-4  # grey levels: keeps the log of an empty band finite, far below the coefficients of 8-bit rounding noise (0.3)
)
PIXELS_AT_A_TIME = 2**22  # of 32 MB in float64; first digits need several times as much


@dataclass(frozen=True)
class DctBlocksView(ViewKernel):
    """
    Laplace scales and first-digit statistics of the AC bands of 8x8 blocks.

    AC band (u, v) has the frequency (u / 16, v / 16) cycles/pixel in rows and columns. Blocks begin at the first row and
    column of the crop.

    Parameters
    ----------
    statistics : {"laplace", "benford", "both"}
        ``laplace``: the log of the scale of each band (Giudice et al., Journal of Imaging 7(8), 2021). ``benford``: for
        each band and base, the divergences of the shares of first digits from the generalised Benford law that fits
        them best (Bonettini et al., ICPR 2020).
    of_deviation : bool
        Laplace scale from the standard deviation, see `blocks.laplace_scales`.
    bases : tuple of int
        Number systems of the first digits.
    """

    name: ClassVar[str] = "dct_blocks"
    statistics: str = "laplace"
    of_deviation: bool = False
    bases: tuple[int, ...] = (10, 20, 40, 60)
    version: int = 1
    colour: bool = False

    def __post_init__(self) -> None:
        if self.statistics not in STATISTICS:
            raise StudyError(unknown_name("statistics of view dct_blocks", self.statistics, STATISTICS))
        if not self.bases or min(self.bases) < 3:
            raise StudyError(f"view 'dct_blocks' reads first digits in bases of at least 3, got {list(self.bases)}.")
        object.__setattr__(self, "bases", tuple(self.bases))  # a list, where the options come from JSON

    def base(self, crops: NDArray[np.uint8]) -> NDArray:
        return self._statistics(crops, None)

    def _statistics(self, crops: NDArray[np.uint8], weight: NDArray[np.float64] | None) -> NDArray[np.float32]:
        """Compute all statistics, band by band, (n_crops, 63 * statistics of one band)."""
        step = max(1, PIXELS_AT_A_TIME // int(np.prod(crops.shape[1:])))
        parts = [self._of_stack(crops[start : start + step], weight) for start in range(0, len(crops), step)]
        return np.concatenate(parts).astype(np.float32)

    def _of_stack(self, crops: NDArray[np.uint8], weight: NDArray[np.float64] | None) -> NDArray[np.float64]:
        coefficients = blocks.block_coefficients(crops)
        if weight is not None:
            coefficients = coefficients * weight
        columns = []
        if self.statistics != "benford":
            columns.append(np.log(blocks.laplace_scales(coefficients, self.of_deviation) + SCALE_FLOOR)[:, :, None])
        if self.statistics != "laplace":
            for base in self.bases:
                shares = blocks.digit_shares(coefficients, base)
                columns.append(blocks.divergences(shares, blocks.fitted_benford(shares)))
        return np.concatenate(columns, axis=2).reshape(len(crops), -1)

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> Features:
        n_each = base.shape[1] // blocks.N_AC
        frequency = np.repeat(_frequency(), n_each)
        _, passed = band.acting_on(frequency)
        if passed is None:
            return Features(base, frequency)
        if not passed.any():
            raise EmptyBandError(f"{band} keeps no AC band of 8x8 blocks, which lie at multiples of 1/16 cycles/pixel.")
        return Features(columns_of(base, passed), frequency[passed])

    def needs_crops(self, band: Band) -> bool:
        # Neither the floor of a scale nor a first digit follows from the statistics of coefficients with other amplitudes.
        return super().needs_crops(band) or (band.kind != "all" and band.acting_on(_frequency())[0] is not None)

    def from_crops(self, crops: NDArray[np.uint8], band: Band) -> Features:
        weight = band.acting_on(_frequency())[0] if band.kind != "all" else None
        return self.features(self._statistics(crops, weight), crops.shape[1:3], band)


def _frequency() -> NDArray[np.float64]:
    """Radial frequency of each AC band in cycles/pixel."""
    u, v = blocks.ac_bands()
    return np.hypot(u, v) / (2 * blocks.BLOCK)
