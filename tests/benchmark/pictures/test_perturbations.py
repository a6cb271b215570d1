"""Perturbations against stored arrays, and the laws that hold for all of them."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from bandbench.benchmark.errors import DataError, StudyError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.frequency.filters import fda, filter_pixels, published_fda, published_filter
from bandbench.benchmark.pictures import crops as images
from bandbench.benchmark.pictures.perturbations import (
    CLEAN,
    PUBLISHED,
    canonical,
    chain_key,
    foreign_picture,
    grammar,
    parse_chain,
    perturb,
    published_blur,
    published_crop,
    published_jpeg,
    published_noise,
)
from conftest import noise_picture

GOLDEN = np.load(Path(__file__).parents[2] / "golden" / "perturbations.npz")
RNG = np.random.default_rng(0)
SHAPES = [(64, 64), (61, 40), (64, 64, 3), (37, 90, 3)]
CHAINS = [*CLEAN, "jpeg:quality=80+noise:sd=3", "lowpass:cutoff=0.134-0.67", "fda:beta=0.01-0.1"]


def legacy(seed: int) -> np.random.RandomState:
    """What ``numpy.random`` is after ``numpy.random.seed(seed)``."""
    return np.random.RandomState(seed)


def picture(shape: tuple[int, ...]) -> np.ndarray:
    """A smooth picture with some texture, uint8; channels differ."""
    side = max(shape)
    planes = [noise_picture(seed, side)[: shape[0], : shape[1]] for seed in range(3)]
    smooth = [ndimage.gaussian_filter(plane.astype(float), 1.0) for plane in planes]
    stack = np.stack(smooth, axis=-1) if len(shape) == 3 else smooth[0]
    return np.rint(stack).astype(np.uint8)


def difference(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.abs(a.astype(int) - b.astype(int))


# --- as published ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_published_noise(seed: int) -> None:
    np.testing.assert_array_equal(published_noise(GOLDEN["input"], legacy(seed)), GOLDEN[f"noise/seed{seed}"])


@pytest.mark.parametrize("seed", [0, 1])
def test_published_blur_as_drawn(seed: int) -> None:
    np.testing.assert_array_equal(published_blur(GOLDEN["input"], legacy(seed)), GOLDEN[f"blur/seed{seed}"])


@pytest.mark.parametrize("kernel", [3, 5, 7, 9])
def test_published_blur(kernel: int) -> None:
    np.testing.assert_array_equal(published_blur(GOLDEN["input"], RNG, kernel=kernel), GOLDEN[f"blur/kernel{kernel}"])


@pytest.mark.parametrize("factor", [10, 74])
def test_published_jpeg_is_of_quality_95_whatever_was_drawn(factor: int) -> None:
    assert difference(published_jpeg(GOLDEN["input"], RNG), GOLDEN[f"jpeg/factor{factor}"]).max() <= 1


@pytest.mark.parametrize("factor", [10, 40, 74])
def test_published_jpeg_of_the_program_that_passes_the_quality(factor: int) -> None:
    made = published_jpeg(GOLDEN["passed_input"], RNG, quality=factor)
    assert difference(made, GOLDEN[f"passed_jpeg/factor{factor}"]).max() <= 1


@pytest.mark.parametrize("seed", [0, 1])
def test_published_crop_as_drawn(seed: int) -> None:
    assert difference(published_crop(GOLDEN["input"], legacy(seed)), GOLDEN[f"cropping/seed{seed}"]).max() <= 1


@pytest.mark.parametrize("share", [0.05, 0.1, 0.19])
def test_published_crop(share: float) -> None:
    assert difference(published_crop(GOLDEN["input"], RNG, share=share), GOLDEN[f"cropping/p{share}"]).max() <= 1


def test_published_crop_takes_the_sides_for_one_another() -> None:
    assert published_crop(picture((37, 90, 3)), RNG).shape == (90, 37, 3)


def test_published_noise_is_truncated_and_the_clean_one_is_not() -> None:
    flat = np.full((256, 256), 128, np.uint8)
    published = perturb(flat, "noise:faithful", "a").mean() - 128
    clean = perturb(flat, "noise:sd=10", "a").mean() - 128
    assert published == pytest.approx(-0.5, abs=0.2)
    assert clean == pytest.approx(0.0, abs=0.2)


# --- laws ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("chain", [chain for chain in CHAINS if chain != "alike"])  # which cuts rows and columns off
def test_shape_and_type_stay(chain: str, shape: tuple[int, ...]) -> None:
    before = picture(shape)
    kept = before.copy()
    after = perturb(before, chain, "a")
    assert after.shape == shape
    assert after.dtype == np.uint8
    assert difference(after, before).max() > 0
    np.testing.assert_array_equal(before, kept)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_ones_take_every_picture(name: str, shape: tuple[int, ...]) -> None:
    if name == "bandpass" and shape[0] != shape[1]:
        with pytest.raises(DataError, match="the published band pass takes square pictures only, got "):
            perturb(picture(shape), f"{name}:faithful", "a")
        return
    after = perturb(picture(shape), f"{name}:faithful", "a")
    assert after.dtype == np.uint8
    assert sorted(after.shape) == sorted(shape)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("chain", "levels"), [("noise:sd=0", 0), ("blur:sigma=0", 0), ("crop:share=0", 0), ("jpeg:quality=100", 3)]
)
def test_no_strength_changes_nearly_nothing(chain: str, levels: float, shape: tuple[int, ...]) -> None:
    before = picture(shape)
    assert difference(perturb(before, chain, "a"), before).mean() <= levels


@pytest.mark.parametrize("chain", ["noise:sd={}", "blur:sigma={}", "crop:share={}", "jpeg:quality={}"])
def test_more_strength_changes_more(chain: str) -> None:
    before = picture((64, 64, 3))
    strengths = (90, 50, 10) if "jpeg" in chain else (0.1, 0.2, 0.4)
    changes = [difference(perturb(before, chain.format(s), "a"), before).mean() for s in strengths]
    assert changes == sorted(changes)
    assert changes[-1] > changes[0]


def test_noise_has_the_deviation_that_is_asked_for() -> None:
    flat = np.full((128, 128, 3), 128, np.uint8)
    flat[..., 0] = 120
    assert (perturb(flat, "noise:sd=10", "a") - flat.astype(float)).std() == pytest.approx(10, rel=0.02)


def test_blur_is_the_gaussian_of_its_sigma() -> None:
    before = noise_picture(1)
    wanted = ndimage.gaussian_filter(before.astype(float), 1.5, mode="mirror")
    assert np.abs(perturb(before, "blur:sigma=1.5", "a") - wanted).max() < 0.51


def test_jpeg_is_what_a_program_would_write() -> None:
    before = picture((64, 64, 3))
    file = io.BytesIO()
    Image.fromarray(before).save(file, "JPEG", quality=60)
    np.testing.assert_array_equal(perturb(before, "jpeg:quality=60", "a"), images.decode(file.getvalue(), colour=True))


def test_crop_keeps_the_middle_in_its_place() -> None:
    before = np.zeros((65, 65), np.uint8)
    before[32, 32] = 255
    after = perturb(before, "crop:share=0.2", "a")
    assert np.unravel_index(after.argmax(), after.shape) == (32, 32)


@pytest.mark.parametrize(
    "chain", ["noise", "combined", "noise:faithful", "blur:faithful", "crop:faithful", "combined:faithful"]
)
def test_what_is_drawn_follows_from_the_content(chain: str) -> None:
    before = picture((64, 64, 3))
    first = [perturb(before, chain, content) for content in "abcdefgh"]
    again = [perturb(before, chain, content) for content in reversed("abcdefgh")][::-1]
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
    assert len({one.tobytes() for one in first}) > 1


def test_noises_of_one_picture_differ_in_strength_alone() -> None:
    flat = np.full((64, 64), 128, np.uint8)
    weak, strong = (perturb(flat, f"noise:sd={sd}", "a").astype(float).ravel() for sd in (5, 20))
    assert np.corrcoef(weak, strong)[0, 1] > 0.99


def test_two_noises_are_two() -> None:
    flat = np.full((128, 128), 128, np.uint8)
    assert (perturb(flat, "noise:sd=10+noise:sd=10", "a") - 128.0).std() == pytest.approx(10 * np.sqrt(2), rel=0.03)


def test_probability_is_a_share_of_the_pictures() -> None:
    before = noise_picture(1, side=16)
    changed = [difference(perturb(before, "noise:probability=0.3", str(i)), before).any() for i in range(400)]
    assert np.mean(changed) == pytest.approx(0.3, abs=0.08)


def test_combined_does_one_of_the_four() -> None:
    before = picture((32, 32))
    alone = {perturb(before, chain, "a").tobytes() for chain in ("blur", "jpeg", "crop")}
    found = {perturb(before, "combined", str(i)).tobytes() for i in range(60)}
    assert alone <= found
    assert len(found) > 4  # the noises


@pytest.mark.parametrize("chain", ["noise", "lowpass", "fda"])
def test_grey_in_three_channels_stays_grey(chain: str) -> None:
    grey = noise_picture(1)
    colour = perturb(np.repeat(grey[:, :, None], 3, axis=2), chain, "a")
    np.testing.assert_array_equal(images.in_grey(colour), perturb(grey, chain, "a"))


# --- filters ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chain", "band"),
    [
        ("lowpass:cutoff=0.2", Band("low", 0.2, mode="pixels")),
        ("highpass:cutoff=0.2:order=3", Band("high", 0.2, 0, 3, "pixels")),
        ("bandpass:cutoff=0.25:width=0.05", Band("band", 0.25, 0.05, 1, "pixels")),
        ("bandstop:cutoff=0.25:width=0.05:order=2", Band("stop", 0.25, 0.05, 2, "pixels")),
    ],
)
def test_passes_are_the_bands_of_their_names(chain: str, band: Band) -> None:
    for shape in SHAPES:
        before = picture(shape)
        after = perturb(before, chain, "a")
        np.testing.assert_array_equal(after, filter_pixels(before[None], band)[0])
        np.testing.assert_allclose(after.mean(axis=(0, 1)), before.mean(axis=(0, 1)), atol=0.5)


def test_published_filters_are_those_of_the_thesis() -> None:
    before = picture((64, 64, 3))
    for name, kind in (("lowpass", "low"), ("highpass", "high"), ("bandpass", "band")):
        found = perturb(before, f"{name}:faithful:radius=12", "a")
        np.testing.assert_array_equal(found, published_filter(before, kind, 12))


def test_a_range_gives_every_picture_its_own_strength() -> None:
    before = picture((64, 64, 3))
    found = {perturb(before, "lowpass:cutoff=0.05-0.3", str(i)).tobytes() for i in range(20)}
    assert len(found) == 20
    changes = [difference(perturb(before, f"lowpass:cutoff={c}", "a"), before).mean() for c in ("0.05", "0.05-0.3", "0.3")]
    assert changes == sorted(changes, reverse=True)


def test_strengths_of_a_range_are_uniform_and_whole_where_they_must_be() -> None:
    (step,) = parse_chain("lowpass:cutoff=0.134-0.67:order=1-3")
    drawn = [step.settled([str(i)]) for i in range(600)]
    cutoffs = np.array([one["cutoff"] for one in drawn])
    assert cutoffs.min() == pytest.approx(0.134, abs=0.01)
    assert cutoffs.max() == pytest.approx(0.67, abs=0.01)
    assert cutoffs.mean() == pytest.approx((0.134 + 0.67) / 2, abs=0.02)
    orders, counts = np.unique([one["order"] for one in drawn], return_counts=True)
    assert orders.tolist() == [1, 2, 3]
    assert counts.min() > 150
    assert all(isinstance(one["order"], int) for one in drawn)


def test_noise_of_a_drawn_strength_is_the_same_noise() -> None:
    flat = np.full((64, 64), 128, np.uint8)
    told, drawn = (perturb(flat, f"noise:sd={sd}", "a").astype(float).ravel() for sd in ("10", "5-20"))
    assert np.corrcoef(told, drawn)[0, 1] > 0.99


@pytest.mark.parametrize(("chain", "kernel"), [("fda:beta=0.1", fda), ("fda:faithful:beta=0.1", published_fda)])
def test_fda_takes_low_amplitudes_from_a_picture_that_follows_from_the_content(chain: str, kernel: Callable) -> None:
    before = picture((64, 64, 3))
    (step,) = parse_chain(chain)
    reference = foreign_picture(before.shape, np.random.default_rng(3))
    found = step.kernel(before, np.random.default_rng(3), beta=0.1)
    np.testing.assert_array_equal(found, kernel(before, reference, 0.1))
    assert len({perturb(before, chain, content).tobytes() for content in "abcd"}) == 4


def test_fda_leaves_high_frequencies() -> None:
    """Values of this picture stay within 0 to 255, so nothing is clipped."""
    before = (picture((64, 64)) // 4 + 96).astype(np.uint8)
    apart = np.abs(np.fft.fft2(perturb(before, "fda:beta=0.1", "a").astype(float) - before))
    radius = np.abs(np.fft.fftfreq(64, 1 / 64))
    near = np.maximum(radius[:, None], radius[None, :]) <= 6
    assert apart[near].mean() > 100 * apart[~near].mean()


@pytest.mark.parametrize("shape", SHAPES)
def test_foreign_pictures_look_like_photographs_to_a_spectrum(shape: tuple[int, ...]) -> None:
    pictures = [foreign_picture(shape, np.random.default_rng(seed)).astype(float) for seed in range(40)]
    assert {one.shape for one in pictures} == {shape}
    assert np.std([one.mean() for one in pictures]) > 15
    assert np.ptp([one.std(axis=(0, 1)).mean() for one in pictures]) > 15
    power = np.mean([np.abs(np.fft.fft2(one, axes=(0, 1))) ** 2 for one in pictures], axis=0)
    power = power.reshape(*shape[:2], -1).mean(axis=-1)
    frequency = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1])[None, :])
    near, far = ((frequency > low) & (frequency < 2 * low) for low in (0.06, 0.24))
    slope = np.log(power[far].mean() / power[near].mean()) / np.log(4)
    assert slope == pytest.approx(-2, abs=0.35)


def test_foreign_colours_belong_together() -> None:
    one = foreign_picture((64, 64, 3), np.random.default_rng(0)).reshape(-1, 3).astype(float)
    assert np.corrcoef(one.T)[np.triu_indices(3, 1)].min() > 0.5


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("noise", "noise:sd=10"),
        ("jpeg:quality=050", "jpeg:quality=50"),
        ("blur:sigma=1.50", "blur:sigma=1.5"),
        ("jpeg:quality=70+noise:sd=5", "jpeg:quality=70+noise:sd=5"),
        ("noise:probability=0.5:sd=3", "noise:sd=3:probability=0.5"),
        ("noise:faithful", "noise:faithful"),
        ("jpeg:faithful:quality=40", "jpeg:faithful:quality=40"),
        ("combined:quality=20", "combined:quality=20"),
        ("lowpass", "lowpass:cutoff=0.134"),
        ("lowpass:order=2:cutoff=.2", "lowpass:cutoff=0.2:order=2"),
        ("lowpass:cutoff=0.134-0.670", "lowpass:cutoff=0.134-0.67"),
        ("lowpass:cutoff=0.2-0.2", "lowpass:cutoff=0.2"),
        ("lowpass:faithful", "lowpass:faithful:radius=30"),
        ("lowpass:faithful:radius=30-150:probability=0.7", "lowpass:faithful:radius=30-150:probability=0.7"),
        ("bandpass", "bandpass:cutoff=0.2:width=0.1"),
        ("jpeg:quality=10-74", "jpeg:quality=10-74"),
        ("noise:sd=1e-3-2e1", "noise:sd=0.001-20"),
        ("fda", "fda:beta=0.01"),
        ("fda:faithful:beta=0.01-0.1", "fda:faithful:beta=0.01-0.1"),
    ],
)
def test_one_name_for_one_thing(given: str, name: str) -> None:
    assert canonical(given) == name
    assert canonical(name) == name
    assert chain_key(given) == chain_key(name)


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        ("jpg", "unknown perturbation 'jpg'. Did you mean 'jpeg'"),
        ("jpeg:qualty=5", "unknown parameter of perturbation jpeg 'qualty'. Did you mean 'quality'"),
        ("noise:faithful:sd=5", "unknown parameter of faithful perturbation noise 'sd'. Known: probability"),
        ("noise+", "unknown perturbation ''"),
        ("jpeg:quality=0", "jpeg:quality lies between 1 and 100, got 0"),
        ("jpeg:quality=50.5", "jpeg:quality is a whole number, got '50.5'"),
        ("blur:sigma=big", "blur:sigma is a number, got 'big'"),
        ("noise:sd=nan", "noise:sd lies between 0 and 255, got nan"),
        ("crop:share=0.9", "crop:share lies between 0 and 0.5, got 0.9"),
        ("blur:faithful:kernel=4", "blur:kernel is odd, got 4"),
        ("lowpas", "unknown perturbation 'lowpas'. Did you mean 'lowpass'"),
        ("lowpass:cutoff=0", "lowpass:cutoff lies between 0.001 and 0.707, got 0"),
        ("lowpass:cutoff=30", "lowpass:cutoff lies between 0.001 and 0.707, got 30"),
        ("lowpass:order=1.5", "lowpass:order is a whole number, got '1.5'"),
        ("lowpass:cutoff=0.1-0.8", "lowpass:cutoff lies between 0.001 and 0.707, got 0.8"),
        ("lowpass:cutoff=0.3-0.1", "lowpass:cutoff is drawn from a range low-high, got 0.3-0.1"),
        ("lowpass:cutoff=0.1-", "lowpass:cutoff is a number, got '0.1-'"),
        ("lowpass:probability=0.1-0.2", "lowpass:probability is one number, got the range 0.1-0.2"),
        (
            "lowpass:faithful:cutoff=0.1",
            "unknown parameter of faithful perturbation lowpass 'cutoff'. Known: probability, radius",
        ),
        ("lowpass:faithful:radius=0", "lowpass:radius lies between 1 and 10000, got 0"),
        ("bandstop:faithful", "unknown faithful perturbation 'bandstop'"),
        ("fda:beta=0.6", "fda:beta lies between 0 and 0.5, got 0.6"),
    ],
)
def test_mistakes(chain: str, message: str) -> None:
    with pytest.raises(StudyError, match=message.replace("+", r"\+")):
        canonical(chain)


def test_no_perturbation_has_an_empty_key_and_a_version_changes_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chain_key("") == []
    before = chain_key("noise")
    monkeypatch.setattr(grammar, "VERSION", grammar.VERSION + 1)
    assert chain_key("noise") != before


def test_pictures_that_are_stored_alike_have_the_grid_at_a_drawn_place_and_one_size() -> None:
    before = noise_picture(3, 100)[:, :90]
    shapes = {perturb(before, "alike", str(i)).shape for i in range(40)}
    assert len(shapes) > 10
    assert {rows for rows, _ in shapes} <= set(range(93, 101))
    assert min(perturb(before, "alike:side=64", "a").shape) == 64
    # Compressed twice in one way is hardly changed: that is what makes classes alike.
    once = perturb(before, "alike:quality=50", "a")
    assert np.abs(perturb(once, "jpeg:quality=50", "a").astype(int) - once).mean() < 1
