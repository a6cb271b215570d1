"""Small models of the true libraries, as files."""

import json
from pathlib import Path

import pytest

from bandbench.benchmark.views.encoders.spec import TINY_CLIP, TINY_DINO

torch = pytest.importorskip("torch", reason="pip install 'bandbench[deep]'")


@pytest.fixture(scope="session")
def dino_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DINOv2 model as published: configuration, weights, and what its preprocessor does."""
    from transformers import AutoConfig, AutoModel

    folder = tmp_path_factory.mktemp("dino")
    torch.manual_seed(5)
    AutoModel.from_config(AutoConfig.for_model("dinov2", **TINY_DINO)).save_pretrained(folder)
    facts = {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.2, 0.1], "crop_size": {"height": 42, "width": 42}}
    (folder / "preprocessor_config.json").write_text(json.dumps(facts))
    return folder


@pytest.fixture(scope="session")
def clip_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A CLIP architecture of one's own, and weights of it as safetensors and as a PyTorch file."""
    import open_clip
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("clip")
    (folder / "small-clip.json").write_text(json.dumps(TINY_CLIP))
    open_clip.add_model_config(folder / "small-clip.json")
    torch.manual_seed(6)
    state = open_clip.create_model("small-clip", load_weights=False).state_dict()
    save_file(state, folder / "weights.safetensors")
    torch.save(state, folder / "weights.pt")
    return folder / "small-clip.json", folder / "weights.safetensors", folder / "weights.pt"
