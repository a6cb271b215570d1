"""Radial power profile and logistic regression (arXiv 1911.00686)."""

from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from ..benchmark.arrays import Standardiser
from ..benchmark.contracts import Detector, Features, Positive, ViewSpec
from .published import durall


class SpectralLogReg(Detector):
    """
    Logistic regression on the radial spectrum.

    Parameters
    ----------
    variant : {"clean", "published"}
        Of the view ``profile``.
    C : float
        Inverse strength of the L2 penalty, as in scikit-learn.
    standardise : bool
        z-score every feature with the statistics of the training crops.
    solver : {"lbfgs", "liblinear"}
        liblinear, the solver of the paper, also penalises the intercept.

    Notes
    -----
    The preset ``faithful`` is the paper's: log profile divided by its first ring and stretched to 300 features, liblinear
    with C = 1, no scaling.
    """

    name = "spectral_logreg"
    source = "Durall et al., arXiv 1911.00686"
    reported = durall.LOGISTIC_REGRESSION
    presets = {"faithful": {"variant": "published", "standardise": False, "solver": "liblinear"}}

    def __init__(
        self,
        variant: Literal["clean", "published"] = "clean",
        C: Positive = 1.0,
        standardise: bool = True,
        solver: Literal["lbfgs", "liblinear"] = "lbfgs",
    ) -> None:
        self.variant = variant
        self.C = C
        self.standardise = standardise
        self.solver = solver

    @property
    def view(self) -> ViewSpec:
        return ViewSpec("profile", {"variant": self.variant})

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        from sklearn.linear_model import LogisticRegression

        scaler = Standardiser.of(view.values) if self.standardise else Standardiser.unscaled(view.values.shape[1])
        model = LogisticRegression(C=self.C, solver=self.solver, max_iter=1000)  # pyright: ignore[reportArgumentType]
        model.fit(scaler.apply(view.values), labels)
        self.coef_ = np.ravel(model.coef_) / scaler.scale
        self.intercept_ = float(np.ravel(model.intercept_)[0] - scaler.mean @ self.coef_)
        return self

    def score(self, view: Features) -> NDArray[np.float64]:
        return np.einsum("ij,j->i", view.values, self.coef_) + self.intercept_
