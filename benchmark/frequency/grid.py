"""Frequencies of coefficients in two dimensions."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError


@dataclass(frozen=True, eq=False)
class Frequencies:
    """
    Frequencies of the coefficients of a spectrum, in cycles/pixel.

    Attributes
    ----------
    radius : array of float64, any shape
        Distance of each coefficient from the zero frequency.
    rows, cols : arrays of float64, shape of `radius`, or None
        Absolute frequency down the rows and along the columns, 0 to 0.5; None where only a ring is known.

    Raises
    ------
    DataError
        If the arrays differ in shape, or one of `rows` and `cols` is given without the other.
    """

    radius: NDArray[np.float64]
    rows: NDArray[np.float64] | None = None
    cols: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        shapes = [None if axis is None else axis.shape for axis in (self.rows, self.cols)]
        if shapes != [None, None] and shapes != [self.radius.shape] * 2:
            raise DataError(
                f"frequencies need rows and cols of the shape of radius, {self.radius.shape}, or neither, "
                f"got {shapes[0]} and {shapes[1]}."
            )

    @classmethod
    def of_plane(cls, rows: ArrayLike, cols: ArrayLike) -> Self:
        """
        Frequencies of all pairs of a row frequency and a column frequency.

        Parameters
        ----------
        rows : array of float (n_rows,)
            Signed or absolute, in cycles/pixel, up to 0.5.
        cols : array of float (n_cols,)

        Returns
        -------
        Frequencies of shape (n_rows, n_cols)
        """
        axes = (np.abs(np.asarray(axis, dtype=np.float64)) for axis in (rows, cols))
        down, along = np.meshgrid(*axes, indexing="ij")
        return cls(np.hypot(down, along), down, along)

    def __getitem__(self, part: Any) -> "Frequencies":
        """Select by a mask, an order or slices, as an array does."""
        if self.rows is None or self.cols is None:
            return Frequencies(self.radius[part])
        return Frequencies(self.radius[part], self.rows[part], self.cols[part])
