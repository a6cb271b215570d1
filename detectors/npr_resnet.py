"""Small residual network on neighbouring pixel relationships (Tan et al., CVPR 2024)."""

from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray

from ..benchmark.contracts import Count, Features, Positive
from ..benchmark.errors import PluginError
from .learning.augmentation import Augmentation
from .learning.band_masking import BAND_MASKED
from .learning.residual import LEAST_SIDE, BottleneckDetector

if TYPE_CHECKING:
    import torch
    from torch import nn


class NprResNet(BottleneckDetector):
    """
    The map of pixels minus the first pixel of their cell, seen by a small residual network.

    Parameters
    ----------
    factor : int
        Side of a cell in pixels.
    width : int
        Filters of the first convolution and of the first stage's bottlenecks.
    blocks : list of two int
        Bottlenecks of the two stages.
    flip : bool
        Mirror training crops left and right in half of the cases, before the map is taken.
    colour, seed, epochs, patience, batch_size, learning_rate, validation, reshuffle, device, masked_band, masked_share
        As in `bandbench.detectors.learning.networks.TrainedNetwork`.

    Notes
    -----
    The preset ``faithful`` is the published network, the first two stages of a ResNet-50 with a first convolution of 3x3
    (1.44 million parameters), with the published rate and mirrored crops. It was trained on 144,000 pictures of ProGAN, at 224
    pixels, and needs a GPU. What differs from the paper: the crop is the study's and lies in the middle; a validation loss says
    when to stop; the map is scaled by the range of the pixels and not by the constants of ImageNet, which the normalisation
    after the first convolution undoes. What differs by default: a narrow network and a higher rate, for few pictures, and
    crops that are not mirrored, because that moves the first pixel of a cell.
    """

    name = "npr_resnet"
    source = "Tan et al., Rethinking the Up-Sampling Operations, CVPR 2024, arXiv 2312.10461"
    presets = {
        "faithful": {
            "width": 64,
            "blocks": [3, 4],
            "flip": True,
            "learning_rate": 0.0002,
            "validation": 0.1,
        },
        "band_masked": BAND_MASKED,
    }

    def __init__(
        self,
        factor: Annotated[int, Ge(2), Le(16)] = 2,
        flip: bool = False,
        patience: Count = 10,
        learning_rate: Positive = 0.003,
        **of_network: Any,
    ) -> None:
        super().__init__(patience=patience, learning_rate=learning_rate, **of_network)
        self.factor = factor
        self.flip = flip

    def residual(self) -> "nn.Module":
        return nearest_residual(self.factor)

    @property
    def augmentation(self) -> Augmentation:
        return Augmentation(flip=self.flip)

    @property
    def augments(self) -> bool:
        return self.flip or super().augments

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        """
        Train the network.

        Parameters
        ----------
        view : Features of n_crops, uint8 (n_crops, side, side[, 3])
        labels : array of int64 (n_crops,)

        Raises
        ------
        PluginError
            If a crop has fewer than four whole cells or `LEAST_SIDE` pixels of them in a row, `blocks` are not two numbers, or
            as in `TrainedNetwork.fit`.
        """
        rows, cols = view.values.shape[1:3]
        if self.factor < 2 or min(rows, cols) // self.factor * self.factor < max(4 * self.factor, LEAST_SIDE):
            raise PluginError(
                f"{self.name} needs a factor of at least 2, and crops of at least four whole cells and {LEAST_SIDE} pixels of "
                f"whole cells in rows and columns, got a factor of {self.factor} and {rows}x{cols} pixels."
            )
        self.require_blocks()
        return super().fit(view, labels)


def nearest_residual(factor: int) -> "nn.Module":
    """
    Build a layer without weights: pixels minus the first pixel of their cell.

    Parameters
    ----------
    factor : int
        Side of a cell in pixels.

    Returns
    -------
    Module
        From (n, channels, rows, cols) to (n, channels, rows // factor * factor, cols // factor * factor).
    """
    from torch import nn

    class NearestResidual(nn.Module):
        def forward(self, pictures: "torch.Tensor") -> "torch.Tensor":
            rows, cols = (side // factor * factor for side in pictures.shape[2:])
            whole = pictures[:, :, :rows, :cols]
            first = whole[:, :, ::factor, ::factor]
            return whole - first.repeat_interleave(factor, dim=2).repeat_interleave(factor, dim=3)

    return NearestResidual()
