"""The published profile against stored arrays; laws of the clean one."""

from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.errors import DataError, EmptyBandError
from bandbench.benchmark.frequency import spectra
from bandbench.benchmark.frequency.bands import Band, published_gain

GOLDEN = np.load(Path(__file__).parents[2] / "golden" / "radial_profile.npz")
BUTTERWORTH = np.load(Path(__file__).parents[2] / "golden" / "butterworth.npz")
TOLERANCE = 1e-9


def image(name: str) -> np.ndarray:
    return GOLDEN[f"image/{name}"][None]


def centre_third(crops: np.ndarray) -> np.ndarray:
    rows, cols = (int(side / 3) for side in crops.shape[1:])
    return crops[:, rows:-rows, cols:-cols]


def names(kind: str) -> list[str]:
    prefix = f"profile/{kind}/"
    found = [key.removeprefix(prefix) for key in GOLDEN if key.startswith(prefix)]
    assert found
    return found


@pytest.mark.parametrize("name", names("azavg_log20"))
def test_published_log_rings(name: str) -> None:
    rings = spectra.published_log_rings(image(name))[0]
    np.testing.assert_allclose(rings, GOLDEN[f"profile/azavg_log20/{name}"], rtol=TOLERANCE)


@pytest.mark.parametrize("name", names("azavg_power"))
def test_ring_mean_of_power(name: str) -> None:
    power = np.abs(np.fft.fftshift(np.fft.fft2(image(name).astype(float)), axes=(1, 2))) ** 2
    np.testing.assert_allclose(spectra.ring_mean(power)[0], GOLDEN[f"profile/azavg_power/{name}"], rtol=TOLERANCE)


@pytest.mark.parametrize("name", names("azavg_pixels"))
def test_ring_mean_of_pixels(name: str) -> None:
    rows, cols = image(name).shape[1:]
    np.testing.assert_allclose(spectra.ring_mean(image(name))[0], GOLDEN[f"profile/azavg_pixels/{name}"], rtol=TOLERANCE)
    centred = spectra.ring_mean(image(name), (cols // 2, rows // 2))[0]
    np.testing.assert_allclose(centred, GOLDEN[f"profile/azavg_pixels_center/{name}"], rtol=TOLERANCE)


@pytest.mark.parametrize("shape", names("azavg_radius"))
def test_published_ring_frequency(shape: str) -> None:
    rows, cols = map(int, shape.split("x"))
    frequency = spectra.published_ring_frequency(rows, cols)
    np.testing.assert_allclose(frequency * min(rows, cols), GOLDEN[f"profile/azavg_radius/{shape}"], rtol=TOLERANCE)


@pytest.mark.parametrize("n_features", [300, 80])
@pytest.mark.parametrize("name", names("third_N300"))
def test_published_profile(name: str, n_features: int) -> None:
    whole = spectra.published_profile(image(name), n_features)[0]
    np.testing.assert_allclose(whole, GOLDEN[f"profile/nocrop_N{n_features}/{name}"], rtol=TOLERANCE)
    third = spectra.published_profile(centre_third(image(name)), n_features)[0]
    np.testing.assert_allclose(third, GOLDEN[f"profile/third_N{n_features}/{name}"], rtol=TOLERANCE)


@pytest.mark.parametrize("key", [key for key in BUTTERWORTH if key.startswith("features_")])
def test_published_profile_under_a_filter(key: str) -> None:
    kind, _, size = key.partition("/")[0].removeprefix("features_").partition("_N")
    parameters = dict((part[0], float(part[1:])) for part in key.split("/")[1].split("_"))
    crops = centre_third(BUTTERWORTH[f"image/{key.split('/')[2]}"][None])
    kind = {"bandpass": "band"}.get(kind, kind)
    side = crops.shape[1]
    band = Band(kind, parameters["d"] / side, parameters.get("w", 0) / side, int(parameters["n"]), "reweight")
    features = spectra.published_profile(crops, int(size), band)[0]
    np.testing.assert_allclose(features, BUTTERWORTH[key], rtol=TOLERANCE)


def test_a_filter_only_adds_a_constant_to_the_published_profile() -> None:
    """Why ``reweight`` locates nothing: the same vector is added to every picture."""
    crops = np.stack([GOLDEN["image/real_128x128"], GOLDEN["image/fake_128x128"]])
    gain = published_gain("low", 128, 128, 15, order=1)
    added = spectra.published_log_rings(crops, gain) - spectra.published_log_rings(crops)
    np.testing.assert_allclose(added[0], added[1], atol=1e-6)
    assert np.ptp(added[0]) > 10


@pytest.mark.parametrize("shape", [(128, 128), (33, 31), (24, 41), (64, 128)])
def test_radius_power_obeys_parseval(shape: tuple[int, int]) -> None:
    crops = np.random.default_rng(0).integers(0, 256, (5, *shape)).astype(np.uint8)
    windowed = (crops - crops.mean(axis=(1, 2), keepdims=True)) * spectra.hann_window(*shape)
    zero_frequency = windowed.mean(axis=(1, 2)) ** 2 * windowed[0].size
    total = spectra.radius_power(crops).sum(axis=1, dtype=np.float64)
    np.testing.assert_allclose(total, (windowed**2).sum(axis=(1, 2)) - zero_frequency, rtol=1e-5)
    assert spectra.radius_grid(*shape).count.sum() == shape[0] * shape[1] - 1


def test_power_profile_equals_a_direct_computation_for_every_band() -> None:
    crops = image("real_128x128")
    windowed = (crops - crops.mean()) * spectra.hann_window(128, 128)
    power = np.abs(np.fft.fft2(windowed)[0]) ** 2 / 128**2
    radius = np.hypot(np.fft.fftfreq(128)[:, None], np.fft.fftfreq(128)[None, :])
    for band in (Band(), Band.between(0.1, 0.2), Band("high", 0.3), Band("low", 0.2, order=2, mode="reweight")):
        weight = band.gain(radius) ** 2 if band.mode == "reweight" else np.ones_like(radius)
        kept = (radius > 0) & (band.keeps(radius) | (band.mode == "reweight"))
        bins = (radius / 0.01 + 1e-9).astype(int)
        expected = [np.log((power * weight)[kept & (bins == b)].mean() + 1e-8) for b in np.unique(bins[kept])]
        profile, frequency = spectra.power_profile(spectra.radius_power(crops), (128, 128), band)
        np.testing.assert_allclose(profile[0], expected, rtol=1e-4, atol=1e-3)
        assert np.all(np.diff(frequency) > 0)


def test_a_narrow_band_holds_no_other_frequency() -> None:
    sums = spectra.radius_power(image("real_128x128"))
    _, frequency = spectra.power_profile(sums, (128, 128), Band.between(0.2, 0.23))
    assert frequency.min() >= 0.2
    assert frequency.max() <= 0.23


@pytest.mark.parametrize("side", [17, 34, 64, 99, 128, 256])
def test_no_bin_is_empty(side: int) -> None:
    sums = spectra.radius_power(np.random.default_rng(1).integers(0, 256, (2, side, side)).astype(np.uint8))
    profile, frequency = spectra.power_profile(sums, (side, side))
    steps = np.diff(frequency)
    assert np.isfinite(profile).all()
    assert steps.max() < 2.1 * spectra.default_bin_width(side)


def test_constant_and_impulse() -> None:
    constant = spectra.radius_power(np.full((1, 32, 32), 100, np.uint8))
    assert np.all(constant == 0)
    assert np.isfinite(spectra.power_profile(constant, (32, 32))[0]).all()
    impulse = np.zeros((1, 32, 32))
    impulse[0, 0, 0] = 1.0
    np.testing.assert_allclose(spectra.published_log_rings(impulse), 20 * np.log(1 + 1e-8), atol=1e-9)


def test_errors_say_what_is_wanted() -> None:
    with pytest.raises(DataError, match=r"radius_power needs grey crops \(n_crops, rows, cols\).*\(3, 5\)"):
        spectra.radius_power(np.zeros((3, 5)))
    with pytest.raises(EmptyBandError, match="keeps no frequency of a 16x16 crop"):
        spectra.power_profile(spectra.radius_power(np.zeros((1, 16, 16))), (16, 16), Band.between(0.001, 0.002))


@pytest.mark.parametrize("n_rings", [4, 29, 90])
def test_isometric_features_have_the_same_inner_products(n_rings: int) -> None:
    rings = np.random.default_rng(0).uniform(50, 200, (20, n_rings))
    features, short = (spectra.published_features(rings, isometric=isometric) for isometric in (False, True))
    assert short.shape == (20, n_rings)
    np.testing.assert_allclose(short @ short.T, features @ features.T, rtol=1e-12)
