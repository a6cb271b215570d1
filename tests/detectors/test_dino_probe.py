"""The probe on DINO: its request for embeddings, and the warning about a folder without statistics."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.errors import BenchWarning
from bandbench.benchmark.registry import DetectorSpec
from bandbench.detectors.dino_probe import DinoProbe

LABELS = np.arange(60) % 2
EMBEDDINGS = Features((np.random.default_rng(0).normal(size=(60, 8)) + 2 * LABELS[:, None]).astype(np.float32))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"weights")  # nothing is loaded here
    return tmp_path


def test_the_view_names_the_encoder() -> None:
    view = DetectorSpec.parse("dino_probe/random").build().view
    assert view.name == "embedding"
    assert {key: view.options[key] for key in ("library", "model", "weights")} == {
        "library": "transformers",
        "model": "tiny",
        "weights": "random",
    }


def test_a_folder_without_statistics_is_warned_of(folder: Path) -> None:
    with pytest.warns(BenchWarning, match=r"dino_probe: .* has no preprocessor_config.json; .* of ImageNet are taken"):
        assert DinoProbe(str(folder)).taken() == {}


@pytest.mark.parametrize("options", [{"statistics": "imagenet"}, {"weights": "random"}])
def test_where_no_statistics_are_read_none_are_missing(folder: Path, options: dict) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert DinoProbe(str(folder), **options).taken() == {}


def test_a_fitted_head_is_not_warned_of_again(folder: Path) -> None:
    detector = DinoProbe(str(folder)).fit(EMBEDDINGS, LABELS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert detector.taken() == {}


def test_parameters_of_the_shared_part_can_be_read_back() -> None:
    faithful = DetectorSpec("dino_probe", "faithful").build().parameters()
    assert (faithful["model"], faithful["head"], faithful["side"]) == ("facebook/dinov2-giant", "faithful", 224)
