"""Convolutional network on the log-DCT (arXiv 2003.08685)."""

from typing import TYPE_CHECKING

from .learning.band_masking import BAND_MASKED
from .learning.networks import NetworkDetector
from .published import frank

if TYPE_CHECKING:
    from torch import nn


class DctCNN(NetworkDetector):
    """
    Four 3x3 convolutions with 3, 8, 16 and 32 filters, average pooling before the last two, and one dense layer.

    Parameters
    ----------
    transform, colour, seed, epochs, patience, batch_size, learning_rate, validation, reshuffle, device,
    masked_band, masked_share
        As in `bandbench.detectors.learning.networks.NetworkDetector`.

    Notes
    -----
    These are the published layers, 169,961 parameters for five classes of 128x128 colour crops. What differs from the
    preset ``faithful``: a new order of the crops in every epoch, where the paper reads one file over and over, and more crops
    held out, because there are fewer. The paper trains once, with seed 1.
    """

    name = "dct_cnn"
    reported = frank.CNN
    presets = {"faithful": {"validation": 0.1, "reshuffle": False}, "band_masked": BAND_MASKED}
    min_side = 4

    def network(self, shape: tuple[int, int, int], n_classes: int) -> "nn.Module":
        from torch import nn

        rows, cols, channels = shape
        return nn.Sequential(
            nn.Conv2d(channels, 3, 3, padding="same"),
            nn.ReLU(),
            nn.Conv2d(3, 8, 3, padding="same"),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Conv2d(8, 16, 3, padding="same"),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Conv2d(16, 32, 3, padding="same"),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(32 * (rows // 4) * (cols // 4), n_classes),
        )
