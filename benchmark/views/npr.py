"""Neighbouring pixel relationships: a picture without its nearest-neighbour resampled self, summarised."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..contracts import Features
from ..errors import StudyError
from ..frequency.bands import Band
from ..frequency.stacks import few_at_a_time
from .kernel import ViewKernel

POWER_FLOOR = 0.1  # keeps the log of a flat picture finite, near the power of 8-bit rounding (1/12 grey levels squared)
PIXELS_AT_A_TIME = 2**20


@dataclass(frozen=True)
class NprView(ViewKernel):
    """
    Statistics of the pixels minus the first pixel of their cell (Tan et al., CVPR 2024), float32.

    For each place in a cell but the first, and each channel: the shares of the differences ``-levels`` to ``levels``, larger
    ones counted with the last; the mean in grey levels; the logs of the mean square and of the mean fourth power. Once for the
    cells that begin at the first row and column, and once for those that begin a pixel further down and right, whose pixels
    belong to different cells of the first grid: up-sampling makes pixels of one grid more alike than those of the other. 216
    columns by default.

    Parameters
    ----------
    factor : int
        Side of a cell in pixels: the factor of the up-sampling that is looked for.
    levels : int
        Grey levels.
    colour : bool
        Three channels and not grey.

    Notes
    -----
    The differences are no shift-invariant filter and have no frequencies of their own; bands act on the pixels.
    """

    name: ClassVar[str] = "npr"
    factor: int = 2
    levels: int = 4
    colour: bool = True
    version: int = 1

    def __post_init__(self) -> None:
        for name, value, low, high in (("factor", self.factor, 2, 16), ("levels", self.levels, 1, 127)):
            if not low <= value <= high:
                raise StudyError(f"view 'npr' takes {name} from {low} to {high}, got {value}.")

    def require_side(self, side: int) -> None:
        self._require_room(side, side)

    def _require_room(self, rows: int, cols: int) -> None:
        if min(rows, cols) <= self.factor:
            raise StudyError(
                f"view 'npr' with factor {self.factor} needs crops of at least {self.factor + 1}x{self.factor + 1} pixels, "
                f"got {rows}x{cols}. Choose larger crops or a smaller factor."
            )

    def base(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        self._require_room(*crops.shape[1:3])
        return few_at_a_time(self._of_stack, crops.reshape(*crops.shape[:3], -1), PIXELS_AT_A_TIME)

    def _of_stack(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        grids = (nearest_residual(crops[:, first:, first:], self.factor) for first in (0, 1))
        places = [place for place in np.ndindex(self.factor, self.factor) if place != (0, 0)]
        columns = [
            statistics(residual[:, i :: self.factor, j :: self.factor], self.levels) for residual in grids for i, j in places
        ]
        return np.concatenate(columns, axis=1)

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> Features:
        self.require_no_band(band)
        return Features(base)


def nearest_residual(crops: NDArray[np.uint8], factor: int) -> NDArray[np.int16]:
    """
    Subtract from crops what is left of them after down- and up-sampling by nearest neighbour.

    Parameters
    ----------
    crops : array of uint8 (n_crops, rows, cols, channels)
        Rows and columns beyond the last whole cell are left out.
    factor : int
        Side of a cell in pixels.

    Returns
    -------
    array of int16 (n_crops, rows // factor * factor, cols // factor * factor, channels), -255 to 255
        0 at the first pixel of each cell.
    """
    n, rows, cols, channels = crops.shape
    rows, cols = rows // factor * factor, cols // factor * factor
    cells = crops[:, :rows, :cols].astype(np.int16).reshape(n, rows // factor, factor, cols // factor, factor, channels)
    return (cells - cells[:, :, :1, :, :1]).reshape(n, rows, cols, channels)


def statistics(differences: NDArray[np.int16], levels: int) -> NDArray[np.float32]:
    """
    Histogram, mean, and logs of the mean square and mean fourth power of differences.

    Parameters
    ----------
    differences : array of int16 (n_crops, rows, cols, channels)
    levels : int
        The histogram has the values -levels to levels; what is beyond counts with the last.

    Returns
    -------
    array of float32 (n_crops, (2 * levels + 4) * channels)
    """
    n, _, _, channels = differences.shape
    planes = np.moveaxis(differences, 3, 1).reshape(n, channels, -1)
    clipped = np.clip(planes, -levels, levels).astype(np.int8)
    shares = [np.count_nonzero(clipped == level, axis=2) / planes.shape[2] for level in range(-levels, levels + 1)]
    square = np.square(planes, dtype=np.float32)
    powers = [np.log(power.mean(axis=2, dtype=np.float64) + POWER_FLOOR) for power in (square, np.square(square))]
    return np.stack([*shares, planes.mean(axis=2), *powers], axis=1).reshape(n, -1).astype(np.float32)
