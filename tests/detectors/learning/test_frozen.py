"""Detectors on a frozen encoder: options of the encoder, and one that is another than at the fit."""

import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.errors import BenchWarning, PluginError
from bandbench.detectors.sensitivity import Sensitivity

DISTANCES = Features(np.linspace(0, 1, 8)[:, None])
LABELS = np.arange(8) % 2


def folder_of(parent: Path) -> Path:
    place = parent / "dino"
    place.mkdir()
    (place / "config.json").write_text('{"model_type": "dinov2"}')
    (place / "model.safetensors").write_bytes(b"weights")
    (place / "preprocessor_config.json").write_text("{}")
    return place


def test_options_are_those_of_the_encoder() -> None:
    options = Sensitivity("tiny", "random", side=28, resize="bilinear").encoder_options()
    assert options == {
        "library": "transformers",
        "model": "tiny",
        "weights": "random",
        "content": "",
        "statistics": "own",
        "side": 28,
        "resize": "bilinear",
        "precision": "float32",
        "compiled": False,
        "device": "auto",
    }


def test_other_weights_than_at_the_fit_are_refused(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    detector = Sensitivity(str(folder)).fit(DISTANCES, LABELS)
    assert detector.encoder_options()["content"] == detector.content_ != ""
    (folder / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(
        PluginError, match="sensitivity was fitted to the embeddings of the encoder .*the present files are others"
    ):
        detector.encoder_options()
    shutil.rmtree(folder)
    with pytest.raises(PluginError, match="there is nothing at .*Put that encoder back, or train again"):
        detector.encoder_options()


def test_a_folder_that_leaves_mean_and_deviation_open_is_said_before_the_fit(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    (folder / "preprocessor_config.json").unlink()
    detector = Sensitivity(str(folder))
    with pytest.warns(BenchWarning, match="sensitivity: .* has no preprocessor_config.json; .* of ImageNet are taken"):
        detector.encoder_options()
    detector.fit(DISTANCES, LABELS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        detector.encoder_options()
