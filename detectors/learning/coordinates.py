"""
Coordinates of crops in the space that the training crops span: as many numbers per crop as there are training crops.

Distances and inner products between training crops are the same in these coordinates as in the features, and so is every
model whose weights are a combination of training crops (ridge, L2-penalised logistic regression, PCA, kernel machines).
What was learned there is mapped back to weights on features.

Features are read in blocks of columns everywhere, so that no float64 copy of float32 rows is made as a whole.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...benchmark.arrays import Standardiser, column_blocks, gram, scaled_columns

# Directions with less than this share of the largest one's energy are rounding errors of the Gram matrix.
SMALLEST_SHARE = 1e-12


@dataclass(frozen=True)
class Coordinates:
    """
    An isometric reduction of training crops.

    Attributes
    ----------
    rows : array (n_crops, n_features)
        What was reduced.
    train : array of float64 (n_crops, rank)
        Their coordinates; by falling energy where there are more features than crops.
    basis : array of float64 (n_crops, rank), or None
        ``rows.T @ basis``, of standardised rows, has orthonormal columns; None where there are no more features than crops
        and the coordinates are the features.
    scaler : Standardiser, or None
        Applied to every row first; None leaves rows as they are.
    """

    rows: NDArray
    train: NDArray[np.float64]
    basis: NDArray[np.float64] | None
    scaler: Standardiser | None = None

    @classmethod
    def of(cls, rows: NDArray, scaler: Standardiser | None = None) -> "Coordinates":
        """
        Reduce rows, usually centred or z-scored by the scaler.

        Parameters
        ----------
        rows : array (n_crops, n_features)
            Any real type.
        scaler : Standardiser, optional

        Returns
        -------
        Coordinates
            From one eigen-decomposition of the Gram matrix, if there are more features than crops.
        """
        n, p = rows.shape
        if p <= n:
            return cls(rows, scaled_columns(rows, slice(None), scaler), None, scaler)
        eigenvalues, vectors = np.linalg.eigh(gram(rows, rows, scaler))
        varying = np.flatnonzero(eigenvalues > SMALLEST_SHARE * eigenvalues[-1])[::-1]
        lengths, vectors = np.sqrt(eigenvalues[varying]), vectors[:, varying]
        return cls(rows, vectors * lengths, vectors / lengths, scaler)

    def of_rows(self, rows: NDArray) -> NDArray[np.float64]:
        """Coordinates of other rows, projected onto what the training rows span, (n_rows, rank)."""
        if self.basis is None:
            return scaled_columns(rows, slice(None), self.scaler)
        return gram(rows, self.rows, self.scaler) @ self.basis

    def back(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """
        Turn weights on coordinates into weights on features.

        Parameters
        ----------
        weights : array of float64 (rank,) or (rank, n_outputs)

        Returns
        -------
        array of float64 (n_features,) or (n_features, n_outputs)
            ``(rows - scaler.mean) @ back(weights)`` is ``of_rows(rows) @ weights``: the scale is contained, the mean is not.
        """
        if self.basis is not None:
            dual = self.basis @ weights
            blocks = column_blocks(self.rows.shape[1])
            weights = np.concatenate([scaled_columns(self.rows, block, self.scaler).T @ dual for block in blocks])
        return weights if self.scaler is None else (weights.T / self.scaler.scale).T
