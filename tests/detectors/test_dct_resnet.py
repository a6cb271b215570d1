"""Residual network: the published size, Keras's normalisation, and the smallest crops."""

import numpy as np
import pytest
import torch
from torch import nn

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.registry import DetectorSpec
from bandbench.detectors.dct_resnet import DctResNet
from bandbench.detectors.learning.networks import NetworkDetector, weights_of


def parameter_count(network: nn.Module) -> int:
    """Count the numbers of a network as its publication does: running means and variances included."""
    return sum(values.size for values in weights_of(network).values())


def faithful() -> NetworkDetector:
    detector = DetectorSpec("dct_resnet", "faithful").build()
    assert isinstance(detector, NetworkDetector)
    return detector


def test_published_size() -> None:
    assert parameter_count(faithful().network((128, 128, 3), 5)) == 817_925


def test_normalisation_as_published() -> None:
    layers = [layer for layer in faithful().network((32, 32, 3), 2).modules() if isinstance(layer, nn.BatchNorm2d)]
    assert len(layers) == 20
    assert {layer.eps for layer in layers} == {1e-3}
    assert [layer.momentum for layer in layers] == pytest.approx([0.01] * 20)


def test_planes_shrink_as_published() -> None:
    """Two valid convolutions, pooling that drops what is left over, blocks that keep the size, one valid convolution."""
    network = DctResNet(blocks=2, width=8).network((64, 40, 1), 2)
    assert isinstance(network, nn.Sequential)
    shapes, batch = [], torch.zeros(2, 1, 64, 40)
    for layer in network:
        batch = layer(batch)
        shapes.append(tuple(batch.shape[1:]))
    assert list(dict.fromkeys(shapes)) == [(4, 62, 38), (8, 60, 36), (8, 20, 12), (8, 18, 10), (8, 1, 1), (8,), (256,), (2,)]


def test_a_block_adds_what_came_in() -> None:
    network = DctResNet(blocks=1, width=4).network((32, 32, 1), 2)
    assert isinstance(network, nn.Sequential)
    block = network[5]
    for parameter in block.parameters():
        nn.init.zeros_(parameter)
    batch = torch.randn(2, 4, 6, 6)
    assert torch.equal(block(batch), batch.clamp(min=0))


def test_smallest_crops() -> None:
    labels = np.arange(8) % 2
    values = np.random.default_rng(0).standard_normal((8, 16, 13, 3)).astype(np.float32)
    detector = DctResNet(blocks=1, width=8, epochs=1)
    assert np.isfinite(detector.fit(Features(values), labels).score(Features(values))).all()
    with pytest.raises(PluginError, match="dct_resnet needs crops of at least 13x13, got 16x12"):
        detector.fit(Features(values[:, :, :12]), labels)


def test_scores_do_not_depend_on_the_batch() -> None:
    """Running statistics and no dropout when scoring, although training uses the batch's own."""
    labels = np.arange(12) % 2
    values = np.random.default_rng(0).standard_normal((12, 16, 16, 3)).astype(np.float32)
    detector = DctResNet(blocks=2, width=8, epochs=2, batch_size=5).fit(Features(values), labels)
    whole = detector.score(Features(values))
    alone = np.concatenate([detector.score(Features(values[i : i + 1])) for i in range(12)])
    np.testing.assert_allclose(alone, whole, rtol=1e-9, atol=1e-12)
