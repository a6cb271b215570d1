"""Damaged weights, and those of another model."""

import json
from pathlib import Path

import pytest

from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.views.encoders.loading import load_encoder
from bandbench.benchmark.views.encoders.spec import TINY_CLIP, EncoderSpec


def test_damaged_and_foreign_weights(clip_files: tuple[Path, Path, Path], dino_folder: Path, tmp_path: Path) -> None:
    config, weights, _ = clip_files
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(weights.read_bytes()[:2000])
    larger = tmp_path / "larger-clip.json"
    larger.write_text(json.dumps({**TINY_CLIP, "vision_cfg": {**TINY_CLIP["vision_cfg"], "width": 96}}))  # type: ignore[dict-item]
    for spec in (EncoderSpec("open_clip", str(config), str(cut)), EncoderSpec("open_clip", str(larger), str(weights))):
        with pytest.raises(PluginError, match="cannot be loaded: .*belong to the architecture and be whole"):
            load_encoder(spec, "cpu")
    (tmp_path / "config.json").write_bytes((dino_folder / "config.json").read_bytes())
    with pytest.raises(PluginError, match=r"there is no model.safetensors in"):
        load_encoder(EncoderSpec("transformers", str(tmp_path)), "cpu")
    (tmp_path / "model.safetensors").write_bytes((dino_folder / "model.safetensors").read_bytes()[:3000])
    with pytest.raises(PluginError, match="cannot be loaded"):
        load_encoder(EncoderSpec("transformers", str(tmp_path)), "cpu")
