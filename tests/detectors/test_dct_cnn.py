"""Convolutional network: the published size, and crops of any size."""

import numpy as np
import pytest
from torch import nn

from bandbench.benchmark.contracts import Features, ViewSpec
from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.registry import DetectorSpec
from bandbench.detectors.dct_cnn import DctCNN
from bandbench.detectors.learning.networks import weights_of


def parameter_count(network: nn.Module) -> int:
    return sum(values.size for values in weights_of(network).values())


def test_published_size() -> None:
    assert parameter_count(DctCNN().network((128, 128, 3), 5)) == 169_961


def test_layers_by_hand() -> None:
    """Nine weights per pair of channels, one bias per filter; the plane is halved twice, rounded down."""
    convolutions = (9 * 1 * 3 + 3) + (9 * 3 * 8 + 8) + (9 * 8 * 16 + 16) + (9 * 16 * 32 + 32)
    assert parameter_count(DctCNN().network((18, 23, 1), 2)) == convolutions + (4 * 5 * 32 * 2 + 2)


def test_views() -> None:
    assert DctCNN().view == ViewSpec("dct", {"colour": True, "log": True, "plane": True})
    assert DctCNN("pixels", colour=False).view == ViewSpec("pixels", {"colour": False})


def test_faithful_keeps_the_order() -> None:
    assert DetectorSpec("dct_cnn", "faithful").build().parameters() == DctCNN(validation=0.1, reshuffle=False).parameters()


def test_smallest_crops() -> None:
    labels = np.arange(8) % 2
    values = np.random.default_rng(0).standard_normal((8, 4, 4, 3)).astype(np.float32)
    assert np.isfinite(DctCNN(epochs=1).fit(Features(values), labels).score(Features(values))).all()
    with pytest.raises(PluginError, match="dct_cnn needs crops of at least 4x4, got 4x3"):
        DctCNN().fit(Features(values[:, :, :3]), labels)
