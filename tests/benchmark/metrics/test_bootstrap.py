"""A bootstrap draw is the data with groups repeated as often as they were drawn."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bandbench.benchmark.metrics.bootstrap import GroupBootstrap
from bandbench.benchmark.metrics.roc import Scored, weighted_auc

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 2, 300)
TIED = np.round(RNG.normal(size=300) + 0.8 * LABELS, 0)
GROUPS = np.repeat(np.arange(60), 5).astype(str)
ITEMS = Scored(LABELS, TIED, GROUPS)


def aucs(scored: Scored, weights: np.ndarray) -> np.ndarray:
    return weighted_auc(scored.labels, scored.scores, weights)


def test_weighted_draws_equal_repeated_items() -> None:
    drawn = GroupBootstrap([ITEMS], 200, seed=3).under_draws(ITEMS, aucs)
    counts = np.random.default_rng(3).multinomial(60, np.full(60, 1 / 60), size=200)
    names = np.unique(GROUPS)
    for draw, auc in zip(counts, drawn, strict=True):
        times = draw[np.searchsorted(names, GROUPS)]
        assert auc == pytest.approx(roc_auc_score(np.repeat(LABELS, times), np.repeat(TIED, times)), abs=1e-12)


def test_a_group_of_several_item_sets_is_drawn_once_for_all() -> None:
    other = Scored(LABELS[:200], TIED[:200], GROUPS[:200])
    bootstrap = GroupBootstrap([ITEMS, other], 50)
    np.testing.assert_array_equal(bootstrap.under_draws(ITEMS, aucs), GroupBootstrap([ITEMS], 50).under_draws(ITEMS, aucs))
    share = lambda scored, weights: weights.sum(axis=1)  # noqa: E731
    counts = [bootstrap.under_draws(one, share) for one in (ITEMS, other)]
    assert np.all(counts[1] <= counts[0])


def test_several_statistics_come_from_the_same_draws() -> None:
    both = GroupBootstrap([ITEMS], 50).under_draws(ITEMS, lambda s, w: np.stack([aucs(s, w), 1 - aucs(s, w)]))
    assert both.shape == (2, 50)
    np.testing.assert_allclose(both.sum(axis=0), 1)
