"""Radial power profile and a support vector machine (arXiv 1911.00686, and the Butterworth band search)."""

import warnings
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from ..benchmark.arrays import Standardiser
from ..benchmark.contracts import Count, Detector, Features, Positive, ViewSpec
from ..benchmark.errors import BenchWarning
from .learning.solvers import KernelMachine, approximate_svm, fit_svm
from .published import durall


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
    exact_until : int or None
        Training crops up to which the machine is fitted exactly; with more, the kernel is approximated by the Nyström method
        with 1000 of them. The time of an exact fit grows with their square. None: always exact, as in the presets.

    Notes
    -----
    The preset ``faithful`` is the classifier of the Butterworth band search: log profile divided by its first ring and
    stretched to 300 features, RBF kernel with C = 6.37 and gamma = 0.86, no scaling; ``faithful_linear`` and
    ``faithful_poly`` are the other two machines of the paper (the default gamma of its time, 1 / n_features). What differs
    by default: power mean in bins of cycles/pixel under a Hann window, no division, standardised features.
    """

    name = "spectral_svm"
    source = "Durall et al., arXiv 1911.00686"
    reported = durall.SVM
    presets = {
        "faithful": {"variant": "published", "C": 6.37, "gamma": 0.86, "standardise": False, "exact_until": None},
        "faithful_linear": {"variant": "published", "kernel": "linear", "C": 1.0, "standardise": False, "exact_until": None},
        "faithful_poly": {
            "variant": "published",
            "kernel": "poly",
            "C": 1.0,
            "gamma": 1 / 300,
            "standardise": False,
            "exact_until": None,
        },
    }

    def __init__(
        self,
        variant: Literal["clean", "published"] = "clean",
        kernel: Literal["linear", "poly", "rbf", "sigmoid"] = "rbf",
        C: Positive = 10.0,
        gamma: Positive | Literal["scale", "auto"] = "scale",
        standardise: bool = True,
        exact_until: Count | None = 10_000,
    ) -> None:
        self.variant = variant
        self.kernel = kernel
        self.C = C
        self.gamma = gamma
        self.standardise = standardise
        self.exact_until = exact_until

    @property
    def view(self) -> ViewSpec:
        if self.variant == "clean":
            return ViewSpec("profile")
        # A kernel sees inner products only, unless it asks for the number or the spread of the features.
        isometric = not self.standardise and not isinstance(self.gamma, str)
        return ViewSpec("profile", {"variant": self.variant, "isometric": isometric})

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        if self.standardise:
            scaler = Standardiser.of(view.values)
            self.mean_, self.scale_ = scaler.mean, scaler.scale
        fit = fit_svm
        if self.exact_until is not None and len(labels) > self.exact_until:
            fit = approximate_svm
            warnings.warn(
                f"{self.name} approximates its kernel, because an exact fit to more than {self.exact_until} crops takes "
                "minutes; exact_until=null fits exactly.",
                BenchWarning,
                stacklevel=2,
            )
        machine = fit(self._features(view), labels, self.kernel, self.C, self.gamma)
        self.support_vectors_, self.dual_coef_ = machine.support_vectors, machine.dual_coef
        self.intercept_, self.gamma_ = machine.intercept, machine.gamma
        return self

    def score(self, view: Features) -> NDArray[np.float64]:
        machine = KernelMachine(self.support_vectors_, self.dual_coef_, self.intercept_, self.kernel, self.gamma_)
        return machine.decision(self._features(view))

    def _features(self, view: Features) -> NDArray[np.float64]:
        if not self.standardise:
            return np.asarray(view.values, dtype=np.float64)
        return Standardiser(self.mean_, self.scale_).apply(view.values)
