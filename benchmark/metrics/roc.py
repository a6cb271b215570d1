"""Area under the ROC curve, and its input: scores with labels and groups."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Scored:
    """
    Scores of one item set by one fitted detector.

    Attributes
    ----------
    labels : array of int64 (n_items,)
    scores : array of float64 (n_items,)
    groups : array of str (n_items,)
        Items of one group (identity, clip) are resampled together.
    """

    labels: NDArray[np.int64]
    scores: NDArray[np.float64]
    groups: NDArray


@dataclass(frozen=True)
class Interval:
    """
    A value with its 95 % interval and its standard error; NaN where they are undefined.

    The error is never below one over the number of groups of the smaller class: what a single group that ranks wholly wrong
    would change. A bootstrap of perfectly separated scores would claim an error of zero.
    """

    value: float
    low: float
    high: float
    error: float


def roc_auc(labels: ArrayLike, scores: ArrayLike) -> float:
    """
    Area under the ROC curve: the chance that a fake scores above a real, ties counting half.

    Parameters
    ----------
    labels : array of int (n_items,)
    scores : array of float (n_items,)

    Returns
    -------
    float
        NaN if one class is missing.
    """
    y = np.asarray(labels)
    return float(weighted_auc(y, np.asarray(scores, dtype=np.float64), np.ones((1, y.size)))[0])


def weighted_auc(labels: NDArray, scores: NDArray, weights: NDArray) -> NDArray[np.float64]:
    """
    AUC with items counted by weight.

    Parameters
    ----------
    labels, scores : arrays (n_items,)
    weights : array (n_draws, n_items)

    Returns
    -------
    array of float64 (n_draws,)
        NaN where a class has no weight.
    """
    fake = labels == 1
    real_order = np.argsort(scores[~fake], kind="stable")
    real_scores, w_fake = scores[~fake][real_order], weights[:, fake]
    # Weight of the reals below each fake; a tie counts half, which is the mean of what lies left and right of it.
    below = np.zeros((len(weights), real_scores.size + 1))
    np.cumsum(weights[:, ~fake][:, real_order], axis=1, out=below[:, 1:])
    left, right = (np.searchsorted(real_scores, scores[fake], side) for side in ("left", "right"))
    beaten = below[:, left] if np.array_equal(left, right) else 0.5 * (below[:, left] + below[:, right])
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.einsum("ij,ij->i", w_fake, beaten) / (w_fake.sum(axis=1) * below[:, -1])
