"""Filters in the pixels: one bank for many bands against SciPy, and published filters against stored arrays."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage

from bandbench.benchmark import networks
from bandbench.benchmark.errors import DataError, PluginError, StudyError
from bandbench.benchmark.frequency import filters
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.frequency.filters import (
    FilterBank,
    fda,
    filter_pixels,
    published_fda,
    published_filter,
    published_injection,
    published_mask,
    swap_amplitudes,
)

GOLDEN = np.load(Path(__file__).parents[2] / "golden" / "filters.npz")
MASKS = [name for name in GOLDEN if name.startswith("mask_")]
DEVICES = ["cpu", *["cuda"] * torch.cuda.is_available()]
BANDS = [
    Band("all", mode="pixels"),
    Band("low", 0.134, mode="pixels"),
    Band("low", 0.05, 0, 10, "pixels"),
    Band("high", 0.1, 0, 2, "pixels"),
    Band("band", 0.2, 0.1, 3, "pixels"),
    Band("stop", 0.3, 0.2, 1, "pixels"),
]
SHAPES = [(5, 32, 32), (3, 33, 33), (9, 32, 45, 3), (4, 61, 40, 3), (1, 64, 64, 3), (30, 64, 64, 3)]
KINDS = {"low": "lowpass", "high": "highpass", "band": "bandpass"}


def textured(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Smooth crops with some texture, uint8; black and white occur."""
    noise = np.random.default_rng(seed).normal(128, 300, shape)
    return np.clip(ndimage.gaussian_filter(noise, (0, 1.5, 1.5, 0)[: len(shape)]), 0, 255).astype(np.uint8)


def picture(name: str) -> np.ndarray:
    """A stored picture, channels last."""
    return np.ascontiguousarray(GOLDEN[name].transpose(1, 2, 0))


def levels_apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.abs(a.astype(int) - b.astype(int))


# --- the bank --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_bank_does_what_scipy_does(shape: tuple[int, ...], device: str) -> None:
    crops = textured(shape)
    kept = crops.copy()
    found = list(FilterBank(BANDS, shape[1:3], device).iter_filtered(crops))
    assert len(found) == len(BANDS)
    for band, filtered in zip(BANDS, found, strict=True):
        assert filtered.dtype == np.uint8
        assert filtered.shape == shape
        apart = levels_apart(filtered, filter_pixels(crops, band))
        assert apart.max() <= 1
        assert np.count_nonzero(apart) <= 1 + 1e-3 * apart.size
    np.testing.assert_array_equal(found[0], crops)
    np.testing.assert_array_equal(crops, kept)


@pytest.mark.parametrize("device", DEVICES)
def test_a_constant_crop_stays_and_an_impulse_spreads(device: str) -> None:
    flat = np.full((1, 31, 40, 3), 77, np.uint8)
    impulse = np.zeros((1, 31, 40, 3), np.uint8)
    impulse[0, 10, 20] = 255
    bank = FilterBank(BANDS, (31, 40), device)
    for filtered in bank.iter_filtered(flat):
        np.testing.assert_array_equal(filtered, flat)
    for band, filtered in zip(BANDS, bank.iter_filtered(impulse), strict=True):
        assert levels_apart(filtered, filter_pixels(impulse, band)).max() <= 1
        assert (filtered[0, 10, 20] == filtered.max()).all()


@pytest.mark.parametrize("device", DEVICES)
def test_tensors_stay_on_the_device(device: str) -> None:
    crops = textured((3, 32, 32, 3))
    for band, tensor in zip(BANDS, FilterBank(BANDS, (32, 32), device).iter_tensors(crops), strict=True):
        assert tensor.device.type == device
        assert tensor.dtype == torch.uint8
        assert levels_apart(tensor.cpu().numpy(), filter_pixels(crops, band)).max() <= 1


def test_a_compiled_bank_gives_the_same_by_one_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    from torch._dynamo.utils import counters

    monkeypatch.setattr(networks, "COMPILER", "eager")
    torch._dynamo.reset()
    counters.clear()
    compiled, plain = (FilterBank(BANDS, (64, 64), "cpu", compiled=wanted) for wanted in (True, False))
    for n in (8, 5):
        crops = textured((n, 64, 64, 3))
        for found, wanted in zip(compiled.iter_filtered(crops), plain.iter_filtered(crops), strict=True):
            np.testing.assert_array_equal(found, wanted)
    assert counters["stats"]["unique_graphs"] == 1


def test_crops_are_transformed_once_for_all_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    transformed = []
    forward = torch.fft.rfft2
    monkeypatch.setattr(torch.fft, "rfft2", lambda x: transformed.append(len(x)) or forward(x))
    crops = textured((30, 64, 64, 3))
    assert len(list(FilterBank(BANDS, (64, 64), "cpu").iter_filtered(crops))) == len(BANDS)
    assert sum(transformed) == len(crops)


def test_read_only_and_mapped_crops_are_taken(tmp_path: Path) -> None:
    np.save(tmp_path / "crops.npy", textured((4, 32, 32)))
    crops = np.load(tmp_path / "crops.npy", mmap_mode="r")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (filtered,) = FilterBank(BANDS[1:2], (32, 32), "cpu").iter_filtered(crops)
    assert levels_apart(filtered, filter_pixels(crops, BANDS[1])).max() <= 1


def cramped(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    """Let the memory of a device run out where more than `limit` crops are transformed together."""
    forward = torch.fft.rfft2

    def transform(crops: torch.Tensor) -> torch.Tensor:
        if len(crops) > limit:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(crops)

    monkeypatch.setattr(torch.fft, "rfft2", transform)


@pytest.mark.filterwarnings("ignore:.*goes on with 5 crops")
def test_lack_of_memory_halves_the_batch_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    cramped(monkeypatch, 4)
    crops = textured((10, 32, 32, 3))
    bank = FilterBank(BANDS, (32, 32), "cpu")
    with pytest.warns(UserWarning, match="the filter bank ran out of memory and goes on with 2 crops at a time"):
        found = list(bank.iter_filtered(crops))
    assert bank.batch_size == 2
    for band, filtered in zip(BANDS, found, strict=True):
        assert levels_apart(filtered, filter_pixels(crops, band)).max() <= 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what was learned of the memory is kept
        assert len(list(bank.iter_filtered(crops))) == len(BANDS)


@pytest.mark.filterwarnings("ignore:.*out of memory")
def test_no_memory_for_one_crop(monkeypatch: pytest.MonkeyPatch) -> None:
    cramped(monkeypatch, 0)
    with pytest.raises(PluginError, match="the filter bank has not enough memory for one crop: CUDA out of memory"):
        list(FilterBank(BANDS[1:], (32, 32), "cpu").iter_filtered(textured((4, 32, 32))))


@pytest.mark.parametrize(
    "crops",
    [np.zeros((2, 32, 33), np.uint8), np.zeros((2, 32, 32)), np.zeros((32, 32), np.uint8), np.zeros((0, 32, 32), np.uint8)],
)
def test_other_crops_are_refused(crops: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"the filter bank needs crops of uint8 \(n_crops, 32, 32\[, channels\]\), .* got "):
        list(FilterBank(BANDS, (32, 32), "cpu").iter_filtered(crops))


def test_devices_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(PluginError, match="the filter bank was told device='cuda', but PyTorch .* finds no such device"):
        FilterBank(BANDS, (32, 32), "cuda")
    with pytest.raises(PluginError, match="the filter bank runs on the devices auto, cpu, cuda, got 'tpu'"):
        FilterBank(BANDS, (32, 32), "tpu")
    assert FilterBank(BANDS, (32, 32), "auto").device == "cpu"


def test_without_torch_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(PluginError, match=r"the filter bank needs the extra `deep` \(torch missing\): "):
        FilterBank(BANDS, (32, 32))


@pytest.mark.parametrize("shape", [(30, 64, 64, 3), (300, 32, 33)])
def test_a_crop_does_not_depend_on_the_others(shape: tuple[int, ...]) -> None:
    crops = textured(shape)
    together = filter_pixels(crops, BANDS[4])
    for i in (0, shape[0] // 2, shape[0] - 1):
        np.testing.assert_array_equal(filter_pixels(crops[i : i + 1], BANDS[4])[0], together[i])


# --- as published ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MASKS)
def test_published_masks(name: str) -> None:
    kind, size, words = name.removeprefix("mask_").split("/")
    cols, rows = (int(side[1:]) for side in size.split("_"))
    radius, order, *_ = words.split("_")
    known: Any = kind.replace("hardband", "hard_band")
    mask = published_mask(known, rows, cols, int(radius[1:]), int(order[1:]) if order[0] == "n" else 1)
    assert mask.dtype == np.float32
    np.testing.assert_allclose(mask, GOLDEN[name], rtol=1e-6, atol=1e-7)


def test_published_masks_are_all_there() -> None:
    assert {name.split("/")[0] for name in MASKS} == {"mask_low", "mask_high", "mask_band", "mask_hardband"}


@pytest.mark.parametrize(
    ("kind", "radius"),
    [*(("low", radius) for radius in (1, 5, 15, 30, 100, 185)), ("high", 5), ("high", 15), ("band", 5), ("band", 15)],
)
def test_published_filters(kind: Any, radius: int) -> None:
    found = published_filter(picture("image_chw"), kind, radius)
    np.testing.assert_array_equal(found, picture(f"{KINDS[kind]}_image/D{radius}"))


def test_published_filters_are_a_level_apart_where_a_value_is_whole_but_for_a_rounding_error() -> None:
    before = picture("whole_chw")
    n_apart = 0
    for name in (name for name in GOLDEN if name.startswith("whole_") and "/" in name):
        kind, radius = name.removeprefix("whole_").split("/D")
        gain = np.fft.ifftshift(published_mask(kind, 40, 40, int(radius)))[:, :, None]  # pyright: ignore[reportArgumentType]
        exact = np.abs(np.fft.ifft2(np.fft.fft2(before.astype(float), axes=(0, 1)) * gain, axes=(0, 1)))
        found, wanted = published_filter(before, kind, int(radius)), picture(name)  # pyright: ignore[reportArgumentType]
        apart = found != wanted
        assert (levels_apart(found, wanted)[apart] == 1).all()
        assert (np.abs(exact - np.rint(exact))[apart] < 2e-5).all()
        n_apart += np.count_nonzero(apart)
    assert n_apart == 5


@pytest.mark.parametrize("radius", [5, 15])
def test_published_injection_of_a_band(radius: int) -> None:
    found = published_injection(picture("image_chw"), picture("target_chw"), "hard_band", radius)
    np.testing.assert_array_equal(found, picture(f"band_injection/D{radius}"))


def test_an_injected_band_is_the_others_and_the_rest_its_own() -> None:
    source, reference = (picture(name) // 2 + 60 for name in ("image_chw", "target_chw"))  # nothing wraps
    found = published_injection(source, reference, "hard_band", 15)
    inside = np.fft.ifftshift(published_mask("hard_band", 64, 64, 15)) == 1
    spectra = [np.fft.fft2(x.astype(float), axes=(0, 1)) for x in (found, source, reference)]
    # Truncation adds less than a level to each pixel: white noise of 64 / sqrt(12) in an amplitude, and half a level of mean.
    for mine, other in ((inside, spectra[2]), (~inside, spectra[1])):
        mine[0, 0] = False
        assert np.sqrt(np.mean(np.abs(spectra[0] - other)[mine] ** 2)) == pytest.approx(64 / np.sqrt(12), rel=0.1)
    itself = published_injection(source, source, "low", 30)
    assert levels_apart(itself, source).max() <= 1
    with pytest.raises(DataError, match=r"a band of another picture needs a reference of the same shape \(64, 64, 3\)"):
        published_injection(source, reference[:60], "low", 30)


@pytest.mark.parametrize("radius", [5, 10, 15, 20, 25, 30])
@pytest.mark.parametrize("kind", ["high", "band"])
def test_published_filters_rectify(kind: Any, radius: int) -> None:
    """What comes out says how far a pixel is from the local mean, and no longer to which side; numbers as in methods.md."""
    before = picture("image_chw")
    mask = np.fft.ifftshift(published_mask(kind, 64, 64, radius))[:, :, None]
    signed = np.fft.ifft2(np.fft.fft2(before.astype(float), axes=(0, 1)) * mask, axes=(0, 1)).real
    found = published_filter(before, kind, radius).astype(float)
    assert -0.025 < np.corrcoef(found.ravel(), signed.ravel())[0, 1] < 0.035
    assert np.corrcoef(found.ravel(), np.abs(signed).ravel())[0, 1] > 0.995


def test_published_low_pass_darkens() -> None:
    before = picture("image_chw").astype(float)
    assert published_filter(picture("image_chw"), "low", 5).mean() - before.mean() == pytest.approx(-0.5, abs=0.05)
    clean = filter_pixels(picture("image_chw")[None], Band("low", 5 / 64, mode="pixels"))
    assert clean.mean() - before.mean() == pytest.approx(0, abs=0.05)


def test_published_filters_of_grey_and_oblong_pictures() -> None:
    oblong = textured((1, 40, 60, 3))[0]
    found = published_filter(oblong, "low", 10)
    assert found.shape == oblong.shape
    np.testing.assert_array_equal(published_filter(oblong[:, :, 0], "low", 10), found[:, :, 0])
    with pytest.raises(DataError, match="the published band pass takes square pictures only, got 40x60"):
        published_filter(oblong, "band", 10)


def test_published_filters_that_do_not_exist() -> None:
    with pytest.raises(StudyError, match="unknown published filter 'hardband'. Did you mean 'hard_band'"):
        published_mask("hardband", 8, 8, 3)  # pyright: ignore[reportArgumentType]
    with pytest.raises(StudyError, match="a published filter has a radius above 0 DFT bins, got 0"):
        published_mask("low", 8, 8, 0)


# --- Fourier domain adaptation ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("beta", [0.01, 0.05, 0.1])
def test_published_fourier_domain_adaptation(beta: float) -> None:
    found = published_fda(picture("image_chw"), picture("target_chw"), beta)
    apart = (found - picture(f"fda_torch/beta{beta}")).astype(np.int8)  # 255 and 0 are one level apart: values wrap
    assert np.abs(apart.astype(int)).max() <= 1
    assert np.count_nonzero(apart) <= 3  # values that are whole but for rounding errors


@pytest.mark.parametrize("beta", [0.01, 0.05, 0.1])
def test_fourier_domain_adaptation_of_albumentations(beta: float) -> None:
    source, reference = picture("image_chw"), picture("target_chw")
    wanted = picture(f"fda_albumentations/beta{beta}")
    truncated = np.clip(swap_amplitudes(source, reference, beta).real, 0, 255).astype(np.uint8)
    assert np.count_nonzero(truncated != wanted) <= 3
    assert levels_apart(fda(source, reference, beta), wanted).max() <= 1


@pytest.mark.parametrize("shape", [(64, 64, 3), (61, 40), (40, 61, 3)])
def test_adaptation_to_itself_changes_nothing_and_phases_stay(shape: tuple[int, ...]) -> None:
    source, reference = textured((2, *shape))
    for beta in (0.0, 0.03, 0.5):
        np.testing.assert_array_equal(fda(source, source, beta), source)
    values = swap_amplitudes(source, reference, 0.1)
    assert np.abs(values.imag).max() < 1e-9
    before, after = (np.fft.fft2(x, axes=(0, 1)) for x in (source.astype(float), values.real))
    np.testing.assert_allclose(np.cos(np.angle(after) - np.angle(before)), 1, atol=1e-6)


def test_adaptation_without_a_block_takes_the_mean_alone() -> None:
    source, reference = textured((2, 40, 40, 3))
    values = swap_amplitudes(source, reference, 0.01).real
    np.testing.assert_allclose(values.mean(axis=(0, 1)), reference.mean(axis=(0, 1)))
    np.testing.assert_allclose(values - values.mean(axis=(0, 1)), source - source.mean(axis=(0, 1)), atol=1e-9)


def test_adaptation_wants_one_shape() -> None:
    with pytest.raises(DataError, match=r"needs a reference of the same shape \(8, 8\), got \(8, 9\)"):
        fda(np.zeros((8, 8), np.uint8), np.zeros((8, 9), np.uint8))
