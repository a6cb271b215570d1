"""The text of trees: what LightGBM is handed scores the same, and damage is refused before LightGBM sees it."""

import lightgbm
import numpy as np
import pytest

from bandbench.detectors.learning.tree_text import checked_text, tree_scores
from bandbench.detectors.learning.trees import fit_trees

RNG = np.random.default_rng(0)
VALUES = RNG.normal(size=(120, 5))
LABELS = (VALUES[:, 0] * VALUES[:, 1] > 0).astype(np.int64)
TREES = fit_trees(VALUES, LABELS, n_trees=5, learning_rate=0.1, leaves=6, min_leaf=5, seed=0)


def categorical_trees() -> tuple[str, np.ndarray]:
    values = RNG.integers(0, 80, (300, 3)).astype(np.float64)
    options = {"objective": "binary", "verbosity": -1, "num_threads": 1, "min_data_per_group": 1, "cat_smooth": 1.0}
    data = lightgbm.Dataset(values, (values[:, 0] % 5 < 2).astype(int), categorical_feature=[0, 1])
    return lightgbm.train(options, data, 8).model_to_string(), values


def test_scores_are_those_of_the_whole_text_to_the_last_bit() -> None:
    for text, values in ((TREES, VALUES), categorical_trees()):
        odd = values.copy()
        odd[::3], odd[1::7], odd[2::5] = np.nan, 0.0, 1e18
        booster = lightgbm.Booster(model_str=text)
        for shown in (values, odd):
            np.testing.assert_array_equal(tree_scores(text, shown), booster.predict(shown, raw_score=True, num_threads=1))


def test_the_text_is_written_anew_without_what_scores_do_not_need() -> None:
    text = checked_text(TREES.replace("pandas_categorical:null", "pandas_categorical:[[1]]"))
    assert "parameters" not in text
    assert "pandas_categorical" not in text
    assert checked_text(text) == text


def test_trees_without_a_split_score_their_only_leaf() -> None:
    trees = fit_trees(np.zeros((40, 2)), np.arange(40) % 2, n_trees=2, learning_rate=0.1, leaves=2, min_leaf=5, seed=0)
    assert len(set(tree_scores(trees, np.zeros((3, 2))).tolist())) == 1


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("tree\n", "wood\n", "does not begin like trees"),
        ("version=v4", "version=v9", "version 'v9', wanted v3 or v4"),
        ("num_class=1", "num_class=2", "not of two classes"),
        ("objective=binary", "objective=regression", "not boosted for two classes"),
        ("max_feature_idx=4", "max_feature_idx=0", "split_feature is not below 1 everywhere"),
        ("max_feature_idx=4", "max_feature_idx=2147483647", "2147483648 features"),
        ("num_leaves=6", "num_leaves=7", "leaf_value has 6 values, wanted 7"),
        ("num_leaves=6", "num_leaves=2147483647", "leaf_value has 6 values"),
        ("num_leaves=6", "num_leaves=-1", "-1 leaves"),
        ("num_cat=0", "num_cat=9", "6 leaves and 9 sets of categories"),
        ("left_child=1", "left_child=0", "a node lies below itself"),
        ("left_child=1", "left_child=-1", "its nodes are no tree"),
        ("left_child=1", "left_child=99999", "its nodes are no tree"),
        ("decision_type=2", "decision_type=255", "decision_type is none"),
        ("decision_type=2", "decision_type=3", "threshold names a set of categories"),
        ("threshold=", "threshold=nan ", "threshold has 6 values"),
        ("leaf_value=", "leaf_value=1e999 ", "leaf_value has 7 values"),
        ("is_linear=0", "is_linear=1", "linear models"),
        ("split_feature=", "split_fixture=", "split_feature is missing"),
        ("num_cat=0", "num_cat=0\nnum_cat=0", "'num_cat' is there twice"),
        ("Tree=", "Twig=", "0 trees"),
    ],
)
def test_damage_is_refused(old: str, new: str, reason: str) -> None:
    assert old in TREES
    count = -1 if old == "Tree=" else 1
    with pytest.raises(ValueError, match=reason):
        tree_scores(TREES.replace(old, new, count), VALUES)


def test_another_number_of_features_is_refused() -> None:
    with pytest.raises(ValueError, match="the trees are of 5 features, got 4"):
        tree_scores(TREES, VALUES[:, :4])
    with pytest.raises(ValueError, match="no text but int"):
        checked_text(3)  # pyright: ignore[reportArgumentType]
