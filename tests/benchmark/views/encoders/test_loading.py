"""The way to an encoder: its side, and a device that is absent."""

import numpy as np
import pytest

from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.views.encoders.loading import load_encoder
from bandbench.benchmark.views.encoders.spec import EncoderSpec

torch = pytest.importorskip("torch", reason="pip install 'bandbench[deep]'")


CROPS = np.random.default_rng(0).integers(0, 256, (10, 48, 48, 3), dtype=np.uint8)


TINY = [EncoderSpec("open_clip", "tiny", "random"), EncoderSpec("transformers", "tiny", "random")]


def test_another_side_is_taken() -> None:
    assert load_encoder(EncoderSpec("open_clip", "tiny", "random", side=32), "cpu").side == 32
    assert load_encoder(EncoderSpec("transformers", "tiny", "random", side=28), "cpu").embed(CROPS).shape == (10, 64)


def test_an_absent_device_is_named() -> None:
    if not torch.cuda.is_available():
        with pytest.raises(PluginError, match="told device='cuda', but PyTorch .* finds no such device"):
            load_encoder(TINY[0], "cuda")
