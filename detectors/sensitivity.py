"""Distance that the features of a frozen encoder move when a picture is disturbed, without training (RIGID, WaRPAD)."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..benchmark.contracts import Features, ViewSpec
from .learning.frozen import AnyEncoder


class Sensitivity(AnyEncoder):
    """
    One minus the cosine between the features of a picture and of its disturbed copy; a larger distance is more fake.

    Nothing is trained. The direction is that of the papers and is not fitted, so that an AUC below 0.5 says that on these
    pictures reals move further. `fit` looks at the reals alone and keeps their mean and standard deviation, in which scores are
    expressed; the order of the scores does not depend on it.

    Parameters
    ----------
    model, weights, library, activation
        Encoder, as in `bandbench.detectors.learning.frozen.AnyEncoder`.
    disturbance : str
        ``haar``, or a chain of perturbations, see `bandbench.benchmark.views.sensitivity.SensitivityView`.
    patches : int
        As in `SensitivityView`.
    options
        Those of `bandbench.detectors.learning.frozen.FrozenEncoder`.

    Notes
    -----
    The preset ``faithful`` is RIGID: DINOv2 large at 224 pixels, Gaussian noise of 0.05 of the range of pixels after resizing.
    ``warpad`` takes the high bands of a Haar transform away, in patches of an enlarged picture. docs/explanation/deep.md says
    what was chosen here. By default a picture is disturbed in its own size, so that frequencies are those of the picture. The
    preset ``random`` needs no file: a small transformer that was never trained, to try things out.

    Attributes
    ----------
    mean_, scale_ : float
        Mean and standard deviation of the training reals; a deviation of 0 counts as 1.
    content_, activation_ : str
        See `AnyEncoder`.
    """

    name = "sensitivity"
    source = "RIGID: He et al., arXiv 2405.20112; WaRPAD: Choi et al., NeurIPS 2025, arXiv 2511.14030"
    learns_from = "real"
    presets = {
        "faithful": {"model": "facebook/dinov2-large", "side": 224, "disturbance": "noise:sd=12.75", "patches": 1},
        "warpad": {"model": "facebook/dinov2-large", "side": 224, "disturbance": "haar", "patches": 4},
        "random": {"model": "tiny", "weights": "random"},
    }

    def __init__(
        self,
        model: str = "",
        weights: str = "",
        disturbance: str = "noise:sd=12.75",
        patches: int = 0,
        **options: Any,
    ) -> None:
        super().__init__(model, weights, **options)
        self.disturbance = disturbance
        self.patches = patches

    @property
    def view(self) -> ViewSpec:
        """Distances of the view ``sensitivity``."""
        return ViewSpec("sensitivity", {**self.encoder_options(), "disturbance": self.disturbance, "patches": self.patches})

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        """
        Keep mean and standard deviation of the reals.

        Parameters
        ----------
        view : Features of n_crops, float64 (n_crops, 1)
        labels : array of int64 (n_crops,)
        """
        self.remember_encoder()
        reals = view.values[labels == 0, 0].astype(np.float64)
        self.mean_ = float(reals.mean())
        self.scale_ = float(reals.std()) or 1.0
        return self

    def score(self, view: Features) -> NDArray[np.float64]:
        """
        Distance that the features move, in standard deviations of the training reals from their mean.

        Parameters
        ----------
        view : Features of n_crops

        Returns
        -------
        array of float64 (n_crops,)
        """
        return (view.values[:, 0].astype(np.float64) - self.mean_) / self.scale_
