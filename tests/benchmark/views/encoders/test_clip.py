"""Image towers of CLIP, from files and folders of either library."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.views.encoders.files import content_of
from bandbench.benchmark.views.encoders.loading import load_encoder
from bandbench.benchmark.views.encoders.spec import TINY_CLIP, EncoderSpec

torch = pytest.importorskip("torch", reason="pip install 'bandbench[deep]'")


CROPS = np.random.default_rng(0).integers(0, 256, (10, 48, 48, 3), dtype=np.uint8)


def test_the_image_tower_of_a_local_clip_model(clip_files: tuple[Path, Path, Path]) -> None:
    import open_clip

    config, weights, pickled = clip_files
    encoder = load_encoder(EncoderSpec("open_clip", str(config), str(weights)), "cpu")
    reference = open_clip.create_model("small-clip", str(weights)).eval()
    with torch.inference_mode():
        wanted = reference.encode_image(encoder.normalised(torch.from_numpy(CROPS))).numpy()
    np.testing.assert_allclose(encoder.embed(CROPS), wanted, atol=1e-5)
    other = load_encoder(EncoderSpec("open_clip", str(config), str(pickled)), "cpu")
    np.testing.assert_array_equal(other.embed(CROPS), encoder.embed(CROPS))


def test_the_activation_is_that_of_the_weights(clip_files: tuple[Path, Path, Path]) -> None:
    import open_clip

    config, weights, _ = clip_files
    spec = EncoderSpec("open_clip", str(config), str(weights), activation="quickgelu")
    encoder = load_encoder(spec, "cpu")
    reference = open_clip.create_model("small-clip", str(weights), quick_gelu=True).eval()
    with torch.inference_mode():
        wanted = reference.encode_image(encoder.normalised(torch.from_numpy(CROPS))).numpy()
    np.testing.assert_allclose(encoder.embed(CROPS), wanted, atol=1e-5)
    other = load_encoder(replace(spec, activation="auto"), "cpu").embed(CROPS)
    assert np.abs(other - wanted).max() > 1e-3
    # OpenAI's state dict has entries that are no weights; they are left out, and say where it is from.
    kept = weights.with_name("archive.pt")
    state = {
        **torch.load(clip_files[2], weights_only=True),
        "input_resolution": torch.tensor(64),
        "vocab_size": torch.tensor(64),
    }
    torch.save(state, kept)
    found = load_encoder(EncoderSpec("open_clip", str(config), str(kept)), "cpu").embed(CROPS)
    np.testing.assert_allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize("activation", ["quick_gelu", "gelu"])
def test_a_folder_of_transformers_gives_the_image_embeddings_of_clip(activation: str, tmp_path: Path) -> None:
    from transformers import CLIPConfig, CLIPModel

    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    vision = {**small, "image_size": 48, "patch_size": 8, "hidden_act": activation, "projection_dim": 16}
    torch.manual_seed(3)
    model = CLIPModel(CLIPConfig(text_config={**small, "vocab_size": 50}, vision_config=vision, projection_dim=16)).eval()
    model.save_pretrained(tmp_path)
    encoder = load_encoder(EncoderSpec("open_clip", "ViT-L-14", str(tmp_path)), "cpu")
    with torch.inference_mode():
        pictures = encoder.normalised(torch.from_numpy(CROPS))
        wanted = model.visual_projection(model.vision_model(pixel_values=pictures).pooler_output).numpy()
    assert encoder.side == 48
    np.testing.assert_allclose(encoder.embed(CROPS), wanted, atol=1e-5)
    mean = torch.tensor([0.48145466, 0.4578275, 0.40821073])[:, None, None]  # OpenAI's, where the folder says nothing
    np.testing.assert_allclose(encoder._mean.numpy(), mean.numpy())
    with pytest.raises(PluginError, match="is a CLIP model, which clip_probe takes: --param weights="):
        load_encoder(EncoderSpec("transformers", str(tmp_path)), "cpu")


def test_a_folder_of_open_clip(clip_files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    config, weights, _ = clip_files
    facts = {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": TINY_CLIP, "preprocess_cfg": facts}))
    with pytest.raises(PluginError, match="cannot be loaded: Required pretrained weights"):
        load_encoder(EncoderSpec("open_clip", "ViT-L-14", str(tmp_path)), "cpu")
    shutil.copy(weights, tmp_path / "open_clip_model.safetensors")
    encoder = load_encoder(EncoderSpec("open_clip", "ViT-L-14", str(tmp_path), activation="gelu"), "cpu")
    assert encoder._mean.flatten().tolist() == [0.5, 0.5, 0.5]
    wanted = load_encoder(EncoderSpec("open_clip", str(config), str(weights)), "cpu").network
    pictures = encoder.normalised(torch.from_numpy(CROPS))
    with torch.inference_mode():
        np.testing.assert_allclose(encoder.network(pictures).numpy(), wanted(pictures).numpy(), atol=1e-5)


def test_the_home_folder_is_known(clip_files: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    config, weights, _ = clip_files
    monkeypatch.setenv("HOME", str(weights.parent))
    found = load_encoder(EncoderSpec("open_clip", f"~/{config.name}", f"~/{weights.name}"), "cpu").embed(CROPS[:2])
    np.testing.assert_array_equal(
        found, load_encoder(EncoderSpec("open_clip", str(config), str(weights)), "cpu").embed(CROPS[:2])
    )
    assert content_of(f"~/{weights.name}") == content_of(str(weights))


def test_files_that_hold_code_are_not_run(tmp_path: Path, clip_files: tuple[Path, Path, Path]) -> None:
    config, _, _ = clip_files
    archive = tmp_path / "ViT-B-32.pt"
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), str(archive))
    with pytest.raises(PluginError, match="is a TorchScript archive.*Take weights=openai, or keep its weights alone"):
        load_encoder(EncoderSpec("open_clip", str(config), str(archive)), "cpu")
    whole = tmp_path / "whole.pt"
    torch.save(torch.nn.Linear(2, 2), whole)  # a module is pickled with its class
    with pytest.raises(PluginError, match="cannot be loaded: Weights only load failed"):
        load_encoder(EncoderSpec("open_clip", str(config), str(whole)), "cpu")
