"""Trees or a linear model on block DCT statistics (Giudice et al. 2021, Bonettini et al. 2020)."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from ..benchmark.contracts import Count, Detector, Features, NotNegative, Positive, Seed, ViewSpec
from .learning.logistic import LogisticModel, fit_logistic
from .learning.trees import fit_trees, tree_scores


class DctBlocks(Detector):
    """
    Laplace scales or first-digit statistics of the 63 AC bands of 8x8 blocks.

    Parameters
    ----------
    statistics : {"laplace", "benford", "both"}
    classifier : {"trees", "logistic"}
    of_deviation : bool
        Laplace scale from the standard deviation and not from the mean of the absolute values.
    bases : sequence of int
        Number systems of the first digits.
    n_trees : int
    learning_rate : float
    leaves : int
        Per tree.
    min_leaf : int
        Crops per leaf.
    seed : int
        Of the trees.
    strength : float
        L2 penalty of ``logistic``, against the mean cross-entropy.
    """

    name = "dct_blocks"
    source = "Giudice et al., Journal of Imaging 7(8), 2021; Bonettini et al., ICPR 2020"
    presets = {
        "faithful": {
            "classifier": "trees",
            "of_deviation": True,
            "n_trees": 100,
            "learning_rate": 0.6,
            "leaves": 4,
        },
        "benford": {"statistics": "benford", "classifier": "trees"},
    }
    stochastic = True

    def __init__(
        self,
        statistics: Literal["laplace", "benford", "both"] = "laplace",
        classifier: Literal["trees", "logistic"] = "logistic",
        of_deviation: bool = False,
        bases: Sequence[Annotated[int, Ge(3)]] = (10, 20, 40, 60),
        n_trees: Count = 200,
        learning_rate: Positive = 0.05,
        leaves: Annotated[int, Ge(2)] = 15,
        min_leaf: Count = 5,
        seed: Seed = 0,
        strength: NotNegative = 0.01,
    ) -> None:
        self.statistics = statistics
        self.classifier = classifier
        self.of_deviation = of_deviation
        self.bases = bases
        self.n_trees = n_trees
        self.learning_rate = learning_rate
        self.leaves = leaves
        self.min_leaf = min_leaf
        self.seed = seed
        self.strength = strength

    @property
    def view(self) -> ViewSpec:
        options = {"statistics": self.statistics, "of_deviation": self.of_deviation, "bases": list(self.bases)}
        return ViewSpec("dct_blocks", options)

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        if self.classifier == "trees":
            self.trees_ = fit_trees(
                view.values, labels, self.n_trees, self.learning_rate, self.leaves, self.min_leaf, self.seed
            )
        else:
            model = fit_logistic(view.columns, labels, "l2", self.strength)
            self.coef_, self.intercept_ = model.coef, model.intercept
        return self

    def score(self, view: Features) -> NDArray[np.float64]:
        if self.classifier == "trees":
            return tree_scores(self.trees_, view.values)
        logits = LogisticModel(self.coef_, self.intercept_).logits(view.columns)
        return logits[:, 1] - logits[:, 0]
