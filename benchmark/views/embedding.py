"""Embeddings of frozen picture encoders."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..contracts import Features
from ..frequency.bands import Band
from .encoders.loading import load_encoder
from .encoders.spec import EncoderSpec
from .kernel import ViewKernel


@dataclass(frozen=True)
class EmbeddingView(EncoderSpec, ViewKernel):
    """
    Vectors of a frozen picture encoder, float32.

    A band acts on the crops, in mode ``pixels`` only.
    """

    name: ClassVar[str] = "embedding"
    expensive: ClassVar[bool] = True
    device: str = "auto"
    version: int = 1
    colour: bool = True

    def base(self, crops: NDArray[np.uint8]) -> NDArray:
        return load_encoder(self, self.device).embed(crops)

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> Features:
        self.require_no_band(band)
        return Features(base)
