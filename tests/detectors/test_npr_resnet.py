"""Residual network on neighbouring pixel relationships: the map, the published size, and that it learns."""

import numpy as np
import pytest
from numpy.typing import NDArray

from bandbench.benchmark.contracts import Features, ViewSpec
from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.metrics.roc import roc_auc
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.testing.detector_checks import DETECTOR_CHECKS, run_detector_check
from bandbench.detectors.npr_resnet import NprResNet, nearest_residual

torch = pytest.importorskip("torch", reason="pip install 'bandbench[deep]'")
QUICK = {"width": 4, "epochs": 2}


@pytest.mark.parametrize("factor", [2, 3, 4])
@pytest.mark.parametrize("shape", [(16, 16), (17, 22)])
def test_the_map_is_a_picture_minus_its_resampled_self(factor: int, shape: tuple[int, int]) -> None:
    pictures = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 3, *shape)))
    rows, cols = (side // factor * factor for side in shape)
    whole = pictures[:, :, :rows, :cols]
    small = torch.nn.functional.interpolate(whole, scale_factor=1 / factor, mode="nearest", recompute_scale_factor=True)
    wanted = whole - torch.nn.functional.interpolate(small, size=(rows, cols), mode="nearest")
    np.testing.assert_array_equal(nearest_residual(factor)(pictures).numpy(), wanted.numpy())


def test_the_map_is_that_of_the_view() -> None:
    from bandbench.benchmark.views.npr import nearest_residual as of_view

    crops = np.random.default_rng(0).integers(0, 256, (2, 11, 14, 3)).astype(np.uint8)
    pictures = torch.from_numpy(crops.astype(float)).permute(0, 3, 1, 2)
    np.testing.assert_array_equal(nearest_residual(2)(pictures).permute(0, 2, 3, 1).numpy(), of_view(crops, 2))


def test_published_size() -> None:
    """1.44 million parameters, as the paper says; two outputs where it has one."""
    detector = DetectorSpec("npr_resnet", "faithful").build()
    assert isinstance(detector, NprResNet)
    assert sum(values.numel() for values in detector.network((224, 224, 3), 2).parameters()) == 1_438_274


def test_view() -> None:
    assert NprResNet().view == ViewSpec("pixels", {"colour": True})


def repeated(n: int, seed: int, side: int = 32) -> tuple[Features, NDArray[np.int64]]:
    """Noise; fakes have half of their pixels' energy in means over cells of two, repeated, and the same contrast."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    values = rng.standard_normal((n, side, side, 3))
    cells = values.reshape(n, side // 2, 2, side // 2, 2, 3).mean(axis=(2, 4)).repeat(2, axis=1).repeat(2, axis=2)
    values = np.where(labels[:, None, None, None] == 1, (values + cells) / 2, values)
    values *= 20 / values.std(axis=(1, 2, 3), keepdims=True)
    return Features(np.clip(np.rint(128 + values), 0, 255).astype(np.uint8)), labels.astype(np.int64)


@pytest.mark.parametrize("flip", [False, True])
def test_it_learns_repeated_pixels(flip: bool) -> None:
    detector = NprResNet(width=4, epochs=8, flip=flip).fit(*repeated(80, 0))
    test, labels = repeated(40, 1)
    assert roc_auc(labels, detector.score(test)) > 0.95


def test_mirrored_crops_change_what_is_learned() -> None:
    plain, mirrored = (NprResNet(**QUICK, flip=flip).fit(*repeated(24, 0)) for flip in (False, True))
    test, _ = repeated(8, 1)
    assert not np.allclose(plain.score(test), mirrored.score(test))


def test_the_smallest_crops_can_be_learned_from_one_by_one() -> None:
    detector = NprResNet(**QUICK | {"batch_size": 1}).fit(*repeated(8, 0, side=10))
    assert np.isfinite(detector.score(repeated(4, 1, side=10)[0])).all()


def test_what_makes_no_sense() -> None:
    small, labels = repeated(8, 0, side=8)
    with pytest.raises(PluginError, match="at least four whole cells and 9 pixels .* got a factor of 4 and 8x8 pixels"):
        NprResNet(factor=4).fit(small, labels)
    with pytest.raises(PluginError, match="at least four whole cells and 9 pixels .* got a factor of 2 and 8x8 pixels"):
        NprResNet().fit(small, labels)
    with pytest.raises(PluginError, match=r"two numbers of blocks of at least 1, got \[1\]"):
        NprResNet(blocks=[1]).fit(*repeated(8, 0, side=16))


@pytest.mark.parametrize("name", DETECTOR_CHECKS)
def test_a_quick_one_keeps_the_contract(name: str) -> None:
    result = run_detector_check(name, DetectorSpec("npr_resnet", "", QUICK))
    assert result.ok, result.detail
