"""Radial power profile and a support vector machine (arXiv 1911.00686, and the Butterworth band search)."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from ..benchmark.contracts import Detector, View, ViewSpec


class SpectralSVM(Detector):
    """
    Support vector machine on the radial spectrum.

    Parameters
    ----------
    variant : {"clean", "published"}
        Of the view ``profile``.
    kernel : {"rbf", "linear", "poly"}
    C : float
    gamma : float or {"scale", "auto"}
    standardise : bool
        z-score every feature with the statistics of the training crops.

    Notes
    -----
    The preset ``faithful`` is the classifier of the Butterworth band search: log profile divided by its first ring and
    stretched to 300 features, RBF kernel with C = 6.37 and gamma = 0.86, no scaling. What differs by default: power mean in
    bins of cycles/pixel under a Hann window, no division, standardised features.
    """

    name = "spectral_svm"
    source = "Durall et al., arXiv 1911.00686"
    presets = {"faithful": {"variant": "published", "C": 6.37, "gamma": 0.86, "standardise": False}}

    def __init__(
        self,
        variant: str = "clean",
        kernel: str = "rbf",
        C: float = 10.0,
        gamma: float | str = "scale",
        standardise: bool = True,
    ) -> None:
        self.variant = variant
        self.kernel = kernel
        self.C = C
        self.gamma = gamma
        self.standardise = standardise

    @property
    def view(self) -> ViewSpec:
        return ViewSpec("profile", {"variant": self.variant})

    def fit(self, view: View, labels: NDArray[np.int64]) -> Self:
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from sklearn.svm import SVC

        svc = SVC(kernel=self.kernel, C=self.C, gamma=self.gamma)  # pyright: ignore[reportArgumentType] (floats are fine)
        self.model_ = make_pipeline(StandardScaler(), svc) if self.standardise else make_pipeline(svc)
        self.model_.fit(view.values, labels)
        return self

    def score(self, view: View) -> NDArray[np.float64]:
        return self.model_.decision_function(view.values)
