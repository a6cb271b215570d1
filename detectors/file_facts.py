"""A control: gradient-boosted trees on facts of the files and traces of their coding, not on what the pictures show."""

from typing import Annotated, Self

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from ..benchmark.contracts import Count, Features, Positive, ViewSpec
from .learning.trees import TreeDetector


class FileFacts(TreeDetector):
    """
    LightGBM on format, quality, size and metadata of the files, and on traces of codecs and resampling.

    Its AUC is what a detector can reach that has learned how the classes were stored instead of how they differ.

    Parameters
    ----------
    n_trees : int
    learning_rate : float
    leaves : int
        Per tree.
    min_leaf : int
        Pictures per leaf.

    Notes
    -----
    Categorical facts are split one value against the others. One thread and no sampling: two fits are equal to the last bit.
    """

    name = "file_facts"
    source = "Ke et al., NeurIPS 2017 (LightGBM)"
    control = True

    def __init__(
        self,
        n_trees: Count = 60,
        learning_rate: Positive = 0.1,
        leaves: Annotated[int, Ge(2)] = 8,
        min_leaf: Count = 5,
    ) -> None:
        super().__init__(n_trees, learning_rate, leaves, min_leaf)

    @property
    def view(self) -> ViewSpec:
        return ViewSpec("file_facts")

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        import lightgbm

        options = {
            "objective": "binary",
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.min_leaf,
            "min_data_in_bin": 1,
            "min_data_per_group": 1,
            "max_cat_to_onehot": 1000,
            "cat_smooth": 1.0,
            "deterministic": True,
            "force_col_wise": True,
            "num_threads": 1,
            "verbosity": -1,
        }
        values = np.asarray(view.values, dtype=np.float64)
        data = lightgbm.Dataset(values, labels, categorical_feature=list(view.categorical))
        self.trees_ = lightgbm.train(options, data, self.n_trees).model_to_string()
        return self

    def score(self, view: Features) -> NDArray[np.float64]:
        return self.tree_scores(view.values)
