"""Small residual network: the first two stages of a ResNet-50, as detectors of local traces take it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...benchmark.contracts import Count
from ...benchmark.errors import PluginError
from .augmentation import Augmentation
from .networks import TrainedNetwork

if TYPE_CHECKING:
    import torch
    from torch import nn

EXPANSION = 4  # output filters of a bottleneck, as a multiple of its width
# Rows or columns of a picture. Eight end in one place after three halvings, and a batch of one crop then has one value per
# filter, which cannot be normalised.
LEAST_SIDE = 9


class BottleneckDetector(TrainedNetwork):
    """
    Base of detectors whose pixels go through a layer without weights into a `bottleneck_network`.

    A subclass writes `residual` and sets `augmentation`.

    Parameters
    ----------
    width : int
        Filters of the first convolution and of the first stage's bottlenecks.
    blocks : list of two int
        Bottlenecks of the two stages.
    colour, seed, epochs, patience, batch_size, learning_rate, validation, reshuffle, device, masked_band, masked_share
        As in `TrainedNetwork`.
    """

    transform = "pixels"

    def __init__(
        self,
        width: Count = 16,
        blocks: list[int] = [1, 1],  # noqa: B006 (stored and never changed)
        **of_training: Any,
    ) -> None:
        super().__init__(**of_training)
        self.width = width
        self.blocks = blocks

    @property
    def augmentation(self) -> Augmentation:
        """Random changes of training crops."""
        raise NotImplementedError(f"{type(self).__name__} does not say how crops are changed.")

    def residual(self) -> "nn.Module":
        """Build the layer without weights."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its network looks at.")

    def network(self, shape: tuple[int, int, int], n_classes: int) -> "nn.Module":
        from torch import nn

        first, second = self.blocks
        return nn.Sequential(self.residual(), bottleneck_network(shape[2], n_classes, self.width, (first, second)))

    def initialise(self, network: "nn.Module") -> None:
        initialise_residual(network)

    def augmented(self, planes: NDArray[np.float32], generators: Sequence[np.random.Generator]) -> NDArray[np.float32]:
        augment = self.augmentation
        crops = np.stack([augment(plane, rng) for plane, rng in zip(planes, generators, strict=True)])
        return super().augmented(crops, generators)

    def require_blocks(self) -> None:
        """
        Refuse other blocks than those of two stages.

        Raises
        ------
        PluginError
            If `blocks` are not two numbers of at least 1.
        """
        if len(self.blocks) != 2 or min(self.blocks) < 1:
            raise PluginError(f"{self.name} needs two numbers of blocks of at least 1, got {self.blocks}.")


def bottleneck_network(
    channels: int, n_classes: int, width: int = 64, blocks: tuple[int, int] = (3, 4), stem_stride: int = 2
) -> "nn.Module":
    """
    Build a residual network with a mean over the plane, which takes pictures of any size.

    Parameters
    ----------
    channels, n_classes : int
    width : int
        Filters of the first convolution and of the bottlenecks of the first stage; the second stage has twice as many.
    blocks : (int, int)
        Bottlenecks of the two stages.
    stem_stride : int
        Of the first convolution and of the pooling after it, each.

    Returns
    -------
    Module
        From (n, channels, rows, cols) to logits (n, n_classes).

    Notes
    -----
    A first convolution of 3x3 instead of 7x7, and stages of three and four bottlenecks of width 64: with three channels and two
    classes these are 1,438,274 parameters (He et al., arXiv 1512.03385; SAFE, arXiv 2408.06741, has 1.44 million).
    """
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(channels, width, 3, stride=stem_stride, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, stride=stem_stride, padding=1),
        *_stage(width, width, blocks[0], stride=1),
        *_stage(EXPANSION * width, 2 * width, blocks[1], stride=2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(2 * EXPANSION * width, n_classes),
    )


def _stage(channels: int, width: int, n_blocks: int, stride: int) -> "list[nn.Module]":
    later = [bottleneck(EXPANSION * width, width, 1) for _ in range(n_blocks - 1)]
    return [bottleneck(channels, width, stride), *later]


def bottleneck(channels: int, width: int, stride: int) -> "nn.Module":
    """Build a bottleneck: three convolutions, added to what came in, which a 1x1 convolution adapts where shapes differ."""
    from torch import nn

    wide = EXPANSION * width

    class Bottleneck(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.path = nn.Sequential(
                nn.Conv2d(channels, width, 1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(inplace=True),
                nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(inplace=True),
                nn.Conv2d(width, wide, 1, bias=False),
                nn.BatchNorm2d(wide),
            )
            adapted = stride != 1 or channels != wide
            projection = nn.Conv2d(channels, wide, 1, stride=stride, bias=False)
            self.skip = nn.Sequential(projection, nn.BatchNorm2d(wide)) if adapted else nn.Identity()

        def forward(self, pictures: "torch.Tensor") -> "torch.Tensor":
            return nn.functional.relu(self.path(pictures) + self.skip(pictures))

    return Bottleneck()


def initialise_residual(network: "nn.Module") -> None:
    """Draw the weights of convolutions from the normal distribution of He et al. (arXiv 1502.01852), by fan-out."""
    from torch import nn

    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
