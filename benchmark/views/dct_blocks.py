"""Statistics of the 63 AC bands of the discrete cosine transform of 8x8 blocks."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..contracts import Features
from ..errors import EmptyBandError, StudyError, unknown_name
from ..frequency import blocks
from ..frequency.bands import Band
from ..frequency.grid import Frequencies
from ..frequency.spectra import columns_of
from ..frequency.stacks import few_at_a_time
from .kernel import ViewKernel

STATISTICS = ("laplace", "benford", "both")
# Grey levels: keeps the log of an empty band finite, far below the coefficients of 8-bit rounding noise (0.3).
SCALE_FLOOR = 1e-4
PIXELS_AT_A_TIME = 2**22  # of 32 MB in float64; first digits need several times as much


@dataclass(frozen=True)
class DctBlocksView(ViewKernel):
    """
    Laplace scales and first-digit statistics of the AC bands of 8x8 blocks.

    AC band (u, v) has the frequency (u / 16, v / 16) cycles/pixel in rows and columns. Blocks begin at the first row and
    column of the crop. Eight pixels resolve no more than 1/8 cycles/pixel: a wave on the lattice of a comb is half in the AC
    bands beside it, and leaks into others. Combs act in mode ``pixels`` only.

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

    def require_side(self, side: int) -> None:
        blocks.require_block(side, side)

    def base(self, crops: NDArray[np.uint8]) -> NDArray:
        return self._statistics(crops, None)

    def _statistics(self, crops: NDArray[np.uint8], weight: NDArray[np.float64] | None) -> NDArray[np.float32]:
        """Compute all statistics, band by band, (n_crops, 63 * statistics of one band)."""
        return few_at_a_time(partial(self._of_stack, weight=weight), crops, PIXELS_AT_A_TIME).astype(np.float32)

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
        frequency = np.repeat(_frequencies().radius, n_each)
        _, kept = self._acting(band)
        if kept is None:
            return Features(base, frequency)
        if not kept.any():
            raise EmptyBandError(f"{band} keeps no AC band of 8x8 blocks, which lie at multiples of 1/16 cycles/pixel.")
        passed = np.repeat(kept, n_each)
        return Features(columns_of(base, passed), frequency[passed])

    def needs_crops(self, band: Band) -> bool:
        # Neither the floor of a scale nor a first digit follows from the statistics of coefficients with other amplitudes.
        return super().needs_crops(band) or (band.kind != "all" and self._acting(band)[0] is not None)

    def from_crops(self, crops: NDArray[np.uint8], band: Band) -> Features:
        weight = None if band.kind == "all" else self._acting(band)[0]
        return self.features(self._statistics(crops, weight), crops.shape[1:3], band)

    def _acting(self, band: Band) -> tuple[NDArray[np.float64] | None, NDArray[np.bool_] | None]:
        if band.is_comb:
            raise StudyError(
                f"view 'dct_blocks' has AC bands of 8x8 blocks to {band.mode}, which are 1/8 cycles/pixel wide and mix the "
                "lattice points of combs with the rest; use mode pixels."
            )
        return band.acting_on(_frequencies())


def _frequencies() -> Frequencies:
    """Frequency of each AC band in rows and columns."""
    rows, cols = (index / (2 * blocks.BLOCK) for index in blocks.ac_bands())
    return Frequencies(np.hypot(rows, cols), rows, cols)
