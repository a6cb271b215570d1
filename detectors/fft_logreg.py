"""Logistic probe on pixels, DCT or FFT, its penalty chosen on held-out crops (arXiv 2210.14571)."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ..benchmark.contracts import Detector, Features, Positive, Seed, Share, Transform, ViewSpec
from ..benchmark.errors import PluginError
from .learning.logistic import LogisticModel, accuracy_path, fit_logistic


class FftLogReg(Detector):
    """
    Logistic regression on a transform of grey pictures.

    Parameters
    ----------
    transform : {"log_fft", "fft", "log_dct", "dct", "pixels"}
    lambdas : sequence of float
        Penalties to choose from: the first with the best accuracy on held-out crops.
    held_out : float
        Share of the training crops, of either class, on which it is chosen.
    refit : bool
        Fit on all crops once the penalty is known.
    seed : int
        Of the drawing of held-out crops.

    Notes
    -----
    In the preset ``faithful`` an eleventh of the crops (1,000 of 11,000 in the study that this follows) chooses the penalty
    and the model is not fitted again. What differs from it: the FFT is the half plane, whose mirror image adds nothing.
    """

    name = "fft_logreg"
    source = "Ricker et al., arXiv 2210.14571"
    presets = {"faithful": {"held_out": 1 / 11, "refit": False}}
    stochastic = True

    def __init__(
        self,
        transform: Transform = "log_fft",
        lambdas: Sequence[Positive] = (1e4, 1e3, 1e2, 1e1, 1e0, 1e-1, 1e-2, 1e-3, 1e-4),
        held_out: Share = 0.2,
        refit: bool = True,
        seed: Seed = 0,
    ) -> None:
        self.transform = transform
        self.lambdas = lambdas
        self.held_out = held_out
        self.refit = refit
        self.seed = seed

    @property
    def view(self) -> ViewSpec:
        return ViewSpec.of_transform(self.transform)

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        from sklearn.model_selection import train_test_split

        fewest = int(np.bincount(labels).min())
        if fewest < 4:
            raise PluginError(f"fft_logreg holds out a share of every class and needs 4 crops of each, got {fewest}.")
        values = view.columns
        train, validation = train_test_split(
            np.arange(len(values)), test_size=self.held_out, random_state=self.seed, stratify=labels
        )
        path = accuracy_path((values[train], labels[train]), (values[validation], labels[validation]), self.lambdas)
        self.lambda_ = float(self.lambdas[int(path.argmax())])
        rows = np.arange(len(values)) if self.refit else train
        # Half of lambda against the sum; `fit_logistic` weighs against the mean, and halves for two classes.
        strength = 0.5 * self.lambda_ / len(rows) * (2 if labels.max() == 1 else 1)
        model = fit_logistic(values[rows], labels[rows], "l2", strength)
        self.coef_, self.intercept_ = model.coef, model.intercept
        return self

    def score(self, view: Features) -> NDArray[np.float64]:
        logits = self.class_scores(view)
        return logits[:, 1] - logits[:, 0]

    def class_scores(self, view: Features) -> NDArray[np.float64]:
        return LogisticModel(self.coef_, self.intercept_).logits(view.columns)
