"""Fingerprints of noise: the published toy task, and a planted pattern."""

from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.metrics.roc import roc_auc
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.testing import check_detector
from bandbench.detectors.prnu import PRNU

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "prnu.npz")
TRAIN, LABELS, TEST = Features(GOLDEN["toy_train"]), GOLDEN["toy_ytrain"], Features(GOLDEN["toy_test"])


def test_published_task_of_three_classes() -> None:
    detector = PRNU(int(GOLDEN["toy_levels"]), float(GOLDEN["toy_sigma"])).fit(TRAIN, LABELS)
    np.testing.assert_allclose(detector.fingerprints_, GOLDEN["toy_fingerprints"], rtol=1e-4, atol=1e-5)
    scores = detector.class_scores(TEST)
    np.testing.assert_allclose(scores, GOLDEN["toy_ncc"].T, rtol=1e-4, atol=1e-5)
    assert np.mean(scores.argmax(axis=1) == GOLDEN["toy_ytest"]) == pytest.approx(float(GOLDEN["toy_accuracy"]))


def test_two_classes_are_decided_by_the_larger_correlation() -> None:
    """Of the three stored classes the first two: their fingerprints do not depend on the third."""
    known, asked = LABELS < 2, GOLDEN["toy_ytest"] < 2
    detector = PRNU(int(GOLDEN["toy_levels"]), float(GOLDEN["toy_sigma"])).fit(TRAIN[known], LABELS[known])
    wanted = GOLDEN["toy_ncc"][1] - GOLDEN["toy_ncc"][0]
    np.testing.assert_allclose(detector.score(TEST[asked]), wanted[asked], atol=1e-5)


@pytest.mark.parametrize("preset", ["", "/faithful"])
def test_a_pattern_of_the_fakes_is_found(preset: str) -> None:
    """Grain that is in the same place in all fakes and elsewhere in the reals; alike in their spectra."""
    rng = np.random.default_rng(0)
    labels = np.arange(80) % 2
    grain = rng.standard_normal((64, 64, 1))
    level = 120 + 4 * rng.standard_normal((80, 64, 64, 3))
    level += np.where(labels[:, None, None, None] == 1, grain, rng.standard_normal((80, 64, 64, 1)))
    crops = Features(np.clip(np.rint(level), 0, 255).astype(np.uint8))
    detector = DetectorSpec.parse(f"prnu{preset}").build().fit(crops[:40], labels[:40])
    assert roc_auc(labels[40:], detector.score(crops[40:])) > 0.95


@pytest.mark.parametrize("parameters", [{"levels": 0}, {"sigma": 0.0}])
def test_impossible_parameters(parameters: dict) -> None:
    with pytest.raises(PluginError, match="levels of at least 1 and sigma above 0"):
        PRNU(**parameters).fit(TRAIN, LABELS)


def test_black_crops_score_nothing() -> None:
    detector = PRNU().fit(TRAIN, LABELS)
    np.testing.assert_array_equal(detector.class_scores(Features(np.zeros((2, 32, 32, 3), np.uint8))), 0)


def test_the_preset_keeps_the_contract() -> None:
    assert not [result for result in check_detector(DetectorSpec.parse("prnu/faithful")) if not result.ok]
