"""Gradient-boosted trees on radial or directional spectra."""

from typing import Annotated, Literal, Self

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from ..benchmark.contracts import Count, Detector, Features, Positive, Seed, ViewSpec
from ..benchmark.errors import PluginError, unknown_name
from .learning.trees import fit_trees, tree_scores

SPECTRA = ("directional", "profile")


class SpectralLGBM(Detector):
    """
    LightGBM on the log-power spectrum.

    Parameters
    ----------
    spectrum : {"directional", "profile"}
        Rings and directions, which keep the peaks on the axes that up-sampling leaves; or the radial profile.
    n_trees : int
    learning_rate : float
    leaves : int
        Per tree.
    min_leaf : int
        Crops per leaf.
    seed : int

    Notes
    -----
    One thread, columns sampled by the seed, histograms by column: two fits are equal to the last bit.
    """

    name = "spectral_lgbm"
    source = "Ke et al., NeurIPS 2017 (LightGBM)"
    presets = {"profile": {"spectrum": "profile"}}
    stochastic = True

    def __init__(
        self,
        spectrum: Literal["directional", "profile"] = "directional",
        n_trees: Count = 200,
        learning_rate: Positive = 0.05,
        leaves: Annotated[int, Ge(2)] = 15,
        min_leaf: Count = 5,
        seed: Seed = 0,
    ) -> None:
        self.spectrum = spectrum
        self.n_trees = n_trees
        self.learning_rate = learning_rate
        self.leaves = leaves
        self.min_leaf = min_leaf
        self.seed = seed

    @property
    def view(self) -> ViewSpec:
        if self.spectrum not in SPECTRA:
            raise PluginError(unknown_name("spectrum of detector spectral_lgbm", self.spectrum, SPECTRA))
        return ViewSpec(self.spectrum)

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        self.trees_ = fit_trees(view.values, labels, self.n_trees, self.learning_rate, self.leaves, self.min_leaf, self.seed)
        return self

    def score(self, view: Features) -> NDArray[np.float64]:
        return tree_scores(self.trees_, view.values)
