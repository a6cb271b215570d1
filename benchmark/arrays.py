"""
Moments of rows, z-scores, inner products and distances of rows, computed block by block.

No float64 copy of float32 rows is ever made as a whole: rows may lie in a file that is larger than the memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

IN_CACHE = 2**17  # numbers of float64 that stay in the second cache of a processor, in memory that a process uses again
ROWS_AT_A_TIME = 1024
COLUMNS_AT_A_TIME = 2048


@dataclass(frozen=True)
class Moments:
    """
    Mean and spread of arrays that come in batches (Welford; Chan, Golub & LeVeque 1983 for the sum of two).

    Attributes
    ----------
    n : int
        Pictures so far.
    mean : array of float64 or complex128
    squares : array of float64, shape of `mean`
        Sum of squared distances from the mean.
    """

    n: int
    mean: NDArray
    squares: NDArray[np.float64]

    @classmethod
    def of(cls, values: NDArray) -> "Moments":
        """Moments of a batch, (n, ...), in float64; complex values are taken as they are."""
        values = np.asarray(values, dtype=np.result_type(values, np.float64))
        mean = values.mean(axis=0)
        distance = values - mean
        if np.iscomplexobj(distance):
            distance = np.abs(distance)
        return cls(len(values), mean, np.square(distance, out=distance).sum(axis=0))

    def __add__(self, other: "Moments") -> "Moments":
        share = other.n / (self.n + other.n)
        step = other.mean - self.mean
        squares = self.squares + (other.squares + self.n * share * np.abs(step) ** 2)
        return Moments(self.n + other.n, self.mean + share * step, squares)

    def __getitem__(self, index: object) -> "Moments":
        return Moments(self.n, self.mean[index], self.squares[index])  # type: ignore[index]

    @property
    def std(self) -> NDArray[np.float64]:
        """Population standard deviation; of complex values, that of their distance from the mean."""
        return np.sqrt(self.squares / self.n)

    @property
    def scale(self) -> NDArray[np.float64]:
        """Standard deviation for division: 1 for a constant, whose computed deviation is the rounding error of its value."""
        deviation = self.std
        return np.where(deviation <= 1e-12 * np.abs(self.mean), 1.0, deviation)

    @property
    def mean_variance(self) -> NDArray[np.float64]:
        """Squared standard error of the mean; NaN for a single picture."""
        return self.squares / (self.n * (self.n - 1)) if self.n > 1 else np.full(self.squares.shape, np.nan)


@dataclass(frozen=True)
class Standardiser:
    """
    Mean and standard deviation of every feature over the training crops.

    Attributes
    ----------
    mean, scale : arrays of float64 (n_features,)
        A feature that does not vary has scale 1.
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def of(cls, values: NDArray) -> "Standardiser":
        """Measure the features of training crops, (n_crops, n_features); rows that lie in a file are read once."""
        columns = column_blocks(values.shape[1])
        batches = (values[start : start + ROWS_AT_A_TIME] for start in range(0, len(values), ROWS_AT_A_TIME))
        moments = ([Moments.of(rows[:, block]) for block in columns] for rows in batches)
        blocks = reduce(lambda total, batch: list(map(add, total, batch)), moments)
        return cls(np.concatenate([block.mean for block in blocks]), np.concatenate([block.scale for block in blocks]))

    @classmethod
    def unscaled(cls, n_features: int) -> "Standardiser":
        """Standardiser that changes nothing."""
        return cls(np.zeros(n_features), np.ones(n_features))

    def apply(self, values: NDArray) -> NDArray[np.float64]:
        """Return z-scores, float64."""
        standardised = values - self.mean
        standardised /= self.scale
        return standardised


def row_blocks(rows: NDArray) -> list[slice]:
    """Cut rows into blocks of which a float64 copy stays in the processor's cache; a row is never cut."""
    step = max(1, IN_CACHE // max(1, rows[:1].size))
    return [slice(start, start + step) for start in range(0, len(rows), step)]


def column_blocks(n_columns: int) -> list[slice]:
    """Cut columns into blocks of which a float64 copy is small."""
    return [slice(i, min(i + COLUMNS_AT_A_TIME, n_columns)) for i in range(0, n_columns, COLUMNS_AT_A_TIME)]


def gram(a: NDArray, b: NDArray, scaler: Standardiser | None = None) -> NDArray[np.float64]:
    """
    Inner products of all rows of two arrays.

    Parameters
    ----------
    a, b : arrays (n_a, n_features), (n_b, n_features)
    scaler : Standardiser, optional
        Applied to the rows of both.

    Returns
    -------
    array of float64 (n_a, n_b)
    """
    product = np.zeros((len(a), len(b)))
    for left, right in _blocks(a, b, scaler):
        product += left @ right.T
    return product


def squared_distances(a: NDArray, b: NDArray, scaler: Standardiser | None = None) -> NDArray[np.float64]:
    """
    Squared Euclidean distances of all rows of two arrays.

    Parameters
    ----------
    a, b, scaler
        As in `gram`; a scaler that takes the mean away keeps the differences free of large numbers.

    Returns
    -------
    array of float64 (n_a, n_b), at least 0
    """
    distances = np.zeros((len(a), len(b)))
    for left, right in _blocks(a, b, scaler):
        distances -= 2 * (left @ right.T)
        distances += np.einsum("ij,ij->i", left, left)[:, None]
        distances += np.einsum("ij,ij->i", right, right)
    return np.maximum(distances, 0, out=distances)


def _blocks(a: NDArray, b: NDArray, scaler: Standardiser | None) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Yield blocks of standardised columns of both; the same array twice where b is a, so that NumPy computes one triangle."""
    for columns in column_blocks(a.shape[1]):
        left = scaled_columns(a, columns, scaler)
        yield left, left if b is a else scaled_columns(b, columns, scaler)


def scaled_columns(rows: NDArray, columns: slice, scaler: Standardiser | None) -> NDArray[np.float64]:
    """Columns of rows, (n_rows, n_columns), z-scored if there is a scaler."""
    if scaler is None:
        return np.asarray(rows[:, columns], dtype=np.float64)
    return Standardiser(scaler.mean[columns], scaler.scale[columns]).apply(rows[:, columns])
