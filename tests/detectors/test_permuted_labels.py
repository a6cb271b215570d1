"""Permuted labels teach nothing, and are permuted by groups."""

import numpy as np

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.metrics.roc import roc_auc
from bandbench.detectors import permuted_labels
from bandbench.detectors.permuted_labels import PermutedLabels


def permute(labels: np.ndarray, groups: np.ndarray, seed: int = 0) -> np.ndarray:
    return permuted_labels._permuted(labels, groups, np.random.default_rng(seed))


def test_permuted_labels_are_not_correlated_with_the_true_ones() -> None:
    labels, groups = np.repeat([0, 1], 40), np.arange(80)
    for seed in range(5):
        permuted = permute(labels, groups, seed)
        assert permuted[:40].sum() == permuted[40:].sum() == 20
    assert not np.array_equal(permute(labels, groups, 0), permute(labels, groups, 1))


def test_a_group_keeps_one_label() -> None:
    labels, groups = np.repeat([0, 1], 60), np.arange(120) // 10
    permuted = permute(labels, groups)
    assert {len(set(permuted[groups == group])) for group in range(12)} == {1}


def test_the_mean_auc_over_seeds_is_that_of_chance() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 60)
    values = rng.standard_normal((120, 30)) + 0.5 * labels[:, None]
    train, test = np.arange(120) % 2 == 0, np.arange(120) % 2 == 1
    aucs = [
        roc_auc(
            labels[test], PermutedLabels(seed=seed).fit(Features(values[train]), labels[train]).score(Features(values[test]))
        )
        for seed in range(20)
    ]
    assert abs(np.mean(aucs) - 0.5) < 0.1


def test_one_group_in_each_class_leaves_nothing_to_permute() -> None:
    """Whatever the seed draws, there is a score."""
    view, labels = Features(np.arange(8.0).reshape(4, 2)), np.array([0, 0, 1, 1])
    for seed in range(6):
        assert np.isfinite(PermutedLabels(seed=seed).fit_groups(view, labels, labels).score(view)).all()
