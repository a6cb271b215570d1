"""The probe on CLIP: its request for embeddings, and the activation that a fitted head keeps."""

import numpy as np

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.registry import DetectorSpec
from bandbench.detectors.clip_probe import ClipProbe

LABELS = np.arange(60) % 2
EMBEDDINGS = Features((np.random.default_rng(0).normal(size=(60, 8)) + 2 * LABELS[:, None]).astype(np.float32))


def probe() -> ClipProbe:
    return ClipProbe("tiny", "random", C=0.5)


def test_the_view_names_the_encoder() -> None:
    view = DetectorSpec.parse("clip_probe/random").build().view
    assert view.name == "embedding"
    assert {key: view.options[key] for key in ("library", "model", "weights")} == {
        "library": "open_clip",
        "model": "tiny",
        "weights": "random",
    }
    assert view.options["activation"] == "gelu"


def test_the_activation_can_be_chosen() -> None:
    assert ClipProbe("tiny", "random", "quickgelu").view.options["activation"] == "quickgelu"


def test_a_fitted_head_keeps_its_activation() -> None:
    detector = probe().fit(EMBEDDINGS, LABELS)
    detector.activation_ = "quickgelu"
    assert detector.taken() == {"activation": "quickgelu"}


def test_a_model_without_a_recorded_activation_has_that_of_its_architecture() -> None:
    detector = probe().fit(EMBEDDINGS, LABELS)
    del detector.activation_
    assert detector.taken() == {"activation": "gelu"}


def test_fakes_score_higher() -> None:
    scores = probe().fit(EMBEDDINGS, LABELS).score(EMBEDDINGS)
    assert scores[LABELS == 1].mean() > 0 > scores[LABELS == 0].mean()


def test_parameters_of_the_shared_part_can_be_read_back() -> None:
    parameters = probe().parameters()
    assert (parameters["architecture"], parameters["weights"], parameters["C"]) == ("tiny", "random", 0.5)
    faithful = DetectorSpec("clip_probe", "faithful").build().parameters()
    assert (faithful["architecture"], faithful["head"], faithful["statistics"]) == ("ViT-g-14", "faithful", "imagenet")
