"""DeLong's covariance of AUCs: the definition, published implementations, and how often a test by it is wrong."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from bandbench.benchmark.metrics.delong import mean_auc_covariance
from bandbench.benchmark.metrics.roc import Scored, roc_auc

GOLDEN = np.load(Path(__file__).parents[2] / "golden" / "delong.npz")
LABELS, GROUPS, SCORES = GOLDEN["labels"], GOLDEN["groups"], GOLDEN["scores"]


def auc_covariance(labels: np.ndarray, scores: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
    """Covariance of the AUCs of several detectors on one domain; every item is its own group if not told."""
    names = np.arange(len(labels)) if groups is None else groups
    return mean_auc_covariance([{"domain": [Scored(labels, each, names)]} for each in scores])


def statistic(labels: np.ndarray, scores: np.ndarray, groups: np.ndarray | None = None) -> float:
    """Difference of two AUCs over its standard error."""
    found = auc_covariance(labels, scores, groups)
    difference = roc_auc(labels, scores[0]) - roc_auc(labels, scores[1])
    return difference / np.sqrt(found[0, 0] + found[1, 1] - 2 * found[0, 1])


def p_value(labels: np.ndarray, scores: np.ndarray, groups: np.ndarray | None = None) -> float:
    """Two-sided p-value of DeLong's test."""
    return float(2 * norm.sf(abs(statistic(labels, scores, groups))))


def reference(labels: np.ndarray, scores: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Obuchowski's (1997) covariance by its definition: all pairs of a fake and a real, cluster by cluster."""
    fake, names = labels == 1, np.unique(groups)
    n_fake, n_real = fake.sum(), (~fake).sum()
    x, y = [], []
    for one in scores:
        wins = (one[fake][:, None] > one[~fake]) + 0.5 * (one[fake][:, None] == one[~fake])
        v10, v01, auc = wins.mean(axis=1), wins.mean(axis=0), wins.mean()
        x.append([(v10[groups[fake] == g] - auc).sum() for g in names])
        y.append([(v01[groups[~fake] == g] - auc).sum() for g in names])
    x, y = np.array(x), np.array(y)
    i10, i01, i = len(set(groups[fake])), len(set(groups[~fake])), len(names)
    s10, s01 = i10 / ((i10 - 1) * n_fake) * x @ x.T, i01 / ((i01 - 1) * n_real) * y @ y.T
    s11 = i / (i - 1) * x @ y.T
    return s10 / n_fake + s01 / n_real + (s11 + s11.T) / (n_fake * n_real)


def test_golden_arrays_have_ties_and_mixed_groups() -> None:
    assert max(len(np.unique(one)) for one in SCORES) < len(LABELS)
    assert set(GROUPS[LABELS == 1]) & set(GROUPS[LABELS == 0])


@pytest.mark.parametrize("groups", [np.arange(len(LABELS)), GROUPS])
def test_covariance_equals_its_definition(groups: np.ndarray) -> None:
    np.testing.assert_allclose(auc_covariance(LABELS, SCORES, groups), reference(LABELS, SCORES, groups), rtol=1e-10)


def test_single_items_equal_proc() -> None:
    found = auc_covariance(LABELS, SCORES)
    np.testing.assert_allclose(np.diag(found), GOLDEN["variances"], rtol=1e-10)
    assert found[0, 1] == pytest.approx(float(GOLDEN["covariance"]), rel=1e-10)
    np.testing.assert_allclose([roc_auc(LABELS, one) for one in SCORES], GOLDEN["aucs"])
    assert statistic(LABELS, SCORES) == pytest.approx(float(GOLDEN["statistic"]), rel=1e-9)
    assert p_value(LABELS, SCORES) == pytest.approx(float(GOLDEN["p"]), rel=1e-9)


def test_groups_equal_a_published_program_for_clustered_data() -> None:
    found = auc_covariance(LABELS, SCORES, GROUPS)
    np.testing.assert_allclose(np.diag(found), GOLDEN["clustered_variances"], rtol=1e-10)
    assert found[0, 1] == pytest.approx(float(GOLDEN["clustered_covariance"]), rel=1e-10)
    assert p_value(LABELS, SCORES, GROUPS) == pytest.approx(float(GOLDEN["clustered_p"]), rel=1e-9)


def test_laws() -> None:
    found = auc_covariance(LABELS, SCORES, GROUPS)
    np.testing.assert_allclose(auc_covariance(LABELS, SCORES[::-1], GROUPS), found[::-1, ::-1])
    order = np.random.default_rng(0).permutation(len(LABELS))
    np.testing.assert_allclose(auc_covariance(LABELS[order], SCORES[:, order], GROUPS[order]), found)
    np.testing.assert_allclose(auc_covariance(LABELS, -SCORES, GROUPS), found)


def test_copies_in_one_group_are_no_evidence() -> None:
    twice = auc_covariance(np.tile(LABELS, 2), np.tile(SCORES, 2), np.tile(GROUPS, 2))
    np.testing.assert_allclose(twice, auc_covariance(LABELS, SCORES, GROUPS))
    apart = auc_covariance(np.tile(LABELS, 2), np.tile(SCORES, 2))
    assert (np.diag(apart) < 0.6 * np.diag(auc_covariance(LABELS, SCORES))).all()


def test_one_group_of_a_class_tells_nothing() -> None:
    labels = np.arange(8) % 2
    found = auc_covariance(labels, np.stack([np.arange(8.0), -np.arange(8.0)]), labels)
    assert found.shape == (2, 2)
    assert np.isnan(found).all()


def test_without_variation() -> None:
    labels = np.repeat([0, 1], 10)
    np.testing.assert_array_equal(auc_covariance(labels, np.stack([np.zeros(20), labels, -labels])), np.zeros((3, 3)))


def test_mean_over_domains() -> None:
    """Of domains without a group in common the variances add; a domain twice is the same evidence."""
    a, b = (Scored(LABELS, one, GROUPS.astype(str)) for one in SCORES)
    there = [Scored(LABELS, s.scores, np.char.add("other", s.groups)) for s in (a, b)]
    single = auc_covariance(LABELS, SCORES, GROUPS)
    np.testing.assert_allclose(mean_auc_covariance([{"x": [a]}, {"x": [b]}]), single)
    apart = mean_auc_covariance([{"x": [a], "y": [there[0]]}, {"x": [b], "y": [there[1]]}])
    np.testing.assert_allclose(apart, single / 2, rtol=1e-9)
    same = mean_auc_covariance([{"x": [a], "y": [a]}, {"x": [b], "y": [b]}])
    np.testing.assert_allclose(same, single, rtol=0.02)  # the factors n/(n-1) of classes and groups differ a little
    repeated = mean_auc_covariance([{"x": [a, a, a]}, {"x": [b, a]}])
    assert repeated[0, 0] == pytest.approx(single[0, 0])
    assert repeated[1, 1] == pytest.approx(single.mean())


def test_p_values_are_uniform_for_equal_detectors() -> None:
    rng, labels, groups = np.random.default_rng(7), np.repeat([0, 1], 120), np.repeat(np.arange(60), 4)
    found = []
    for _ in range(400):
        common = rng.normal(size=60)[groups] + labels
        a, b = (common + rng.normal(size=60)[groups] + rng.normal(size=240) for _ in range(2))
        found.append([p_value(labels, np.stack([a, b]), groups), p_value(labels, np.stack([a, b]))])
    grouped, single = (np.array(found) < 0.05).mean(axis=0)
    assert 0.02 <= grouped <= 0.09
    assert single > 0.12  # taking frames of a clip for independent calls equal detectors different
