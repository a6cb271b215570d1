"""Gradient-boosted trees of LightGBM: two fits on the same crops are equal to the last bit."""

from typing import Annotated

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from ...benchmark.contracts import Count, Detector, Positive
from ...benchmark.errors import PluginError
from .tree_text import tree_scores


class TreeDetector(Detector):
    """
    Base of detectors that are gradient-boosted trees, or may be.

    Parameters
    ----------
    n_trees : int
    learning_rate : float
    leaves : int
        Per tree.
    min_leaf : int
        Crops per leaf.

    Attributes
    ----------
    trees_ : str
        See `fit_trees`.
    """

    def __init__(
        self,
        n_trees: Count = 150,
        learning_rate: Positive = 0.05,
        leaves: Annotated[int, Ge(2)] = 8,
        min_leaf: Count = 5,
    ) -> None:
        self.n_trees = n_trees
        self.learning_rate = learning_rate
        self.leaves = leaves
        self.min_leaf = min_leaf

    def fit_trees(self, values: NDArray, labels: NDArray[np.int64], seed: int, share: float = 0.5) -> None:
        """Set `trees_`; the parameters are those of the function of the same name."""
        self.trees_ = fit_trees(values, labels, self.n_trees, self.learning_rate, self.leaves, self.min_leaf, seed, share)

    def tree_scores(self, values: NDArray) -> NDArray[np.float64]:
        """Score crops (n_crops, n_features), (n_crops,): log odds of fake."""
        return tree_scores(self.trees_, values)


def fit_trees(
    values: NDArray,
    labels: NDArray[np.int64],
    n_trees: int,
    learning_rate: float,
    leaves: int,
    min_leaf: int,
    seed: int,
    share: float = 0.5,
) -> str:
    """
    Fit gradient-boosted trees for two classes.

    Parameters
    ----------
    values : array (n_crops, n_features)
    labels : array of int64 (n_crops,)
        0 or 1.
    n_trees : int
    learning_rate : float
    leaves : int
        Per tree.
    min_leaf : int
        Crops per leaf.
    seed : int
        Of the drawing of features.
    share : float
        Features that a tree may use, drawn anew for each, as a share of all.

    Returns
    -------
    str
        LightGBM's own text, which `tree_text.tree_scores` takes.

    Raises
    ------
    PluginError
        If there are fewer crops than two leaves hold, of which no tree could be made.

    Notes
    -----
    One thread, columns sampled by the seed, histograms by column.
    """
    import lightgbm

    if len(values) < 2 * min_leaf:
        raise PluginError(
            f"trees with min_leaf={min_leaf} split {2 * min_leaf} training crops or more, got {len(values)}; give more "
            "pictures, or a smaller min_leaf."
        )
    options = {
        "objective": "binary",
        "learning_rate": learning_rate,
        "num_leaves": leaves,
        "min_data_in_leaf": min_leaf,
        "feature_fraction": share,
        "seed": seed,
        "deterministic": True,
        "force_col_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(np.asarray(values, dtype=np.float64), labels)
    return lightgbm.train(options, data, n_trees).model_to_string()
