"""Statistics of spectra: stored arrays of the publications, and laws."""

from collections.abc import Callable
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from bandbench.benchmark.analysis import mean_spectra as statistics
from bandbench.benchmark.analysis.mean_spectra import (
    SpectraOptions,
    accumulate,
    centred_fft,
    density_error,
    isolated_peaks,
    measure,
    median_highpass,
    plane_frequency,
    profile_frequency,
    published_density,
    summary,
    unit_range,
)
from bandbench.benchmark.arrays import Moments
from bandbench.benchmark.domains.catalogue import Catalogue, OpenDomain
from bandbench.benchmark.errors import DataError, StudyError
from bandbench.benchmark.features import chunks
from bandbench.benchmark.frequency.dct import dct2, log_magnitude
from bandbench.benchmark.pictures.crops import CropSpec, cut
from conftest import SilentReporter, noise_picture

GOLDEN = np.load(Path(__file__).parents[2] / "golden" / "spectra_statistics.npz")
DCT = np.load(Path(__file__).parents[2] / "golden" / "dct.npz")


def golden_crops(name: str) -> np.ndarray:
    return np.stack([cut(picture, CropSpec(48))[0] for picture in GOLDEN[name]])


def streamed(values: np.ndarray, size: int = 5) -> Moments:
    """Moments batch by batch."""
    return reduce(add, [Moments.of(values[start : start + size]) for start in range(0, len(values), size)])


CROPS = golden_crops("stack_uint8")


@pytest.mark.parametrize(
    ("name", "transform"),
    [
        ("fft", lambda crops: centred_fft(unit_range(crops))),
        ("fft_hp", lambda crops: centred_fft(median_highpass(crops) / 127.5)),
        ("dct", lambda crops: dct2(unit_range(crops))),
        ("density", published_density),
    ],
)
def test_published_means_and_spreads(name: str, transform: Callable[[np.ndarray], np.ndarray]) -> None:
    moments = streamed(transform(CROPS))
    np.testing.assert_allclose(moments.mean, GOLDEN[f"{name}_mean"], rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(moments.std, GOLDEN[f"{name}_std"], rtol=1e-9, atol=1e-15)


def test_published_highpass_of_five_pixels() -> None:
    mean = streamed(centred_fft(median_highpass(CROPS, 5) / 127.5)).mean
    np.testing.assert_allclose(mean, GOLDEN["fft_hp5_mean"], rtol=1e-9, atol=1e-15)


def test_published_densities() -> None:
    density = published_density(CROPS)
    np.testing.assert_allclose(density, GOLDEN["density_all"], rtol=1e-9)
    np.testing.assert_allclose(density / density[:, :1], GOLDEN["density_normalised_all"], rtol=1e-9)


def test_published_density_error() -> None:
    real, fake = streamed(published_density(CROPS)), streamed(published_density(golden_crops("fake_stack_uint8")))
    np.testing.assert_allclose(density_error(real, fake)[0], GOLDEN["density_error_fake_vs_real"], rtol=1e-9)


def test_published_dct_statistics() -> None:
    """Of signed coefficients, the log taken afterwards; the clean ones take it before."""
    signed, logs = streamed(dct2(DCT["stack"])), streamed(log_magnitude(dct2(DCT["stack"])))
    np.testing.assert_allclose(signed.mean, GOLDEN["stack_raw_mean"], rtol=1e-9)
    np.testing.assert_allclose(signed.std**2, GOLDEN["stack_raw_var"], rtol=1e-9)
    np.testing.assert_allclose(log_magnitude(signed.mean), GOLDEN["log_scale_of_stack_raw_mean"], rtol=1e-9)
    np.testing.assert_allclose(log_magnitude(signed.std), GOLDEN["log_scale_of_stack_raw_std"], rtol=1e-9)
    np.testing.assert_allclose(logs.mean, DCT["stack_log_mean"], rtol=1e-9)
    np.testing.assert_allclose(logs.std**2, DCT["stack_log_var"], rtol=1e-8)


@pytest.mark.parametrize("family", ["clean", "published"])
def test_what_the_command_averages(family: statistics.Family) -> None:
    """The named spectra are the kernels that the stored arrays hold."""
    moments = accumulate(CROPS, family, ["dct", "fft_highpass", "density"])
    if family == "published":
        np.testing.assert_allclose(moments["fft_highpass"].mean, GOLDEN["fft_hp_mean"], rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(moments["dct"].mean[1:], 127.5 * GOLDEN["dct_mean"][1:], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(moments["density"].mean, GOLDEN["density_mean"], rtol=1e-9)
    else:
        np.testing.assert_allclose(moments["dct"].mean, log_magnitude(dct2(CROPS)).mean(axis=0), rtol=1e-12)
        magnitude = np.abs(centred_fft(median_highpass(CROPS)))
        np.testing.assert_allclose(moments["fft_highpass"].mean, log_magnitude(magnitude).mean(axis=0), rtol=1e-12)
        powers = CROPS.astype(float)
        scaled = accumulate(np.clip(np.rint((powers - 128) / 2 + 128), 0, 255).astype(np.uint8), family, ["density"])
        # Half the contrast is a quarter of the power, but for the rounding to grey levels.
        np.testing.assert_allclose(scaled["density"].mean[:10], moments["density"].mean[:10] / 4, rtol=0.05)


# --- moments ---------------------------------------------------------------------------------------------------------


def test_pictures_are_read_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = accumulate(CROPS, "clean", ["dct"])["dct"]
    sizes: list[int] = []

    def watched(crops: np.ndarray) -> np.ndarray:
        sizes.append(len(crops))
        return log_magnitude(dct2(crops))

    monkeypatch.setitem(statistics.TRANSFORMS["clean"], "dct", watched)
    monkeypatch.setattr(statistics, "BATCH_VALUES", 3 * 48 * 48)
    batched = accumulate(CROPS, "clean", ["dct"])["dct"]
    assert sizes == [3, 3, 3, 3]
    np.testing.assert_allclose(batched.mean, whole.mean, rtol=1e-12)
    np.testing.assert_allclose(batched.std, whole.std, rtol=1e-9)
    assert accumulate(CROPS[:0], "clean", ["dct"]) == {}


def test_a_signed_mean_cancels_and_a_mean_of_logs_does_not() -> None:
    noise = np.random.default_rng(2).integers(0, 256, (256, 16, 16), dtype=np.uint8)
    signed = [np.abs(accumulate(noise[:n], "published", ["dct"])["dct"].mean[1:, 1:]).mean() for n in (4, 256)]
    clean = [accumulate(noise[:n], "clean", ["dct"])["dct"].mean[1:, 1:].mean() for n in (4, 256)]
    assert signed[0] / signed[1] == pytest.approx(8, rel=0.2)  # one over the root of the number of pictures
    assert clean[0] == pytest.approx(clean[1], abs=0.1)


# --- frequencies -----------------------------------------------------------------------------------------------------


def test_the_highpass_reflects_borders() -> None:
    crops = np.random.default_rng(3).integers(0, 256, (2, 20, 23), dtype=np.uint8)
    for size in (3, 5):
        smooth = ndimage.median_filter(crops, size=(1, size, size), mode="reflect").astype(float)
        np.testing.assert_array_equal(median_highpass(crops, size), crops - smooth)
    assert not median_highpass(np.full((1, 16, 16), 9, np.uint8)).any()
    with pytest.raises(DataError, match="of float64"):
        median_highpass(np.zeros((1, 8, 8)))


@pytest.mark.parametrize("side", [64, 45])
@pytest.mark.parametrize("family", ["clean", "published"])
def test_frequency_axes(side: int, family: statistics.Family) -> None:
    """A wave shows up where the axes say, in planes and on rings."""
    down, across = -9 / side, 16 / side
    y, x = np.indices((side, side))
    wave = np.clip(np.rint(128 + 60 * np.cos(2 * np.pi * (down * y + across * x))), 0, 255).astype(np.uint8)
    moments = accumulate(wave[None], family, ["profile", "density", "fft_highpass"])
    fft = np.abs(moments["fft_highpass"].mean) if family == "published" else moments["fft_highpass"].mean
    axis = plane_frequency(side, "fft_highpass")
    assert axis[side // 2] == 0
    row, col = np.unravel_index(fft.argmax(), fft.shape)
    assert abs(axis[row] * across - axis[col] * down) < 1e-9
    assert abs(axis[row]) == pytest.approx(abs(down))
    frequency = profile_frequency(side, family)
    assert moments["profile"].mean.shape == moments["density"].mean.shape == frequency.shape
    assert frequency[moments["density"].mean.argmax()] == pytest.approx(np.hypot(down, across), abs=1.5 / side)
    assert plane_frequency(side, "dct")[-1] == pytest.approx(0.5 - 0.5 / side)


# --- two classes -----------------------------------------------------------------------------------------------------


def test_density_error_of_scaled_power() -> None:
    power = np.random.default_rng(4).exponential(1, (200, 6))
    power[:, 5] = 0
    error, standard_error = density_error(Moments.of(power), Moments.of(1.5 * power))
    np.testing.assert_allclose(error[:5], 0.5)
    assert np.isnan(error[5])
    draws = [np.random.default_rng(seed).exponential(1, (2, 200)).mean(axis=1) for seed in range(400)]
    spread = np.std([fake / real for real, fake in draws])
    assert standard_error[:5].mean() / 1.5 == pytest.approx(spread, rel=0.15)


def _fft_wave(n: int) -> np.ndarray:
    """Waves of 5 by 11 cycles over 32 x 32 pixels, each at a phase of its own."""
    y, x = np.indices((32, 32))
    phase = np.random.default_rng(5).uniform(0, 2 * np.pi, (n, 1, 1))
    return 4 * np.cos(2 * np.pi * (5 * y + 11 * x) / 32 + phase)


def _dct_wave(n: int) -> np.ndarray:
    """Coefficient (10, 22) of the DCT, with random signs."""
    y, x = np.indices((32, 32)) + 0.5
    signs = np.random.default_rng(5).choice([-1, 1], (n, 1, 1))
    return 4 * signs * np.cos(np.pi * 10 * y / 32) * np.cos(np.pi * 22 * x / 32)


def _log_fft(crops: np.ndarray) -> np.ndarray:
    return log_magnitude(np.abs(centred_fft(crops)))


@pytest.mark.parametrize(
    ("transform", "wave", "places"),
    [
        (_log_fft, _fft_wave, {(16 + 5, 16 + 11), (16 - 5, 16 - 11)}),  # mirror images, of which one is named
        (lambda crops: log_magnitude(dct2(crops)), _dct_wave, {(10, 22)}),
        (centred_fft, lambda n: 4 * _fft_wave(1), {(16 + 5, 16 + 11), (16 - 5, 16 - 11)}),  # complex: of one phase
    ],
)
def test_a_planted_wave_is_an_isolated_peak(
    transform: Callable[[np.ndarray], np.ndarray], wave: Callable[[int], np.ndarray], places: set[tuple[int, int]]
) -> None:
    real, fake = np.random.default_rng(6).normal(128, 20, (2, 60, 32, 32))
    moments = [Moments.of(transform(crops)) for crops in (real, fake + wave(60))]
    (peak,) = isolated_peaks(*moments, periodic=len(places) == 2)
    assert (peak.row, peak.col) in places
    assert peak.prominence > 5


def test_neither_noise_nor_a_ring_is_an_isolated_peak() -> None:
    rng = np.random.default_rng(7)
    real, fake = rng.normal(0, 1, (2, 100, 48, 48))
    found = [isolated_peaks(Moments.of(real), Moments.of(fake), periodic=periodic) for periodic in (True, False)]
    assert found == [[], []]
    radius = np.hypot(*np.meshgrid(np.arange(-24, 24), np.arange(-24, 24)))
    ring = 3.0 * ((radius > 10) & (radius < 14))
    assert isolated_peaks(Moments.of(real), Moments.of(fake + ring), periodic=True) == []
    dip = np.zeros((48, 48))
    dip[30, 7] = -3
    (peak,) = isolated_peaks(Moments.of(real), Moments.of(fake + dip), periodic=True)
    assert (peak.row, peak.col) == (30, 7)


def test_single_pictures_have_no_peaks() -> None:
    one = Moments.of(np.random.default_rng(8).normal(0, 1, (1, 16, 16)))
    assert isolated_peaks(one, one, periodic=False) == []


# --- domains ---------------------------------------------------------------------------------------------------------

Maker = Callable[..., Path]


def spectra_of(names: list[str], folders: dict[str, Path], jobs: int = 1, **options: object) -> tuple:
    catalogue = Catalogue({name: str(path) for name, path in folders.items()})
    domains = [OpenDomain(name, catalogue.spec(name), 0, 0) for name in catalogue.expand(names)]
    return measure(domains, SpectraOptions(side=48, **options), jobs=jobs, reporter=SilentReporter())  # type: ignore[arg-type]


def test_a_folder_is_averaged_whoever_works(picture_folder: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    root = picture_folder(n=12)
    monkeypatch.setattr(chunks, "CHUNK_SIZE", 5)
    ((one,), (two,)) = (spectra_of(["mine"], {"mine": root}, jobs=jobs, per_channel=True) for jobs in (1, 2))
    assert [spectra.n for _, spectra in one.classes] == [12, 12]
    for name, moments in one.fake.statistics.items():
        np.testing.assert_array_equal(moments.mean, two.fake.statistics[name].mean)
        np.testing.assert_array_equal(moments.squares, two.fake.statistics[name].squares)
    crops = np.stack([noise_picture(1000 + i, 64, 1.6)[8:56, 8:56] for i in range(12)])
    np.testing.assert_allclose(one.fake.planes["dct_green"].mean, log_magnitude(dct2(crops)).mean(axis=0), rtol=1e-9)
    facts = summary([one], SpectraOptions(side=48, per_channel=True))["domains"][0]
    assert list(facts["peaks"]) == ["dct_red", "dct_green", "dct_blue", "fft_highpass"]
    # The fakes have 1.6 times the amplitude between 0.2 and 0.3 cycles/pixel.
    assert 0.19 < facts["largest_error"]["frequency"] < 0.31
    assert facts["largest_error"]["value"] == pytest.approx(1.6**2 - 1, rel=0.35)


def test_shared_pictures_are_averaged_once() -> None:
    first, second = spectra_of(["procedural/nearest", "procedural/planted"], {}, limit=3, split="test")
    assert first.real is second.real
    assert first.fake is not second.fake
    assert first.digest != second.digest
    assert first.real.n == 3


def test_a_perturbed_domain_is_another_one() -> None:
    plain, noisy = spectra_of(["procedural/planted", "procedural/planted+noise:sd=10"], {}, limit=3, split="test")
    assert plain.real.contents == noisy.real.contents
    assert plain.digest != noisy.digest
    # Noise of 10 grey levels in each channel is 100 times the sum of the squared luma weights in power, up to the corner.
    gain = np.exp(noisy.real.statistics["profile"].mean[-5:]) - np.exp(plain.real.statistics["profile"].mean[-5:])
    assert gain.mean() == pytest.approx(100 * (0.299**2 + 0.587**2 + 0.114**2), rel=0.4)


def test_bad_pictures_are_left_out(picture_folder: Maker) -> None:
    root = picture_folder(n=6)
    whole = (root / "real" / "reala000.png").read_bytes()
    (root / "real" / "reala000.png").write_bytes(whole[: len(whole) // 2])
    (root / "fake" / "fakea000.png").write_bytes(b"")
    (found,) = spectra_of(["mine"], {"mine": root})
    assert [spectra.n for _, spectra in found.classes] == [5, 5]
    assert [problem[0] for problem in found.problems] == ["real/reala000.png", "fake/fakea000.png"]
    assert "cannot be decoded" in found.problems[0][2]


def test_what_cannot_be_averaged(picture_folder: Maker) -> None:
    root = picture_folder(n=6, side=40)
    with pytest.raises(DataError, match=r"none of its 6 real pictures can be used.*Choose a smaller window than --crop 48"):
        spectra_of(["mine"], {"mine": root})
    with pytest.raises(StudyError, match="between 16 and 4096"):
        SpectraOptions(side=5)
    (root / "test").mkdir()
    for label in ("real", "fake"):
        (root / label).rename(root / "test" / label)
    with pytest.raises(DataError, match="mine has no real picture in the split train"):
        spectra_of(["mine"], {"mine": root}, split="train")
