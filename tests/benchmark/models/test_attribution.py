"""More than two classes: detectors that can by themselves, and all others one class against the rest."""

from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.models.attribution import Classifier, attribution_metrics, confusion_matrix
from bandbench.detectors.dct_logreg import DctLogReg
from bandbench.detectors.spectral_svm import SpectralSVM

RNG = np.random.default_rng(0)
LABELS = np.arange(90) % 3
VALUES = RNG.standard_normal((90, 6)) + 3 * np.eye(6)[LABELS]


@pytest.mark.parametrize(("plugin", "n"), [(DctLogReg, 1), (SpectralSVM, 3)])
def test_both_ways_find_the_classes_and_can_be_kept(plugin: type, n: int, tmp_path: Path) -> None:
    assert Classifier.n_members(plugin, 3) == n
    classifier = Classifier([plugin() for _ in range(n)], 3).fit(Features(VALUES), LABELS)
    scores = classifier.scores(Features(VALUES))
    assert scores.shape == (90, 3)
    assert (scores.argmax(axis=1) == LABELS).mean() > 0.9
    classifier.save(tmp_path)
    np.testing.assert_array_equal(Classifier.load(plugin, tmp_path, 3).scores(Features(VALUES)), scores)


def test_two_classes_need_one_detector_and_one_score() -> None:
    classifier = Classifier([SpectralSVM()], 2).fit(Features(VALUES), LABELS % 2)
    assert classifier.scores(Features(VALUES)).shape == (90, 1)


def test_a_class_without_crops() -> None:
    with pytest.raises(PluginError, match="needs all classes, got none of 3"):
        Classifier([DctLogReg()], 4).fit(Features(VALUES), LABELS)


def test_confusion_and_metrics() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1, 2])
    decided = np.array([0, 0, 1, 1, 1, 1, 0])
    np.testing.assert_array_equal(confusion_matrix(labels, decided, 3), [[2, 2, 0], [0, 2, 0], [1, 0, 0]])
    numbers = attribution_metrics(labels, np.eye(3)[decided])
    assert numbers["balanced_accuracy"] == pytest.approx((0.5 + 1 + 0) / 3)
    # One class against the rest, ties counting half: 1/2 (0.5 + 2/3), 1/2 (1 + 3/5), 1/2.
    assert numbers["macro_auc"] == pytest.approx(np.mean([(0.5 + 2 / 3) / 2, (1 + 3 / 5) / 2, 0.5]))
