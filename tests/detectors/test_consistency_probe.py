"""Probe on consistency: its view, its head, and an encoder of either library."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.views import view_kernel
from bandbench.detectors.consistency_probe import ConsistencyProbe

LABELS = np.arange(80) % 2
COSINES = Features(np.random.default_rng(0).normal(0.5, 0.1, (80, 6)) + 0.05 * LABELS[:, None])


def test_the_view_has_encoder_and_cutoffs() -> None:
    view = DetectorSpec.parse("consistency_probe/random", {"cutoffs": [0.05, 0.2], "order": 3}).build().view
    assert view.name == "consistency"
    assert {name: view.options[name] for name in ("library", "model", "weights", "cutoffs", "order")} == {
        "library": "transformers",
        "model": "tiny",
        "weights": "random",
        "cutoffs": [0.05, 0.2],
        "order": 3,
    }


def test_an_encoder_of_clip_has_its_activation() -> None:
    detector = ConsistencyProbe("tiny", "random", library="open_clip")
    assert detector.view.options["activation"] == "gelu"
    detector.fit(COSINES, LABELS)
    assert detector.activation_ == "gelu"
    detector.activation_ = "quickgelu"
    assert detector.view.options["activation"] == "quickgelu"


@pytest.mark.parametrize("c", [0.01, 1.0])
def test_the_head_is_scikit_learns_on_standardised_cosines(c: float) -> None:
    detector = ConsistencyProbe("tiny", "random", C=c).fit(COSINES, LABELS)
    z = StandardScaler().fit_transform(COSINES.values)
    reference = LogisticRegression(C=c, tol=1e-8, max_iter=5000).fit(z, LABELS).decision_function(z)
    np.testing.assert_allclose(detector.score(COSINES), reference, atol=2e-3)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "transformers needs a model: the path of a folder, a published name"),
        ({"library": "open_clip"}, "open_clip needs a model: the name of an architecture"),
        ({"library": "open_clip", "model": "ViT-L-14"}, "open_clip ViT-L-14 needs weights: the path of a file"),
    ],
)
def test_an_encoder_that_nobody_named_is_asked_for(params: dict[str, object], message: str) -> None:
    with pytest.raises(PluginError, match=message):
        view_kernel(DetectorSpec.parse("consistency_probe", params).build().view)


def test_weights_that_are_not_there_are_one_clear_error(tmp_path: Path) -> None:
    detector = DetectorSpec.parse("consistency_probe", {"model": str(tmp_path)}).build()
    with pytest.raises(PluginError, match=r"there is no config.json in .*; a transformers model is a folder with both files"):
        view_kernel(detector.view)
