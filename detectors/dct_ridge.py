"""Ridge regression on the log-DCT (arXiv 2003.08685)."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ..benchmark.contracts import Detector, Features, Positive, Transform, ViewSpec
from .learning.solvers import LinearModel, fit_ridge
from .published import frank


class DctRidge(Detector):
    """
    Squared-loss ridge in closed form on z-scored log-DCT coefficients.

    Parameters
    ----------
    alphas : sequence of float
        Penalties to choose from, by efficient leave-one-out over the training crops.
    transform : {"log_dct", "dct", "pixels"}
    colour : bool
        Three channels and not grey.
    window : bool
        The DCT under a window, so that a band holds its own frequencies alone; pixels have none.

    Notes
    -----
    What the paper calls ridge is L2-penalised logistic regression trained by Adam; the closed form has one optimum, no
    learning rate, and costs one eigen-decomposition for all penalties. `dct_logreg` has the paper's own objective; the
    preset ``faithful`` shares with it the colour pictures.
    """

    name = "dct_ridge"
    version = 2
    source = "Frank et al., arXiv 2003.08685"
    reported = frank.RIDGE
    presets = {"faithful": {"colour": True, "window": False}}

    def __init__(
        self,
        alphas: Sequence[Positive] = (1e0, 1e1, 1e2, 1e3, 1e4, 1e5),
        transform: Transform = "log_dct",
        colour: bool = False,
        window: bool = True,
    ) -> None:
        self.alphas = alphas
        self.transform = transform
        self.colour = colour
        self.window = window

    @property
    def view(self) -> ViewSpec:
        return ViewSpec.of_transform(self.transform, self.colour, window=self.window)

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        model = fit_ridge(view.columns, 2.0 * labels - 1.0, self.alphas)
        self.coef_, self.intercept_, self.alpha_ = model.coef, model.intercept, model.alpha
        return self

    def score(self, view: Features) -> NDArray[np.float64]:
        return LinearModel(self.coef_, self.intercept_, self.alpha_).decision(view.columns)
