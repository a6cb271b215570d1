"""Small residual network: the first two stages of a ResNet-50, as detectors of local traces take it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn

EXPANSION = 4  # output filters of a bottleneck, as a multiple of its width
# Rows or columns of a picture. Eight end in one place after three halvings, and a batch of one crop then has one value per
# filter, which cannot be normalised.
LEAST_SIDE = 9


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
