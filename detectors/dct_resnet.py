"""Residual network on the log-DCT (arXiv 2003.08685)."""

from typing import TYPE_CHECKING, Any

from ..benchmark.contracts import Count
from .learning.band_masking import BAND_MASKED
from .learning.networks import NetworkDetector

if TYPE_CHECKING:
    import torch
    from torch import nn

HIDDEN = 256


class DctResNet(NetworkDetector):
    """
    Two convolutions, max-pooling by 3, residual blocks, a convolution, the mean over the plane and two dense layers.

    Parameters
    ----------
    blocks : int
        Pairs of convolutions with batch normalisation, added to what came in.
    width : int
        Filters of a convolution; half as many in the first.
    momentum : float
        Share of the running means and variances that a batch leaves as it was.
    transform, colour, seed, epochs, patience, batch_size, learning_rate, validation, reshuffle, device,
    masked_band, masked_share
        As in `bandbench.detectors.learning.networks.NetworkDetector`.

    Notes
    -----
    The preset ``faithful`` is the published network: ten blocks of width 64, 817,925 parameters for five classes of 128x128
    colour crops. It was trained on half a million crops and needs a GPU: one CPU core takes 25 ms per crop of 64x64 and epoch.
    What differs by default: four blocks of width 16, at 1.5 ms; running means that follow at once, where the
    published momentum of 0.99 keeps a third of the initial values over the first hundred batches, so that the validation loss
    means little; a new order of the crops in every epoch; more crops held out. The paper trains once, with seed 1.

    With few crops the mean over the plane hides where a coefficient lies: trained on 400 crops of 64x64 of
    ``procedural/planted``, default and published form reach an AUC of about 0.5, and `dct_cnn` 0.98.
    """

    name = "dct_resnet"
    presets = {
        "faithful": {"blocks": 10, "width": 64, "momentum": 0.99, "validation": 0.1, "reshuffle": False},
        "band_masked": BAND_MASKED,
    }
    min_side = 13  # two valid convolutions, pooling by 3 and one more convolution leave one place

    def __init__(
        self,
        blocks: Count = 4,
        width: Count = 16,
        momentum: float = 0.5,
        **of_network: Any,
    ) -> None:
        super().__init__(**of_network)
        self.blocks = blocks
        self.width = width
        self.momentum = momentum

    def network(self, shape: tuple[int, int, int], n_classes: int) -> "nn.Module":
        from torch import nn

        return nn.Sequential(
            nn.Conv2d(shape[2], self.width // 2, 3),
            nn.ReLU(inplace=True),
            nn.Conv2d(self.width // 2, self.width, 3),
            nn.MaxPool2d(3),  # before rectifying: the same values, a ninth of the work
            nn.ReLU(inplace=True),
            *[residual_block(self.width, self.momentum) for _ in range(self.blocks)],
            nn.Conv2d(self.width, self.width, 3),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(self.width, HIDDEN),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(HIDDEN, n_classes),
        )


def residual_block(width: int, momentum: float) -> "nn.Module":
    """Two convolutions with batch normalisation, added to what came in."""
    from torch import nn

    class Residual(nn.Sequential):
        def forward(self, input: "torch.Tensor") -> "torch.Tensor":
            return nn.functional.relu(input + super().forward(input))

    def normalise() -> nn.Module:
        return nn.BatchNorm2d(width, eps=1e-3, momentum=1 - momentum)  # what Keras calls momentum is what is kept

    first, second = (nn.Conv2d(width, width, 3, padding="same") for _ in range(2))
    return Residual(first, nn.ReLU(inplace=True), normalise(), second, normalise())
