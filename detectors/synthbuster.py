"""Gradient-boosted trees on the peaks of the cross-difference residual (Bammey 2023)."""

from typing import Annotated, Any, Self

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from ..benchmark.contracts import Features, ViewSpec
from .learning.trees import TreeDetector


class Synthbuster(TreeDetector):
    """
    Trees on the Fourier magnitudes of the cross-difference of every colour channel at the multiples of 1/8 cycles/pixel.

    Parameters
    ----------
    period : int
        The lattice has the points (i / period, j / period) cycles/pixel.
    relative : bool
        Peaks over the continuum around them, instead of magnitudes: what contrast and sharpness change drops out.
    n_trees : int
    learning_rate : float
    leaves : int
        Per tree.
    min_leaf : int
        Crops per leaf.

    Notes
    -----
    The preset ``faithful`` has the settings of scikit-learn's histogram gradient boosting, which the paper uses; the default
    has smaller trees, for some hundred pictures. What differs from the paper: LightGBM, which is the same algorithm, because
    its trees can be saved without pickle; crops instead of whole pictures; magnitudes per pixel, which do not grow with the
    crop. The preset ``peaks`` sees the peaks alone.
    """

    name = "synthbuster"
    source = "Bammey, Synthbuster, IEEE Open Journal of Signal Processing 2023"
    presets = {
        "faithful": {"n_trees": 100, "learning_rate": 0.1, "leaves": 31, "min_leaf": 20},
        "peaks": {"relative": True},
    }

    def __init__(
        self,
        period: Annotated[int, Ge(2)] = 8,
        relative: bool = False,
        **of_trees: Any,
    ) -> None:
        super().__init__(**of_trees)
        self.period = period
        self.relative = relative

    @property
    def view(self) -> ViewSpec:
        return ViewSpec("cross_difference", {"period": self.period, "relative": self.relative})

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        # Every tree sees every feature, as published: nothing is drawn, and a seed would change nothing.
        self.fit_trees(view.values, labels, seed=0, share=1.0)
        return self

    def score(self, view: Features) -> NDArray[np.float64]:
        return self.tree_scores(view.values)
