"""Residual network: its size by hand, sides, and initial weights."""

import numpy as np
import pytest

from bandbench.detectors.learning.residual import bottleneck, bottleneck_network, initialise_residual

torch = pytest.importorskip("torch", reason="pip install 'bandbench[deep]'")


def test_a_bottleneck_adds_what_came_in() -> None:
    block = bottleneck(16, 4, 1).eval()
    for values in block.parameters():
        torch.nn.init.zeros_(values)
    pictures = torch.rand(2, 16, 6, 5)
    np.testing.assert_array_equal(block(pictures).detach().numpy(), pictures.numpy())


def test_a_stride_halves_the_plane() -> None:
    assert bottleneck(16, 8, 2)(torch.rand(2, 16, 6, 5)).shape == (2, 32, 3, 3)


@pytest.mark.parametrize("side", [8, 33])
def test_pictures_of_any_size(side: int) -> None:
    assert bottleneck_network(1, 3, 4, (1, 2)).eval()(torch.rand(2, 1, side, side + 1)).shape == (2, 3)


def test_initial_weights() -> None:
    """Normal, with a variance of two over the outputs of a filter times its taps."""
    network = bottleneck_network(3, 2, 64, (1, 1))
    initialise_residual(network)
    assert network[0].weight.std().item() == pytest.approx(np.sqrt(2 / (9 * 64)), rel=0.1)
