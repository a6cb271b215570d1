"""Small residual network on neighbouring pixel relationships (Tan et al., CVPR 2024)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

import numpy as np
from annotated_types import Ge, Le
from numpy.typing import NDArray

from ..benchmark.contracts import Count, Features, Positive, Seed, Share
from ..benchmark.errors import PluginError
from .learning.augmentation import Augmentation
from .learning.band_masking import BAND_MASKED, MaskedBand
from .learning.networks import NetworkDetector
from .learning.residual import LEAST_SIDE, bottleneck_network, initialise_residual

if TYPE_CHECKING:
    import torch
    from torch import nn


class NprResNet(NetworkDetector):
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
        As in `bandbench.detectors.learning.networks.NetworkDetector`.

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
    transform: ClassVar[str] = "pixels"  # type: ignore[misc] (no parameter here)
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
        width: Count = 16,
        blocks: list[int] = [1, 1],  # noqa: B006 (stored and never changed)
        flip: bool = False,
        colour: bool = True,
        seed: Seed = 0,
        epochs: Count = 50,
        patience: Count = 10,
        batch_size: Count = 32,
        learning_rate: Positive = 0.003,
        validation: Share = 0.2,
        reshuffle: bool = True,
        device: Literal["auto", "cpu", "cuda"] = "auto",
        masked_band: MaskedBand = "none",
        masked_share: Share = 0.15,
    ) -> None:
        self.factor = factor
        self.width = width
        self.blocks = blocks
        self.flip = flip
        self.colour = colour
        self.seed = seed
        self.epochs = epochs
        self.patience = patience
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.validation = validation
        self.reshuffle = reshuffle
        self.device = device
        self.masked_band = masked_band
        self.masked_share = masked_share

    def network(self, shape: tuple[int, int, int], n_classes: int) -> "nn.Module":
        from torch import nn

        first, second = self.blocks
        return nn.Sequential(
            nearest_residual(self.factor), bottleneck_network(shape[2], n_classes, self.width, (first, second))
        )

    def initialise(self, network: "nn.Module") -> None:
        initialise_residual(network)

    @property
    def augments(self) -> bool:
        return self.flip or super().augments

    def augmented(self, planes: NDArray[np.float32], generators: Sequence[np.random.Generator]) -> NDArray[np.float32]:
        augment = Augmentation(flip=self.flip)
        crops = np.stack([augment(plane, rng) for plane, rng in zip(planes, generators, strict=True)])
        return super().augmented(crops, generators)

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
            as in `NetworkDetector.fit`.
        """
        rows, cols = view.values.shape[1:3]
        if self.factor < 2 or min(rows, cols) // self.factor * self.factor < max(4 * self.factor, LEAST_SIDE):
            raise PluginError(
                f"{self.name} needs a factor of at least 2, and crops of at least four whole cells and {LEAST_SIDE} pixels of "
                f"whole cells in rows and columns, got a factor of {self.factor} and {rows}x{cols} pixels."
            )
        if len(self.blocks) != 2 or min(self.blocks) < 1:
            raise PluginError(f"{self.name} needs two numbers of blocks of at least 1, got {self.blocks}.")
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
