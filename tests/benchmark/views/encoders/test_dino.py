"""DINO models by their class token, and what is no such model."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.views.encoders.loading import load_encoder
from bandbench.benchmark.views.encoders.spec import TINY_DINO, EncoderSpec

torch = pytest.importorskip("torch", reason="pip install 'bandbench[deep]'")


CROPS = np.random.default_rng(0).integers(0, 256, (10, 48, 48, 3), dtype=np.uint8)


def test_the_class_token_of_a_local_dino_model(dino_folder: Path) -> None:
    from transformers import AutoModel

    encoder = load_encoder(EncoderSpec("transformers", str(dino_folder)), "cpu")
    assert encoder.side == 42
    mean, std = (torch.tensor(v)[:, None, None] for v in ([0.5, 0.4, 0.3], [0.2, 0.2, 0.1]))
    pictures = torch.from_numpy(CROPS).permute(0, 3, 1, 2) / 255
    resized = torch.nn.functional.interpolate(pictures, (42, 42), mode="bicubic", antialias=True).clamp(0, 1)
    with torch.inference_mode():
        hidden = AutoModel.from_pretrained(dino_folder).eval()(pixel_values=(resized - mean) / std).last_hidden_state
    np.testing.assert_allclose(encoder.embed(CROPS), hidden[:, 0].numpy(), atol=1e-5)
    imagenet = load_encoder(EncoderSpec("transformers", str(dino_folder), statistics="imagenet"), "cpu")
    assert np.abs(imagenet.embed(CROPS) - encoder.embed(CROPS)).max() > 1e-3


def test_models_without_a_class_token_are_refused(tmp_path: Path) -> None:
    from transformers import AutoConfig, AutoModel

    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    AutoModel.from_config(AutoConfig.for_model("siglip_vision_model", **small, image_size=32, patch_size=8)).save_pretrained(
        tmp_path
    )
    with pytest.raises(PluginError, match="of the type 'siglip_vision_model', of which it is not known that its first token"):
        load_encoder(EncoderSpec("transformers", str(tmp_path)), "cpu")
    with pytest.raises(PluginError, match="is no folder with a CLIP model: .*its config.json is of the type 'siglip_vision_mo"):
        EncoderSpec("open_clip", "ViT-L-14", str(tmp_path))
    with pytest.raises(PluginError, match="unknown activation 'gelu'. Known: auto"):
        EncoderSpec("transformers", "tiny", activation="gelu")


@pytest.mark.parametrize("changes", [{"num_hidden_layers": 3}, {"hidden_size": 32}])
def test_dino_weights_of_another_architecture(changes: dict[str, int], dino_folder: Path, tmp_path: Path) -> None:
    """The library draws what a file lacks, and goes on."""
    from transformers import AutoConfig

    AutoConfig.for_model("dinov2", **{**TINY_DINO, **changes}).save_pretrained(tmp_path)
    shutil.copy(dino_folder / "model.safetensors", tmp_path)
    with pytest.raises(PluginError, match=r"cannot be loaded: \d+ weights are not in the file, or have another shape there"):
        load_encoder(EncoderSpec("transformers", str(tmp_path)), "cpu")
