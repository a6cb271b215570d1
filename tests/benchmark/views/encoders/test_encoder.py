"""Frozen encoders: true libraries with small models, from local files, and everything that can be wrong with these."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bandbench.benchmark import devices
from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.views.encoders.loading import load_encoder
from bandbench.benchmark.views.encoders.spec import EncoderSpec

torch = pytest.importorskip("torch", reason="pip install 'bandbench[deep]'")
CROPS = np.random.default_rng(0).integers(0, 256, (10, 48, 48, 3), dtype=np.uint8)
TINY = [EncoderSpec("open_clip", "tiny", "random"), EncoderSpec("transformers", "tiny", "random")]
DEVICES = ["cpu", *["cuda"] * torch.cuda.is_available()]


@pytest.mark.parametrize("spec", TINY, ids=lambda spec: spec.library)
def test_embeddings_are_repeatable_and_do_not_depend_on_their_neighbours(spec: EncoderSpec) -> None:
    encoder = load_encoder(spec, "cpu")
    found = encoder.embed(CROPS)
    assert found.shape == (10, 64) and found.dtype == np.float32 and np.isfinite(found).all()
    assert len(np.unique(found.round(3), axis=0)) == 10
    load_encoder.cache_clear()
    np.testing.assert_array_equal(load_encoder(spec, "cpu").embed(CROPS), found)
    np.testing.assert_allclose(encoder.embed(CROPS[3:5]), found[3:5], atol=1e-5)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("spec", TINY, ids=lambda spec: spec.library)
def test_every_device_gives_the_same_embeddings(spec: EncoderSpec, device: str) -> None:
    wanted = load_encoder(spec, "cpu").embed(CROPS)
    encoder = load_encoder(spec, device)
    found = encoder.embed(CROPS)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, atol=1e-4 * np.abs(wanted).max())
    np.testing.assert_array_equal(encoder.embed(CROPS), found)


@pytest.mark.parametrize("device", DEVICES)
def test_every_device_is_close_in_half_precision(device: str) -> None:
    wanted = load_encoder(TINY[0], "cpu").embed(CROPS)
    for precision in ("bfloat16", *["float16"] * (device == "cuda")):  # a processor has no arithmetic for the last
        found = load_encoder(replace(TINY[0], precision=precision), device).embed(CROPS)
        assert found.dtype == np.float32
        cosine = (found * wanted).sum(axis=1) / np.linalg.norm(found, axis=1) / np.linalg.norm(wanted, axis=1)
        assert cosine.min() > 0.999


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
    np.testing.assert_allclose(compiled.embed(CROPS[6:]), found[6:], atol=1e-5)
    assert n_graphs > 0 and counters["stats"]["unique_graphs"] == n_graphs


@pytest.mark.filterwarnings("ignore:.*out of memory")
def test_a_lack_of_memory_halves_the_batch() -> None:
    whole = load_encoder(TINY[0], "cpu").embed(CROPS)
    load_encoder.cache_clear()  # what follows is remembered
    encoder, sizes = load_encoder(TINY[0], "cpu"), []

    def greedy(layer: Any, inputs: Any) -> None:
        sizes.append(len(inputs[0]))
        if len(inputs[0]) > 4:
            torch.empty(2**58)  # more than any machine has

    encoder.network.register_forward_pre_hook(greedy)
    with pytest.warns(UserWarning, match="open_clip tiny random ran out of memory and goes on with 2 crops at a time"):
        found = encoder.embed(CROPS)
    np.testing.assert_allclose(found, whole, atol=1e-5)
    assert sizes[-5:] == [2] * 5
    sizes.clear()
    np.testing.assert_allclose(encoder.embed(CROPS), whole, atol=1e-5)
    assert sizes == [2] * 5
    load_encoder.cache_clear()


@pytest.mark.parametrize("spec", TINY, ids=lambda spec: spec.library)
def test_a_side_below_the_patch_is_refused(spec: EncoderSpec) -> None:
    with pytest.raises(PluginError, match=r"cannot embed pictures of 4x4 pixels: .*Choose another side"):
        load_encoder(replace(spec, side=4), "cpu").embed(CROPS)


@pytest.mark.parametrize("spec", TINY, ids=lambda spec: spec.library)
def test_pictures_smaller_than_the_patch_are_enlarged(spec: EncoderSpec) -> None:
    found = load_encoder(spec, "cpu").embed(CROPS[:, :3, :5])
    assert found.shape == (10, 64) and np.isfinite(found).all()


def test_patches_of_a_picture_in_reading_order() -> None:
    encoder = load_encoder(TINY[1], "cpu")
    side = encoder.side
    crops = np.random.default_rng(1).integers(0, 256, (2, 2 * side, 2 * side, 3), dtype=np.uint8)
    patches = encoder.patches(crops, 2)
    assert patches.shape == (8, side, side, 3)
    np.testing.assert_array_equal(patches[5], crops[1, :side, side:])
    small = encoder.patches(CROPS, 1)
    wanted = torch.nn.functional.interpolate(
        torch.from_numpy(CROPS).permute(0, 3, 1, 2).float(), (side, side), mode="bicubic", antialias=True
    )
    np.testing.assert_array_equal(small, wanted.round().clamp(0, 255).permute(0, 2, 3, 1).numpy().astype(np.uint8))
