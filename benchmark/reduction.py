"""
Coordinates of crops in the space that the training crops span: as many numbers per crop as there are training crops.

Distances and inner products between training crops are the same in these coordinates as in the features, and so is every
model whose weights are a combination of training crops (ridge, L2-penalised logistic regression, PCA, kernel machines).
What was learned there is mapped back to weights on features.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

COLUMNS_AT_A_TIME = 2048


@dataclass(frozen=True)
class Coordinates:
    """
    An isometric reduction of training crops.

    Attributes
    ----------
    rows : array (n_crops, n_features)
        What was reduced.
    train : array of float64 (n_crops, rank)
        Their coordinates.
    basis : array of float64 (n_crops, rank), or None
        ``rows.T @ basis`` has orthonormal columns; None where there are no more features than crops and nothing is changed.
    """

    rows: NDArray
    train: NDArray[np.float64]
    basis: NDArray[np.float64] | None

    @classmethod
    def of(cls, rows: NDArray) -> "Coordinates":
        """
        Reduce rows (n_crops, n_features), usually centred or z-scored.

        Features are read in blocks, so that float32 rows are not copied to float64 as a whole.
        """
        n, p = rows.shape
        if p <= n:
            return cls(rows, np.asarray(rows, dtype=np.float64), None)
        gram = np.zeros((n, n))
        for start in range(0, p, COLUMNS_AT_A_TIME):
            block = np.asarray(rows[:, start : start + COLUMNS_AT_A_TIME], dtype=np.float64)
            gram += block @ block.T
        eigenvalues, vectors = np.linalg.eigh(gram)
        kept = eigenvalues > 1e-12 * eigenvalues[-1]
        lengths, vectors = np.sqrt(eigenvalues[kept]), vectors[:, kept]
        return cls(rows, vectors * lengths, vectors / lengths)

    def back(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn weights on coordinates (rank, n_outputs) into weights on features (n_features, n_outputs)."""
        if self.basis is None:
            return weights
        dual = self.basis @ weights
        blocks = range(0, self.rows.shape[1], COLUMNS_AT_A_TIME)
        return np.concatenate([self.rows[:, i : i + COLUMNS_AT_A_TIME].astype(np.float64).T @ dual for i in blocks])

    def of_rows(self, rows: NDArray) -> NDArray[np.float64]:
        """Coordinates of other rows, projected onto what the training rows span, (n_rows, rank)."""
        if self.basis is None:
            return np.asarray(rows, dtype=np.float64)
        product = np.zeros((len(rows), len(self.rows)))
        for start in range(0, self.rows.shape[1], COLUMNS_AT_A_TIME):
            columns = slice(start, start + COLUMNS_AT_A_TIME)
            product += np.asarray(rows[:, columns], dtype=np.float64) @ np.asarray(self.rows[:, columns], dtype=np.float64).T
        return product @ self.basis
