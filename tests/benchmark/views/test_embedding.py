"""Embeddings as a view: colour, worth keeping for every band, and without frequencies."""

import numpy as np
import pytest

from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.errors import StudyError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.views import view_kernel, view_key
from bandbench.benchmark.views.encoders.loading import load_encoder
from bandbench.benchmark.views.encoders.spec import EncoderSpec

pytest.importorskip("torch", reason="pip install 'bandbench[deep]'")
OPTIONS = {"library": "transformers", "model": "tiny", "weights": "random"}
CROPS = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3), dtype=np.uint8)


def test_features_are_those_of_the_encoder() -> None:
    kernel = view_kernel(ViewSpec("embedding", {**OPTIONS, "device": "cpu"}))
    assert kernel.expensive and kernel.colour
    embedded = load_encoder(EncoderSpec(**OPTIONS), "cpu").embed(CROPS)
    np.testing.assert_array_equal(kernel.features(kernel.base(CROPS), (48, 48), Band()).values, embedded)
    with pytest.raises(StudyError, match="view 'embedding' has no frequencies to keep; use mode pixels"):
        kernel.features(embedded, (48, 48), Band("low", 0.2))


def test_the_key_holds_all_that_describes_the_encoder() -> None:
    name, options = view_key(view_kernel(ViewSpec("embedding", OPTIONS)))
    assert name == "embedding"
    assert options == {
        **OPTIONS,
        "content": "",
        "statistics": "own",
        "side": 0,
        "resize": "bicubic",
        "precision": "float32",
        "compiled": False,
        "activation": "auto",
        "device": "auto",
        "version": 1,
        "colour": True,
    }
