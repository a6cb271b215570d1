"""Spectrum and autocorrelation of noise residuals (Marra et al. 2019, Corvi et al. 2023)."""

from typing import Annotated, Any, Literal, Self

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from ..benchmark.contracts import Count, Features, NotNegative, Positive, ViewSpec
from ..benchmark.errors import PluginError, unknown_name
from .forensics.noise import correlation
from .learning.logistic import LogisticModel, fit_logistic
from .learning.trees import TreeDetector

CLASSIFIERS = ("logistic", "trees", "correlation")


class ResidualSpectrum(TreeDetector):
    """
    A classifier of the residual that a wavelet denoiser takes away from a grey crop.

    Parameters
    ----------
    classifier : {"logistic", "trees", "correlation"}
        Of its autocorrelation and 2-D power spectrum. ``correlation`` takes the residual itself, pixel by pixel: its
        correlation with the mean residual of the training fakes, minus that with the mean residual of the reals.
    reach : int
        Largest shift of the autocorrelation in rows and columns, in pixels.
    cells : int
        In a cycle/pixel, of the power spectrum.
    levels : int
        Of the wavelet decomposition that finds the noise.
    sigma : float
        Standard deviation of the noise, in grey levels.
    strength : float
        L2 penalty of ``logistic``, against the mean cross-entropy.
    n_trees : int
    learning_rate : float
    leaves : int
        Per tree.
    min_leaf : int
        Crops per leaf.

    Notes
    -----
    Marra et al. correlate residuals with fingerprints, which are mean residuals: the preset ``faithful``. That finds a pattern
    that lies in the same pixels of all fakes. Corvi et al. show that mean spectra and autocorrelations of residuals differ
    between generators, and reals; they classify nothing by them. The default does: a linear model of spectrum and
    autocorrelation contains their correlation with the mean of either class. What differs from both papers: the denoiser, a
    wavelet filter instead of a network or the papers' own, and grey crops.
    """

    name = "residual_spectrum"
    source = "Marra et al., MIPR 2019, arXiv 1812.11842; Corvi et al., CVPR Workshops 2023, arXiv 2304.06408"
    presets = {"faithful": {"classifier": "correlation"}, "trees": {"classifier": "trees"}}

    def __init__(
        self,
        classifier: Literal["logistic", "trees", "correlation"] = "logistic",
        reach: Count = 8,
        cells: Annotated[int, Ge(2)] = 16,
        levels: Count = 4,
        sigma: Positive = 5.0,
        strength: NotNegative = 0.01,
        **of_trees: Any,
    ) -> None:
        super().__init__(**of_trees)
        self.classifier = classifier
        self.reach = reach
        self.cells = cells
        self.levels = levels
        self.sigma = sigma
        self.strength = strength

    @property
    def view(self) -> ViewSpec:
        if self.classifier not in CLASSIFIERS:
            raise PluginError(unknown_name("classifier of detector residual_spectrum", self.classifier, CLASSIFIERS))
        part = "coefficients" if self.classifier == "correlation" else "both"
        options = {"part": part, "reach": self.reach, "cells": self.cells, "levels": self.levels, "sigma": self.sigma}
        return ViewSpec("noise_residual", options)

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        if self.classifier == "correlation":
            means = [view.values[labels == label].mean(axis=0, dtype=np.float64) for label in range(labels.max() + 1)]
            self.fingerprints_ = np.stack(means)
        elif self.classifier == "trees":
            self.fit_trees(view.values, labels, seed=0, share=1.0)
        else:
            model = fit_logistic(view.values, labels, "l2", self.strength)
            self.coef_, self.intercept_ = model.coef, model.intercept
        return self

    def score(self, view: Features) -> NDArray[np.float64]:
        if self.classifier == "trees":
            return self.tree_scores(view.values)
        if self.classifier == "correlation":
            correlations = correlation(view.values, self.fingerprints_)
            return correlations[:, 1] - correlations[:, 0]
        logits = LogisticModel(self.coef_, self.intercept_).logits(view.values)
        return logits[:, 1] - logits[:, 0]
