"""Small residual network on the diagonal high band of a wavelet transform (SAFE, arXiv 2408.06741)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from ..benchmark.contracts import Count, Features, NotNegative, Positive
from ..benchmark.errors import PluginError
from .learning.augmentation import Augmentation, Rotation
from .learning.band_masking import BAND_MASKED
from .learning.residual import LEAST_SIDE, BottleneckDetector

if TYPE_CHECKING:
    import torch
    from torch import nn

SCHEDULES = ("constant", "cosine")


class WaveletHighband(BottleneckDetector):
    """
    A crop, never resized; the diagonal high band of its one-level wavelet transform; a small residual network.

    Parameters
    ----------
    window : int
        Side in pixels of the crop, at a random place while it is trained and in the middle when it is scored; 0 takes the
        crops of the study whole.
    wavelet : str
        Of PyWavelets.
    restored : bool
        Enlarge the band to the size of the crop, bilinearly, before the network.
    width : int
        Filters of the first convolution and of the first stage's bottlenecks.
    blocks : list of two int
        Bottlenecks of the two stages.
    jitter, rotation, masked_patches, patch
        Augmentation of training crops, see `bandbench.detectors.learning.augmentation.Augmentation`.
    weight_decay : float
        Of AdamW.
    schedule : {"constant", "cosine"}
        Of the learning rate; ``cosine`` rises over the first epoch and falls to 0 at the last.
    colour, seed, epochs, patience, batch_size, learning_rate, validation, reshuffle, device, masked_band, masked_share
        As in `bandbench.detectors.learning.networks.TrainedNetwork`.

    Notes
    -----
    The preset ``faithful`` is the published network of 1.44 million parameters on windows of 256 pixels, with rotations by any
    angle; it was trained on 144,000 pictures and needs a GPU. docs/explanation/deep.md lists what the paper leaves open. What
    differs by default: a narrow network, the band in its own size, quarter turns, which change no pixel, and a constant rate
    that stops when the validation loss does, because there are few pictures.
    """

    name = "wavelet_highband"
    source = "SAFE: Li et al., KDD 2025, arXiv 2408.06741"
    min_side = 16
    presets = {
        "faithful": {
            "window": 256,
            "restored": True,
            "width": 64,
            "blocks": [3, 4],
            "jitter": 0.8,
            "rotation": "any",
            "schedule": "cosine",
            "learning_rate": 0.005,
            "epochs": 20,
            "patience": 20,
            "batch_size": 128,
            "validation": 0.1,
        },
        "band_masked": BAND_MASKED,
    }

    def __init__(
        self,
        window: int = 0,
        wavelet: str = "bior1.3",
        restored: bool = False,
        jitter: NotNegative = 0.2,
        rotation: Rotation = "quarter",
        masked_patches: NotNegative = 0.75,
        patch: Count = 16,
        weight_decay: NotNegative = 0.01,
        schedule: Literal["constant", "cosine"] = "constant",
        epochs: Count = 60,
        patience: Count = 15,
        learning_rate: Positive = 0.003,
        **of_network: Any,
    ) -> None:
        super().__init__(epochs=epochs, patience=patience, learning_rate=learning_rate, **of_network)
        self.window = window
        self.wavelet = wavelet
        self.restored = restored
        self.jitter = jitter
        self.rotation = rotation
        self.masked_patches = masked_patches
        self.patch = patch
        self.weight_decay = weight_decay
        self.schedule = schedule

    def residual(self) -> "nn.Module":
        return high_band(self.wavelet, self.window, self.restored)

    def optimiser(self, network: "nn.Module") -> "torch.optim.Optimizer":
        import torch

        return torch.optim.AdamW(network.parameters(), self.learning_rate, weight_decay=self.weight_decay, fused=True)

    def rate(self, progress: float) -> float:
        if self.schedule == "constant":
            return self.learning_rate
        if progress < 1:
            return self.learning_rate * progress
        return self.learning_rate * (1 + np.cos(np.pi * (progress - 1) / max(1, self.epochs - 1))) / 2

    @property
    def augmentation(self) -> Augmentation:
        return Augmentation(self.window, True, self.jitter, self.rotation, self.masked_patches, self.patch)

    @property
    def augments(self) -> bool:
        return True

    def require_side(self, side: int) -> None:
        super().require_side(side)
        self._require_crops(side, side)

    def _require_crops(self, rows: int, cols: int) -> None:
        """Refuse crops that are smaller than the window, an unknown wavelet, and a high band without room for the network."""
        import pywt

        known: Any = pywt  # its types leave these names out
        if min(rows, cols) < self.window:
            raise PluginError(
                f"{self.name} cuts windows of {self.window}x{self.window} pixels out of the crops, which have {rows}x{cols}; "
                f"take larger crops, or a window of at most {min(rows, cols)} (0: the whole crop)."
            )
        if self.wavelet not in known.wavelist(kind="discrete"):
            raise PluginError(
                f"{self.name} needs a discrete wavelet of PyWavelets (haar, bior1.3, db2 …), got {self.wavelet!r}."
            )
        side = self.window or min(rows, cols)
        band = side if self.restored else (side + known.Wavelet(self.wavelet).dec_len - 1) // 2
        if band < LEAST_SIDE:
            raise PluginError(
                f"{self.name} needs a high band of at least {LEAST_SIDE}x{LEAST_SIDE} coefficients; that of {side}x{side} "
                f"pixels with {self.wavelet} has {band}x{band}. Take larger crops or a larger window."
            )

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
            If the crops are smaller than the window, the wavelet is unknown, the high band is smaller than `LEAST_SIDE`, or as
            in `TrainedNetwork.fit`.
        """
        self._require_crops(*view.values.shape[1:3])
        self.require_blocks()
        if self.schedule not in SCHEDULES:
            raise PluginError(f"{self.name} knows the schedules {', '.join(SCHEDULES)}, got {self.schedule!r}.")
        _ = self.augmentation
        return super().fit(view, labels)


def high_band(wavelet: str, window: int = 0, restored: bool = False) -> "nn.Module":
    """
    Build a layer without weights: the diagonal detail coefficients (HH) of a one-level wavelet transform.

    Parameters
    ----------
    wavelet : str
        Of PyWavelets; the picture is continued by its mirror image at the borders.
    window : int
        Side of the middle of a picture that is transformed; 0 for all of it.
    restored : bool
        Enlarge the coefficients to the size of what was transformed, bilinearly.

    Returns
    -------
    Module
        From (n, channels, rows, cols) to (n, channels, (rows + taps - 1) // 2, (cols + taps - 1) // 2), or to the rows and
        columns that came in; per channel.
    """
    import pywt
    from torch import nn

    known: Any = pywt
    taps = known.Wavelet(wavelet).dec_hi[::-1]

    class HighBand(nn.Module):
        def forward(self, pictures: "torch.Tensor") -> "torch.Tensor":
            if window:
                top, left = ((side - window) // 2 for side in pictures.shape[2:])
                pictures = pictures[:, :, top : top + window, left : left + window]
            shape = pictures.shape[2:]
            band = pictures
            for axis in (2, 3):
                band = _filtered(band, taps, axis)
            if restored:
                band = nn.functional.interpolate(band, size=shape, mode="bilinear")
            return band

    return HighBand()


def _filtered(pictures: "torch.Tensor", taps: Sequence[float], axis: int) -> "torch.Tensor":
    """Filter along an axis and keep every second value, borders mirrored."""
    import torch

    side, n_taps = pictures.shape[axis], len(taps)
    places = np.pad(np.arange(side), (n_taps - 2, n_taps - 1), mode="symmetric")
    kept = 2 * ((side + n_taps - 1) // 2)
    filtered = None
    for first, tap in enumerate(taps):
        if tap:  # of the six taps of bior1.3 two are not 0
            rows = torch.from_numpy(np.ascontiguousarray(places[first : first + kept : 2])).to(pictures.device)
            part = pictures.index_select(axis, rows) * tap
            filtered = part if filtered is None else filtered + part
    assert filtered is not None
    return filtered
