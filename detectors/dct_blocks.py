"""Trees or a linear model on block DCT statistics (Giudice et al. 2021, Bonettini et al. 2020)."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from ..benchmark.contracts import Count, Features, NotNegative, Seed, ViewSpec
from .learning.logistic import LogisticModel, fit_logistic
from .learning.trees import TreeDetector


class DctBlocks(TreeDetector):
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

    Notes
    -----
    The preset ``faithful`` follows Giudice et al.: scales from the standard deviation, and 100 boosted trees with a learning
    rate of 0.6 and at most four leaves, as of depth 2. What differs: LightGBM draws half the scales for each tree.

    The preset ``benford`` has the features of Bonettini et al. of coefficients that are not quantised, and boosted trees where
    the paper has a random forest.
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
        leaves: Annotated[int, Ge(2)] = 15,
        seed: Seed = 0,
        strength: NotNegative = 0.01,
        **of_trees: Any,
    ) -> None:
        super().__init__(n_trees=n_trees, leaves=leaves, **of_trees)
        self.statistics = statistics
        self.classifier = classifier
        self.of_deviation = of_deviation
        self.bases = bases
        self.seed = seed
        self.strength = strength

    @property
    def view(self) -> ViewSpec:
        options = {"statistics": self.statistics, "of_deviation": self.of_deviation, "bases": list(self.bases)}
        return ViewSpec("dct_blocks", options)

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        if self.classifier == "trees":
            self.fit_trees(view.values, labels, self.seed)
        else:
            model = fit_logistic(view.columns, labels, "l2", self.strength)
            self.coef_, self.intercept_ = model.coef, model.intercept
        return self

    def score(self, view: Features) -> NDArray[np.float64]:
        if self.classifier == "trees":
            return self.tree_scores(view.values)
        logits = LogisticModel(self.coef_, self.intercept_).logits(view.columns)
        return logits[:, 1] - logits[:, 0]
