"""
Calibration of a detector on validation pictures of its training domain, and the error of its probabilities on other domains.

Classes count alike throughout: calibrated probabilities are meant for even odds.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...benchmark.metrics.calibration import Calibration
from ...benchmark.metrics.roc import Scored

BINS = 10
LEAST_PER_BIN = 10


def fitted_calibration(validation: Scored) -> Calibration | None:
    """Fit the map from scores to probabilities as `bench train` does; None if a class is missing or a score not finite."""
    if len(np.unique(validation.labels)) < 2 or not np.isfinite(validation.scores).all():
        return None
    return Calibration.of(validation.scores[:, np.newaxis], validation.labels)


def calibration_on(scored: Scored, calibration: Calibration | None) -> tuple[float, float]:
    """
    Return the calibration error and the Brier score of calibrated scores on one test domain; NaN where they are undefined.

    Parameters
    ----------
    scored : Scored
    calibration : Calibration or None
        Of the same detector, see `fitted_calibration`.
    """
    if calibration is None or not scored.labels.size:
        return np.nan, np.nan
    probabilities = calibration.probabilities(scored.scores[:, np.newaxis])[:, 1]
    return calibration_error(scored.labels, probabilities), brier_score(scored.labels, probabilities)


def _even_weights(labels: NDArray) -> NDArray[np.float64]:
    """Return weights of the items that sum to one, one half for each class."""
    counts = np.bincount(labels, minlength=2)
    return 0.5 / counts[labels]


def brier_score(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """
    Return the mean square error of the probability of fake, classes counting alike.

    Parameters
    ----------
    labels : array of int (n_items,)
    probabilities : array of float (n_items,)
        Of fake.

    Returns
    -------
    float
        From 0; NaN if a class is missing or a probability is not finite.
    """
    y, p = np.asarray(labels), np.asarray(probabilities, dtype=np.float64)
    if len(np.unique(y)) < 2 or not np.isfinite(p).all():
        return float("nan")
    return float(_even_weights(y) @ (p - y) ** 2)


def calibration_error(labels: ArrayLike, probabilities: ArrayLike, bins: int = BINS) -> float:
    """
    Return the expected calibration error: mean distance of probability and observed share of fakes, over bins of equal mass.

    Parameters
    ----------
    labels : array of int (n_items,)
    probabilities : array of float (n_items,)
        Of fake.
    bins : int

    Returns
    -------
    float
        Classes count alike. Equal probabilities stay in one bin. By chance it is above 0, the more the fewer pictures a bin
        has; NaN with fewer than ten for each, if a class is missing, or a probability is not finite.
    """
    y, p = np.asarray(labels), np.asarray(probabilities, dtype=np.float64)
    if len(np.unique(y)) < 2 or y.size < bins * LEAST_PER_BIN or not np.isfinite(p).all():
        return float("nan")
    weights, (_, place) = _even_weights(y), np.unique(p, return_inverse=True)
    mass = np.bincount(place, weights)
    # A value belongs to the bin that the middle of its mass falls in.
    of_value = np.minimum((bins * (np.cumsum(mass) - mass / 2)).astype(int), bins - 1)
    gaps = np.bincount(of_value[place], weights * (p - y), bins)
    return float(np.abs(gaps).sum())
