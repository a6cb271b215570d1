"""Trees: what they learn, and that two fits are one."""

import numpy as np
import pytest

from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.metrics.roc import roc_auc
from bandbench.detectors.learning.trees import TreeDetector, fit_trees, tree_scores

RNG = np.random.default_rng(0)
LABELS = np.arange(200) % 2
SETTINGS = {"n_trees": 30, "learning_rate": 0.1, "leaves": 4, "min_leaf": 5}


def rings() -> np.ndarray:
    """Two classes of equal means: one near the middle, the other around it."""
    values = RNG.normal(size=(200, 6))
    values[:, :2] *= np.where(LABELS == 1, 2.5, 0.8)[:, None]
    return values


def test_trees_learn_what_no_line_separates() -> None:
    trees = fit_trees(rings(), LABELS, **SETTINGS, seed=0)
    assert roc_auc(LABELS, tree_scores(trees, rings())) > 0.85


def test_two_fits_are_equal_and_text_alone_scores() -> None:
    values = rings()
    first, again = (fit_trees(values, LABELS, **SETTINGS, seed=1) for _ in range(2))
    assert first == again
    alone = [tree_scores(first, values[i : i + 1])[0] for i in range(5)]
    np.testing.assert_array_equal(tree_scores(first, values)[:5], alone)


def test_a_tree_may_use_a_share_of_the_features() -> None:
    values = rings()
    few, all_of_them = (fit_trees(values, LABELS, **SETTINGS, seed=0, share=share) for share in (0.2, 1.0))
    used = [{line for line in text.splitlines() if line.startswith("split_feature=")} for text in (few, all_of_them)]
    assert all(len(set(line.partition("=")[2].split())) == 1 for line in used[0])
    assert any(len(set(line.partition("=")[2].split())) > 1 for line in used[1])


def test_fewer_crops_than_two_leaves_hold_are_refused() -> None:
    few = {**SETTINGS, "min_leaf": 101, "seed": 0}
    with pytest.raises(PluginError, match="min_leaf=101 split 202 training crops or more, got 200; give more pictures"):
        fit_trees(rings(), LABELS, **few)


def test_a_detector_of_trees_fits_with_its_own_parameters() -> None:
    class Trees(TreeDetector):
        name = "trees"

    values, detector = rings(), Trees(**SETTINGS)
    detector.fit_trees(values, LABELS, seed=1)
    assert detector.trees_ == fit_trees(values, LABELS, **SETTINGS, seed=1)
    np.testing.assert_array_equal(detector.tree_scores(values), tree_scores(detector.trees_, values))
    assert detector.parameters() == SETTINGS
