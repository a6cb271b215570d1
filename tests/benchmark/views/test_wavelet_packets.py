"""Wavelet packets as features: energies, coefficients, and bands that keep whole packets."""

import numpy as np
import pytest
import pywt

from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.errors import EmptyBandError, StudyError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.frequency.spectra import POWER_FLOOR
from bandbench.benchmark.views import view_kernel

CROPS = np.random.default_rng(0).integers(0, 256, (5, 32, 32)).astype(np.uint8)
HAAR = {"wavelet": "haar", "level": 2, "boundary": "reflect", "window": False}
MIDDLES = (np.arange(4) + 0.5) / 8


def features(options: dict, band: Band | None = None, crops: np.ndarray = CROPS):
    kernel = view_kernel(ViewSpec("wavelet_packets", options))
    return kernel.features(kernel.base(crops), crops.shape[1:3], band or Band())


def packets_of(crop: np.ndarray) -> list[tuple[float, np.ndarray]]:
    """Radius and coefficients of every packet of the library, lowest frequency first."""
    nodes = pywt.WaveletPacket2D(crop.astype(float), "haar", "reflect", 2).get_level(2, order="freq")
    packets = [(np.hypot(MIDDLES[i], MIDDLES[j]), node.data) for i, row in enumerate(nodes) for j, node in enumerate(row)]
    return sorted(packets, key=lambda packet: round(packet[0], 12))


def test_energies_are_the_mean_squares_of_the_packets() -> None:
    ours = features(HAAR)
    for crop, values in zip(CROPS, ours.values, strict=True):
        packets = packets_of(crop)
        np.testing.assert_allclose(values, [np.log((w**2).mean() + POWER_FLOOR) for _, w in packets], rtol=1e-4)
        np.testing.assert_allclose(ours.frequency, [radius for radius, _ in packets])


def test_coefficients_come_packet_by_packet() -> None:
    ours = features({**HAAR, "coefficients": True})
    assert ours.values.shape == (5, 32 * 32)
    for crop, values in zip(CROPS, ours.values, strict=True):
        expected = np.concatenate([np.abs(w).ravel() for _, w in packets_of(crop)])
        np.testing.assert_allclose(np.exp(values), expected, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(ours.frequency, np.repeat([radius for radius, _ in packets_of(CROPS[0])], 64))


@pytest.mark.parametrize("coefficients", [False, True])
def test_channels_are_those_of_grey_crops_side_by_side(coefficients: bool) -> None:
    colour = np.random.default_rng(1).integers(0, 256, (2, 32, 32, 3)).astype(np.uint8)
    options = {"level": 2, "coefficients": coefficients}
    together = features({**options, "colour": True}, crops=colour)
    for channel in range(3):
        alone = features(options, crops=colour[..., channel])
        np.testing.assert_allclose(together.values[:, channel::3], alone.values, atol=1e-4)
        np.testing.assert_array_equal(together.frequency[channel::3], alone.frequency)


@pytest.mark.parametrize("coefficients", [False, True])
def test_a_band_keeps_the_packets_whose_centre_it_keeps(coefficients: bool) -> None:
    band = Band.between(0.2, 0.3)
    whole, kept = (features({"coefficients": coefficients}, band) for band in (Band(), band))
    inside = band.keeps(whole.frequency)
    assert 0 < inside.sum() < inside.size
    np.testing.assert_array_equal(kept.values, whole.values[:, inside])
    np.testing.assert_array_equal(kept.frequency, whole.frequency[inside])


def test_reweighting_adds_the_log_of_the_gain() -> None:
    band = Band("low", 0.2, order=2, mode="reweight")
    for options, factor in (({}, 2), ({"coefficients": True}, 1)):
        plain, weighed = features(options), features(options, band)
        expected = np.broadcast_to(factor * np.log(band.gain(plain.frequency)), plain.values.shape)
        np.testing.assert_allclose(weighed.values - plain.values, expected, atol=2e-3)


def test_power_of_a_narrow_band_stays_in_its_packets() -> None:
    """The promise of the default; short wavelets break it."""
    rng = np.random.default_rng(0)
    radius = np.hypot(np.fft.fftfreq(64)[:, None], np.fft.fftfreq(64))
    fields = np.fft.ifft2(np.fft.fft2(rng.standard_normal((16, 64, 64))) * ((radius >= 0.10) & (radius <= 0.14))).real
    crops = np.clip(np.rint(128 + 30 * fields / fields.std()), 0, 255).astype(np.uint8)
    shares = []
    for options in ({}, {"wavelet": "haar"}):
        view = features(options, crops=crops)
        power = np.exp(view.values).mean(axis=0)
        shares.append(power[view.frequency > 0.25].sum() / power.sum())
    assert shares[0] < 0.0005
    assert shares[1] > 0.1


def nearest_gap(k: int, level: int, period: int) -> float:
    """Distance of the k-th passband from the nearest multiple of 1/period, by trying 1,001 of its points."""
    points = np.linspace(k, k + 1, 1001) / 2 ** (level + 1)
    return np.abs(points - np.round(points * period) / period).min()


@pytest.mark.parametrize(("level", "period"), [(4, 8), (4, 4), (3, 2), (4, 5), (5, 16)])
def test_a_comb_keeps_the_packets_that_touch_its_lattice(level: int, period: int) -> None:
    options = {"level": level, "wavelet": "haar"}
    whole, comb, anticomb = (
        features(options, band)
        for band in (Band(), *(Band(kind, period=period, halfwidth=0.001) for kind in ("comb", "anticomb")))
    )
    touched = [k for k in range(2**level) if nearest_gap(k, level, period) < 0.001]
    at_zero = [k for k in touched if (k + 1) / 2 ** (level + 1) < 0.5 / period]
    assert comb.values.shape[1] == len(touched) ** 2 - len(at_zero) ** 2
    together = np.concatenate([comb.values, anticomb.values], axis=1)
    np.testing.assert_array_equal(np.sort(together, axis=1), np.sort(whole.values, axis=1))


@pytest.mark.parametrize("place", [(1 / 8, 0), (3 / 8, 1 / 4), (1 / 2, 1 / 2), (0, 1 / 4)])
def test_waves_on_the_lattice_are_in_the_comb(place: tuple[float, float]) -> None:
    """And waves between its points in the anticomb."""
    phases = np.random.default_rng(0).uniform(0, 1, (20, 2))
    shares = []
    for rows, cols in (place, (place[0] - np.copysign(1 / 16, place[0] - 0.2), abs(place[1] - 1 / 16))):
        waves = [
            np.outer(np.cos(2 * np.pi * (rows * np.arange(128) + a)), np.cos(2 * np.pi * (cols * np.arange(128) + b)))
            for a, b in phases
        ]
        crops = np.rint(128 + 100 * np.array(waves)).astype(np.uint8)
        power = [np.exp(features({}, Band(kind, period=8), crops).values).sum() for kind in ("comb", "anticomb")]
        shares.append(power[0] / sum(power))
    assert shares[0] > 0.95
    assert shares[1] < 0.1


def test_combs_choose_all_coefficients_of_a_packet() -> None:
    colour = np.random.default_rng(1).integers(0, 256, (2, 32, 32, 3)).astype(np.uint8)
    options = {"level": 3, "coefficients": True, "colour": True}
    assert features(options, Band("comb", period=2), colour).values.shape == (2, 3 * 4 * 4 * 3)


def test_packets_too_wide_for_a_comb_name_the_level_that_is_not() -> None:
    for kind in ("comb", "anticomb"):
        with pytest.raises(EmptyBandError, match="packets of level 3, all of which touch its lattice; take level 4 or more"):
            features({"level": 3}, Band(kind, period=8))
    for period in range(2, 17):
        level = period.bit_length()
        crops = np.zeros((1, 32, 32), np.uint8)
        assert features(
            {"level": level, "wavelet": "haar"}, Band("anticomb", period=period, halfwidth=0.001), crops
        ).values.size


def test_blocks_of_crops_are_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = features({}).values
    monkeypatch.setattr("bandbench.benchmark.views.wavelet_packets.PIXELS_AT_A_TIME", 2 * 32 * 32)
    np.testing.assert_array_equal(features({}).values, whole)


def test_what_cannot_be_computed_is_refused() -> None:
    with pytest.raises(StudyError, match="level 4 need crops of at least 16x16 pixels, got 12x12"):
        features({}, crops=CROPS[:, :12, :12])
    with pytest.raises(StudyError, match="unknown wavelet 'db99'"):
        view_kernel(ViewSpec("wavelet_packets", {"wavelet": "db99"}))
    with pytest.raises(EmptyBandError, match="keeps no wavelet packet of level 1"):
        features({"level": 1}, Band("low", 0.1))
