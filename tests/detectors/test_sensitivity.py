"""Sensitivity: its view, its fixed direction, and a calibration on reals alone."""

import numpy as np
import pytest

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.metrics.roc import roc_auc
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.views import view_kernel
from bandbench.detectors.sensitivity import Sensitivity

LABELS = np.arange(60) % 2
DISTANCES = Features(np.random.default_rng(0).uniform(0.01, 0.03, (60, 1)))


def test_the_view_has_encoder_and_disturbance() -> None:
    view = DetectorSpec.parse("sensitivity/random", {"disturbance": "blur:sigma=2"}).build().view
    assert (view.name, view.options["disturbance"], view.options["patches"]) == ("sensitivity", "blur:sigma=2", 0)
    assert (view.options["library"], view.options["model"], view.options["weights"]) == ("transformers", "tiny", "random")


def test_scores_are_standard_deviations_of_the_reals() -> None:
    detector = Sensitivity("tiny", "random").fit(DISTANCES, LABELS)
    reals = DISTANCES.values[LABELS == 0, 0]
    np.testing.assert_allclose(detector.score(DISTANCES), (DISTANCES.values[:, 0] - reals.mean()) / reals.std(), rtol=1e-12)


def test_fakes_are_not_looked_at_and_the_direction_is_not_fitted() -> None:
    labels = (DISTANCES.values[:, 0] < 0.02).astype(np.int64)  # fakes move less than reals
    detector = Sensitivity("tiny", "random").fit(DISTANCES, labels)
    assert roc_auc(labels, detector.score(DISTANCES)) == 0
    changed = DISTANCES.values.copy()
    changed[labels == 1] = 1.9
    again = Sensitivity("tiny", "random").fit(Features(changed), labels)
    assert (again.mean_, again.scale_) == (detector.mean_, detector.scale_)
    assert Sensitivity.learns_from == "real"


def test_reals_that_move_alike_have_a_deviation_of_one() -> None:
    detector = Sensitivity("tiny", "random").fit(Features(np.full((4, 1), 0.5)), np.zeros(4, np.int64))
    np.testing.assert_array_equal(detector.score(Features(np.array([[0.5], [0.75]]))), [0, 0.25])


def test_presets_of_the_papers() -> None:
    faithful, haar = (DetectorSpec("sensitivity", preset).build().view.options for preset in ("faithful", "warpad"))
    assert (faithful["disturbance"], faithful["patches"], faithful["side"]) == ("noise:sd=12.75", 1, 224)
    assert (haar["disturbance"], haar["patches"]) == ("haar", 4)


def test_an_encoder_that_nobody_named_is_asked_for() -> None:
    with pytest.raises(PluginError, match="transformers needs a model"):
        view_kernel(Sensitivity().view)
