"""Consistency of a picture with its low-pass and its high-pass, in the features of a frozen encoder."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..contracts import Features
from ..errors import StudyError
from ..frequency.bands import Band
from ..frequency.filters import filter_pixels
from .encoders.loading import load_encoder
from .encoders.spec import EncoderSpec
from .kernel import ViewKernel


@dataclass(frozen=True)
class ConsistencyView(EncoderSpec, ViewKernel):
    """
    Cosines between the embeddings of a picture, its low-pass and its high-pass, float64, three for each cut-off.

    In this order: picture and low-pass, picture and high-pass, low-pass and high-pass. The filters are those of bands of mode
    ``pixels``: the results are pictures of 8 bits, and the high-pass keeps the mean. A band of the study acts on the crops
    before, in mode ``pixels`` only.

    Parameters
    ----------
    cutoffs : sequence of float
        In cycles/pixel, between 0 and 0.7071, the corner of the spectrum.
    order : int
        Of the Butterworth filters.

    Raises
    ------
    StudyError
        If a cut-off is out of range, or there is none.
    """

    name: ClassVar[str] = "consistency"
    expensive: ClassVar[bool] = True
    cutoffs: Sequence[float] = (0.1,)
    order: int = 2
    device: str = "auto"
    version: int = 1
    colour: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "cutoffs", tuple(float(cutoff) for cutoff in self.cutoffs))
        if not self.cutoffs or not all(0 < cutoff < math.sqrt(0.5) for cutoff in self.cutoffs):
            raise StudyError(
                f"view '{self.name}' needs cut-offs between 0 and {math.sqrt(0.5):.4f} cycles/pixel, got {list(self.cutoffs)}."
            )

    def base(self, crops: NDArray[np.uint8]) -> NDArray:
        encoder = load_encoder(self.encoder, self.device)
        whole = encoder.embed(crops)
        columns = []
        for cutoff in self.cutoffs:
            low, high = (
                encoder.embed(filter_pixels(crops, Band(kind, cutoff, order=self.order, mode="pixels")))
                for kind in ("low", "high")
            )
            columns += [cosines(whole, low), cosines(whole, high), cosines(low, high)]
        return np.stack(columns, axis=1)

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> Features:
        self.require_no_band(band)
        return Features(base)


def cosines(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.float64]:
    """
    Cosine of the angle between the vectors of each row.

    Parameters
    ----------
    first, second : arrays (n_crops, n_features)

    Returns
    -------
    array of float64 (n_crops,)
        0 where a vector is 0.
    """
    return np.einsum("ij,ij->i", unit_vectors(first), unit_vectors(second))


def unit_vectors(vectors: NDArray[Any]) -> NDArray[np.float64]:
    """Scale the rows of an array (n_crops, n_features) to length 1, in float64; a row of zeros stays one."""
    values = vectors.astype(np.float64)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(lengths > 0, lengths, 1)
