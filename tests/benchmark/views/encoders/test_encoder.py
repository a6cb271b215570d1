"""Frozen encoders: true libraries with small models, from local files, and everything that can be wrong with these."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bandbench.benchmark import devices
from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.views.encoders.encoder import ahead
from bandbench.benchmark.views.encoders.files import content_of
from bandbench.benchmark.views.encoders.loading import load_encoder
from bandbench.benchmark.views.encoders.spec import TINY_CLIP, TINY_DINO, EncoderSpec

torch = pytest.importorskip("torch", reason="pip install 'bandbench[deep]'")
CROPS = np.random.default_rng(0).integers(0, 256, (10, 48, 48, 3), dtype=np.uint8)
TINY = [EncoderSpec("open_clip", "tiny", "random"), EncoderSpec("transformers", "tiny", "random")]
DEVICES = ["cpu", *["cuda"] * torch.cuda.is_available()]


@pytest.fixture(scope="module")
def dino_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DINOv2 model as published: configuration, weights, and what its preprocessor does."""
    from transformers import AutoConfig, AutoModel

    folder = tmp_path_factory.mktemp("dino")
    torch.manual_seed(5)
    AutoModel.from_config(AutoConfig.for_model("dinov2", **TINY_DINO)).save_pretrained(folder)
    facts = {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.2, 0.1], "crop_size": {"height": 42, "width": 42}}
    (folder / "preprocessor_config.json").write_text(json.dumps(facts))
    return folder


@pytest.fixture(scope="module")
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


@pytest.mark.parametrize("spec", TINY, ids=lambda spec: spec.library)
def test_embeddings_are_repeatable_and_do_not_depend_on_their_neighbours(spec: EncoderSpec) -> None:
    encoder = load_encoder(spec, "cpu")
    found = encoder.embed(CROPS)
    assert found.shape == (10, 64) and found.dtype == np.float32 and np.isfinite(found).all()
    assert len(np.unique(found.round(3), axis=0)) == 10
    load_encoder.cache_clear()
    np.testing.assert_array_equal(load_encoder(spec, "cpu").embed(CROPS), found)
    np.testing.assert_allclose(encoder.embed(CROPS[3:5]), found[3:5], atol=1e-5)
    streamed = np.concatenate(list(encoder.iter_embeddings([CROPS[:6], CROPS[6:]])))
    np.testing.assert_allclose(streamed, found, atol=1e-5)


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


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("spec", TINY, ids=lambda spec: spec.library)
def test_every_device_gives_the_same_embeddings(spec: EncoderSpec, device: str) -> None:
    wanted = load_encoder(spec, "cpu").embed(CROPS)
    encoder = load_encoder(spec, device)
    found = encoder.embed(CROPS)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, atol=1e-4 * np.abs(wanted).max())
    np.testing.assert_array_equal(encoder.embed(CROPS), found)
    streamed = np.concatenate(list(encoder.iter_embeddings([CROPS[:6], CROPS[6:]])))
    np.testing.assert_allclose(streamed, found, atol=1e-4 * np.abs(wanted).max())


@pytest.mark.parametrize("device", DEVICES)
def test_every_device_is_close_in_half_precision(device: str) -> None:
    wanted = load_encoder(TINY[0], "cpu").embed(CROPS)
    for precision in ("bfloat16", *["float16"] * (device == "cuda")):  # a processor has no arithmetic for the last
        found = load_encoder(replace(TINY[0], precision=precision), device).embed(CROPS)
        assert found.dtype == np.float32
        cosine = (found * wanted).sum(axis=1) / np.linalg.norm(found, axis=1) / np.linalg.norm(wanted, axis=1)
        assert cosine.min() > 0.999


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


def test_another_side_is_taken() -> None:
    assert load_encoder(EncoderSpec("open_clip", "tiny", "random", side=32), "cpu").side == 32
    assert load_encoder(EncoderSpec("transformers", "tiny", "random", side=28), "cpu").embed(CROPS).shape == (10, 64)


def test_half_precision_is_close() -> None:
    full, half = (load_encoder(EncoderSpec("open_clip", "tiny", "random", precision=p), "cpu") for p in ("float32", "bfloat16"))
    found = half.embed(CROPS)
    assert found.dtype == np.float32 and 0 < np.abs(found - full.embed(CROPS)).max() < 0.2


@pytest.mark.parametrize("spec", TINY, ids=lambda spec: spec.library)
def test_a_compiled_encoder_gives_the_same_by_one_graph(spec: EncoderSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    from torch._dynamo.utils import counters

    monkeypatch.setattr(devices, "COMPILER", "aot_eager")
    torch._dynamo.reset()
    compiled = load_encoder(replace(spec, compiled=True), "cpu")
    found = compiled.embed(CROPS)
    n_graphs = counters["stats"]["unique_graphs"]
    np.testing.assert_allclose(found, load_encoder(spec, "cpu").embed(CROPS), atol=1e-5)
    streamed = np.concatenate(list(compiled.iter_embeddings([CROPS[:6], CROPS[6:]])))
    np.testing.assert_allclose(streamed, found, atol=1e-5)
    assert n_graphs > 0 and counters["stats"]["unique_graphs"] == n_graphs


def test_content_follows_the_files(dino_folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"one")
    first = content_of(str(file))
    assert first == content_of(str(file)) and len(first) == 64
    file.write_bytes(b"other")
    assert content_of(str(file)) != first
    assert content_of("facebook/dinov2-base", "random") == "" and content_of(str(dino_folder)) != ""


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.filterwarnings("ignore:.*out of memory")
def test_a_lack_of_memory_halves_the_batch(streamed: bool) -> None:
    whole = load_encoder(TINY[0], "cpu").embed(CROPS)
    load_encoder.cache_clear()  # what follows is remembered
    encoder, sizes = load_encoder(TINY[0], "cpu"), []

    def greedy(layer: Any, inputs: Any) -> None:
        sizes.append(len(inputs[0]))
        if len(inputs[0]) > 4:
            torch.empty(2**58)  # more than any machine has

    encoder.network.register_forward_pre_hook(greedy)
    with pytest.warns(UserWarning, match="open_clip tiny random ran out of memory and goes on with 2 crops at a time"):
        found = np.concatenate(list(encoder.iter_embeddings([CROPS]))) if streamed else encoder.embed(CROPS)
    np.testing.assert_allclose(found, whole, atol=1e-5)
    assert sizes[-5:] == [2] * 5
    sizes.clear()
    np.testing.assert_allclose(encoder.embed(CROPS), whole, atol=1e-5)
    assert sizes == [2] * 5
    load_encoder.cache_clear()


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


@pytest.mark.parametrize("changes", [{"num_hidden_layers": 3}, {"hidden_size": 32}])
def test_dino_weights_of_another_architecture(changes: dict[str, int], dino_folder: Path, tmp_path: Path) -> None:
    """The library draws what a file lacks, and goes on."""
    from transformers import AutoConfig

    AutoConfig.for_model("dinov2", **{**TINY_DINO, **changes}).save_pretrained(tmp_path)
    shutil.copy(dino_folder / "model.safetensors", tmp_path)
    with pytest.raises(PluginError, match=r"cannot be loaded: \d+ weights are not in the file, or have another shape there"):
        load_encoder(EncoderSpec("transformers", str(tmp_path)), "cpu")


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


@pytest.mark.parametrize("spec", TINY, ids=lambda spec: spec.library)
def test_a_side_below_the_patch_is_refused(spec: EncoderSpec) -> None:
    with pytest.raises(PluginError, match=r"cannot embed pictures of 4x4 pixels: .*Choose another side"):
        load_encoder(replace(spec, side=4), "cpu").embed(CROPS)


@pytest.mark.parametrize("spec", TINY, ids=lambda spec: spec.library)
def test_pictures_smaller_than_the_patch_are_enlarged(spec: EncoderSpec) -> None:
    found = load_encoder(spec, "cpu").embed(CROPS[:, :3, :5])
    assert found.shape == (10, 64) and np.isfinite(found).all()


AWAY = """
import sys, time
from bandbench.benchmark.views.encoders import EncoderSpec, load_encoder
from bandbench.benchmark import devices, networks
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


def test_an_absent_device_is_named() -> None:
    if not torch.cuda.is_available():
        with pytest.raises(PluginError, match="told device='cuda', but PyTorch .* finds no such device"):
            load_encoder(TINY[0], "cuda")


def test_batches_are_made_ahead_in_order_and_errors_arrive() -> None:
    def batches(n: int):
        yield from range(n)
        raise ValueError("the source broke")

    got = []
    with pytest.raises(ValueError, match="the source broke"):
        for batch in ahead(batches(4)):
            got.append(batch)
    assert got == [0, 1, 2, 3]
    assert list(ahead([])) == []
