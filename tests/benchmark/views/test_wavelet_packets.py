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
    assert shares[0] < 0.002
    assert shares[1] > 0.1


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
