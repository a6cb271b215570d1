"""Curves and counts that the page draws."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bandbench.benchmark.metrics.detection import detection_rate_at
from bandbench.benchmark.metrics.roc import Scored
from bandbench.leaderboard.page.charts import ROC_GRID, histogram, layouts, roc_curve


def scored(seed: int, n: int = 400, apart: float = 1.0) -> Scored:
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    return Scored(labels, rng.normal(apart * labels), np.arange(n).astype(str))


@pytest.mark.parametrize("apart", [-1.0, 0.0, 1.0, 8.0])
def test_the_area_under_the_curve_is_the_mean_auc_of_the_draws(apart: float) -> None:
    draws = [scored(seed, apart=apart) for seed in range(3)]
    expected = np.mean([roc_auc_score(d.labels, d.scores) for d in draws])
    assert np.trapezoid(roc_curve(draws), ROC_GRID) == pytest.approx(expected, abs=0.01)


def test_a_curve_never_falls_and_ends_at_one() -> None:
    found = roc_curve([scored(1), scored(2)])
    assert len(found) == len(ROC_GRID) <= 200
    assert (np.diff(found) >= -1e-12).all()
    assert found[-1] == 1.0
    assert (ROC_GRID[0], ROC_GRID[-1]) == (0.0, 1.0)


def test_a_curve_shows_what_is_found_at_one_percent_of_false_alarms() -> None:
    one = scored(3)
    at = int(np.searchsorted(ROC_GRID, 0.01))
    assert roc_curve([one])[at] == pytest.approx(detection_rate_at(one.labels, one.scores, 0.01), abs=0.006)


def test_without_reals_there_is_no_curve() -> None:
    assert roc_curve([Scored(np.ones(4, dtype=int), np.arange(4.0), np.arange(4).astype(str))]).size == 0


def test_counts_add_up_and_classes_stay_apart() -> None:
    one = scored(4, apart=3)
    reals, fakes = histogram(one, float(one.scores.min()), float(one.scores.max()))
    assert (sum(reals), sum(fakes)) == (200, 200)
    assert np.argmax(reals) < np.argmax(fakes)
    assert sum(histogram(Scored(one.labels, np.zeros(400), one.groups), 0.0, 0.0)[0]) == 200


def test_frames_are_valid_layouts() -> None:
    from plotly import graph_objects as go

    found = layouts()
    assert set(found) == {"roc", "det", "scores", "pairs", "bands", "pareto"}
    for frame in found.values():
        go.Layout(**frame)
