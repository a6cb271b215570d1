"""Residual network on the wavelet high band: the band of PyWavelets, the published size, windows, and that it learns."""

import numpy as np
import pytest
import pywt

from bandbench.benchmark.contracts import Features, ViewSpec
from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.metrics.roc import roc_auc
from bandbench.benchmark.registry import DetectorSpec
from bandbench.detectors.wavelet_highband import WaveletHighband, high_band

torch = pytest.importorskip("torch", reason="pip install 'bandbench[deep]'")


@pytest.mark.parametrize("wavelet", ["haar", "bior1.3", "db3"])
@pytest.mark.parametrize("shape", [(16, 16), (17, 24), (9, 9)])
def test_the_band_is_that_of_pywavelets(wavelet: str, shape: tuple[int, int]) -> None:
    pictures = np.random.default_rng(0).normal(size=(3, 2, *shape))
    wanted = pywt.dwt2(pictures, wavelet, mode="symmetric", axes=(2, 3))[1][2]
    np.testing.assert_allclose(high_band(wavelet)(torch.from_numpy(pictures)).numpy(), wanted, atol=1e-12)


def test_the_middle_of_a_picture_in_its_own_size() -> None:
    pictures = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 3, 40, 32)))
    band = high_band("bior1.3", window=16, restored=True)(pictures)
    assert band.shape == (2, 3, 16, 16)
    small = high_band("bior1.3")(pictures[:, :, 12:28, 8:24])
    wanted = torch.nn.functional.interpolate(small, size=(16, 16), mode="bilinear")
    np.testing.assert_array_equal(band.numpy(), wanted.numpy())


def test_what_varies_along_one_axis_only_is_not_in_the_band() -> None:
    stripes = torch.from_numpy(np.tile(np.random.default_rng(0).normal(size=32), (1, 1, 32, 1)))
    assert np.abs(high_band("haar")(stripes).numpy()).max() < 1e-12


def test_published_size() -> None:
    """A 3x3 convolution, three bottlenecks of 64, four of 128, and a dense layer of 512 to 2, by hand."""
    detector = DetectorSpec("wavelet_highband", "faithful").build()
    assert isinstance(detector, WaveletHighband)
    network = detector.network((256, 256, 3), 2)

    def convolution(inputs: int, outputs: int, taps: int) -> int:
        return inputs * outputs * taps + 2 * outputs  # and the normalisation after it

    def stage(inputs: int, width: int, blocks: int) -> int:
        first = convolution(inputs, width, 1) + convolution(width, width, 9) + convolution(width, 4 * width, 1)
        later = convolution(4 * width, width, 1) + convolution(width, width, 9) + convolution(width, 4 * width, 1)
        return first + convolution(inputs, 4 * width, 1) + (blocks - 1) * later

    wanted = convolution(3, 64, 9) + stage(64, 64, 3) + stage(256, 128, 4) + 512 * 2 + 2
    assert sum(values.numel() for values in network.parameters()) == wanted == 1_438_274


def test_the_faithful_recipe_trains_on_small_windows() -> None:
    params = {"window": 24, "epochs": 2, "batch_size": 8}
    detector = DetectorSpec.parse("wavelet_highband/faithful", params).build()
    detector.fit(*checkerboards(12, 0))
    assert [entry["epoch"] for entry in detector.history_] == [1, 2]
    assert np.isfinite(detector.score(checkerboards(4, 1)[0])).all()


def test_view() -> None:
    assert WaveletHighband().view == ViewSpec("pixels", {"colour": True})


def checkerboards(n: int, seed: int, side: int = 32) -> tuple[Features, np.ndarray]:
    """Noise pictures; fakes have a faint checkerboard, whose energy lies in the band."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    grey = rng.normal(128, 20, (n, side, side))
    board = np.indices((side, side)).sum(axis=0) % 2 - 0.5
    grey += 30 * labels[:, None, None] * board
    crops = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    return Features(np.repeat(crops[..., None], 3, axis=-1)), labels.astype(np.int64)


@pytest.mark.parametrize("window", [0, 24])
def test_it_learns_a_checkerboard(window: int) -> None:
    detector = WaveletHighband(window=window, width=4, epochs=8)
    detector.fit(*checkerboards(80, 0))
    test, labels = checkerboards(40, 1)
    assert roc_auc(labels, detector.score(test)) > 0.95


def test_the_smallest_window_can_be_learned_from_one_by_one() -> None:
    detector = WaveletHighband(window=13, width=4, epochs=1, batch_size=1).fit(*checkerboards(8, 0))
    assert np.isfinite(detector.score(checkerboards(4, 1)[0])).all()


def test_scores_use_the_middle_of_a_crop() -> None:
    detector = WaveletHighband(window=16, width=4, epochs=1).fit(*checkerboards(16, 0))
    test, _ = checkerboards(4, 1)
    changed = test.values.copy()
    changed[:, :8] = 0
    np.testing.assert_array_equal(detector.score(Features(changed)), detector.score(test))


def test_the_rate_rises_for_an_epoch_and_falls_to_nothing() -> None:
    detector = WaveletHighband(schedule="cosine", learning_rate=0.01, epochs=11)
    rates = [detector.rate(progress) for progress in (0, 0.5, 1, 6, 11)]
    np.testing.assert_allclose(rates, [0, 0.005, 0.01, 0.005, 0], atol=1e-12)
    assert WaveletHighband().rate(7.5) == WaveletHighband().learning_rate


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"window": 64}, "wavelet_highband cuts windows of 64x64 pixels out of the crops, which have 32x32"),
        ({"wavelet": "bior9"}, "needs a discrete wavelet of PyWavelets"),
        ({"blocks": [1]}, "needs two numbers of blocks"),
        ({"window": 12}, "a high band of at least 9x9 coefficients; that of 12x12 pixels with bior1.3 has 8x8"),
        ({"window": 16, "wavelet": "haar"}, "that of 16x16 pixels with haar has 8x8"),
        ({"jitter": 3.0}, "augmentation needs jitter between 0 and 1, got 3.0"),
        ({"masked_patches": 2.0}, "augmentation needs masked_patches between 0 and 1, got 2.0"),
    ],
)
def test_what_makes_no_sense_is_refused(params: dict[str, object], message: str) -> None:
    with pytest.raises(PluginError, match=message):
        DetectorSpec.parse("wavelet_highband", params).build().fit(*checkerboards(8, 0))


@pytest.mark.parametrize(
    ("params", "side", "message"),
    [
        ({"window": 256}, 128, "cuts windows of 256x256 pixels out of the crops, which have 128x128"),
        ({"wavelet": "nope"}, 128, "needs a discrete wavelet of PyWavelets"),
        ({}, 12, "needs crops of at least 16x16, got 12x12"),
    ],
)
def test_crops_that_it_cannot_take_are_refused_before_a_picture_is_read(
    params: dict[str, int], side: int, message: str
) -> None:
    with pytest.raises(PluginError, match=message):
        DetectorSpec.parse("wavelet_highband", params).build().require_side(side)
    DetectorSpec("wavelet_highband").build().require_side(128)
