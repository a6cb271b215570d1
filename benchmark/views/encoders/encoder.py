"""A frozen encoder on a device: crops in, vectors out."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...devices import Graph, MicroBatches, memory_errors
from ...errors import PluginError
from .spec import EncoderSpec

if TYPE_CHECKING:
    import torch
    from torch import nn

BATCH = {"cpu": 32, "cuda": 256}


class Encoder:
    """
    A frozen encoder on a device.

    Parameters
    ----------
    spec : EncoderSpec
    network : Module
        From normalised pictures (n, 3, side, side) to embeddings (n, n_features); kept as an attribute, as is `run`, which does
        the same and may be compiled.
    side : int
    mean, std : tuples of 3 float
        Of channels in 0 to 1.
    device : {"cpu", "cuda"}
    """

    def __init__(
        self,
        spec: EncoderSpec,
        network: "nn.Module",
        side: int,
        mean: tuple[float, ...],
        std: tuple[float, ...],
        device: str,
    ) -> None:
        import torch

        self.spec = spec
        self.side = side
        self.device = device
        self.network = network.eval().requires_grad_(False).to(device, getattr(torch, spec.precision))
        self.run = Graph(self.network, spec.title) if spec.compiled else self.network
        self._micro_batches = MicroBatches(BATCH[device], spec.title)
        self._mean, self._std = (torch.tensor(values, device=device)[:, None, None] for values in (mean, std))

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """
        Embed crops.

        Parameters
        ----------
        crops : array of uint8 (n_crops, side, side, 3)

        Returns
        -------
        array of float32 (n_crops, n_features)

        Raises
        ------
        PluginError
            If an embedding is not finite, or not even one crop fits into the device's memory.
        """
        parts: list[torch.Tensor] = []

        def work(rows: NDArray[np.intp]) -> None:
            # On CUDA this returns at once: the next batch is copied while this one is computed, and all are fetched at the end.
            parts.append(self.embed_tensor(self._pinned(crops[rows])))

        self._micro_batches.run(np.arange(len(crops)), work, parts.clear)
        embeddings = np.concatenate([part.float().cpu().numpy() for part in parts])
        if not np.isfinite(embeddings).all():
            raise PluginError(f"{self.spec.title} gives embeddings that are not finite; use precision='float32'.")
        return embeddings

    def _pinned(self, crops: NDArray[np.uint8]) -> "torch.Tensor":
        import torch

        batch = torch.from_numpy(crops)
        return batch.pin_memory() if self.device == "cuda" else batch

    def embed_tensor(self, crops: "torch.Tensor") -> "torch.Tensor":
        """
        Embed a tensor of uint8 (n, rows, cols, 3); the answer (n, n_features) stays on the device.

        Raises
        ------
        PluginError
            If the network takes no pictures of this side, one smaller than its patches say.
        """
        import torch

        with torch.inference_mode():
            pictures = self.normalised(crops.to(self.device, non_blocking=True))
            try:
                with memory_errors():
                    return self.run(pictures)
            except torch.OutOfMemoryError:
                raise
            except (RuntimeError, ValueError, AssertionError) as error:
                reason = " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
                raise PluginError(
                    f"{self.spec.title} cannot embed pictures of {self.side}x{self.side} pixels: {reason}. "
                    f"Choose another side; 0 is the encoder's own."
                ) from error

    def patches(self, crops: NDArray[np.uint8], n: int) -> NDArray[np.uint8]:
        """
        Resize crops to `n` times the side that the network takes, and cut them into pictures of that side.

        Parameters
        ----------
        crops : array of uint8 (n_crops, rows, cols, 3)
        n : int

        Returns
        -------
        array of uint8 (n_crops * n * n, side, side, 3)
            Those of a crop one after another.
        """
        import torch

        side, batch, parts = self.side, BATCH[self.device], []
        for start in range(0, len(crops), batch):
            pictures = torch.from_numpy(crops[start : start + batch]).permute(0, 3, 1, 2).float()
            if pictures.shape[2:] != (n * side, n * side):
                size = (n * side, n * side)
                pictures = torch.nn.functional.interpolate(pictures, size, mode=self.spec.resize, antialias=True)
            cut = pictures.unfold(2, side, side).unfold(3, side, side)  # (crops, 3, n, n, side, side)
            cut = cut.permute(0, 2, 3, 4, 5, 1).reshape(-1, side, side, 3)
            parts.append(cut.round().clamp(0, 255).to(torch.uint8).numpy())
        return np.concatenate(parts)

    def normalised(self, crops: "torch.Tensor") -> "torch.Tensor":
        """Resize and normalise uint8 (n, rows, cols, 3) to what the network wants (n, 3, side, side)."""
        import torch

        pictures = crops.permute(0, 3, 1, 2).float() / 255
        if pictures.shape[2:] != (self.side, self.side):
            size = (self.side, self.side)
            pictures = torch.nn.functional.interpolate(pictures, size, mode=self.spec.resize, antialias=True).clamp(0, 1)
        pictures = (pictures - self._mean) / self._std
        return pictures.to(next(self.network.parameters()).dtype)
