"""Gradient-boosted trees on radial or directional spectra."""

from typing import Annotated, Any, Literal, Self

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from ..benchmark.contracts import Count, Features, Seed, ViewSpec
from ..benchmark.errors import PluginError, unknown_name
from .learning.trees import TreeDetector

SPECTRA = ("directional", "profile")


class SpectralLGBM(TreeDetector):
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
        leaves: Annotated[int, Ge(2)] = 15,
        seed: Seed = 0,
        **of_trees: Any,
    ) -> None:
        super().__init__(n_trees=n_trees, leaves=leaves, **of_trees)
        self.spectrum = spectrum
        self.seed = seed

    @property
    def view(self) -> ViewSpec:
        if self.spectrum not in SPECTRA:
            raise PluginError(unknown_name("spectrum of detector spectral_lgbm", self.spectrum, SPECTRA))
        return ViewSpec(self.spectrum)

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        self.fit_trees(view.values, labels, self.seed)
        return self

    def score(self, view: Features) -> NDArray[np.float64]:
        return self.tree_scores(view.values)
