"""Logistic regression on neighbouring pixel relationships (Tan et al., CVPR 2024)."""

from typing import Annotated, Self

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray

from ..benchmark.contracts import Detector, Features, NotNegative, ViewSpec
from .learning.logistic import LogisticModel, fit_logistic


class NPR(Detector):
    """
    A linear probe on how the pixels of a cell differ from its first pixel.

    Parameters
    ----------
    factor : int
        Side of a cell in pixels.
    levels : int
        Differences up to so many grey levels are told apart.
    strength : float
        L2 penalty, against the mean cross-entropy.

    Notes
    -----
    The paper trains a residual network on the map of these differences, which is `npr_resnet`. Here histograms and moments for
    each place in the cell and channel replace the network: for few pictures, and for an installation without PyTorch. A crop
    that begins in another row or column of the generator's grid has other statistics; training and test crops should begin
    alike.
    """

    name = "npr"
    source = "Tan et al., Rethinking the Up-Sampling Operations, CVPR 2024, arXiv 2312.10461"
    presets = {"cells_of_4": {"factor": 4}}

    def __init__(
        self,
        factor: Annotated[int, Ge(2), Le(16)] = 2,
        levels: Annotated[int, Ge(1), Le(127)] = 4,
        strength: NotNegative = 0.01,
    ) -> None:
        self.factor = factor
        self.levels = levels
        self.strength = strength

    @property
    def view(self) -> ViewSpec:
        return ViewSpec("npr", {"factor": self.factor, "levels": self.levels})

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        model = fit_logistic(view.columns, labels, "l2", self.strength)
        self.coef_, self.intercept_ = model.coef, model.intercept
        return self

    def score(self, view: Features) -> NDArray[np.float64]:
        logits = self.class_scores(view)
        return logits[:, 1] - logits[:, 0]

    def class_scores(self, view: Features) -> NDArray[np.float64]:
        """Logits of the classes, (n_crops, n_classes)."""
        return LogisticModel(self.coef_, self.intercept_).logits(view.columns)
