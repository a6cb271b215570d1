"""Logistic regression on the log-DCT with four penalties (arXiv 2003.08685)."""

from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from ..benchmark.contracts import Detector, Features, NotNegative, Transform, ViewSpec
from .learning.logistic import LogisticModel, fit_logistic


class DctLogReg(Detector):
    """
    Logistic regression on z-scored DCT coefficients, or on raw pixels.

    Parameters
    ----------
    penalty : {"l2", "none", "l1", "both"}
        Of the weights; the paper calls these models ridge, linear regression, lasso and elastic net.
    strength : float
        Of the penalty, against the mean cross-entropy.
    transform : {"log_dct", "dct", "pixels"}
    colour : bool
        Three channels and not grey.
    window : bool
        The DCT under a window, so that a band holds its own frequencies alone; pixels have none.

    Notes
    -----
    The preset ``faithful`` takes colour pictures, as published. What differs: the paper takes steps of Adam and stops
    early, which leaves weights that depend on the order of the pictures; this is the optimum of the same objective.
    """

    name = "dct_logreg"
    version = 2
    source = "Frank et al., arXiv 2003.08685"
    presets = {"faithful": {"colour": True, "window": False}}

    def __init__(
        self,
        penalty: Literal["l2", "none", "l1", "both"] = "l2",
        strength: NotNegative = 0.01,
        transform: Transform = "log_dct",
        colour: bool = False,
        window: bool = True,
    ) -> None:
        self.penalty = penalty
        self.strength = strength
        self.transform = transform
        self.colour = colour
        self.window = window

    @property
    def view(self) -> ViewSpec:
        return ViewSpec.of_transform(self.transform, self.colour, window=self.window)

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        model = fit_logistic(view.columns, labels, self.penalty, self.strength)
        self.coef_, self.intercept_ = model.coef, model.intercept
        return self

    def score(self, view: Features) -> NDArray[np.float64]:
        logits = self.class_scores(view)
        return logits[:, 1] - logits[:, 0]

    def class_scores(self, view: Features) -> NDArray[np.float64]:
        return LogisticModel(self.coef_, self.intercept_).logits(view.columns)
