"""A control that has nothing to learn: logistic regression on radial profiles whose training labels are permuted."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from ..benchmark.contracts import FAKE, REAL, Detector, Features, Positive, Seed, ViewSpec
from .spectral_logreg import SpectralLogReg


class PermutedLabels(Detector):
    """
    Logistic regression on the radial profile, fitted on permuted training labels.

    Its AUC differs from 0.5 by chance alone. Intervals of it that leave out 0.5 more often than they claim are too narrow for
    these pictures.

    Parameters
    ----------
    C : float
        Inverse strength of the L2 penalty, as in scikit-learn.
    seed : int

    Notes
    -----
    Half of the groups of either class get the label of the other one, so that the permuted labels are not correlated with the
    true ones. All pictures of a group (clip, identity) keep one label, as they do in a training on the true labels.
    """

    name = "permuted_labels"
    source = "permutation test (Ojala and Garriga, Journal of Machine Learning Research 11, 2010)"
    stochastic = True
    control = True

    def __init__(self, C: Positive = 1.0, seed: Seed = 0) -> None:
        self.C = C
        self.seed = seed

    @property
    def view(self) -> ViewSpec:
        return ViewSpec("profile")

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        """Learn from training crops, each of which is a group of its own."""
        return self.fit_groups(view, labels, np.arange(len(labels)))

    def fit_groups(self, view: Features, labels: NDArray[np.int64], groups: NDArray) -> Self:
        """
        Learn from training crops that belong together.

        Parameters
        ----------
        view : Features of n_crops
        labels : array of int64 (n_crops,)
        groups : array (n_crops,)
        """
        self.coef_, self.intercept_ = np.zeros(view.values.shape[1]), 0.0
        permuted = _permuted(labels, groups, np.random.default_rng(self.seed))
        if permuted.min() < permuted.max():  # of one group in each class nothing can be permuted
            model = SpectralLogReg(C=self.C).fit(view, permuted)
            self.coef_, self.intercept_ = model.coef_, model.intercept_
        return self

    def score(self, view: Features) -> NDArray[np.float64]:
        return np.einsum("ij,j->i", view.values, self.coef_) + self.intercept_


def _permuted(labels: NDArray[np.int64], groups: NDArray, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return labels of which half are those of the other class, in either class and group by group."""
    permuted = np.empty_like(labels)
    for label in (REAL, FAKE):
        names, group = np.unique(groups[labels == label], return_inverse=True)
        # An odd group falls to either side.
        half = (len(names) + rng.integers(2)) // 2
        permuted[labels == label] = (rng.permutation(len(names)) < half)[group]
    return permuted
