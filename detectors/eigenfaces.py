"""Principal components and a linear support vector machine, a baseline of arXiv 2003.08685."""

from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from ..benchmark.arrays import Standardiser, gram
from ..benchmark.contracts import Detector, Features, Positive, Share, Transform, ViewSpec
from ..benchmark.errors import PluginError
from .learning.coordinates import Coordinates
from .published import frank

if TYPE_CHECKING:
    from sklearn.decomposition import PCA
    from sklearn.svm import LinearSVC

PUBLISHED_VARIANCES = (0.25, 0.5, 0.75, 0.95)
PUBLISHED_C = (1e-4, 1e-3, 1e-2, 1e-1)
MOST_PCA_CROPS = 10_000
FOLDS = 5


class Eigenfaces(Detector):
    """
    Linear support vector machine on the principal components that carry a share of the variance.

    Parameters
    ----------
    variance : float or None
        Share that is kept, between 0 and 1; None chooses from 0.25, 0.5, 0.75 and 0.95.
    C : float or None
        Inverse strength of the machine's penalty; None chooses from 1e-4, 1e-3, 1e-2 and 0.1.
    transform : {"log_dct", "dct", "pixels", "log_fft", "fft"}
    colour : bool
        Three channels and not grey.

    Notes
    -----
    Features are z-scored. Components come from equally many crops of each class, 10,000 at most in all, the machine from all
    crops. What is None is chosen by accuracy in a stratified five-fold cross-validation of the training crops, each fold with
    components of its own; of equally good choices, the fewest components and the strongest penalty. Folds are contiguous,
    so that frames of a clip stay together. The paper chooses on a validation set; the preset ``faithful`` takes colour
    pictures, as it does.
    """

    name = "eigenfaces"
    source = "Turk and Pentland 1991; a baseline of Frank et al., arXiv 2003.08685"
    reported = frank.EIGENFACES
    presets = {"faithful": {"colour": True}}

    def __init__(
        self,
        variance: Share | None = None,
        C: Positive | None = None,
        transform: Transform = "log_dct",
        colour: bool = False,
    ) -> None:
        self.variance = variance
        self.C = C
        self.transform = transform
        self.colour = colour

    @property
    def view(self) -> ViewSpec:
        return ViewSpec.of_transform(self.transform, self.colour)

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        if self.variance is not None and not 0 < self.variance < 1:
            raise PluginError(f"eigenfaces keeps a share of the variance between 0 and 1, got {self.variance}.")
        rows, scaler = view.columns, Standardiser.of(view.columns)
        subset = balanced_rows(labels)
        # All components lie in the space of the subset; in its coordinates everything below is small.
        everyone = len(subset) == len(labels)
        space = Coordinates.of(rows if everyone else rows[subset], scaler)
        values = space.train if everyone else space.of_rows(rows)
        self.variance_, self.C_ = self._chosen(values, labels, subset)
        pca = _pca(values[subset], self.variance_)
        self.n_components_ = int(pca.n_components_)
        machine = _linear_svm(pca.transform(values), labels, self.C_)
        weights = np.transpose(np.asarray(pca.components_)) @ machine.coef_.T
        coef = space.back(weights)
        intercept = machine.intercept_ - pca.mean_ @ weights - scaler.mean @ coef
        if coef.shape[1] == 1:
            coef, intercept = coef * np.array([-0.5, 0.5]), intercept * np.array([-0.5, 0.5])
        self.coef_, self.intercept_ = np.ascontiguousarray(coef.T), intercept
        return self

    def score(self, view: Features) -> NDArray[np.float64]:
        scores = self.class_scores(view)
        return scores[:, 1] - scores[:, 0]

    def class_scores(self, view: Features) -> NDArray[np.float64]:
        """Signed distances to the margin of each class against the rest, (n_crops, n_classes); halved where there are two."""
        return gram(view.columns, self.coef_) + self.intercept_

    def _chosen(self, values: NDArray[np.float64], labels: NDArray[np.int64], subset: NDArray[np.intp]) -> tuple[float, float]:
        """Share of variance and penalty, cross-validated where they are not given."""
        shares = PUBLISHED_VARIANCES if self.variance is None else (self.variance,)
        penalties = PUBLISHED_C if self.C is None else (self.C,)
        if len(shares) == len(penalties) == 1:
            return shares[0], penalties[0]
        from sklearn.model_selection import StratifiedKFold

        counts = np.bincount(labels)
        if counts.min() < FOLDS:
            raise PluginError(
                f"eigenfaces chooses variance and C by {FOLDS} folds, which takes {FOLDS} crops of each class, got "
                f"{counts.min()} of class {counts.argmin()}; give both parameters."
            )
        accuracy = np.zeros((len(shares), len(penalties)))
        for train, held_out in StratifiedKFold(FOLDS).split(values, labels):
            pca = _pca(values[np.intersect1d(train, subset)], shares[-1])
            fitted, validated = pca.transform(values[train]), pca.transform(values[held_out])
            counts = np.searchsorted(np.cumsum(pca.explained_variance_ratio_), shares, side="right") + 1
            for i, count in enumerate(np.minimum(counts, pca.n_components_)):
                for j, penalty in enumerate(penalties):
                    machine = _linear_svm(fitted[:, :count], labels[train], penalty)
                    accuracy[i, j] += machine.score(validated[:, :count], labels[held_out])
        i, j = np.unravel_index(accuracy.argmax(), accuracy.shape)
        return shares[i], penalties[j]


def balanced_rows(labels: NDArray[np.int64], most: int = MOST_PCA_CROPS) -> NDArray[np.intp]:
    """
    Pick equally many rows of each class, evenly spread over all of the class.

    Parameters
    ----------
    labels : array of int64 (n_crops,)
        0 to K-1.
    most : int
        Of all classes together.

    Returns
    -------
    array of int (n_picked,), rising
    """
    counts = np.bincount(labels)
    n = min(counts.min(), most // len(counts))
    picked = [np.flatnonzero(labels == label)[np.arange(n) * count // n] for label, count in enumerate(counts)]
    return np.sort(np.concatenate(picked))


def _pca(values: NDArray[np.float64], share: float) -> "PCA":
    from sklearn.decomposition import PCA

    return PCA(share, svd_solver="covariance_eigh").fit(values)


def _linear_svm(values: NDArray[np.float64], labels: NDArray[np.int64], penalty: float) -> "LinearSVC":
    """Fit the primal problem, which has one optimum and no random order."""
    from sklearn.svm import LinearSVC

    machine = LinearSVC(C=penalty, dual=False, max_iter=10_000)  # pyright: ignore[reportArgumentType]
    return machine.fit(values, labels)
