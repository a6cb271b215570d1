"""Descriptions of encoders that cannot be, refused with what to do."""

from typing import Any

import pytest

from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.views.encoders.loading import load_encoder
from bandbench.benchmark.views.encoders.spec import EncoderSpec, is_random


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"library": "open_clip", "model": "ViT-L-14"}, "needs weights: the path"),
        ({"library": "transformers", "model": ""}, "needs a model: the path"),
        ({"library": "keras", "model": "x"}, "unknown library of encoders 'keras'"),
        ({"library": "open_clip", "model": "tiny", "weights": "random", "precision": "int8"}, "unknown precision 'int8'"),
        ({"library": "open_clip", "model": "ViT-L-41", "weights": "random"}, "Did you mean 'ViT-L-"),
        ({"library": "open_clip", "model": "ViT-L-14", "weights": "openia"}, "Did you mean 'openai'"),
        ({"library": "open_clip", "model": "tiny", "weights": "absent/w.pt"}, "there is no weights file .*absent/w.pt"),
        ({"library": "open_clip", "model": "absent.json", "weights": "random"}, "there is no configuration .*absent.json"),
        ({"library": "transformers", "model": "./absent"}, "there is no config.json in"),
    ],
)
def test_what_cannot_be_loaded_is_named(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(PluginError, match=message):
        load_encoder(EncoderSpec(**spec), "cpu")


@pytest.mark.parametrize(
    ("options", "drawn"),
    [
        ({}, False),
        ({"colour": True, "weights": "random"}, False),
        ({"library": "open_clip", "model": "ViT-L-14", "weights": "random"}, True),
        ({"library": "open_clip", "model": "tiny", "weights": "clip.pt"}, False),
        ({"library": "transformers", "model": "facebook/dinov2-base", "weights": ""}, False),
        ({"library": "transformers", "model": "tiny", "weights": ""}, True),
    ],
)
def test_random_weights(options: dict[str, Any], drawn: bool) -> None:
    assert is_random(options) is drawn
