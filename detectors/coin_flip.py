"""A coin flip: the row near an AUC of 0.5 that every board needs."""

import hashlib
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ..benchmark.contracts import Detector, Features, Seed, ViewSpec


class CoinFlip(Detector):
    """
    Scores by a hash of what it sees, so that equal pictures get equal scores and nothing is learned.

    Parameters
    ----------
    seed : int
    """

    name = "coin_flip"
    source = "baseline"
    stochastic = True

    def __init__(self, seed: Seed = 0) -> None:
        self.seed = seed

    @property
    def view(self) -> ViewSpec:
        return ViewSpec("profile")

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        return self

    def score(self, view: Features) -> NDArray[np.float64]:
        key = self.seed.to_bytes(8, "little", signed=True)
        digests = (hashlib.blake2b(row.tobytes(), digest_size=8, key=key).digest() for row in view.values)
        return np.array([int.from_bytes(digest, "little") / 2**64 for digest in digests], dtype=np.float64)
