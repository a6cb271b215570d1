"""Photo-response non-uniformity: fingerprints of noise residuals, a baseline of arXiv 2003.08685."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from ..benchmark.contracts import Count, Detector, Features, Positive, ViewSpec
from ..benchmark.errors import PluginError
from .forensics.noise import correlation, crop_patterns, fingerprint
from .published import frank


class PRNU(Detector):
    """
    Normalised correlation of a crop's noise residual with the fake fingerprint, minus that with the real one.

    Parameters
    ----------
    levels : int
        Of the wavelet decomposition that finds the noise.
    sigma : float
        Standard deviation of the noise, on a scale of 0..255.

    Notes
    -----
    The preset ``faithful`` has the paper's example parameters; the paper's class is that of the largest correlation, which for
    two classes is the sign of the score. Its sigma, below one level, lets next to nothing pass as noise; the default is
    the usual one for sensors.

    A fingerprint is a fixed pattern of pixels. It is of use where all crops have the same place in their pictures.
    """

    name = "prnu"
    source = "Chen et al., IEEE TIFS 3(1) 2008; a baseline of Frank et al., arXiv 2003.08685"
    reported = frank.PRNU
    presets = {"faithful": {"levels": 3, "sigma": 0.8}}

    def __init__(self, levels: Count = 4, sigma: Positive = 5.0) -> None:
        self.levels = levels
        self.sigma = sigma

    @property
    def view(self) -> ViewSpec:
        return ViewSpec("pixels", {"colour": True})

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        if self.levels < 1 or self.sigma <= 0:
            raise PluginError(f"prnu needs levels of at least 1 and sigma above 0, got {self.levels} and {self.sigma:g}.")
        classes = range(labels.max() + 1)
        self.fingerprints_ = np.stack([fingerprint(view.values[labels == k], self.levels, self.sigma) for k in classes])
        return self

    def score(self, view: Features) -> NDArray[np.float64]:
        scores = self.class_scores(view)
        return scores[:, 1] - scores[:, 0]

    def class_scores(self, view: Features) -> NDArray[np.float64]:
        """Normalised correlation with the fingerprint of each class, (n_crops, n_classes)."""
        patterns = crop_patterns(view.values, self.levels, self.sigma)
        return np.concatenate([correlation(block, self.fingerprints_) for block in patterns])
