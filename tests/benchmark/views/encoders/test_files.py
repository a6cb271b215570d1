"""Local files of encoders: their content, and paths that begin at home."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.views.encoders.files import content_of
from bandbench.benchmark.views.encoders.loading import load_encoder
from bandbench.benchmark.views.encoders.spec import EncoderSpec

CROPS = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3), dtype=np.uint8)


def test_content_follows_the_files(dino_folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"one")
    first = content_of(str(file))
    assert first == content_of(str(file)) and len(first) == 64
    file.write_bytes(b"other")
    assert content_of(str(file)) != first
    assert content_of("facebook/dinov2-base", "random") == "" and content_of(str(dino_folder)) != ""


def test_paths_may_begin_at_home(
    clip_files: tuple[Path, Path, Path], dino_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config, weights, _ = clip_files
    wanted = [
        load_encoder(EncoderSpec("open_clip", str(config), str(weights)), "cpu").embed(CROPS),
        load_encoder(EncoderSpec("transformers", str(dino_folder)), "cpu").embed(CROPS),
    ]
    shutil.copytree(config.parent, tmp_path / "clip")
    shutil.copytree(dino_folder, tmp_path / "dino")
    monkeypatch.setenv("HOME", str(tmp_path))
    specs = [EncoderSpec("open_clip", f"~/clip/{config.name}", f"~/clip/{weights.name}"), EncoderSpec("transformers", "~/dino")]
    for spec, embedded in zip(specs, wanted, strict=True):
        np.testing.assert_array_equal(load_encoder(spec, "cpu").embed(CROPS), embedded)
        assert content_of(spec.model, spec.weights)
    with pytest.raises(PluginError, match=rf"there is no weights file {tmp_path}/absent.safetensors"):
        EncoderSpec("open_clip", "tiny", "~/absent.safetensors")
    with pytest.raises(PluginError, match=rf"there is no config.json in {tmp_path}/absent"):
        EncoderSpec("transformers", "~/absent")
