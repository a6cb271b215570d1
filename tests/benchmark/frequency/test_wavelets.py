"""Wavelet packets: the library's own packets one by one, the order of frequencies, and settings that make no transform."""

import numpy as np
import pytest
import pywt

from bandbench.benchmark.errors import StudyError
from bandbench.benchmark.frequency.wavelets import packet_centres, packet_coefficients, require_packets

CROPS = np.random.default_rng(0).integers(0, 256, (3, 32, 48)).astype(np.float64)


@pytest.mark.parametrize("boundary", ["periodization", "reflect", "symmetric"])
@pytest.mark.parametrize(("wavelet", "level"), [("haar", 3), ("db3", 2), ("sym4", 3), ("bior2.2", 1)])
def test_packets_of_a_stack_are_those_of_each_picture(wavelet: str, level: int, boundary: str) -> None:
    packets = packet_coefficients(CROPS, wavelet, level, boundary)
    for crop, ours in zip(CROPS, packets, strict=True):
        tree = pywt.WaveletPacket2D(crop, wavelet, boundary, level)
        for i, row in enumerate(tree.get_level(level, order="freq")):
            for j, node in enumerate(row):
                np.testing.assert_allclose(ours[i, j], node.data, atol=1e-9, err_msg=f"packet {i}, {j}")


@pytest.mark.parametrize(("i", "j"), [(0, 5), (3, 3), (6, 1), (7, 7), (2, 4)])
def test_a_wave_lies_in_the_packet_of_its_frequency(i: int, j: int) -> None:
    rows, cols = (packet_centres(3)[k] for k in (i, j))
    wave = np.outer(np.cos(2 * np.pi * rows * np.arange(64)), np.cos(2 * np.pi * cols * np.arange(64)))
    packets = packet_coefficients(wave[None], "db8", 3, "periodization")
    energy = (packets**2).sum(axis=(3, 4))[0]
    assert np.unravel_index(energy.argmax(), energy.shape) == (i, j)
    assert energy[i, j] > 0.55 * energy.sum()


def test_centres_are_the_middles_of_equal_parts_of_the_axis() -> None:
    np.testing.assert_allclose(packet_centres(2), [1 / 16, 3 / 16, 5 / 16, 7 / 16])


def test_an_orthogonal_transform_keeps_the_energy_of_every_channel() -> None:
    crops = np.random.default_rng(1).standard_normal((2, 16, 32, 3))
    packets = packet_coefficients(crops, "db4", 3, "periodization")
    assert packets.shape == (2, 8, 8, 2, 4, 3)
    np.testing.assert_allclose((packets**2).sum(axis=(1, 2, 3, 4)), (crops**2).sum(axis=(1, 2)))


def test_single_precision_stays() -> None:
    assert packet_coefficients(CROPS.astype(np.float32), "haar", 1, "reflect").dtype == np.float32


def test_a_crop_that_is_smaller_than_its_packets_is_refused() -> None:
    with pytest.raises(StudyError, match="level 4 need crops of at least 16x16 pixels, got 15x64; lower the level"):
        packet_coefficients(np.zeros((1, 15, 64)), "haar", 4, "reflect")
    assert packet_coefficients(np.zeros((1, 16, 64)), "haar", 4, "reflect").shape == (1, 16, 16, 1, 4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (("haaar", 3, "reflect"), "unknown wavelet 'haaar'; PyWavelets has the families bior, coif, db, dmey, haar, rbio, sym"),
        (("haar", 3, "mirror"), "unknown boundary of wavelet packets 'mirror'"),
        (("haar", 0, "reflect"), "a level of 1 to 8, got 0"),
        (("haar", 9, "reflect"), "a level of 1 to 8, got 9"),
    ],
)
def test_settings_that_make_no_transform(settings: tuple[str, int, str], message: str) -> None:
    with pytest.raises(StudyError) as error:
        require_packets(*settings)
    assert message in str(error.value)
