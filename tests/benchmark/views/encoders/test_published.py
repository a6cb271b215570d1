"""Published weights where there is no network."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

AWAY = """
import sys, time
from bandbench.benchmark.views.encoders.loading import load_encoder
from bandbench.benchmark.views.encoders.spec import EncoderSpec
from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.registry import DetectorSpec
import timm, open_clip, transformers
dino = (EncoderSpec("transformers", name) for name in ("nobody/dino", "nobody/other"))
for spec in (EncoderSpec("open_clip", "ViT-B-32", "openai"), *dino, None):
    start = time.monotonic()
    try:
        if spec:
            print(load_encoder(spec, "cpu").side)
        else:
            DetectorSpec.parse("warping_cnn", {"weights": "pretrained"}).build().network(pretrained=True)
    except PluginError as error:
        print(error)
    assert time.monotonic() - start < 20  # their own patience is a minute
"""


def test_published_models_without_a_network(dino_folder: Path, tmp_path: Path) -> None:
    kept = tmp_path / "hub" / "models--nobody--dino"
    shutil.copytree(dino_folder, kept / "snapshots" / "a1")
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("a1")
    environment = {**os.environ, "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", AWAY], env=environment, capture_output=True, text=True, check=True)
    clip, fetched_before, dino, backbone = done.stdout.splitlines()
    assert fetched_before == "42"
    for said, what, copy in (
        (clip, "open_clip ViT-B-32 openai", "weights=FILE"),
        (dino, "transformers nobody/other", "model=DIR"),
        (backbone, "the published resnet50 of timm", "weights=FILE"),
    ):
        assert said.startswith(f"{what} is not on this machine and cannot be fetched: http://127.0.0.1:9 does not answer.")
        assert copy in said and str(tmp_path / "hub") in said
    assert "Retrying" not in done.stderr
