"""Calibrate scores to probabilities."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

AMBIGUOUS = 0.05  # share of validation pictures of either class that may lie beyond the ambiguous stretch


@dataclass(frozen=True)
class Calibration:
    """
    Scores to probabilities, by logistic regression on the scores of validation pictures.

    Classes count alike, however many pictures each had: a probability is meant for even odds.

    Attributes
    ----------
    coef : list of list of float, (n_outputs, n_columns)
        One output for two classes.
    intercept : list of float, (n_outputs,)
    """

    coef: list[list[float]]
    intercept: list[float]

    @classmethod
    def of(cls, scores: NDArray[np.float64], labels: NDArray[np.int64]) -> "Calibration":
        """Learn from validation scores (n_items, n_columns)."""
        from sklearn.linear_model import LogisticRegression

        mean, scale = scores.mean(axis=0), np.maximum(scores.std(axis=0), 1e-12)
        model = LogisticRegression(class_weight="balanced", max_iter=1000).fit((scores - mean) / scale, labels)
        coef = model.coef_ / scale
        return cls(coef.tolist(), (model.intercept_ - coef @ mean).tolist())

    def probabilities(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability of each class, (n_items, n_classes)."""
        from scipy.special import expit, softmax

        logits = scores @ np.array(self.coef).T + np.array(self.intercept)
        if logits.shape[1] == 1:
            fake = expit(logits[:, 0])
            return np.stack([1 - fake, fake], axis=1)
        return softmax(logits, axis=1)


def ambiguous_stretch(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> tuple[float, float]:
    """
    Return the range of probabilities in which the classes overlap.

    Two classes: the probabilities of fake between which validation pictures of both classes lie, but for one in twenty of
    either; where the classes are apart, the empty gap between them. More classes: top probabilities below which 95 % of the
    wrong decisions lie.

    Parameters
    ----------
    probabilities : array of float64 (n_items, n_classes)
    labels : array of int64 (n_items,)

    Returns
    -------
    low, high : float
    """
    if probabilities.shape[1] == 2:
        fake = probabilities[:, 1]
        ends = np.quantile(fake[labels == 1], AMBIGUOUS), np.quantile(fake[labels == 0], 1 - AMBIGUOUS)
        return float(min(ends)), float(max(ends))
    top, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    return 0.0, float(np.quantile(top[~right], 1 - AMBIGUOUS) if (~right).any() else np.quantile(top[right], AMBIGUOUS))
