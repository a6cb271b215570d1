"""Logistic regression on how consistent a picture is with its low-pass and its high-pass (after SPAI, arXiv 2411.19417)."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..benchmark.contracts import Count, Features, Positive, ViewSpec
from .learning.frozen import AnyEncoder
from .learning.logistic import fit_log_odds


class ConsistencyProbe(AnyEncoder):
    """
    Three cosines for each cut-off, between the frozen features of a picture, its low-pass and its high-pass; a logistic head.

    Parameters
    ----------
    model, weights, library, activation
        Encoder, as in `bandbench.detectors.learning.frozen.AnyEncoder`.
    cutoffs : list of float
        Cut-offs that divide a picture into low-pass and high-pass, in cycles/pixel.
    order : int
        Of the Butterworth filters.
    C : float
        Inverse strength of the L2 penalty on standardised cosines, as in scikit-learn.
    options
        Those of `bandbench.detectors.learning.frozen.FrozenEncoder`.

    Notes
    -----
    It has the idea of SPAI, not its recipe: SPAI trains the encoder on reals, to reconstruct the frequencies that were taken
    away, and has attention over windows of the picture. Here the encoder is one of CLIP or DINO, as it is, and one vector
    stands for a picture. The preset ``random`` needs no file: a small transformer that was never trained, to try things out.

    Attributes
    ----------
    coef_ : array of float64 (3 * n_cutoffs,)
    intercept_ : float
    content_, activation_ : str
        See `AnyEncoder`.
    """

    name = "consistency_probe"
    source = "after SPAI: Karageorgiou et al., CVPR 2025, arXiv 2411.19417"
    presets = {"random": {"model": "tiny", "weights": "random"}}

    def __init__(
        self,
        model: str = "",
        weights: str = "",
        cutoffs: list[float] = [0.1],  # noqa: B006 (stored and never changed)
        order: Count = 2,
        C: Positive = 1.0,
        **options: Any,
    ) -> None:
        super().__init__(model, weights, **options)
        self.cutoffs = cutoffs
        self.order = order
        self.C = C

    @property
    def view(self) -> ViewSpec:
        """Cosines of the view ``consistency``."""
        return ViewSpec("consistency", {**self.encoder_options(), "cutoffs": list(self.cutoffs), "order": self.order})

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        """
        Fit the head.

        Parameters
        ----------
        view : Features of n_crops, float64 (n_crops, 3 * n_cutoffs)
        labels : array of int64 (n_crops,)
        """
        self.remember_encoder()
        self.coef_, self.intercept_ = fit_log_odds(view.values, labels, self.C)
        return self

    def score(self, view: Features) -> NDArray[np.float64]:
        """
        Log odds of being fake.

        Parameters
        ----------
        view : Features of n_crops

        Returns
        -------
        array of float64 (n_crops,)
        """
        return np.einsum("ij,j->i", view.values.astype(np.float64), self.coef_) + self.intercept_
