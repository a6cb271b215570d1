"""Gradient-boosted trees of LightGBM: two fits on the same crops are equal to the last bit."""

import numpy as np
from numpy.typing import NDArray

from ...benchmark.errors import PluginError


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
        LightGBM's own text, which its parser reads as numbers: nothing in it can run.

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


def tree_scores(trees: str, values: NDArray) -> NDArray[np.float64]:
    """Score crops (n_crops, n_features) with fitted trees, (n_crops,): log odds of fake."""
    import lightgbm

    booster = lightgbm.Booster(model_str=trees)
    return np.asarray(booster.predict(np.asarray(values, dtype=np.float64), raw_score=True, num_threads=1))
