"""Radial power profile and two clusters (arXiv 1911.00686)."""

from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from ..benchmark.arrays import Standardiser
from ..benchmark.contracts import Count, Detector, Features, Seed, ViewSpec
from .published import durall


class SpectralKMeans(Detector):
    """
    Two clusters of radial spectra, found without labels; labels only say which of them is fake.

    The score is the distance to the real cluster's centre minus the distance to the fake one's.

    Parameters
    ----------
    variant : {"clean", "published"}
        Of the view ``profile``.
    standardise : bool
        z-score every feature with the statistics of the training crops.
    n_init : int
        Starts of Lloyd's algorithm; the one with the least inertia counts.
    seed : int

    Notes
    -----
    The preset ``faithful`` clusters the published features as they are.
    """

    name = "spectral_kmeans"
    source = "Durall et al., arXiv 1911.00686"
    reported = durall.K_MEANS
    presets = {"faithful": {"variant": "published", "standardise": False}}
    stochastic = True

    def __init__(
        self,
        variant: Literal["clean", "published"] = "clean",
        standardise: bool = True,
        n_init: Count = 10,
        seed: Seed = 0,
    ) -> None:
        self.variant = variant
        self.standardise = standardise
        self.n_init = n_init
        self.seed = seed

    @property
    def view(self) -> ViewSpec:
        return ViewSpec("profile", {"variant": self.variant})

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        from sklearn.cluster import KMeans

        scaler = Standardiser.of(view.values) if self.standardise else Standardiser.unscaled(view.values.shape[1])
        self.mean_, self.scale_ = scaler.mean, scaler.scale
        clusters = KMeans(2, n_init=self.n_init, random_state=self.seed)  # pyright: ignore[reportArgumentType] (numbers are fine)
        clusters.fit(scaler.apply(view.values))
        share = [labels[clusters.labels_ == k].mean() for k in (0, 1)]
        order = [0, 1] if share[0] <= share[1] else [1, 0]
        self.centres_ = np.ascontiguousarray(clusters.cluster_centers_[order])  # real, fake
        return self

    def score(self, view: Features) -> NDArray[np.float64]:
        values = Standardiser(self.mean_, self.scale_).apply(view.values)
        real, fake = (np.sqrt(((values - centre) ** 2).sum(axis=1)) for centre in self.centres_)
        return real - fake
