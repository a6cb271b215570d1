"""Network with one hidden layer on the log-DCT (arXiv 2003.08685)."""

from math import prod
from typing import TYPE_CHECKING

from .learning.band_masking import BAND_MASKED
from .learning.networks import NetworkDetector

if TYPE_CHECKING:
    import torch
    from torch import nn

HIDDEN = 128
L2 = 0.01


class DctMLP(NetworkDetector):
    """
    A hidden layer of 128 rectified units, whose squared weights are penalised, and one dense layer.

    Parameters
    ----------
    transform, colour, seed, epochs, patience, batch_size, learning_rate, validation, reshuffle, device,
    masked_band, masked_share
        As in `bandbench.detectors.learning.networks.NetworkDetector`.

    Notes
    -----
    These are the published layers, and the published penalty of 0.01 times the sum of squares. What differs from the
    preset ``faithful``: a new order of the crops in every epoch, where the paper reads one file over and over, and more crops
    held out, because there are fewer. The paper trains once, with seed 1.
    """

    name = "dct_mlp"
    presets = {"faithful": {"validation": 0.1, "reshuffle": False}, "band_masked": BAND_MASKED}

    def network(self, shape: tuple[int, int, int], n_classes: int) -> "nn.Module":
        from torch import nn

        return nn.Sequential(nn.Flatten(), nn.Linear(prod(shape), HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, n_classes))

    def penalty(self, network: "nn.Module") -> "torch.Tensor | float":
        return L2 * network.get_parameter("1.weight").square().sum()
