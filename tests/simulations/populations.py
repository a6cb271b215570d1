"""Populations whose true AUC is known: scores of groups of pictures, and a learner with its training draws."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from bandbench.benchmark.metrics.roc import Scored

SHARED = 0.8  # of the variance of a score, the group's
N_FEATURES = 20
N_TRAIN = 60  # pictures, half of them fake
OVERLAP = 0.75  # of draws that are taken from one pool
BAND = 12  # features that a band keeps


@dataclass(frozen=True)
class Scores:
    """
    A population of scores.

    Attributes
    ----------
    auc : float
        The true one.
    n_groups : int
        Groups of a class; where groups hold both classes, all groups.
    n_frames : int
        Pictures of a class in a group.
    both : bool
        Every group holds both classes.
    outliers : bool
        A share of 1 - `auc` of the groups of fakes ranks below all reals, instead of normal scores.
    """

    auc: float
    n_groups: int
    n_frames: int = 1
    both: bool = False
    outliers: bool = False

    def draw(self, rng: np.random.Generator) -> Scored:
        """Draw test pictures with their scores."""
        n, frames = self.n_groups, self.n_frames
        groups = np.repeat(np.arange(n), 2 * frames) if self.both else np.repeat(np.arange(2 * n), frames)
        labels = np.tile(np.repeat([0, 1], frames), n) if self.both else np.repeat([0, 1], n * frames)
        own = rng.normal(size=len(groups))
        if self.both:  # half of what is shared is shared by both classes
            person, clip = rng.normal(size=n), rng.normal(size=(n, 2))
            noise = (person[groups] + clip[groups, labels]) * np.sqrt(SHARED / 2) + own * np.sqrt(1 - SHARED)
        else:
            noise = rng.normal(size=2 * n)[groups] * np.sqrt(SHARED) + own * np.sqrt(1 - SHARED)
        if self.outliers:
            bad = rng.random(groups.max() + 1) < 1 - self.auc
            scores = np.clip(noise, -4, 4) / 20 + labels - 5 * ((labels == 1) & bad[groups])
        else:
            scores = noise + np.sqrt(2) * norm.ppf(self.auc) * labels
        return Scored(labels, scores, groups.astype(str))


@dataclass(frozen=True)
class Learner:
    """
    Ridge regression on normal features, trained in several draws and tested on one set of pictures.

    Attributes
    ----------
    learned, tested : arrays of float64 (n_features,)
        Difference of the classes' means, on the pictures that are learned from and on those of the test.
    """

    learned: NDArray[np.float64]
    tested: NDArray[np.float64]

    def fits(self, n_draws: int, overlap: bool, rng: np.random.Generator) -> list[NDArray[np.float64]]:
        """Return the weights of every draw; draws of one pool have `OVERLAP` of their pictures in common, others none."""
        if not overlap:
            return [_ridge(*self._pictures(N_TRAIN, rng)) for _ in range(n_draws)]
        features, labels = self._pictures(round(N_TRAIN / OVERLAP), rng)
        taken = [
            np.concatenate([rng.choice(np.flatnonzero(labels == c), N_TRAIN // 2, replace=False) for c in (0, 1)])
            for _ in range(n_draws)
        ]
        return [_ridge(features[rows], labels[rows]) for rows in taken]

    def _pictures(self, n: int, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        labels = np.repeat([0, 1], n // 2)
        return rng.normal(size=(n, N_FEATURES)) + np.outer(labels, self.learned), labels

    def true_auc(self, weights: NDArray[np.float64]) -> float:
        """AUC of a fit on the whole population of test pictures."""
        return float(norm.cdf(weights @ self.tested / np.sqrt(2 * weights @ weights)))

    def test(self, fits: list[NDArray[np.float64]], n_groups: int, rng: np.random.Generator) -> list[Scored]:
        """Score one set of test pictures, each a group of its own, with every fit."""
        labels = np.repeat([0, 1], n_groups)
        features = rng.normal(size=(2 * n_groups, N_FEATURES)) + np.outer(labels, self.tested)
        groups = np.arange(2 * n_groups).astype(str)
        return [Scored(labels, features @ weights, groups) for weights in fits]


def _ridge(features: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    centred = features - features.mean(axis=0)
    return np.linalg.solve(centred.T @ centred + 5 * np.eye(N_FEATURES), centred.T @ (labels - labels.mean()))


def _along(length: float, features: slice) -> NDArray[np.float64]:
    direction = np.zeros(N_FEATURES)
    direction[features] = 1
    return length * direction / np.sqrt(direction.sum())


EVERYWHERE = slice(None)
LEARNERS = {
    "learns": Learner(_along(1.3, EVERYWHERE), _along(1.3, EVERYWHERE)),
    "learns well": Learner(_along(3.4, EVERYWHERE), _along(3.4, EVERYWHERE)),
    "nothing to learn": Learner(_along(0, EVERYWHERE), _along(0, EVERYWHERE)),
    # What is learned says nothing on the test pictures, whose classes differ elsewhere: every draw has another AUC.
    "learns what does not transfer": Learner(_along(1, slice(0, 1)), _along(1.5, slice(1, None))),
}


@cache
def expected_auc(learner: str, band: bool = False, n_draws: int = 8000) -> float:
    """Return the AUC that a learner has on average over training draws, with all features or with those of a band."""
    made = LEARNERS[learner]
    fits = made.fits(n_draws, False, np.random.default_rng(0))
    return float(np.mean([made.true_auc(in_band(weights) if band else weights) for weights in fits]))


def in_band(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Set the weights of the features outside of a band to zero."""
    return np.where(np.arange(N_FEATURES) < BAND, weights, 0.0)


def repetitions(n: int, *names: object) -> Iterator[np.random.Generator]:
    """Yield a generator for each of `n` repetitions of a condition, the same whatever runs beside it."""
    condition = crc32(repr(names).encode())
    for number in range(n):
        yield np.random.default_rng([condition, number])
