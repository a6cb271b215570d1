"""k nearest neighbours on DCT coefficients or pixels, a baseline of arXiv 2003.08685."""

from collections.abc import Sequence
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from ..benchmark.arrays import ROWS_AT_A_TIME, Standardiser, squared_distances
from ..benchmark.contracts import Count, Detector, Features, Transform, ViewSpec
from ..benchmark.errors import PluginError, unknown_name
from ..benchmark.metrics.roc import roc_auc
from .published import frank

PUBLISHED_NEIGHBOURS = (1, 3, 5, 9, 17, 33, 65, 129, 257, 513, 1025)
CRITERIA = ("roc_auc", "accuracy")


class KNN(Detector):
    """
    Share of fakes among the training crops nearest to a crop, every feature z-scored.

    Parameters
    ----------
    n_neighbors : int or None
        None chooses among 1, 3, 5, 9, ..., 1025, as far as there are training crops, by leaving out one of them at a time.
    transform : {"log_dct", "dct", "pixels", "log_fft", "fft"}
    colour : bool
        Three channels and not grey.
    criterion : {"roc_auc", "accuracy"}
        By which the number of neighbours is chosen; of equally good ones the smallest. With several classes the area is
        the mean over one class against the rest.

    Notes
    -----
    Votes of k neighbours rank crops coarsely. To the votes for a class, up to half a vote is added for how near it is:
    ``0.5 / (1 + d)`` with d the mean squared distance to the k nearest crops of the class, in units of what two
    z-scored crops have on average (2 per feature). Crops with more votes stay above those with fewer, and with two classes
    and an odd k the sign of the score is the plain majority.

    The preset ``faithful`` takes colour pictures and judges by accuracy, as published; there, on a validation set.
    """

    name = "knn"
    source = "a baseline of Frank et al., arXiv 2003.08685"
    reported = frank.KNN
    presets = {"faithful": {"colour": True, "criterion": "accuracy"}}

    def __init__(
        self,
        n_neighbors: Count | None = None,
        transform: Transform = "log_dct",
        colour: bool = False,
        criterion: Literal["roc_auc", "accuracy"] = "roc_auc",
    ) -> None:
        self.n_neighbors = n_neighbors
        self.transform = transform
        self.colour = colour
        self.criterion = criterion

    @property
    def view(self) -> ViewSpec:
        return ViewSpec.of_transform(self.transform, self.colour)

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        scaler = Standardiser.of(view.columns)
        self.mean_, self.scale_ = scaler.mean, scaler.scale
        # In the order of memory that a saved model comes back in, on which the last bit of a product depends.
        self.rows_, self.labels_ = np.ascontiguousarray(view.columns), labels.copy()
        self.n_neighbors_ = self._best() if self.n_neighbors is None else self.n_neighbors
        if not 1 <= self.n_neighbors_ <= len(labels):
            raise PluginError(f"knn takes 1 to {len(labels)} neighbours among {len(labels)} crops, got {self.n_neighbors}.")
        return self

    def score(self, view: Features) -> NDArray[np.float64]:
        scores = self.class_scores(view)
        return scores[:, 1] - scores[:, 0]

    def class_scores(self, view: Features) -> NDArray[np.float64]:
        """Votes, with the fraction for nearness, over k: (n_crops, n_classes); votes are ``floor(k * scores)``."""
        starts = range(0, len(view), ROWS_AT_A_TIME)
        distances = (self._distances(view.columns[start : start + ROWS_AT_A_TIME]) for start in starts)
        return np.concatenate([class_scores_by_k(block, self.labels_, [self.n_neighbors_])[0] for block in distances])

    def _distances(self, rows: NDArray) -> NDArray[np.float64]:
        return squared_distances(rows, self.rows_, Standardiser(self.mean_, self.scale_)) / (2 * rows.shape[1])

    def _best(self) -> int:
        """Number of neighbours with the best outcome for training crops, each judged by all others."""
        if self.criterion not in CRITERIA:
            raise PluginError(unknown_name("criterion", self.criterion, CRITERIA))
        distances = self._distances(self.rows_)
        np.fill_diagonal(distances, np.inf)
        grid = [k for k in PUBLISHED_NEIGHBOURS if k < len(distances)]
        outcome = [self._outcome(scores) for scores in class_scores_by_k(distances, self.labels_, grid)]
        return grid[int(np.argmax(outcome))]

    def _outcome(self, scores: NDArray[np.float64]) -> float:
        if self.criterion == "accuracy":
            return float(np.mean(scores.argmax(axis=1) == self.labels_))
        margins = 2 * scores - scores.sum(axis=1, keepdims=True)
        return float(np.mean([roc_auc(self.labels_ == label, margin) for label, margin in enumerate(margins.T)]))


def class_scores_by_k(
    distances: NDArray[np.float64], labels: NDArray[np.int64], neighbours: Sequence[int]
) -> NDArray[np.float64]:
    """
    Class scores for several numbers of neighbours, from one ranking of the distances.

    Parameters
    ----------
    distances : array of float64 (n_crops, n_train)
        Squared, in units of a typical one; infinite where a training crop must not vote.
    labels : array of int64 (n_train,)
        0 to K-1.
    neighbours : sequence of int, rising
        Each at most n_train.

    Returns
    -------
    array of float64 (n_neighbours, n_crops, K)
        As explained in `KNN`. A class with k crops or fewer counts as near as all but its farthest crop are: one of them
        may be the crop that is scored.
    """
    voters = labels[np.argsort(distances, axis=1, kind="stable")[:, : neighbours[-1]]]
    scores = np.empty((len(neighbours), len(distances), labels.max() + 1))
    for label in range(scores.shape[2]):
        votes = np.cumsum(voters == label, axis=1)
        own = np.sort(distances[:, labels == label], axis=1)
        own = own[:, : max(1, own.shape[1] - 1)]
        mean = np.cumsum(own, axis=1) / np.arange(1, own.shape[1] + 1)
        for i, k in enumerate(neighbours):
            nearness = 1 / (1 + mean[:, min(k, own.shape[1]) - 1])
            scores[i, :, label] = (votes[:, k - 1] + nearness / 2) / k
    return scores
